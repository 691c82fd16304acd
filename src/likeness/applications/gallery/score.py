"""How several templates of one subject are compared with a probe; without torch, for the command line."""

from enum import StrEnum


class Score(StrEnum):
    """By the mean of a subject's templates, by the best of them (the maximum of their scores), or by the mean score."""

    mean = "mean"
    maximum = "maximum"
    mean_score = "mean_score"
