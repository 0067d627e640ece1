"""The dialects that come along, one file each."""
