"""What a detector is trained on: squares with the faces where it is said, the same at any start, on any device."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from likeness.data.augment import KeyedAugment
from likeness.data.drawn_scenes import drawn_scenes
from likeness.data.faces import Faces, Scene
from likeness.data.fingerprint import Files
from likeness.data.readable_scenes import ReadableScenes, sizes_of_faces
from likeness.data.scene_batches import SceneBatches
from likeness.data.scene_crops import AnchorSampling, Crop, RandomSquares, mirrored
from likeness.data.square import Square, cut
from likeness.errors import FileError, UnreadableImage
from likeness.losses.detection import BACKGROUND, IGNORED
from likeness.randomness import generator
from likeness.tasks.detection.anchor_targets import anchor_targets


class Squares:
    """`Scenes`: image n is grey with a white face of 20 + 4n pixels, whose points are black; some can't be read."""

    def __init__(self, count: int, unreadable: Sequence[int] = ()) -> None:
        self.count, self.bad = count, set(unreadable)
        self.loaded: list[int] = []

    def __len__(self) -> int:
        return self.count

    def load(self, indices: Sequence[int]) -> list[Scene]:
        self.loaded += indices
        return [self._one(index) for index in indices]

    def _one(self, index: int) -> Scene:
        if index in self.bad:
            raise UnreadableImage(self.name(index), "it is no image")
        side, image = 20 + 4 * index, torch.full((3, 96, 128), 90, dtype=torch.uint8)
        image[:, 30 : 30 + side, 40 : 40 + side] = 255
        box = torch.tensor([[40.0, 30.0, 40.0 + side, 30.0 + side]])
        places = torch.tensor([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.35, 0.8], [0.65, 0.8]])
        return Scene(image, Faces(box, (box[:, None, :2] + places * side), torch.tensor([False])))

    def name(self, index: int) -> str:
        return f"square {index}"

    def fingerprint(self) -> dict[str, object]:
        return {"images": self.count}

    def files(self) -> Files:
        return Files(Path(), [])


NOTHING = KeyedAugment([], seed=0)
CROPS: list[Crop] = [RandomSquares(side=64), AnchorSampling(side=64)]


def batches(scenes: ReadableScenes, crop: Crop, **more: int) -> SceneBatches:
    return SceneBatches([scenes], crop, NOTHING, **({"batch_size": 4, "seed": 3} | more))


def white(image: Tensor) -> Tensor:
    """The box around what is white."""
    rows, columns = (image[0] > 200).nonzero(as_tuple=True)
    return torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()


@pytest.mark.parametrize("crop", CROPS, ids=["random", "anchors"])
def test_boxes_lie_where_the_square_shows_the_face(crop: Crop) -> None:
    data, seen = batches(ReadableScenes(Squares(6)), crop), 0
    for step in range(20):
        images, faces = data[step]
        assert images.shape == (4, 3, 64, 64)
        for image, each in zip(images, faces, strict=True):
            if len(each.boxes) and not each.ignored[0]:
                torch.testing.assert_close(each.boxes[0], white(image), atol=1.5, rtol=0)
                seen += 1
    assert seen > 30


