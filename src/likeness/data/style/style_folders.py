"""Folders of contents and of styles: the data of a network that styles any image in one pass."""

from pathlib import Path
from typing import NamedTuple

from likeness.data.fingerprint import Files
from likeness.data.skipping import SkippingUnreadable
from likeness.data.split import split_identities
from likeness.data.style.built_in import PHOTOGRAPHS, photographs
from likeness.data.style.whole_images import DrawnPainting, WholeImages, images_below


class Part(NamedTuple):
    """The contents, or the styles: those to train on, and those kept for the test.

    Both give whole images, uint8 `[3, H, W]`, whose shorter side is `resize`. They are the same images where there
    are none to keep: of one style, or of what is built in.
    """

    train: SkippingUnreadable
    test: SkippingUnreadable

    def fingerprint(self) -> dict[str, object]:
        """Those of both."""
        return {name: part.fingerprint() for name, part in self._asdict().items()}

    def files(self) -> list[Files]:
        """Those of both."""
        return [self.train.files(), self.test.files()]


class StyleFolders(NamedTuple):
    """Contents and styles, of which crops of `crop` pixels are trained on, `batch_size` at a step over all devices."""

    contents: Part
    styles: Part
    crop: int
    batch_size: int

    def fingerprint(self) -> dict[str, object]:
        """Plain JSON by which the same images are recognised."""
        return {"contents": self.contents.fingerprint(), "styles": self.styles.fingerprint()}

    def files(self) -> list[Files]:
        """The files that the images are read from."""
        return [*self.contents.files(), *self.styles.files()]


def style_folders(
    *,
    contents: str | None,
    styles: str | None,
    resize: int,
    crop: int,
    batch_size: int,
    test_share: float,
    split_seed: int,
) -> StyleFolders:
    """The images below two folders; none of them is read yet.

    Args:
        contents: a folder, of which all images at any depth count; None: two photographs that scikit-learn carries.
        styles: a folder likewise, or the path of one image; None: a painting that the project draws.
        resize: pixels of the shorter side, before it is cropped.
        crop: pixels of a side of what is trained on.
        batch_size: crops of each kind at a step, over all devices.
        test_share: the share of the images of a folder that are kept for the test; with 0 it shows those trained on.
        split_seed: another seed keeps others.

    Raises:
        ValueError: a folder is missing, or holds too few images; crops are larger than images.
    """
    if crop > resize:
        raise ValueError(
            f"Crops of {crop} pixels can't be cut from images of {resize}: raise `resize` or lower `crop`."
        )
    if contents is None:
        photographed = _alike(WholeImages(photographs(), PHOTOGRAPHS, resize=resize))
    else:
        photographed = _split(contents, "`contents`", resize, test_share, split_seed)
    if styles is None:
        painted = _alike(DrawnPainting(resize=resize))
    elif Path(styles).expanduser().is_file():
        one = Path(styles).expanduser()
        painted = _alike(WholeImages(one.parent, [one.name], resize=resize))
    else:
        painted = _split(styles, "`styles`", resize, test_share, split_seed)
    return StyleFolders(photographed, painted, crop, batch_size)


def _alike(images: WholeImages | DrawnPainting) -> Part:
    """The same images to train on and to test."""
    readable = SkippingUnreadable(images)
    return Part(readable, readable)


def _split(root: str, key: str, resize: int, test_share: float, split_seed: int) -> Part:
    folder = Path(root).expanduser()
    names = images_below(folder, key)
    if test_share == 0:
        return _alike(WholeImages(folder, names, resize=resize))
    if len(names) < 2:
        raise ValueError(
            f"{folder} holds one image, and none can be kept for the test: add images, or set test_share=0."
        )
    train, _, test = split_identities(names, (1 - test_share, 0.0, test_share), split_seed)
    parts = ([names[i] for i in part.tolist()] for part in (train, test))
    return Part(*(SkippingUnreadable(WholeImages(folder, part, resize=resize)) for part in parts))
