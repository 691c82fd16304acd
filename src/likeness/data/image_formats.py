"""The formats of images that are read: those that Pillow decodes by itself, as still images."""

from functools import cache

from PIL import Image

# Formats that Pillow only announces, hands to a program or a library of others, or that are films.
_NOT_READ = {"BUFR", "EPS", "FLI", "GRIB", "HDF5", "IPTC", "MIC", "MPEG", "WMF", "XVTHUMB"}

_FIRST = ("BMP", "GIF", "JPEG", "PPM", "PNG")  # as Pillow itself does

BY_CONTENT = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Those that begin in a way of their own, so that a file without a known suffix can be told by its content."""


@cache
def formats() -> tuple[str, ...]:
    """The formats that are read, as Pillow calls them, in the order in which it is to try them."""
    Image.init()
    return (*_FIRST, *(name for name in Image.ID if name not in _NOT_READ and name not in _FIRST))


@cache
def suffixes() -> frozenset[str]:
    """Those of the formats, in lower case, such as `.jpg`."""
    known = set(formats())
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in known)
