"""WIDER FACE (Yang, Luo, Loy and Tang, "WIDER FACE: A Face Detection Benchmark", CVPR 2016)."""

from pathlib import Path

from likeness.data.annotated_faces.annotation import Face, annotation
from likeness.data.annotated_faces.scene_files import SceneFiles, all_there, split_scenes
from likeness.data.faces import SceneSplits
from likeness.data.found_images import has_image_name
from likeness.data.image_files import existing_folder
from likeness.data.reading import reading

_FIELDS = 10
_INVALID = 7
"""The place of a line's mark for a face that is too small or too blurred to count."""


def wider_face(*, root: str, validation: float = 0.1, split_seed: int = 0) -> SceneSplits:
    """WIDER FACE: a share `validation` of its training images to validate, the others to train; its own val to test.

    `root` holds the archives' own folders: `WIDER_train/images`, `WIDER_val/images` and `wider_face_split` with
    `wider_face_train_bbx_gt.txt` and `wider_face_val_bbx_gt.txt`. Without `WIDER_train` there is nothing to train on.
    Faces that are marked invalid, and the few boxes of no area, are ignored.

    Raises:
        ValueError: `root` is missing or lacks one of these, a line is malformed, or an image is missing.
    """
    folder = existing_folder(root, "WIDER FACE (WIDER_train/, WIDER_val/ and wider_face_split/)")
    test = _part(folder, "val")
    if not (folder / "WIDER_train").is_dir():
        return SceneSplits(None, None, test)
    whole = _part(folder, "train")
    parts = split_scenes(whole, [1 - validation, validation, 0], split_seed, source=f"{root}/WIDER_train")
    return SceneSplits(parts.train, parts.validation, test)


def _part(folder: Path, which: str) -> SceneFiles:
    listing, home = (
        folder / "wider_face_split" / f"wider_face_{which}_bbx_gt.txt",
        folder / f"WIDER_{which}" / "images",
    )
    for path, archive in ((listing, "wider_face_split"), (home, f"WIDER_{which}")):
        if not path.exists():
            raise ValueError(f"There is no {path}: unpack {archive}.zip in {folder}.")
    found = listed_faces(listing)
    all_there(home, {name: f"line {line} of {listing}" for name, (line, _) in found.items()})
    return SceneFiles(home, list(found), [annotation(faces) for _, faces in found.values()])


def listed_faces(listing: Path) -> dict[str, tuple[int, list[Face]]]:
    """The images of a file in WIDER FACE's format, by their names: the line that names each, and its faces.

    An image has a line with its name, one with the number of its faces, and one for each of them: x, y, width, height,
    blur, expression, illumination, invalid, occlusion, pose. One without faces has a line of zeros.

    Raises:
        ValueError: a line is none of these, the file ends too early, or is empty.
    """
    with reading(listing):
        lines = listing.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise ValueError(f"{listing} is empty: put WIDER FACE's own there.")
    found: dict[str, tuple[int, list[Face]]] = {}
    at = 0
    while at < len(lines):
        name = lines[at].strip()
        if not has_image_name(name.rpartition("/")[2]):
            raise _malformed(listing, at, lines, "the name of an image")
        if name in found:
            raise ValueError(f"Line {at + 1} of {listing} names {name} once more: take one of the two out.")
        count = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if not (count.isascii() and count.isdigit()):
            raise _malformed(listing, at + 1, lines, "the number of faces")
        rows = range(at + 2, at + 2 + int(count))
        found[name] = (at + 1, [_face(listing, row, lines) for row in rows])
        at = rows.stop
        if not rows and at < len(lines) and not lines[at].replace("0", "").strip():
            at += 1
    return found


def _face(listing: Path, row: int, lines: list[str]) -> Face:
    fields = lines[row].split() if row < len(lines) else []
    try:
        numbers = [int(field) for field in fields]
    except ValueError:
        numbers = []
    if len(numbers) != _FIELDS:
        raise _malformed(listing, row, lines, "ten whole numbers of a face")
    x, y, width, height = numbers[:4]
    corners = (x, y, x + max(width, 0), y + max(height, 0))
    return Face(corners, ignored=bool(numbers[_INVALID]) or width <= 0 or height <= 0)


def _malformed(listing: Path, row: int, lines: list[str], wanted: str) -> ValueError:
    if row >= len(lines):
        return ValueError(
            f"{listing} ends after line {len(lines)}, before {wanted}: it is cut short, so unpack it again."
        )
    return ValueError(f"Line {row + 1} of {listing} should be {wanted}, but is {lines[row][:60]!r}: mend it.")
