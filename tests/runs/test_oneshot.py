"""Runs on drawings: one-shot episodes within and across alphabets, trials in a folder, and pairs in a file."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from drawings import letter, omniglot_folder
from tiny import TINY, train_by

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.evaluate import evaluate_run, evaluation_of
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.record.logged import read_metrics
from likeness.tasks.encoding import QUERIES

OVERRIDES = [
    *(word for word in TINY if not word.startswith(("data.", "backbone.width"))),
    "+experiment=oneshot_l1",
    "backbone.widths=[4,4]",
    "data.validation_alphabets=1",
    "episodes.ways=5",
    "episodes.count=12",
    "trainer.max_steps=4",
    "trainer.val_check_interval=2",
]


def overrides_for(root: Path, runs: Path, *more: str) -> list[str]:
    return [*OVERRIDES, f"data.root={root}", f"runs_dir={runs}", *more]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return omniglot_folder(tmp_path_factory.mktemp("omniglot"))


@pytest.fixture(scope="module")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_by(overrides_for(root, tmp_path_factory.mktemp("runs")))


def results_of(run: Path) -> dict[str, dict[str, dict[str, float]]]:
    results: dict[str, dict[str, dict[str, float]]] = json.loads((run / "results.json").read_text())
    return results


def test_a_run_measures_one_shot_recognition_beside_its_distance_and_pixels(finished: Path) -> None:
    results = results_of(finished)
    assert set(results) == {"trained", "its distance", "untrained", "raw pixels"}
    for measured in results.values():
        within, across = (measured[f"oneshot_{kind}/5way1shot"] for kind in ("within", "across"))
        assert within["count"] == across["count"] == 12 * 5
        assert 0 <= across["low"] <= across["value"] <= across["high"] <= 1
        # its interval is over alphabets, of which three are too few to tell
        assert 0 <= within["value"] <= 1
        assert within["low"] is within["high"] is None
    # strokes that are hardly moved: pixels tell them apart better than chance
    assert results["raw pixels"]["oneshot_across/5way1shot"]["value"] > 0.5
    mean_precision = {name: measured.get("retrieval/map@r") for name, measured in results.items()}
    assert mean_precision["trained"] != mean_precision["its distance"]


def test_a_figure_shows_each_alphabet(finished: Path) -> None:
    assert (finished / "figures" / "one_shot.png").is_file()
    assert "One-shot accuracy by group of classes" in (finished / "report.html").read_text()


def test_a_record_knows_its_episodes(finished: Path) -> None:
    recorded = json.loads((finished / "run.json").read_text())["data"]["episodes"]
    assert {kind: found["trials"] for kind, found in recorded.items()} == {"within": 12, "across": 12}


def validated(run: Path) -> list[float]:
    return [row.value for row in read_metrics(run) if row.metric == "validation/oneshot"]


def test_validation_measures_one_shot_among_as_many_letters_as_the_episodes(
    finished: Path, tmp_path: Path
) -> None:
    assert len(validated(finished)) == 2
    assert all(0 <= value <= 1 for value in validated(finished))
    root = omniglot_folder(tmp_path / "omniglot", background=(4, 4), evaluation=(6, 5), drawers=4)
    assert validated(train_by(overrides_for(root, tmp_path / "runs"))) == []


def test_a_sweep_knows_what_a_run_measures_on_its_episodes(finished: Path) -> None:
    config = training_config(OVERRIDES)
    assert isinstance(config, EmbeddingConfig)
    assert config.episodes
    assert set(config.episodes.metrics) == {
        name for name in results_of(finished)["trained"] if name.startswith("oneshot_")
    }


def measured_on(run: Path, *overrides: str) -> dict[str, dict[str, dict[str, float]]]:
    return results_of(evaluate_run(run, overrides))


def test_trials_in_a_folder_are_measured(finished: Path, tmp_path: Path) -> None:
    for run in (1, 2):
        home = tmp_path / "trials" / f"run{run:02d}"
        for folder in ("training", "test"):
            (home / folder).mkdir(parents=True)
        for shown in range(1, 9):
            letter(50 * run + shown, 1).save(home / "training" / f"class{shown:02d}.png")
            letter(50 * run + shown, 2).save(home / "test" / f"item{shown:02d}.png")
        (home / "class_labels.txt").write_text(
            "".join(
                f"run{run:02d}/test/item{i:02d}.png run{run:02d}/training/class{i:02d}.png\n"
                for i in range(1, 9)
            )
        )
    overrides = ["data=oneshot_trials", f"data.root={tmp_path / 'trials'}", f"runs_dir={tmp_path}"]
    measured = measured_on(finished, *overrides, "evaluation.resamples=20", "loader.workers=0")
    trials = measured["raw pixels"]["oneshot_trials/8way1shot"]
    assert trials["count"] == 16
    assert trials["value"] > 0.4
    assert (
        "oneshot_within/5way1shot" not in measured["raw pixels"]
    )  # nobody knows the letters beyond the trials


def test_pairs_in_a_file_are_measured(finished: Path, root: Path, tmp_path: Path) -> None:
    letters = sorted((root / "images_evaluation" / "evaluation_1").iterdir())
    lines = []
    for i, folder in enumerate(letters):
        mine, other = sorted(folder.iterdir()), sorted(letters[i - 1].iterdir())
        lines += [
            f"{mine[0]},{mine[1]},1",
            f"{mine[2]},{mine[3]},1",
            f"{mine[0]},{other[4]},0",
            f"{mine[1]},{other[5]},0",
        ]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    overrides = ["data=pairs", f"data.path={tmp_path / 'pairs.csv'}", f"runs_dir={tmp_path}"]
    measured = measured_on(finished, *overrides, "evaluation.resamples=20", "loader.workers=0")
    (pixels,) = (each for name, each in measured.items() if name == "raw pixels")
    assert pixels["verification/accuracy"]["count"] == 36
    assert pixels["verification/auc"]["value"] > 0.7


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["episodes.ways=10"],
            "an episode of 10 classes of one group is asked for, but the largest group has 9",
        ),
        (["episodes.shots=6"], "an episode of 6 images of each class and one to ask needs 7 drawers"),
        (
            ["sampler.identities=10"],
            "A batch within one group wants 10 classes, but the largest group has [678]:",
        ),
    ],
)
def test_what_the_alphabets_cannot_give_is_said_before_training(
    root: Path, tmp_path: Path, overrides: list[str], sentence: str
) -> None:
    with pytest.raises(LikenessError, match=sentence):
        train_by(overrides_for(root, tmp_path, *overrides))
    assert not list(tmp_path.rglob("checkpoints/*"))


def test_the_paper_s_network_trains(tmp_path: Path) -> None:
    root = omniglot_folder(tmp_path / "omniglot", background=(4, 4), evaluation=(5, 5, 5), drawers=6)
    overrides = [
        *(word for word in TINY if not word.startswith(("data.", "backbone."))),
        "+experiment=koch2015",
        f"data.root={root}",
        f"runs_dir={tmp_path}",
        "data.validation_alphabets=1",
        "data.drawers=[2,2,2]",
        "episodes.ways=5",
        "episodes.count=4",
        "sampler.identities=8",  # all of them
        "sampler.images=2",
        "augment=none",
        "trainer.max_steps=3",
        "trainer.val_check_interval=3",
    ]
    run = train_by(overrides)
    losses = [row.value for row in read_metrics(run) if row.metric == "train/loss"]
    assert len(losses) == 3
    assert losses[-1] < losses[0]


def test_an_evaluation_measures_by_the_episodes_of_its_run_unless_told_otherwise(finished: Path) -> None:
    own = embedding_config_of(finished)
    assert episodes_of(own) == {"ways": 5, "shots": 1, "count": 12}
    fewer = episodes_of(own, "episodes.ways=3", "evaluation.resamples=10")
    assert fewer == {"ways": 3, "shots": 1, "count": 12}
    others = episodes_of(own, "episodes=twenty_way", "episodes.shots=2")
    assert others == {"ways": 20, "shots": 2, "count": 400}
    assert episodes_of(own, "~episodes") is None
    assert evaluation_of(own, []).evaluation.queries == own.evaluation.queries == 500
    assert evaluation_of(own, ["evaluation.queries=7"]).evaluation.queries == 7
    with pytest.raises(LikenessError, match=r"episodes.way=3 changes no key of the evaluation: did you mean"):
        evaluation_of(own, ["episodes.way=3"])


def episodes_of(own: EmbeddingConfig, *overrides: str) -> dict[str, Any] | None:
    """The episodes of an evaluation of a run of the configuration `own`."""
    episodes = evaluation_of(own, overrides).episodes
    return episodes and episodes.plain()


def test_images_that_were_trained_on_are_not_measured(finished: Path, root: Path, tmp_path: Path) -> None:
    trained = sorted((root / "images_background").rglob("*_01.png"))
    lines = [f"{file},{str(file).replace('_01.png', '_02.png')},1" for file in trained]
    lines += [f"{one},{other},0" for one, other in pairwise(trained)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    overrides = ["data=pairs", f"data.path={tmp_path / 'pairs.csv'}", f"runs_dir={tmp_path}"]
    with pytest.raises(
        LikenessError, match="identities are both trained on and to be tested on, such as background_"
    ):
        measured_on(finished, *overrides)


@pytest.mark.parametrize(("queries", "asking"), [("7", 7), ("null", QUERIES)])
def test_a_run_is_validated_as_it_is_measured(queries: str, asking: int, root: Path, tmp_path: Path) -> None:
    overrides = overrides_for(root, tmp_path, f"evaluation.queries={queries}")
    validation = EmbeddingRecipe(training_config(overrides)).task().validation
    assert (validation.ways, validation.queries) == (5, asking)
    assert validation.grouping is not None
