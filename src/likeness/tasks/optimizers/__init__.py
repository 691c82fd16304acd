"""Optimizers and schedules by name, the groups that parameters come in, and the warm-up of a schedule."""
