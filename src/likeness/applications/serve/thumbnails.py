"""Small copies of pictures, to look at."""

import base64
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from stat import S_ISREG

from PIL import Image as Pillow

from likeness.applications.gallery.kept_pictures import KeptPictures
from likeness.applications.gallery.store import Image
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.uploads import Picture, refuse_many_pixels
from likeness.data.eight_bit import converted, decoded, decoding, laid_on_white, scaled_to_eight_bits
from likeness.errors import LikenessError

SIDE = 320
_MOST_BYTES = 64 * 2**20  # of a file that was enrolled where it lies


def of_enrolled(image: Image, kept: KeptPictures) -> bytes | None:
    """A JPEG of an enrolled image, kept or where it lies; None where its file is gone, was changed or can't be read."""
    file = kept.find(image) or Path(image.file)
    try:
        found = file.stat()
        if not S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            return None
        content = file.read_bytes()
    except (OSError, ValueError):
        return None
    if sha256(content).hexdigest() != image.content:
        return None
    try:
        return small(content)
    except (LikenessError, Failure):
        return None


def address_of(picture: Picture) -> str:
    """A small copy of a picture that is not kept, as an address that holds it; "" where it can't be read."""
    try:
        return "data:image/jpeg;base64," + base64.b64encode(small(picture.content)).decode()
    except (LikenessError, Failure):
        return ""


def small(content: bytes) -> bytes:
    """A JPEG of the image in a file's bytes, of at most 320 pixels a side.

    Raises:
        UnreadableImage: it can't be read.
        Failure: it has too many pixels.
    """
    name = "the picture"
    with decoding(name):
        refuse_many_pixels(Pillow.open(BytesIO(content)), name)
    image = decoded(content, name, at_least=2 * SIDE).image
    image = converted(laid_on_white(scaled_to_eight_bits(image, name), name), "RGB", name)
    image.thumbnail((SIDE, SIDE))
    output = BytesIO()
    image.save(output, "JPEG", quality=85)
    return output.getvalue()
