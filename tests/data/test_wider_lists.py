"""WIDER FACE's lists of easy, medium and hard faces, as its tools have them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from likeness.data.annotated_faces import wider_lists

OF_EVENTS = {"0--Parade": {"a": [1, 3], "b": []}, "1--Handshaking": {"c": [2]}}


def cells(values: list[object]) -> np.ndarray:
    column = np.empty((len(values), 1), object)
    column[:, 0] = values
    return column


def write_list(file: Path, of_events: dict[str, dict[str, list[int]]]) -> None:
    """A file as MATLAB's tools have it: a cell for each event, in it one for each image; faces counted from 1."""
    savemat(
        file,
        {
            "event_list": cells(list(of_events)),
            "file_list": cells([cells(list(images)) for images in of_events.values()]),
            "gt_list": cells(
                [
                    cells([np.array(rows, float).reshape(-1, 1) for rows in images.values()])
                    for images in of_events.values()
                ]
            ),
        },
    )


@pytest.mark.parametrize("folder", ["", "wider_face_split", "eval_tools/ground_truth"])
def test_faces_are_listed_by_image_from_0(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for level in ("easy", "medium", "hard"):
        write_list(tmp_path / folder / f"wider_{level}_val.mat", OF_EVENTS)
    lists = wider_lists(tmp_path)
    assert lists is not None
    assert list(lists) == ["easy", "medium", "hard"]
    named = {name: rows.tolist() for name, rows in lists["hard"].items()}
    assert named == {"0--Parade/a.jpg": [0, 2], "0--Parade/b.jpg": [], "1--Handshaking/c.jpg": [1]}


def test_two_of_three_are_none(tmp_path: Path) -> None:
    for level in ("easy", "medium"):
        write_list(tmp_path / f"wider_{level}_val.mat", OF_EVENTS)
    assert wider_lists(tmp_path) is None


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    for level in ("easy", "medium", "hard"):
        (tmp_path / f"wider_{level}_val.mat").write_bytes(b"no matrix")
    with pytest.raises(ValueError, match=r"wider_easy_val\.mat is not one of WIDER FACE's lists"):
        wider_lists(tmp_path)


@pytest.mark.real_data
def test_the_published_lists_have_as_many_faces_as_is_published(real_data: Path) -> None:
    lists = wider_lists(Path(real_data) / "wider_annotations")
    assert lists is not None
    counts = {level: (len(faces), sum(map(len, faces.values()))) for level, faces in lists.items()}
    assert counts == {"easy": (3226, 7211), "medium": (3226, 13319), "hard": (3226, 31958)}
