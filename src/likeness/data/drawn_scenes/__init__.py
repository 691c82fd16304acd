"""Scenes with drawn faces, not downloaded."""

from likeness.data.drawn_scenes.photographs import DrawnPhotographs
from likeness.data.drawn_scenes.scenes import DrawnScene, DrawnScenes, drawn_scenes

__all__ = ["DrawnPhotographs", "DrawnScene", "DrawnScenes", "drawn_scenes"]
