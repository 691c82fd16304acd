import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from likeness.data.annotated_faces import boxes_json, points_csv, voc, wider_face, yolo
from likeness.data.annotated_faces.box_of_points import box_of_points
from likeness.data.annotated_faces.wider_face import listed_faces
from likeness.data.drawn_scenes import drawn_scenes
from likeness.data.faces import Faces, Scenes, SceneSplits
from likeness.errors import FileError, UnreadableImage

POINTS = "left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,mouth_left_x,mouth_left_y,mouth_right_x"
HEADER = f"path,{POINTS},mouth_right_y"
FIVE = "10,10,20,10,15,15,11,20,19,20"
EMPTY = '{"file": "v.png", "boxes_xyxy": []}'
ALL_TO_TEST = (0.0, 0.0, 1.0)


def picture(path: Path, width: int = 40, height: int = 30, **how: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    row = np.arange(width * height * 3, dtype=np.uint32).reshape(height, width, 3)
    Image.fromarray((row % 251).astype(np.uint8)).save(path, **how)


def text(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def xml(name: str, *boxes: str, kind: str = "face") -> str:
    objects = "".join(f"<object><name>{kind}</name>{box}</object>" for box in boxes)
    return f"<annotation><filename>{name}</filename>{objects}</annotation>"


def bndbox(x1: object, y1: object, x2: object, y2: object, more: str = "") -> str:
    return f"{more}<bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox>"


def a_wider(root: Path, *val: str) -> SceneSplits:
    for which, lines in (("train", TRAIN), ("val", val)):
        text(root / "wider_face_split" / f"wider_face_{which}_bbx_gt.txt", *lines)
    for name in ("a", "b", "c", "d"):
        picture(root / "WIDER_train" / "images" / "0--Parade" / f"{name}.jpg")
    picture(root / "WIDER_val" / "images" / "1--Hand" / "v.jpg")
    return wider_face(root=str(root), validation=0.25)


TRAIN = [
    line for name in ("a", "b", "c", "d") for line in (f"0--Parade/{name}.jpg", "1", "3 4 10 12 0 0 0 0 0 0 ")
]
VAL = (
    "1--Hand/v.jpg",
    "4",
    "1 2 10 12 0 0 0 0 0 0 ",
    "5 5 4 4 0 0 0 1 0 0 ",
    "5 5 0 4 0 0 0 0 0 0",
    "99 5 4 4 0 0 0 0 0 0",
)


def a_voc(root: Path, *boxes: str) -> SceneSplits:
    picture(root / "JPEGImages" / "v.png")
    text(root / "Annotations" / "v.xml", xml("v.png", *boxes))
    return voc(root=str(root), split=ALL_TO_TEST)


def a_yolo(root: Path, *lines: str) -> SceneSplits:
    picture(root / "images" / "v.png")
    text(root / "labels" / "v.txt", *lines)
    return yolo(root=str(root), split=ALL_TO_TEST)


def a_json(root: Path, content: str) -> SceneSplits:
    picture(root / "images" / "v.png")
    text(root / "annotations.json", content)
    return boxes_json(root=str(root), split=ALL_TO_TEST)


def a_csv(root: Path, *lines: str, **options: Any) -> SceneSplits:
    picture(root / "v.png")
    text(root / "points.csv", *lines)
    return points_csv(root=str(root), **({"train": [], "test": ["points.csv"]} | options))


def the_faces(splits: SceneSplits) -> Faces:
    assert splits.test is not None
    (scene,) = splits.test.load([0])
    assert scene.image.shape == (3, 30, 40)
    faces = scene.faces
    assert [each.dtype for each in faces] == [torch.float32, torch.float32, torch.bool]
    assert faces.points.shape == (len(faces.boxes), 5, 2)
    return faces


def names(of: Scenes | None) -> list[str]:
    assert of is not None
    return [of.name(index) for index in range(len(of))]


def test_wider_face_reads_the_official_format(tmp_path: Path) -> None:
    splits = a_wider(tmp_path, *VAL)
    boxes, points, ignored = the_faces(splits)
    assert boxes.tolist()[:2] == [[1, 2, 11, 14], [5, 5, 9, 9]]
    assert ignored.tolist() == [False, True, True, True]  # invalid, of no area, outside
    assert points.isnan().all()
    assert len(names(splits.train)) == 3
    assert sorted(names(splits.train) + names(splits.validation)) == [f"0--Parade/{n}.jpg" for n in "abcd"]
    assert names(wider_face(root=str(tmp_path), validation=0.25).train) == names(splits.train)


def test_wider_face_without_training_images_is_for_testing_alone(tmp_path: Path) -> None:
    text(tmp_path / "wider_face_split" / "wider_face_val_bbx_gt.txt", *VAL)
    picture(tmp_path / "WIDER_val" / "images" / "1--Hand" / "v.jpg")
    splits = wider_face(root=str(tmp_path))
    assert splits.train is splits.validation is None
    assert names(splits.test) == ["1--Hand/v.jpg"]


@pytest.mark.parametrize("zeros", [["0 0 0 0 0 0 0 0 0 0 "], []])
def test_wider_face_has_images_without_faces(tmp_path: Path, zeros: list[str]) -> None:
    text(tmp_path / "list.txt", "a/x.jpg", "0", *zeros, "a/y.jpg", "1", "1 2 3 4 0 0 0 0 0 0")
    found = listed_faces(tmp_path / "list.txt")
    assert [len(faces) for _, faces in found.values()] == [0, 1]
    assert found["a/y.jpg"][1][0].box == (1, 2, 4, 6)


def test_voc_reads_corners_names_and_difficult_ones(tmp_path: Path) -> None:
    difficult = "<difficult>1</difficult>"
    boxes, points, ignored = the_faces(
        a_voc(tmp_path, bndbox(1, 2.5, 11, 14), bndbox(3, 3, 9, 9, difficult), bndbox(38, 1, 41, 9))
    )
    assert boxes.tolist() == [[1, 2.5, 11, 14], [3, 3, 9, 9], [38, 1, 41, 9]]  # partly outside: as it is
    assert ignored.tolist() == [False, True, False]
    assert points.isnan().all()
    assert len(the_faces(voc(root=str(tmp_path), split=ALL_TO_TEST, faces=["face"])).boxes) == 3


def test_yolo_reads_shares_points_and_folders(tmp_path: Path) -> None:
    points = "0.1 0.2 0.3 0.2 -1 -1 0.1 0.4 0.3 0.4"
    boxes, found, ignored = the_faces(
        a_yolo(tmp_path, "0 0.5 0.5 0.5 0.2", "", f"1 0.25 0.25 0.5 0.5 {points}")
    )
    torch.testing.assert_close(boxes, torch.tensor([[10.0, 12, 30, 18], [0, 0, 20, 15]]))
    assert not ignored.any()
    torch.testing.assert_close(found[1, [0, 1, 3, 4]], torch.tensor([[4.0, 6], [12, 6], [4, 12], [12, 12]]))
    assert found[0].isnan().all()
    assert found[1, 2].isnan().all()
    assert len(the_faces(yolo(root=str(tmp_path), split=ALL_TO_TEST, faces=[1])).boxes) == 1
    for part in ("train", "val"):
        picture(tmp_path / "parts" / "images" / part / "x.jpg")
    text(tmp_path / "parts" / "labels" / "train" / "x.txt", "0 0.5 0.5 0.5 0.2")
    splits = yolo(root=str(tmp_path / "parts"))
    assert splits.test is None
    assert [names(splits.train), names(splits.validation)] == [["train/x.jpg"], ["val/x.jpg"]]
    assert splits.validation is not None
    assert len(splits.validation.load([0])[0].faces.boxes) == 0  # without a label: no face


def test_json_reads_boxes(tmp_path: Path) -> None:
    boxes, _, ignored = the_faces(
        a_json(
            tmp_path,
            json.dumps([{"file": "v.png", "width": 40, "boxes_xyxy": [[1, 2, 11, 14.5], [0, 30, 4, 31]]}]),
        )
    )
    assert boxes.tolist() == [[1, 2, 11, 14.5], [0, 30, 4, 31]]
    assert ignored.tolist() == [False, True]  # the second is below the last row


def test_csv_reads_points_boxes_and_several_faces(tmp_path: Path) -> None:
    lines = (f"v.png,{FIVE},1,2,30,28", "v.png,10,10,,,15,15,-9,20,99,20,5,5,25,25")
    boxes, points, _ = the_faces(a_csv(tmp_path, f"{HEADER},x1,y1,x2,y2", *lines))
    assert boxes.tolist() == [[1, 2, 30, 28], [5, 5, 25, 25]]
    assert points[0].tolist() == [[10, 10], [20, 10], [15, 15], [11, 20], [19, 20]]
    assert points[1, 1].isnan().all()
    assert points[1, 3:].tolist() == [[-9, 20], [99, 20]]  # points outside stay where they are
    estimated = the_faces(a_csv(tmp_path, HEADER, f"v.png,{FIVE}")).boxes[0]
    assert estimated.tolist() == pytest.approx(
        box_of_points([(10, 10), (20, 10), (15, 15), (11, 20), (19, 20)])
    )


def test_csv_splits_leaves_out_and_keeps_train_and_test_apart(tmp_path: Path) -> None:
    for number in range(10):
        picture(tmp_path / f"{number}.png")
    text(
        tmp_path / "train.csv", HEADER, *(f"{number}.png,{FIVE}" for number in range(10)), f"lfw/a.png,{FIVE}"
    )
    options = {"train": ["train.csv"], "validation": 0.2, "leave_out": ["lfw/"]}
    splits = a_csv(tmp_path, HEADER, f"v.png,{FIVE}", **options)
    assert [len(names(part)) for part in (splits.train, splits.validation, splits.test)] == [8, 2, 1]
    with pytest.raises(ValueError, match=r"1 images stand in both train and test, such as 3\.png"):
        a_csv(tmp_path, HEADER, f"3.png,{FIVE}", **options)


def test_the_estimated_box_overlaps_that_of_drawn_faces() -> None:
    overlaps = []
    train = drawn_scenes(scenes=12, validation_scenes=0, test_scenes=1, seed=0, spatial_size=200).train
    assert train is not None
    for scene in train.load(range(12)):
        for box, points in zip(scene.faces.boxes.tolist(), scene.faces.points.tolist(), strict=True):
            if min(box) > 0 and max(box) < 200:
                other = box_of_points(points)
                across, down = (min(box[k + 2], other[k + 2]) - max(box[k], other[k]) for k in (0, 1))
                both = max(across, 0) * max(down, 0)
                areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
                overlaps.append(both / (areas - both))
    assert len(overlaps) > 20
    assert np.median(overlaps) > 0.72


def test_the_box_of_points_turns_with_them() -> None:
    upright = [(-10.0, 0.0), (10.0, 0.0), (0.0, 12.0), (-8.0, 22.0), (8.0, 22.0)]
    quarter = [(-y, x) for x, y in upright]
    x1, y1, x2, y2 = box_of_points(upright)
    assert box_of_points(quarter) == pytest.approx((-y2, x1, -y1, x2))
    assert x2 - x1 < y2 - y1
    assert x1 == pytest.approx(-x2)
    assert y1 < -15
    assert y2 > 25


def test_an_image_is_upright_in_rgb_and_may_be_one_pixel(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[274] = 6
    picture(tmp_path / "images" / "turned.jpg", exif=turned)
    Image.new("L", (1, 1), 77).save(tmp_path / "images" / "tiny.png")
    Image.new("RGBA", (5, 4), (1, 2, 3, 0)).save(tmp_path / "images" / "clear.png")
    Image.new("CMYK", (6, 4)).save(tmp_path / "images" / "inks.jpg")
    content = [
        {"file": name, "boxes_xyxy": [[0, 0, 1, 1]]}
        for name in ("turned.jpg", "tiny.png", "clear.png", "inks.jpg")
    ]
    test = a_json(tmp_path, json.dumps(content)).test
    assert test is not None
    shapes = dict(zip(names(test), (tuple(scene.image.shape) for scene in test.load(range(4))), strict=True))
    assert shapes == {
        "turned.jpg": (3, 40, 30),
        "tiny.png": (3, 1, 1),
        "clear.png": (3, 4, 5),
        "inks.jpg": (3, 4, 6),
    }
    Path(tmp_path / "images" / "tiny.png").write_bytes(b"no image")
    with pytest.raises(UnreadableImage, match=r"tiny\.png"):
        test.load(range(4))


def test_a_split_is_the_same_again_disjoint_and_recognised(tmp_path: Path) -> None:
    for number in range(20):
        picture(tmp_path / "images" / f"{number}.png")
    content = [{"file": f"{number}.png", "boxes_xyxy": [[0, 0, 1 + number, 1]]} for number in range(20)]
    text(tmp_path / "annotations.json", json.dumps(content))
    first, again, other = (
        boxes_json(root=str(tmp_path), split=[0.6, 0.1, 0.3], split_seed=seed) for seed in (0, 0, 1)
    )
    parts = [first.train, first.validation, first.test]
    assert [len(names(part)) for part in parts] == [12, 2, 6]
    assert len({name for part in parts for name in names(part)}) == 20
    assert names(first.train) == names(again.train) != names(other.train)
    assert first.train is not None
    assert again.train is not None
    assert other.train is not None
    before = first.train.fingerprint()
    assert before == again.train.fingerprint() != other.train.fingerprint()
    assert list(first.train.files().names) == [f"{number}.png" for number in range(20)]
    content[3]["boxes_xyxy"] = [[0, 0, 5, 1]]
    text(tmp_path / "annotations.json", json.dumps(content))
    changed = boxes_json(root=str(tmp_path), split=[0.6, 0.1, 0.3]).train
    assert changed is not None
    assert changed.fingerprint() != before


BAD: list[tuple[Callable[..., SceneSplits], tuple[str, ...], str]] = [
    # an annotation of a missing image
    (a_wider, (*VAL, "1--Hand/gone.jpg", "0"), r"gone\.jpg \(line 7 of .*val_bbx_gt\.txt\)"),
    (a_json, ('[{"file": "gone.png", "boxes_xyxy": []}]',), r"gone\.png \(entry 1 of .*annotations\.json\)"),
    (a_csv, (HEADER, f"gone.png,{FIVE}"), r"gone\.png \(line 2 of .*points\.csv\)"),
    # a box of no area
    (a_voc, (bndbox(1, 1, 5, 5), bndbox(5, 1, 5, 9)), r"Object 2 of .*v\.xml has a box of no area"),
    (a_yolo, ("0 .5 .5 .1 .1", "0 .5 .5 0 .1"), r"Line 2 of .*v\.txt has a box of no area"),
    (a_json, ('[{"file": "v.png", "boxes_xyxy": [[4, 1, 2, 9]]}]',), r"Box 1 of entry 1 of .* no area"),
    (a_csv, (f"{HEADER},x1,y1,x2,y2", f"v.png,{FIVE},9,9,9,12"), r"Line 2 of .* no area"),
    (a_csv, (HEADER, "v.png,1,1,1,1,1,1,1,1,1,1"), r"Line 2 of .* no area"),
    # a box of no image
    (
        a_json,
        ('[{"file": "v.png", "boxes_xyxy": [[1, 2, 1e30, 9]]}]',),
        r"Box 1 of entry 1 of .* is in no image",
    ),
    (
        a_json,
        ('[{"file": "v.png", "boxes_xyxy": [[NaN, 2, 5, 9]]}]',),
        r"Box 1 of entry 1 of .* is in no image",
    ),
    (a_json, ('[{"file": "v.png", "boxes_xyxy": [[1, 2, 1' + "0" * 400 + ", 9]]}]",), r"is in no image"),
    # no face at all
    (a_voc, (), r"None of the 1 images of .* has a face"),
    (a_voc, (bndbox(1, 1, 5, 5, "<difficult>1</difficult>"),), r"None of the 1 images of .* has a face"),
    (a_json, ('[{"file": "v.png", "boxes_xyxy": []}]',), r"None of the 1 images of .* has a face"),
    # empty files
    (a_wider, (), r"val_bbx_gt\.txt is empty"),
    (a_voc, ("</annotation>",), r"v\.xml is not XML"),
    (a_json, ("",), r"annotations\.json is not JSON"),
    (a_json, ("[]",), r"should be a list"),
    (a_json, ("[" * 100_000,), r"annotations\.json is not JSON"),
    (a_csv, ("",), r"points\.csv has no column path"),
    (a_csv, (HEADER,), r"points\.csv lists no images"),
    # malformed lines
    (a_wider, ("1--Hand/v.jpg", "two"), r"Line 2 of .* the number of faces, but is 'two'"),
    (a_wider, ("1--Hand/v.jpg", "1", "1 2 3 4"), r"Line 3 of .* ten whole numbers"),
    (a_wider, ("1--Hand/v.jpg", "2", "1 2 3 4 0 0 0 0 0 0"), r"ends after line 3"),
    (a_wider, ("1 2 3",), r"Line 1 of .* the name of an image"),
    (a_wider, (*VAL, *VAL), r"Line 7 of .* once more"),
    (a_voc, (bndbox("one", 1, 5, 5),), r"Object 1 of .* <xmin> as a number, but has 'one'"),
    (a_voc, ("<bndbox/>",), r"Object 1 of .* <xmin>"),
    (a_voc, (bndbox("nan", 1, 5, 5),), r"Object 1 of .* <xmin>"),
    (a_yolo, ("0 .5 .5 .1",), r"Line 1 of .* 5 numbers .* not 4"),
    (a_yolo, ("0 .5 .5 .1 x",), r"Line 1 of .* a number, but has 'x'"),
    (a_yolo, ("0 20 12 10 12",), r"Line 1 of .* shares"),
    (a_json, ('[{"file": "/v.png", "boxes_xyxy": []}]',), r"a `file` below the folder of images"),
    (
        a_json,
        ('[{"file": "v.png", "boxes_xyxy": []}, {"file": "./v.png", "boxes_xyxy": []}]',),
        r"v\.png has more than one entry",
    ),
    (a_json, ('[{"file": 3, "boxes_xyxy": []}]',), r"a list `boxes_xyxy`, but not entry 1 of .*annotations"),
    (a_json, ('[{"file": "v.png", "boxes_xyxy": [[1, 2, 3]]}]',), r"Box 1 of entry 1 .* four numbers"),
    (
        a_json,
        ('[{"file": "v.png", "boxes_xyxy": []}, {"file": "v.png", "boxes_xyxy": []}]',),
        r"v\.png has more than one entry in .*, the last as number 2",
    ),
    (a_csv, ("path,left_eye_x", "v.png,1"), r"no column left_eye_y"),
    (a_csv, (f"{HEADER},x1", f"v.png,{FIVE},1"), r"column x1, but a box needs"),
    (a_csv, (HEADER, "v.png,1,2"), r"Line 2 of .* 11 fields"),
    (a_csv, (HEADER, f"v.png,{FIVE.replace('15,15', '15,inf')}"), r"Line 2 of .* nose_y as a number"),
    (a_csv, (HEADER, f"v.png,{FIVE.replace('15,15', '15,')}"), r"Line 2 of .* nose_y as a number"),
    (a_csv, (HEADER, f"v.png,{FIVE.replace('15,15', ',')}"), r"Line 2 of .* neither a box nor all five"),
]


@pytest.mark.parametrize(("read", "content", "said"), BAD)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, read: Callable[..., SceneSplits], content: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as told:
        read(tmp_path, *content)
    assert str(told.value).endswith((".", "there.", "it."))
    assert "\n" not in str(told.value)


def test_labels_and_xml_of_missing_images_are_named(tmp_path: Path) -> None:
    text(tmp_path / "y" / "labels" / "gone.txt", "0 .5 .5 .1 .1")
    with pytest.raises(ValueError, match=r"gone\.txt annotates an image that is missing"):
        a_yolo(tmp_path / "y", "0 .5 .5 .1 .1")
    text(tmp_path / "v" / "Annotations" / "gone.xml", xml("gone.png"))
    with pytest.raises(ValueError, match=r"gone\.png \(.*gone\.xml\)"):
        a_voc(tmp_path / "v")
    text(tmp_path / "v" / "Annotations" / "gone.xml", xml("v.png"))
    with pytest.raises(ValueError, match="annotate one image"):
        a_voc(tmp_path / "v")
    text(tmp_path / "v" / "Annotations" / "gone.xml", xml(""))
    with pytest.raises(ValueError, match="no <filename>"):
        a_voc(tmp_path / "v")


def test_what_is_called_a_face_is_in_the_files(tmp_path: Path) -> None:
    a_voc(tmp_path / "v", bndbox(1, 2, 3, 4), bndbox(1, 2, 3, 4))
    with pytest.raises(ValueError, match=r"annotates no Face; there are face \(2\): take"):
        voc(root=str(tmp_path / "v"), split=ALL_TO_TEST, faces=["Face"])
    a_yolo(tmp_path / "y", "0 .5 .5 .1 .1", "3 .5 .5 .1 .1")
    with pytest.raises(ValueError, match=r"annotates no 7; there are 0 \(1\), 3 \(1\): take"):
        yolo(root=str(tmp_path / "y"), split=ALL_TO_TEST, faces=[3, 7])
    assert len(the_faces(yolo(root=str(tmp_path / "y"), split=ALL_TO_TEST, faces=[3])).boxes) == 1


def test_missing_folders_and_too_few_images_are_named(tmp_path: Path) -> None:
    for read in (wider_face, voc, yolo, boxes_json):
        with pytest.raises(ValueError, match="does not exist"):
            read(root=str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=r"no .*wider_face_val_bbx_gt\.txt: unpack wider_face_split\.zip"):
        wider_face(root=str(tmp_path))
    with pytest.raises(FileError, match=r"other\.csv is missing"):
        a_csv(tmp_path, HEADER, f"v.png,{FIVE}", test=["other.csv"])
    a_voc(tmp_path, bndbox(1, 2, 3, 4))
    with pytest.raises(ValueError, match=r"The 1 images of .* are too few"):
        voc(root=str(tmp_path))
    with pytest.raises(ValueError, match=r"split=\[0\.5, 0\.5\]"):
        voc(root=str(tmp_path), split=[0.5, 0.5])


@pytest.mark.real_data
def test_the_data_pack_is_read_whole(real_data: Path) -> None:
    masks = boxes_json(root=str(real_data / "face_masks"), split=[600 / 853, 0, 253 / 853])
    assert (len(names(masks.train)), masks.validation, len(names(masks.test))) == (600, None, 253)
    for part in (masks.train, masks.test):
        assert part is not None
        scene = part.load([5])[0]
        assert scene.faces.boxes.shape[0] > 0
        assert not scene.faces.ignored.any()
    landmarks = points_csv(
        root=str(real_data / "mtfl"),
        train=["train_good.csv", "train_repaired_y.csv"],
        test=["test.csv"],
        leave_out=["lfw_5590/"],
    )
    counts = [len(names(part)) for part in (landmarks.train, landmarks.validation, landmarks.test)]
    assert counts == [5264, 585, 2995]
    assert landmarks.test is not None
    for scene in landmarks.test.load(range(0, 2995, 200)):
        assert scene.image.shape == (3, 80, 80)
        assert (scene.faces.points[0, 1, 0] > scene.faces.points[0, 0, 0]).all()
