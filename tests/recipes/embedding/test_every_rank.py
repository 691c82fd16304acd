"""Every task is trained on signals, images and volumes, and a killed run ends as one that was let be."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from killing import at_call, finish, left_behind, only_run

SAMPLES = {
    1: ["data=drawn_signals", "backbone.spatial_size=[64]", "augment=signals"],
    2: ["backbone.spatial_size=16", "augment=light"],
    3: ["data=drawn_solids", "backbone.spatial_size=[8,8,8]", "augment=volumes", "channels_last=true"],
}
ONE_CHANNEL = ["backbone.channels=1", "backbone.mean=null", "backbone.std=null"]
TASKS = {
    "triplets": ["episodes=twenty_way", "episodes.ways=3", "episodes.count=20"],
    "siamese": ["task=siamese"],
    "absolute differences": ["task=similarity", "embedder.activation=relu"],
    "chi-squared differences": ["task=similarity", "head=chi_squared", "embedder.activation=softplus"],
}
SMALL = [
    "backbone.width=2",
    "data.identities=6",
    "data.validation_identities=2",
    "data.test_identities=4",
    "sampler.identities=3",
    "sampler.images=3",
    "embedder.embedding_dim=8",
    "embedder.dropout=0.2",
    "embedder.batch_norm=true",
    "trainer.max_steps=4",
    "trainer.val_check_interval=2",
    "trainer.log_every_n_steps=1",
    "checkpoints.every=2",
    "evaluation.pairs=20",
    "evaluation.folds=2",
    "evaluation.resamples=10",
    "evaluation.far=0.5",
    "loader.workers=0",
]
QUICK = {
    (1, "triplets"),
    (1, "absolute differences"),
    (2, "siamese"),
    (3, "triplets"),
    (3, "chi-squared differences"),
}
"""Each rank and each task at least once; the others are as quick by themselves, and slow together."""
CASES = [
    pytest.param(rank, task, marks=[] if (rank, task) in QUICK else pytest.mark.slow)
    for rank in SAMPLES
    for task in TASKS
]
STEP = "likeness.tasks.encoding:EncodingTask.on_validation_epoch_end"


@pytest.mark.parametrize(("rank", "task"), CASES)
def test_a_killed_run_of_any_rank_ends_as_if_it_had_been_let_be(rank: int, task: str, tmp_path: Path) -> None:
    each = "data.pictures_per_identity=4" if rank == 2 else "data.samples_per_identity=4"
    words = [*SAMPLES[rank], *(ONE_CHANNEL if rank != 2 else []), *TASKS[task], *SMALL, each]
    left: dict[str, dict[str, Any]] = {}
    for name, kill in (("whole", None), ("killed", partial(at_call, 2, STEP))):
        folder = [f"runs_dir={tmp_path / name}", *words]
        if kill is not None:
            assert finish(folder, kill) == -9
        assert finish(folder) == 0
        left[name] = left_behind(only_run(tmp_path / name))
    assert left["killed"] == left["whole"]
    names = {"raw pixels" if rank == 2 else "raw values", "trained", "untrained"}
    assert names <= left["whole"]["results"].keys()
    if task == "triplets":
        assert "oneshot_across/3way1shot" in left["whole"]["results"]["trained"]
