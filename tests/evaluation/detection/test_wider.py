import contextlib
import re
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from detection_sets import drawn_set
from scipy.io import loadmat

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import average_precision, evaluate_wider, wider_precision_recall

FACE, OTHER, FAR = [0, 0, 20, 20], [40, 0, 60, 20], [100, 100, 120, 120]
LISTS = ("easy", "medium", "hard")
PUBLISHED = {
    "multitask-cascade-cnn": (0.849, 0.826, 0.598),
    "hr_res101": (0.930, 0.916, 0.830),
}
"""Of MTCNN, and of HR with ResNet-101."""


def slow_overlap(box, face):
    across = min(box[2], face[2]) - max(box[0], face[0]) + 1
    down = min(box[3], face[3]) - max(box[1], face[1]) + 1
    if across <= 0 or down <= 0:
        return 0.0
    areas = [(one[2] - one[0] + 1) * (one[3] - one[1] + 1) for one in (box, face)]
    return across * down / (sum(areas) - across * down)


def slow_wider(boxes, scores, faces, listed, low, high):
    """One image, one detection, one threshold after another, as the official tools go."""
    counts, total = np.zeros((1000, 2)), 0
    for found, raw, annotated, wanted in zip(boxes, scores, faces, listed, strict=True):
        total += len(wanted)
        if not len(annotated) or not len(found):
            continue
        values = [(score - low) / (high - low) for score in raw]
        order = sorted(range(len(values)), key=lambda number: -values[number])
        state, counted, recalled = [0] * len(annotated), [], []
        for number in order:
            shares = [slow_overlap(found[number], face) for face in annotated]
            best = shares.index(max(shares))
            counts_for_nothing = shares[best] >= 0.5 and best not in wanted
            if shares[best] >= 0.5 and best in wanted:
                state[best] = 1
            counted.append(not counts_for_nothing)
            recalled.append(sum(state))
        for step in range(1000):
            inside = sum(values[number] >= 1 - (step + 1) / 1000 for number in order)
            if inside:
                counts[step] += sum(counted[:inside]), recalled[inside - 1]
    points = [(hits / total, hits / entered) for entered, hits in counts if entered]
    levels = sorted({0.0} | {recall for recall, _ in points})
    return sum(
        (b - a) * max(precision for recall, precision in points if recall >= b) for a, b in pairwise(levels)
    )


def drawn_list(seed, images=6):
    boxes, scores, faces, ignored = drawn_set(seed, images)
    listed = [np.flatnonzero(~one) for one in ignored]
    return boxes, [9 * one - 3 for one in scores], faces, listed


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_slow_computation(seed):
    boxes, scores, faces, listed = drawn_list(seed)
    every = np.concatenate(scores)
    measured = evaluate_wider(boxes, scores, faces, {"hard": listed}, resamples=2)["detection/wider_hard"]
    expected = slow_wider(boxes, scores, faces, listed, every.min(), every.max())
    assert measured.value == pytest.approx(expected)
    assert measured.count == sum(map(len, listed))
    curve = wider_precision_recall(boxes, scores, faces, listed)
    assert average_precision(curve.recall, curve.precision) == pytest.approx(expected)
    assert curve.recall.shape == curve.precision.shape == curve.threshold.shape == (1000,)


def test_the_interval_equals_a_loop_over_repeated_images():
    drawn = drawn_list(7)
    every = np.concatenate(drawn[1])
    measured = evaluate_wider(*drawn[:3], {"easy": drawn[3]}, resamples=8, seed=2)["detection/wider_easy"]
    values = []
    for counts in np.concatenate(list(draws(6, 8, 2, 8)), axis=1).T.astype(int):
        copies = np.repeat(np.arange(6), counts)
        values.append(slow_wider(*([one[i] for i in copies] for one in drawn), every.min(), every.max()))
    assert measured[2:] == pytest.approx(np.percentile(values, (2.5, 97.5)))


def test_a_set_by_hand():
    boxes, scores = [[FACE, OTHER], [FAR]], [[5.0, 1.0], [3.0]]
    curve = wider_precision_recall(boxes, scores, [[FACE, OTHER], [FACE]], [[0], [0]])
    assert np.isnan(wider_precision_recall(boxes, scores, [[], []], [[], []]).recall).all()
    assert curve.faces == 2
    assert curve.threshold[[0, -1]].tolist() == [pytest.approx(0.999), 0]
    assert curve.recall[[0, -1]].tolist() == [0.5, 0.5]
    # The wrong one enters at the stretched score 1/2; what is on the face off the list never counts.
    assert curve.precision[[0, 498, 499, 999]].tolist() == [1, 1, 0.5, 0.5]


