"""Scenes with drawn faces, not downloaded."""

from likeness.data.drawn_scenes.scenes import DrawnScene, DrawnScenes, drawn_scenes

__all__ = ["DrawnScene", "DrawnScenes", "drawn_scenes"]
