"""`likeness detect` and `likeness align` in this process, with a detector that knows where its faces are."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageOps
from sample_images import sample_image
from torch import Tensor
from typer.testing import CliRunner

from likeness.applications import detectors
from likeness.applications.align import align
from likeness.cli import app
from likeness.data.alignment import SIDE, TEMPLATE, aligned
from likeness.data.image_as_shown import read_image
from likeness.models.detectors import Detections

FACE = torch.tensor(TEMPLATE, dtype=torch.float32)


def faces_at(*places: tuple[float, float, float]) -> Detections:
    """Faces of which each is the template at `x, y`, its side `side`; the surest first."""
    boxes = torch.tensor([[x, y, x + side, y + side] for x, y, side in places]).reshape(-1, 4)
    points = [FACE * (side / SIDE) + torch.tensor([x, y]) for x, y, side in places]
    scores = torch.linspace(0.99, 0.8, len(places))
    return Detections(boxes, scores, torch.stack(points) if points else torch.empty(0, 5, 2))


class ByWidth:
    """Finds in an image what was agreed upon for its width."""

    def __init__(self, faces: dict[int, Detections]) -> None:
        self.faces = faces

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        assert all(image.dtype == torch.uint8 and image.ndim == 3 and len(image) == 3 for image in images)
        return [self.faces.get(image.shape[2], faces_at()) for image in images]


ONE, TWO, NONE = 150, 160, 170
"""The widths of images with one face, with two, the second larger, and without."""
FACES = {ONE: faces_at((20, 10, 90)), TWO: faces_at((5, 4, 40), (60, 20, 80)), 100: faces_at((5, 6, 70))}


@pytest.fixture(autouse=True)
def detector(monkeypatch: pytest.MonkeyPatch) -> ByWidth:
    finds = ByWidth(FACES)
    monkeypatch.setattr(detectors, "published_mtcnn", lambda *arguments, **options: finds)
    return finds


def save(path: Path, width: int, height: int = 130, mode: str = "RGB", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sample_image((width, height), seed=width).convert(mode).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    save(folder / "Ada" / "1.jpg", ONE, quality=95)
    save(folder / "Ada" / "2.png", TWO)
    save(folder / "Grace" / "year" / "3.webp", ONE)
    save(folder / "4.png", NONE)
    return folder


def run(*words: object) -> tuple[int, str]:
    """The exit status and all that is printed, or the sentence."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    said = done.output
    if done.exit_code and done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, said


def sentence(*words: object) -> str:
    status, said = run(*words)
    assert status != 0
    assert said.count("\n") <= 1, said
    return said.strip()


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(newline="")))


# detect


def test_detect_draws_copies_and_lists_what_is_found(photos: Path, tmp_path: Path) -> None:
    alone = save(tmp_path / "alone.png", ONE)
    output = tmp_path / "out" / "deep"
    status, said = run("detect", alone, photos, "-o", output)
    assert (status, said.splitlines()[-2:]) == (0, ["5 faces in 5 photographs", str(output)])
    copies = ["4.png", "Ada/1.jpg", "Ada/2.png", "Grace/year/3.png", "alone.png"]
    assert below(output) == sorted([*copies, "detections.csv", "detections.json", "written_by_detect.csv"])
    written = json.loads((output / "detections.json").read_text())
    assert written["unreadable"] == []
    by_file = {entry["file"]: entry for entry in written["images"]}
    assert list(by_file) == [
        str(alone),
        *(str(photos / name) for name in ("4.png", "Ada/1.jpg", "Ada/2.png", "Grace/year/3.webp")),
    ]
    two = by_file[str(photos / "Ada/2.png")]
    assert (two["width"], two["height"], len(two["faces"])) == (TWO, 130, 2)
    assert two["faces"][1]["box"] == [60, 20, 140, 100]
    assert two["faces"][1]["score"] == pytest.approx(0.8)
    assert list(two["faces"][1]["points"]["nose"]) == pytest.approx(
        FACES[TWO].points[1, 2].tolist(), abs=0.01
    )
    assert by_file[str(photos / "4.png")]["faces"] == []
    table = rows_of(output / "detections.csv")
    assert [row["file"] for row in table].count(str(photos / "Ada/2.png")) == 2
    for row, face in zip(table[2:4], two["faces"], strict=True):
        assert [float(row[side]) for side in ("x1", "y1", "x2", "y2")] == face["box"]
        assert float(row["score"]) == face["score"]
        for name, place in face["points"].items():
            assert [float(row[f"{name}_x"]), float(row[f"{name}_y"])] == place


def test_a_face_is_drawn_around_and_not_over(photos: Path, tmp_path: Path) -> None:
    run("detect", photos, "-o", tmp_path / "out")
    before = read_image(photos / "Ada" / "2.png").image
    after = read_image(tmp_path / "out" / "Ada" / "2.png").image
    changed = (before != after).any(0)
    assert changed[20:100, 59].all()  # the line left of the box from 60 to 140
    assert changed[20:100, 140].all()
    assert not changed[21:30, 62:138].any()  # above the points
    eye = FACES[TWO].points[1, 0].floor().long()
    assert changed[eye[1], eye[0]]
    nothing = tmp_path / "out" / "4.png"
    assert torch.equal(read_image(nothing).image, read_image(photos / "4.png").image)


