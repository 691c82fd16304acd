"""What each family of tasks reads, builds, trains and measures."""
