"""What detectors are trained by: the losses of their papers on images and the faces in them."""

from likeness.tasks.detection.face_rcnn_loss import FaceRCNNLoss, FaceRCNNTerms
from likeness.tasks.detection.pyramidbox_loss import PyramidBoxTerms, pyramidbox_loss
from likeness.tasks.detection.tiny_faces_loss import TinyFacesTerms, tiny_faces_loss

__all__ = [
    "FaceRCNNLoss",
    "FaceRCNNTerms",
    "PyramidBoxTerms",
    "TinyFacesTerms",
    "pyramidbox_loss",
    "tiny_faces_loss",
]
