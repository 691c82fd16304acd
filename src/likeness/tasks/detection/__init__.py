"""Detectors in training: the losses of their papers on images and the faces in them, and the tasks."""

from likeness.tasks.detection.face_rcnn_loss import FaceRCNNLoss, FaceRCNNTerms
from likeness.tasks.detection.face_rcnn_task import FaceRCNNTask
from likeness.tasks.detection.landmarks_task import LandmarksTask
from likeness.tasks.detection.mtcnn_task import MTCNNTask, MTCNNTerms
from likeness.tasks.detection.pyramidbox_loss import PyramidBoxTerms, pyramidbox_loss
from likeness.tasks.detection.pyramidbox_task import PyramidBoxTask
from likeness.tasks.detection.task import DetectionTask
from likeness.tasks.detection.tiny_faces_loss import TinyFacesTerms, tiny_faces_loss
from likeness.tasks.detection.tiny_faces_task import TinyFacesTask

__all__ = [
    "DetectionTask",
    "FaceRCNNLoss",
    "FaceRCNNTask",
    "FaceRCNNTerms",
    "LandmarksTask",
    "MTCNNTask",
    "MTCNNTerms",
    "PyramidBoxTask",
    "PyramidBoxTerms",
    "TinyFacesTask",
    "TinyFacesTerms",
    "pyramidbox_loss",
    "tiny_faces_loss",
]
