"""insightface's file formats, read without mxnet."""

from likeness.data.insightface.training_set import insightface_rec
from likeness.data.insightface.verification_set import insightface_bin

__all__ = ["insightface_bin", "insightface_rec"]
