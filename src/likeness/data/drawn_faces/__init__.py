"""Faces that are drawn, not downloaded."""

from likeness.data.drawn_faces.images import DrawnFaces, drawn_faces

__all__ = ["DrawnFaces", "drawn_faces"]