def test_an_image_without_a_face_counts_for_nothing():
    drawn = ([[FACE], [FAR]], [[0.4], [0.9]], [[FACE], []])
    assert evaluate_wider(*drawn, {"easy": [[0], []]}, resamples=2)["detection/wider_easy"].value == 1


def test_boxes_are_taken_a_pixel_wider():
    # Continuous, 3 x 1 of 7 x 1 is less than a half; a pixel wider and higher, 4 x 2 of 8 x 2 is a half.
    found, face = [[0, 0, 3, 1]], [[0, 0, 7, 1]]
    assert (
        evaluate_wider([found], [[1]], [face], {"hard": [[0]]}, resamples=2)["detection/wider_hard"].value
        == 1
    )


def test_equal_scores_and_none():
    same = evaluate_wider([[FACE, FAR]], [[0.3, 0.3]], [[FACE]], {"easy": [[0]]}, resamples=2)
    assert same["detection/wider_easy"].value == 0.5
    nothing = evaluate_wider([[]], [[]], [[FACE]], {"easy": [[0]], "hard": [[]]}, resamples=2)
    assert nothing["detection/wider_easy"][:2] == (0, 1)
    assert np.isnan(nothing["detection/wider_hard"].value)


@pytest.mark.parametrize("listed", [[[1]], [[-1]], [[0.5]]])
def test_a_list_of_what_is_no_face_is_refused(listed):
    with pytest.raises(ValueError, match="listed of image 0 must be indices from 0 to 0"):
        wider_precision_recall([[FACE]], [[1]], [[FACE]], listed)


def test_a_list_of_other_images_is_refused():
    with pytest.raises(ValueError, match="`boxes` are of 1 images, but `listed` of 2"):
        wider_precision_recall([[FACE]], [[1]], [[FACE]], [[0], [0]])


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="scores of image 0 hold 1 that are NaN"):
        evaluate_wider([[FACE]], [[np.nan]], [[FACE]], {"easy": [[0]]})


@pytest.fixture(scope="module")
def annotations(real_data):
    return Path(real_data) / "wider_annotations"


def deflated_doubles(file, count):
    """The one block of so many doubles in an HDF5 file (MATLAB's 7.3), which spares a package to read it."""
    found = []
    for place in (start.start() for start in re.finditer(b"\x78", file)):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(file[place:], 8 * count + 1))
    (block,) = (one for one in found if len(one) == 8 * count)
    return np.frombuffer(block, dtype="<f8")


@pytest.mark.real_data
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_curves_give_the_published_average_precision(annotations, name):
    for level, published in zip(LISTS, PUBLISHED[name], strict=True):
        file = annotations / "pr_curves" / f"tiny_wider_pr_info_{name}_{level}_val.mat"
        precision, recall = deflated_doubles(file.read_bytes(), 2000).reshape(2, 1000)
        assert float(average_precision(recall, precision)) == pytest.approx(published, abs=5e-4)


@pytest.mark.real_data
@pytest.mark.parametrize("level", LISTS)
def test_the_area_of_a_published_curve_is_that_of_its_steps(annotations, level):
    recall, precision = np.rint(
        loadmat(annotations / "pr_curves" / f"wider_pr_info_SFD_{level}_val.mat")["pr_cruve"].T[::-1] * 1e6
    )
    area = sum(
        (recall[i] - (recall[i - 1] if i else 0)) * precision[i:].max() for i in range(len(recall))
    )  # of whole millionths, so that nothing is lost on the way
    assert float(average_precision(recall / 1e6, precision / 1e6)) == pytest.approx(area / 1e12)
    assert area / 1e12 > 0.8


@pytest.mark.real_data
def test_perfect_detections_of_the_lists_find_all_that_can_be_found(annotations):
    every = loadmat(annotations / "wider_hard_val.mat")
    faces, listed = [], []
    for boxes, kept in zip(every["face_bbx_list"].ravel(), every["gt_list"].ravel(), strict=True):
        # One annotated box is -2 pixels wide.
        faces += [np.concatenate([b[:, :2], b[:, :2] + b[:, 2:].clip(min=0)], 1) for b in boxes.ravel()]
        listed += [one.ravel().astype(np.int64) - 1 for one in kept.ravel()]
    assert len(faces) == 3226
    curve = wider_precision_recall(faces, [np.ones(len(one)) for one in faces], faces, listed)
    assert curve.faces == 31958
    assert curve.recall[-1] > 0.999
    assert curve.precision[-1] > 0.999