def test_points_that_are_unknown_are_null_and_empty(
    photos: Path, tmp_path: Path, detector: ByWidth, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = FACES[ONE]
    unknown = Detections(faces.boxes, faces.scores, torch.full((1, 5, 2), torch.nan))
    monkeypatch.setattr(detector, "faces", {ONE: unknown})
    assert run("detect", photos / "Ada" / "1.jpg", "-o", tmp_path / "out")[0] == 0
    (entry,) = json.loads((tmp_path / "out" / "detections.json").read_text())["images"]
    assert set(entry["faces"][0]["points"].values()) == {None}
    assert rows_of(tmp_path / "out" / "detections.csv")[0]["nose_x"] == ""
    assert run("align", photos / "Ada" / "1.jpg", "-o", tmp_path / "aligned")[0] == 0
    assert below(tmp_path / "aligned") == ["not_one_face.csv", "written_by_align.csv"]
    assert rows_of(tmp_path / "aligned" / "not_one_face.csv")[0]["written"] == "0"


# align


def test_align_keeps_folders_and_writes_what_the_transform_gives(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "aligned"
    status, said = run("align", photos, "-o", output)
    assert (status, said.splitlines()[-2:]) == (
        0,
        [
            "3 aligned faces of 4 photographs: 1 had no face, 1 had several (not_one_face.csv lists them)",
            str(output),
        ],
    )
    crops = ["Ada/1.jpg", "Ada/2.png", "Grace/year/3.png"]
    assert below(output) == sorted([*crops, "not_one_face.csv", "sheet.png", "written_by_align.csv"])
    assert all(read_image(output / name).image.shape == (3, SIDE, SIDE) for name in crops)
    whole = read_image(photos / "Ada" / "2.png").image
    largest = aligned(whole, FACES[TWO].points[1])
    assert torch.equal(read_image(output / "Ada" / "2.png").image, largest)
    assert rows_of(output / "not_one_face.csv") == [
        {"file": str(photos / "4.png"), "faces": "0", "written": "0"},
        {"file": str(photos / "Ada" / "2.png"), "faces": "2", "written": "1"},
    ]
    sheet = read_image(output / "sheet.png").image
    assert torch.equal(sheet[:, 8 : 8 + SIDE, 8 + 120 : 8 + 120 + SIDE], largest)
    assert (sheet[:, 8 + SIDE : 8 + SIDE + 18, 8 + 120 : 8 + 120 + SIDE] < 128).any()  # its name


def test_all_faces_are_numbered_from_the_largest_on(photos: Path, tmp_path: Path) -> None:
    run("align", photos, "-o", tmp_path / "aligned", "--faces", "all")
    assert below(tmp_path / "aligned" / "Ada") == ["1.jpg", "2-face2.png", "2.png"]
    second = read_image(tmp_path / "aligned" / "Ada" / "2-face2.png").image
    whole = read_image(photos / "Ada" / "2.png").image
    assert torch.equal(second, aligned(whole, FACES[TWO].points[0]))


def test_one_leaves_out_a_photograph_of_several(photos: Path, tmp_path: Path) -> None:
    run("align", photos, "-o", tmp_path / "aligned", "--faces", "one")
    assert below(tmp_path / "aligned" / "Ada") == ["1.jpg"]
    listed = {
        row["file"]: (row["faces"], row["written"]) for row in rows_of(tmp_path / "aligned/not_one_face.csv")
    }
    assert listed[str(photos / "Ada" / "2.png")] == ("2", "0")


def test_a_photograph_called_as_a_further_face_is_refused(photos: Path, tmp_path: Path) -> None:
    save(photos / "Ada" / "2-face3.png", ONE)
    said = sentence("align", photos, "-o", tmp_path / "aligned", "--faces", "all")
    assert said.endswith("2-face3.png is called as a further face of 2.png would be: rename one.")
    assert not (tmp_path / "aligned").exists()


def test_a_sheet_of_many_says_how_many_it_leaves_out(
    photos: Path, tmp_path: Path, detector: ByWidth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likeness.applications.align.MOST", 2)
    assert align([photos], detector, tmp_path / "aligned", force=False).written == 3
    height = read_image(tmp_path / "aligned" / "sheet.png").image.shape[1]
    assert height == 8 + SIDE + 18 + 8 + 18


# Images of every kind

KINDS = {
    "grey.png": {"mode": "L"},
    "alpha.png": {"mode": "RGBA"},
    "ink.jpg": {"mode": "CMYK"},
    "palette.png": {"mode": "P"},
    "bits.tif": {"mode": "1"},
}


@pytest.mark.parametrize("name", KINDS)
def test_a_colour_mode_is_no_matter(name: str, tmp_path: Path) -> None:
    path = save(tmp_path / name, ONE, **KINDS[name])
    for command in ("detect", "align"):
        status, said = run(command, path, "-o", tmp_path / command)
        assert (status, "face" in said) == (0, True)
    (crop,) = [p for p in (tmp_path / "align").iterdir() if p.stem == path.stem]
    assert Image.open(crop).mode == "RGB"


def test_a_turned_camera_is_respected(tmp_path: Path) -> None:
    """Stored upside down and on its side, an image is found and aligned as its upright twin is."""
    upright = sample_image((ONE, 130), seed=ONE)
    for orientation, undone in ((3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright.transpose(undone).save(tmp_path / f"{orientation}.png", exif=exif)
        assert ImageOps.exif_transpose(Image.open(tmp_path / f"{orientation}.png")).size == upright.size
    upright.save(tmp_path / "upright.png")
    names = [tmp_path / name for name in ("upright.png", "3.png", "6.png")]
    assert run("align", *names, "-o", tmp_path / "aligned")[0] == 0
    assert run("detect", *names, "-o", tmp_path / "out")[0] == 0
    for folder in ("aligned", "out"):
        first, *others = (read_image(tmp_path / folder / path.name).image for path in names)
        assert all(torch.equal(first, other) for other in others)


def test_an_image_of_one_pixel_has_no_face(tmp_path: Path) -> None:
    tiny = save(tmp_path / "tiny.png", 1, 1)
    assert run("detect", tiny, "-o", tmp_path / "out")[1].startswith("0 faces in 1 photograph\n")
    status, said = run("align", tiny, "-o", tmp_path / "aligned")
    assert (status, said.startswith("0 aligned faces of 1 photograph: 1 had no face")) == (0, True)
    assert below(tmp_path / "aligned") == ["not_one_face.csv", "written_by_align.csv"]


def test_unreadable_images_are_told_at_the_end_and_left_out(photos: Path, tmp_path: Path) -> None:
    (photos / "0.jpg").write_bytes(b"no image")
    (photos / "Ada" / "9.png").write_bytes((photos / "Ada" / "2.png").read_bytes()[:200])
    for command in ("detect", "align"):
        status, said = run(command, photos, "-o", tmp_path / command)
        assert status == 0
        told = [line for line in said.splitlines() if line.startswith("left out: ")]
        assert [("0.jpg" in line, "9.png" in line) for line in told] == [(True, False), (False, True)]
        assert (tmp_path / command / "Ada" / "2.png").is_file()
    unreadable = json.loads((tmp_path / "detect" / "detections.json").read_text())["unreadable"]
    assert len(unreadable) == 2


# What is refused before any work


@pytest.mark.parametrize("command", ["detect", "align"])
def test_what_is_there_is_not_overwritten(command: str, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    save(output / "Ada" / "1.jpg", 40, 40)
    before = (output / "Ada" / "1.jpg").read_bytes()
    said = sentence(command, photos, "-o", output)
    assert said.endswith("out holds files already: give -o another folder, or overwrite with --force.")
    assert below(output) == ["Ada/1.jpg"]
    assert (output / "Ada" / "1.jpg").read_bytes() == before
    assert run(command, photos, "-o", output, "--force")[0] == 0
    assert (output / "Ada" / "1.jpg").read_bytes() != before


@pytest.mark.parametrize("command", ["detect", "align"])
def test_the_photographs_themselves_are_safe(command: str, photos: Path, tmp_path: Path) -> None:
    before = {name: (photos / name).read_bytes() for name in below(photos)}
    for place, output in (
        (photos, photos),
        (photos, photos / "new"),
        (photos / "Ada", photos),
        (photos / "Ada" / "1.jpg", photos / "Ada"),
    ):
        said = sentence(command, place, "-o", output, "--force")
        assert said.endswith("is where the photographs are: give -o a folder apart from them.")
    assert {name: (photos / name).read_bytes() for name in below(photos)} == before


@pytest.mark.parametrize("command", ["detect", "align"])
def test_a_mistake_is_one_sentence(command: str, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    save(tmp_path / "1.jpg", ONE)
    mistakes = {
        "gone.jpg is missing: name an image": [tmp_path / "gone.jpg", "-o", output],
        "There is no image in ": [tmp_path / "empty", "-o", output],
        "file is a file: give -o a folder": [photos, "-o", tmp_path / "file"],
        "can't be made (Not a directory)": [photos, "-o", tmp_path / "file" / "below"],
        "There is no detector called mtcn, nor a folder of a run: did you mean mtcnn?": [
            photos,
            "-o",
            output,
            "--detector",
            "mtcn",
        ],
        "would both be called 1.jpg: rename one": [
            tmp_path / "1.jpg",
            photos / "Ada" / "1.jpg",
            "-o",
            output,
        ],
    }
    for message, words in mistakes.items():
        assert message in sentence(command, *words)
        assert not output.exists()


def test_a_photograph_called_as_a_list_or_a_sheet_is_refused(photos: Path, tmp_path: Path) -> None:
    save(photos / "sheet.png", ONE)
    assert "would both be called sheet.png: rename one" in sentence("align", photos, "-o", tmp_path / "out")
