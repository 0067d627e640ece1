"""A day of real supermarket baskets: the sample, who reads it, and the script that drew it."""
