"""Detectors: images of any sizes to the boxes, scores and points of the faces in them."""

from likeness.models.detectors.box_voting import voted
from likeness.models.detectors.detector import Detections, Detector
from likeness.models.detectors.mtcnn import MTCNN, published_mtcnn
from likeness.models.detectors.views import DetectorInViews, View, views

__all__ = ["MTCNN", "Detections", "Detector", "DetectorInViews", "View", "published_mtcnn", "views", "voted"]
