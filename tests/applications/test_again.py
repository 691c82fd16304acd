"""`likeness detect` and `likeness align` again into a folder, and what they leave when they are stopped."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from sample_images import sample_image
from torch import Tensor

from likeness.applications.align import Taken, align
from likeness.applications.detect import detect
from likeness.applications.growing_file import GrowingFile
from likeness.applications.photographs import BATCH
from likeness.data.alignment import SIDE, TEMPLATE
from likeness.errors import LikenessError
from likeness.models.detectors import Detections, Detector


class TwoInEach:
    """Finds two faces in each image, and notes how many images it is given; no more than `calls` times."""

    def __init__(self, calls: int = 100) -> None:
        self.calls, self.given = calls, list[int]()

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        if len(self.given) == self.calls:
            raise KeyboardInterrupt
        self.given.append(len(images))
        points = torch.tensor(TEMPLATE, dtype=torch.float32)
        boxes = torch.tensor([[0.0, 0, SIDE, SIDE], [4, 4, SIDE - 4, SIDE - 4]])
        return [Detections(boxes, torch.tensor([0.9, 0.8]), torch.stack([points, points * 0.9]))] * len(
            images
        )


def saved(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sample_image((SIDE, SIDE), seed=len(name)).save(path)
    return folder


def below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def align_all(places: Sequence[Path], detector: Detector, output: Path, *, force: bool) -> object:
    return align(places, detector, output, Taken.all, force=force)


COMMANDS = {
    "detect": (detect, {"detections.json", "detections.csv", "written_by_detect.csv"}, ("1.png",)),
    "align": (align_all, {"sheet.png", "not_one_face.csv", "written_by_align.csv"}, ("1.png", "1-face2.png")),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_force_replaces_what_the_command_left_and_nothing_else(command: str, tmp_path: Path) -> None:
    work, lists, names = COMMANDS[command]
    output = tmp_path / "out"
    work([saved(tmp_path / "a", "Ada/1.png", "Ben/1.png", "Cyd/1.png")], TwoInEach(), output, force=False)
    made = {f"{who}/{name}" for who in ("Ada", "Ben", "Cyd") for name in names}
    assert below(output) == lists | made
    saved(output, "mine.png", "Ben/mine.png")
    (output / "Cyd" / "1.png").write_bytes(b"changed since")
    work([saved(tmp_path / "b", "Dan/1.png")], TwoInEach(), output, force=True)
    kept = {"mine.png", "Ben/mine.png", "Cyd/1.png"}
    assert below(output) == lists | kept | {f"Dan/{name}" for name in names}
    assert not (output / "Ada").exists()  # nothing is left in it
    assert (output / "Cyd" / "1.png").read_bytes() == b"changed since"


def test_the_other_command_leaves_them(tmp_path: Path) -> None:
    photos, output = saved(tmp_path / "a", "Ada/1.png"), tmp_path / "out"
    detect([photos], TwoInEach(), output, force=False)
    align([saved(tmp_path / "b", "Ben/1.png")], TwoInEach(), output, force=True)
    assert {"Ada/1.png", "detections.json", "Ben/1.png"} <= below(output)


def test_a_list_removes_nothing_outside_its_folder(tmp_path: Path) -> None:
    photos, output = saved(tmp_path / "a", "Ada/1.png"), tmp_path / "out"
    align([photos], TwoInEach(), output, force=False)
    crop, outside = output / "Ada" / "1.png", tmp_path / "outside.png"
    outside.write_bytes(crop.read_bytes())
    (output / "Ada" / "link.png").symlink_to(outside)
    (output / "way").symlink_to(tmp_path)
    (output / "mine.png").write_bytes(crop.read_bytes())
    (output / "mine-too.png").symlink_to(output / "mine.png")
    listed = output / "written_by_align.csv"
    row = next(line for line in listed.read_text().splitlines() if line.startswith("Ada/1.png"))
    for place in (
        "../outside.png",
        str(outside),
        "Ada/link.png",
        "mine-too.png",
        "way/outside.png",
        ".",
        "",
        "Ada",
    ):
        listed.write_text(listed.read_text() + row.replace("Ada/1.png", place, 1) + "\n")
    listed.write_text(listed.read_text() + "alone\n")
    align([saved(tmp_path / "b", "Ben/1.png")], TwoInEach(), output, force=True)
    assert outside.is_file()
    assert (output / "Ada" / "link.png").is_symlink()
    assert (output / "mine-too.png").is_symlink()
    assert not crop.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_that_is_stopped_leaves_lists_of_what_it_did(command: str, tmp_path: Path) -> None:
    work, _, names = COMMANDS[command]
    photos = saved(tmp_path / "a", *(f"{number:02}.png" for number in range(BATCH + 3)))
    (photos / "01.png").write_bytes(b"no image")
    with pytest.raises(KeyboardInterrupt):
        work([photos], TwoInEach(calls=1), tmp_path / "out", force=False)
    written = (tmp_path / "out" / f"written_by_{command}.csv").read_text().splitlines()[1:]
    done = BATCH - 1  # one is unreadable
    assert len(written) == done * len(names)
    assert {row.split(",")[0] for row in written} == {
        name for name in below(tmp_path / "out") if name.endswith(".png")
    }
    if command == "detect":
        listed = json.loads((tmp_path / "out" / "detections.json").read_text())
        assert [Path(entry["file"]).stem for entry in listed["images"]] == [
            f"{number:02}" for number in range(BATCH) if number != 1
        ]
        assert len(listed["unreadable"]) == 1
        assert len((tmp_path / "out" / "detections.csv").read_text().splitlines()) == 1 + 2 * done
    else:
        rows = (tmp_path / "out" / "not_one_face.csv").read_text().splitlines()[1:]
        assert [row.rpartition("/")[2] for row in rows] == [
            f"{number:02}.png,2,2" for number in range(BATCH) if number != 1
        ]
    work([photos], TwoInEach(), tmp_path / "out", force=True)  # and the next one goes to the end
    assert len((tmp_path / "out" / f"written_by_{command}.csv").read_text().splitlines()) > 1 + len(written)


def test_images_come_to_the_detector_in_batches(tmp_path: Path) -> None:
    photos = saved(tmp_path / "a", *(f"{number:02}.png" for number in range(2 * BATCH + 1)))
    (photos / f"{2 * BATCH:02}.png").write_bytes(b"no image")
    detector = TwoInEach()
    found = detect([photos], detector, tmp_path / "out", force=False)
    assert detector.given == [BATCH, BATCH, 0]
    assert (found.photographs, found.faces, len(found.unreadable)) == (2 * BATCH, 4 * BATCH, 1)
    listed = json.loads((tmp_path / "out" / "detections.json").read_text())
    assert listed["unreadable"] == found.unreadable


def test_a_growing_file_is_whole_after_each_addition(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "a", "é[", "]")
    said = [file.path.read_text(encoding="utf-8")]
    for text, tail in (("1", "]"), (",\udcff", "] and more"), ("", "]")):
        file.add(text, tail)
        said.append(file.path.read_text(encoding="utf-8", errors="surrogateescape"))
    assert said == ["é[]", "é[1]", "é[1,\udcff] and more", "é[1,\udcff]"]
    file.path.unlink()
    with pytest.raises(LikenessError, match=r"a can't be written \(No such file or directory\)"):
        file.add("2")
