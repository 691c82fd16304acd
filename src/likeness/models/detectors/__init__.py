"""Detectors: images of any sizes to the boxes, scores and points of the faces in them."""

from likeness.models.detectors.detector import Detections, Detector

__all__ = ["Detections", "Detector"]
