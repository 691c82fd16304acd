"""What differs between past runs."""
