"""Detectors: images of any sizes to the boxes, scores and points of the faces in them."""

from likeness.models.detectors.detector import Detections, Detector
from likeness.models.detectors.mtcnn import MTCNN, published_mtcnn

__all__ = ["MTCNN", "Detections", "Detector", "published_mtcnn"]
