"""A painting that the project draws itself, by which a style can be shown without any file."""

from likeness.data.style.painting.image import painting

__all__ = ["painting"]
