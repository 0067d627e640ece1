"""What leaves for analytics: committed blocks, in order, at least once."""
