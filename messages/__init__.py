"""The wire: bytes to messages to transactions and back. Sans-I/O: nothing here opens, waits or logs."""
