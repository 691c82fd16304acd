"""Thresholds of search, measured in galleries of drawn identities."""
