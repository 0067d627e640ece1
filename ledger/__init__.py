"""The books: accounts, lots, entries, blocks. Points move here and nowhere else."""