def test_a_mirrored_scene_keeps_left_and_right_as_they_are_seen() -> None:
    scene = Squares(1)._one(0)
    other = mirrored(scene)
    torch.testing.assert_close(other.faces.boxes[0], white(other.image))
    left_eye, right_eye, _, left_mouth, right_mouth = other.faces.points[0]
    assert left_eye[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    again = mirrored(other)
    torch.testing.assert_close(again.faces.points, scene.faces.points)
    assert torch.equal(again.image, scene.image)


def test_what_is_left_of_a_face_whose_centre_is_outside_is_ignored() -> None:
    boxes = torch.tensor([[10.0, 10, 40, 40], [50, 10, 70, 40], [58, 50, 90, 80], [70, 10, 90, 40]])
    faces = Faces(boxes, torch.full((4, 5, 2), torch.nan), torch.zeros(4, dtype=torch.bool))
    whole = Scene(torch.zeros(3, 100, 100, dtype=torch.uint8), faces)
    square = cut(whole, Square(1.0, 0.0, 0.0), side=64)
    assert square.faces.boxes.tolist() == [[10, 10, 40, 40], [50, 10, 64, 40], [58, 50, 64, 64]]
    assert square.faces.ignored.tolist() == [False, False, True]
    on_it, apart = [58.0, 51, 64, 64], [10.0, 44, 25, 60]
    targets = anchor_targets(
        torch.tensor([on_it, apart]),
        [square.faces],
        positive=0.5,
        negative=0.3,
        weights=(10.0, 10.0, 5.0, 5.0),
    )
    assert targets.shown.tolist() == [[IGNORED, BACKGROUND]]


class Beyond(Squares):
    """The one face passes the left and the lower border of its image."""

    def _one(self, index: int) -> Scene:
        scene = super()._one(index)
        return scene._replace(faces=scene.faces._replace(boxes=torch.tensor([[-20.0, 60, 20, 110]])))


def test_boxes_end_at_the_images_border_in_training_alone() -> None:
    scenes = ReadableScenes(Beyond(1))
    assert scenes.load_or_none(0).faces.boxes.tolist() == [[-20, 60, 20, 110]]
    assert sizes_of_faces(scenes, [0]).tolist() == [[20, 36]]
    squares = batches(scenes, RandomSquares(side=128, scales=[0.5]))
    for step in range(3):
        for each in squares[step].faces:
            (size,) = each.boxes[:, 2:] - each.boxes[:, :2]
            torch.testing.assert_close(size, torch.tensor([10.0, 18]))


@pytest.mark.parametrize("crop", CROPS, ids=["random", "anchors"])
def test_a_batch_is_a_function_of_its_step_and_devices_share_it(crop: Crop) -> None:
    whole = batches(ReadableScenes(Squares(6)), crop)
    first = [whole[step].images for step in range(5)]
    again = batches(ReadableScenes(Squares(6)), crop)
    assert torch.equal(again[3].images, first[3])
    assert not torch.equal(first[2], first[3])
    halves = [batches(ReadableScenes(Squares(6)), crop).of_rank(rank, 2) for rank in (0, 1)]
    assert torch.equal(torch.cat([half[4].images for half in halves]), first[4])


def test_each_image_comes_once_in_a_pass_and_two_sources_have_equal_shares() -> None:
    first, second = Squares(6), Squares(4)
    data = SceneBatches(
        [ReadableScenes(first), ReadableScenes(second)], RandomSquares(side=64), NOTHING, batch_size=4, seed=0
    )
    for step in range(6):
        data[step]
    assert sorted(first.loaded) == sorted([*range(6)] * 2)
    assert sorted(second.loaded) == sorted([*range(4)] * 3)


def test_an_unreadable_image_is_replaced_in_training_and_told() -> None:
    scenes = ReadableScenes(Squares(4, unreadable=[1, 2]))
    assert scenes.load_or_none(1) is None
    assert len(scenes.load_good(1).faces.boxes) == 1
    assert torch.equal(scenes.load_good(1).image, Squares(4)._one(3).image)
    assert scenes.unreadable == ["square 1", "square 2"]
    nothing = ReadableScenes(Squares(2, unreadable=[0, 1]))
    with pytest.raises(FileError, match="None of the 2 images to train on can be read, such as square 0"):
        nothing.load_good(0)


def test_what_is_kept_is_read_once() -> None:
    size = 3 * 96 * 128
    for keep, count in ((size, 1), (size - 1, 3), (0, 3)):
        source = Squares(2)
        scenes = ReadableScenes(source, keep=keep)
        first, *others = (scenes.load_good(1) for _ in range(3))
        assert all(torch.equal(each.image, first.image) for each in others)
        assert source.loaded == [1] * count


def test_no_more_is_kept_than_there_is_room_for() -> None:
    source = Squares(3)
    scenes = ReadableScenes(source, keep=2 * 3 * 96 * 128)
    for index in (0, 1, 2, 0, 1, 2):
        scenes.load_good(index)
    assert source.loaded == [0, 1, 2, 2]


def test_sizes_are_those_of_the_faces_to_be_found() -> None:
    assert sizes_of_faces(ReadableScenes(Squares(5)), range(3)).tolist() == [[20, 20], [24, 24], [28, 28]]
    assert sizes_of_faces(ReadableScenes(Squares(5)), [2, 0]).tolist() == [[28, 28], [20, 20]]
    scenes = drawn_scenes(scenes=3, validation_scenes=0, test_scenes=1, seed=0, spatial_size=96).train
    assert scenes is not None
    expected = [box[2:] - box[:2] for s in scenes.load([0, 1, 2]) for box in s.faces.boxes[~s.faces.ignored]]
    torch.testing.assert_close(sizes_of_faces(ReadableScenes(scenes), range(3)), torch.stack(expected))


def test_half_of_the_random_squares_hold_a_drawn_face_at_each_scale() -> None:
    """A face of 20 pixels fits one of 32 anywhere in 128 x 96 rarely: about one in seven at full size."""
    scene, crop = Squares(1)._one(0), RandomSquares(side=32, scales=[0.5, 1.0])
    boxes = [crop(scene, generator("squares", number)).faces.boxes for number in range(400)]
    widths = np.array([float(box[0, 2] - box[0, 0]) if len(box) else 0.0 for box in boxes])
    half, whole = (widths == 10).mean(), (widths == 20).mean()
    assert 0.25 < half < 0.5
    assert 0.22 < whole < 0.4
    assert half + whole > 0.5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RandomSquares(side=0), "side=0"),
        (lambda: RandomSquares(scales=[]), r"scales=\[\]"),
        (lambda: AnchorSampling(side=-1), "side=-1"),
        (
            lambda: batches(ReadableScenes(Squares(2)), CROPS[0]).of_rank(0, 3),
            "batch_size=4 can't be shared by 3",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
