"""A data source, a backbone and a loss of one's own, each in a file."""
