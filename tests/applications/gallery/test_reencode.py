"""What another encoder changes is told by counts and the first of the changes; a program is told all."""

import json

import numpy as np
from drawn_galleries import ENCODER, D, images

from likeness.applications.gallery.reencode import Change, Move, Verdicts
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import Cohort, Reencoded, Settings
from likeness.evaluation.identification import SearchThreshold, search_threshold


def threshold() -> SearchThreshold:
    return search_threshold(np.linspace(1, 2, 200), np.arange(200), 0.05)


def move(rightly: int, wrongly: int, otherwise: int) -> Move:
    shown = images("x", rightly + wrongly + otherwise)
    words = (
        [("S", "unknown", "S")] * rightly + [("S", "S", "T")] * wrongly + [("S", "T", "unknown")] * otherwise
    )
    changes = [
        Change(who, image, before, after) for image, (who, before, after) in zip(shown, words, strict=True)
    ]
    nothing = np.empty((0, D), np.float32)
    reencoded = Reencoded(Settings(ENCODER, "/runs/NEW", Score.mean), nothing, Cohort([], [], nothing))
    before, after = (Verdicts(["S"] * 5000, strangers, threshold()) for strangers in (7, 9))
    return Move(3, reencoded, before, after, changes)


def test_thousands_of_changes_are_told_by_counts_and_the_first_of_them() -> None:
    lines = move(1500, 1200, 300).told(5).splitlines()
    assert lines[:4] == [
        "3,000 of 5,000 templates get another verdict:",
        "  1,500 named rightly now, and not before",
        "  1,200 named rightly before, and not now",
        "  300 not named rightly before or now",
    ]
    assert lines[4] == "  /images/x-0.png: S, before unknown, now S"
    assert lines[9] == "  and 2,995 more, which --json tells too"
    assert lines[10] == "strangers with a name: before 7 of 200, now 9 of 200"
    assert len(lines) == 13


def test_few_changes_are_told_all_and_none_as_none() -> None:
    assert not any("more, which" in line for line in move(1, 1, 1).told(3).splitlines())
    assert move(0, 0, 0).told(3).splitlines()[:2] == [
        "0 of 5,000 templates get another verdict",
        "strangers with a name: before 7 of 200, now 9 of 200",
    ]


def test_a_program_is_told_every_change() -> None:
    found = json.loads(json.dumps(move(2, 1, 40).as_json()))
    assert len(found["changes"]) == 43
    assert found["changes"][2] == {"file": "/images/x-2.png", "subject": "S", "before": "S", "after": "T"}
    assert (found["templates"], found["before"]["strangers"], found["after"]["strangers"]) == (5000, 7, 9)
    assert found["after"]["threshold"]["threshold"] == threshold().threshold
