"""Photographs with annotated faces, in the formats that data sets and tools have."""

from likeness.data.annotated_faces.boxes_json import boxes_json
from likeness.data.annotated_faces.points_csv import points_csv
from likeness.data.annotated_faces.voc import voc
from likeness.data.annotated_faces.wider_face import wider_face
from likeness.data.annotated_faces.wider_lists import FaceList, wider_lists
from likeness.data.annotated_faces.yolo import yolo

__all__ = ["FaceList", "boxes_json", "points_csv", "voc", "wider_face", "wider_lists", "yolo"]
