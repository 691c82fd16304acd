import numpy as np
import pytest
from detection_sets import drawn_set

from likeness.evaluation.detection import FOUND, NEITHER, WRONG, checked_images, match, overlaps

LEFT, RIGHT = [0, 0, 10, 10], [20, 0, 30, 10]


def matched(boxes, scores, faces, ignored=None, iou=0.5):
    (image,) = checked_images([boxes], [scores], [faces], None if ignored is None else [ignored])
    return match(image, iou)


def test_overlap_is_continuous_and_without_area_zero():
    assert overlaps([[0, 0, 10, 10]], [[5, 0, 15, 10], [10, 0, 20, 10], [0, 0, 5, 5]]) == pytest.approx(
        np.array([[1 / 3, 0, 0.25]])
    )
    assert overlaps([[3, 3, 3, 9]], [[3, 3, 3, 9], [0, 0, 10, 10]]).tolist() == [[0, 0]]
    assert overlaps([], [LEFT]).shape == (0, 1)


def test_the_highest_score_claims_a_face_and_the_second_is_wrong():
    result = matched([[0, 0, 10, 9], LEFT, [50, 50, 60, 60], RIGHT], [0.6, 0.5, 0.9, 0.4], [LEFT, RIGHT])
    assert result.verdict.tolist() == [WRONG, FOUND, WRONG, FOUND]
    assert result.face.tolist() == [-1, 0, -1, 1]
    assert result.found_at.tolist() == [0.6, 0.4]


def test_what_lies_on_an_ignored_face_counts_for_nothing_however_often():
    result = matched([LEFT, LEFT, RIGHT], [0.9, 0.8, 0.7], [LEFT, RIGHT], [True, False])
    assert result.verdict.tolist() == [NEITHER, NEITHER, FOUND]
    assert result.face.tolist() == [0, 0, 1]
    assert result.found_at.tolist() == [-np.inf, 0.7]


def test_a_detection_looks_at_its_best_face_alone():
    faces = [[0, 0, 10, 10], [0, 0, 10, 8]]
    result = matched([LEFT, LEFT], [0.9, 0.8], faces)
    assert result.verdict.tolist() == [FOUND, WRONG]  # though it overlaps the second face by 0.8
    assert matched([LEFT], [0.9], [LEFT, LEFT]).face.tolist() == [0]


def test_the_threshold_itself_is_enough():
    half = [[0, 0, 10, 5]]
    assert matched(half, [1], [LEFT]).verdict.tolist() == [FOUND]
    assert matched(half, [1], [LEFT], iou=0.51).verdict.tolist() == [WRONG]


def test_equal_scores_keep_their_order():
    assert matched([[0, 0, 10, 9], LEFT], [0.5, 0.5], [LEFT]).verdict.tolist() == [FOUND, WRONG]


@pytest.mark.parametrize("seed", range(4))
def test_matching_equals_a_loop(seed):
    for image in checked_images(*drawn_set(seed, decimals=1)):
        taken, expected = set(), []
        for box in image.boxes:
            shares = [0.0]
            for face in image.faces:
                across, down = np.minimum(box[2:], face[2:]) - np.maximum(box[:2], face[:2])
                common = max(across, 0) * max(down, 0)
                shares.append(common / (np.prod(box[2:] - box[:2]) + np.prod(face[2:] - face[:2]) - common))
            best = int(np.argmax(shares)) - 1
            if shares[best + 1] < 0.4:
                expected.append((WRONG, -1))
            elif image.ignored[best]:
                expected.append((NEITHER, best))
            else:
                expected.append((WRONG, -1) if best in taken else (FOUND, best))
                taken.add(best)
        result = match(image, 0.4)
        assert list(zip(result.verdict.tolist(), result.face.tolist(), strict=True)) == expected


def test_nothing_to_match():
    assert matched([], [], [LEFT]).found_at.tolist() == [-np.inf]
    assert matched([LEFT], [0.5], []).verdict.tolist() == [WRONG]
    assert matched([[4, 4, 4, 4]], [0.5], [[4, 4, 4, 4]]).verdict.tolist() == [WRONG]
    assert matched([], [], []).verdict.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([[LEFT]], [[np.nan]], [[LEFT]]), "scores of image 0 hold 1 that are NaN"),
        (([[LEFT]], [[0.5, 0.4]], [[LEFT]]), r"scores of image 0 must be \[1\]"),
        (
            ([[[0, 0, np.inf, 1]]], [[0.5]], [[LEFT]]),
            "boxes of image 0 hold 1 values that are NaN or infinite",
        ),
        (([[]], [[]], [[LEFT, [5, 5, 4, 9]]]), "faces of image 0 must be x1, y1, x2, y2 .* but box 1 is not"),
        (([[[1, 2, 3]]], [[0.5]], [[LEFT]]), r"boxes of image 0 must be \[N, 4\]"),
        (([[]], [[]], [[LEFT]], [[True, False]]), r"ignored of image 0 must be \[1\]"),
        (([[], []], [[], []], [[LEFT]]), "`boxes` are of 2 images, but `faces` of 1"),
        (([], [], []), "at least one image"),
    ],
)
def test_what_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        checked_images(*arguments)


def test_an_overlap_of_zero_is_refused():
    with pytest.raises(ValueError, match="iou=0"):
        matched([LEFT], [1], [LEFT], iou=0)
