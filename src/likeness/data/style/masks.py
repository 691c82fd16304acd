"""A style's mask: white where the style belongs, or opaque where it was drawn into the alpha channel."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from likeness.data.eight_bit import converted, decoded, scaled_to_eight_bits
from likeness.data.image_as_shown import FileImage, read_image


def read_mask(path: Path, *, max_pixels: int) -> FileImage:
    """The mask in a file, as RGB whose luma says how far the style belongs there.

    Where the file has transparent parts, these are black: the style does not belong there. Where all that is not
    transparent has one colour, which says nothing, the opacity is the mask.

    Raises:
        UnreadableImage, FileError: as `read_image` does.
    """
    shown = read_image(path, max_pixels=max_pixels)
    stored = scaled_to_eight_bits(decoded(path, str(path), max_pixels=max_pixels).image, str(path))
    if not stored.has_transparency_data:
        return shown
    pixels = np.asarray(converted(stored, "RGBA", str(path)))
    alpha = pixels[..., 3]
    if alpha.min() == 255:
        return shown
    colours = pixels[alpha > 0][:, :3]
    if len(colours) and (colours == colours[0]).all():
        grey = np.repeat(alpha[..., None], 3, axis=2)
        what = "has its mask in the alpha channel: the style belongs where it is opaque"
    else:
        rgba = Image.fromarray(pixels)
        grey = np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "black"), rgba))[..., :3]
        what = "has transparent parts: the style does not belong there"
    notes = (*(note for note in shown.notes if "transparent" not in note), f"{path.name} {what}.")
    return FileImage(torch.from_numpy(np.array(grey.transpose(2, 0, 1), order="C")), notes)
