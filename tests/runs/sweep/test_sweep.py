"""A sweep from its words to its end, over a toy objective in place of training."""

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from toy_sweep import DATA, STEPS, Jobs, Killed, compose, ledger, objective, run_sweep, validation

from likeness.config.key import key_of
from likeness.errors import LikenessError

TPE = ["+sweep=tpe", "sweep.trials=12", "sweep.sampler.n_startup_trials=5", "sweep.sampler.seed=3"]
UNPRUNED = [*TPE, "sweep.pruner=null"]
PRUNED = [*TPE, "sweep.pruner.n_startup_trials=3"]
HALVED = [
    *TPE,
    "sweep.pruner=null",
    "++sweep.pruner={_target_: optuna.pruners.SuccessiveHalvingPruner, metric: validation/accuracy, "
    "min_resource: 150, reduction_factor: 2}",
]
HYPERBAND = [
    *TPE,
    "sweep.pruner=null",
    "++sweep.pruner={_target_: optuna.pruners.HyperbandPruner, metric: validation/accuracy, "
    "min_resource: 150, max_resource: 600, reduction_factor: 2}",
]


@pytest.fixture(autouse=True)
def _no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's runs have none, and that of a checkout may change while a test runs."""
    monkeypatch.setattr(
        "likeness.runs.sweep.sweep.capture_source", lambda packages: SimpleNamespace(identity=None)
    )


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Drawing takes longer than all the rest."""
    if "figures" not in request.node.name:
        monkeypatch.setattr("likeness.runs.sweep.sweep.write_figures", lambda plan, ended: None)


def trials(content: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What must be the same of two sweeps: what was ended, how it ended and what it gave."""
    return [(job["number"], job["parameters"], job["status"], job["values"]) for job in content["jobs"]]


def test_a_grid_is_every_combination_in_order_with_the_mean_over_seeds(tmp_path: Path) -> None:
    jobs = Jobs()
    content = run_sweep(tmp_path, "loss.margin=0.1,0.3", "optimizer.lr=0.001,0.002", "seed=0,1,2", jobs=jobs)
    asked = [(m, r, s) for m in (0.1, 0.3) for r in (0.001, 0.002) for s in (0, 1, 2)]
    assert [tuple(job["parameters"].values()) for job in content["jobs"]] == asked
    assert [job["values"] for job in content["jobs"]] == [[objective(*one)] for one in asked]
    best = content["trials"][-1]
    assert content["best"] == best["jobs"] == [9, 10, 11]
    values = [objective(0.3, 0.002, seed) for seed in (0, 1, 2)]
    [estimate] = best["values"]
    assert estimate["value"] == pytest.approx(sum(values) / 3)
    deviation = (sum((value - estimate["value"]) ** 2 for value in values) / 2) ** 0.5
    half = (
        4.302652729911275 * deviation / 3**0.5
    )  # Student's t, 2 degrees of freedom, 97.5%, from a printed table
    assert estimate["high"] - estimate["value"] == pytest.approx(half)
    assert content["status"] == "finished"
    assert jobs.batches == [1] * 12


def test_a_sweep_chooses_on_validation_and_shows_the_test_of_its_winner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs(
        tested=lambda margin: 1 - margin
    )  # on the test, which must choose nothing, the others are better
    content = run_sweep(tmp_path, "loss.margin=0.1,0.3,0.5", "seed=0,1,2", jobs=jobs)
    assert content["objectives"] == [{"metric": "validation/accuracy", "direction": "maximize"}]
    assert content["best"] == content["trials"][1]["jobs"]
    assert [job["values"] for job in content["jobs"]] == [
        [objective(margin, 0.002, seed)] for margin in (0.1, 0.3, 0.5) for seed in (0, 1, 2)
    ]
    tested = content["tested"]
    assert (tested["metric"], tested["value"], tested["seeds"]) == ("verification/accuracy", 0.7, 3)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "The best on the test data, which chose nothing: verification/accuracy 0.7000 [0.7000, 0.7000]"
        in said
    )
    assert "0.9000" not in said.replace("lr", "")  # what the first trial came to on the test
    page = next(tmp_path.glob("*/sweeps/*/report.html")).read_text()
    assert "verification/accuracy 70.00" in page
    assert "90.00 " not in page


def test_of_two_seeds_there_are_too_few_to_tell_and_equal_seeds_are_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs()
    content = run_sweep(tmp_path, "loss.margin=0.1,0.3", "seed=0,1,1,0", jobs=jobs)
    assert len(content["jobs"]) == len(jobs.trained) == 4
    for trial in content["trials"]:
        (value,) = trial["values"]
        assert (value["seeds"], value["low"], value["high"]) == (2, None, None)
        assert value["interval"] == "too few to tell"
    assert capsys.readouterr().out.count("[too few to tell]") == 3  # two trials, and the test of the best
    assert "[too few to tell]" in next(tmp_path.glob("*/sweeps/*/report.html")).read_text()


def test_seeds_alone_choose_nothing_and_are_looked_at_by_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toy_sweep.VALIDATED", SimpleNamespace(validated=False))
    jobs = Jobs(tested=lambda margin: 1 - margin)
    content = run_sweep(
        tmp_path, "loss.margin=0.2", "seed=0,1,2", "trainer.val_check_interval=900", jobs=jobs
    )
    assert [one["metric"] for one in content["objectives"]] == ["verification/accuracy"]
    assert [job["values"] for job in content["jobs"]] == [[0.8]] * 3


def test_to_choose_on_the_test_data_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    overrides = ["loss.margin=0.1,0.3", "+sweep.objectives=[{metric: verification/accuracy}]"]
    content = run_sweep(tmp_path, *overrides, jobs=Jobs())
    assert "The winner is chosen by verification/accuracy, and so on the test data" in caplog.text
    assert content["tested"] is None


@pytest.mark.parametrize("data", [SimpleNamespace(validated=False), None])
def test_data_without_validation_are_refused_before_any_job(
    data: SimpleNamespace | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toy_sweep.VALIDATED", data)
    jobs = Jobs()
    if data is None:  # nothing is trained at all: the run itself says what it measures
        run_sweep(tmp_path, "loss.margin=0.1,0.3", jobs=jobs)
        return
    with pytest.raises(
        LikenessError, match="compared by validation/accuracy, but these data keep nothing to val"
    ):
        run_sweep(tmp_path, "loss.margin=0.1,0.3", jobs=jobs)
    assert jobs.trained == []


def test_a_grid_in_yaml_is_the_grid_on_the_command_line(tmp_path: Path) -> None:
    one = run_sweep(tmp_path, "loss.margin=0.1,0.2,0.3", "backbone.width=4,5,6", jobs=Jobs())
    space = "{loss.margin: {low: 0.1, high: 0.3, step: 0.1}, backbone.width: {low: 4, high: 6}}"
    jobs = Jobs()
    other = run_sweep(tmp_path, "+sweep=grid", f"++sweep.space={space}", jobs=jobs)
    assert trials(one) == trials(other)
    assert jobs.trained == []


def test_a_job_is_trained_again_on_data_that_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = ["loss.margin=0.1,0.2"]
    run_sweep(tmp_path, *overrides, jobs=Jobs())
    again, mended = Jobs(), Jobs()
    run_sweep(tmp_path, *overrides, jobs=again)
    monkeypatch.setitem(DATA, "train", {"sha256": "of images with a label mended"})
    run_sweep(tmp_path, *overrides, jobs=mended)
    assert (len(again.trained), len(mended.trained)) == (0, 2)


def test_figures_are_drawn_of_what_varies(tmp_path: Path) -> None:
    run_sweep(
        tmp_path,
        "loss.margin=0.1,0.2",
        "backbone.width=4",
        "loss=triplet_hard,triplet_all",
        "seed=0,1",
        jobs=Jobs(),
    )
    drawn = {figure.name for figure in tmp_path.glob("*/sweeps/*/figures/*")}
    assert drawn == {"parallel_coordinates.png", "curve_loss.margin.png"}


def test_a_launcher_for_several_machines_gets_a_whole_grid_at_once(tmp_path: Path) -> None:
    jobs = Jobs()
    run_sweep(tmp_path, "loss.margin=0.1,0.2,0.3", "seed=0,1", jobs=jobs, beside=True)
    assert jobs.batches == [6]
    run_sweep(tmp_path, "loss.margin=0.4,0.5,0.6", "+sweep.parallel=2", jobs=jobs, beside=True)
    assert jobs.batches == [6, 2, 1]


def suggested(pruner: optuna.pruners.BasePruner, *, at_once: int = 1) -> list[tuple[float, float, str]]:
    """The same search by Optuna's own loop, which knows nothing of jobs, records or files."""
    sampler = optuna.samplers.TPESampler(seed=3, multivariate=True, n_startup_trials=5)
    study = optuna.create_study(study_name="sweep", sampler=sampler, pruner=pruner, direction="maximize")

    def train(trial: optuna.Trial) -> float:
        margin = trial.suggest_float("loss.margin", 0.05, 1.0)
        rate = trial.suggest_float("optimizer.lr", 1e-4, 1e-2, log=True)
        final = objective(margin, rate, 0)
        for step in STEPS:
            trial.report(validation(final, step, margin), step)
            if step < STEPS[-1] and trial.should_prune():
                raise optuna.TrialPruned
        return final

    study.optimize(train, n_trials=12)
    status = {"COMPLETE": "finished", "PRUNED": "pruned"}
    return [(*trial.params.values(), status[trial.state.name]) for trial in study.trials]


@pytest.mark.parametrize(
    ("overrides", "pruner"),
    [
        (UNPRUNED, optuna.pruners.NopPruner()),
        (PRUNED, optuna.pruners.MedianPruner(n_startup_trials=3)),
        (HALVED, optuna.pruners.SuccessiveHalvingPruner(min_resource=150, reduction_factor=2)),
        (HYPERBAND, optuna.pruners.HyperbandPruner(min_resource=150, max_resource=600, reduction_factor=2)),
    ],
    ids=["without a pruner", "median", "successive halving", "hyperband"],
)
def test_trials_are_those_of_optuna_s_own_loop(
    overrides: list[str], pruner: optuna.pruners.BasePruner, tmp_path: Path
) -> None:
    content = run_sweep(tmp_path, *overrides, jobs=Jobs())
    asked = [(*job["parameters"].values(), job["status"]) for job in content["jobs"]]
    assert asked == suggested(pruner)
    if overrides is not UNPRUNED:
        assert "pruned" in {job["status"] for job in content["jobs"]}


@pytest.mark.parametrize(
    ("overrides", "parallel", "kill_at"),
    [(UNPRUNED, 1, 7), (UNPRUNED, 2, 7), (PRUNED, 1, 8), (PRUNED, 3, 7), (HALVED, 1, 0)],
    ids=["unpruned", "unpruned in twos", "median", "median in threes", "halving from the first"],
)
def test_a_killed_search_started_again_is_the_same_and_trains_nothing_twice(
    overrides: list[str], parallel: int, kill_at: int, tmp_path: Path
) -> None:
    overrides = [*overrides, f"sweep.parallel={parallel}"]
    whole = Jobs()
    expected = run_sweep(tmp_path / "whole", *overrides, jobs=whole)
    before, after = Jobs(kill_at=kill_at), Jobs()
    with pytest.raises(Killed):
        run_sweep(tmp_path / "killed", *overrides, jobs=before)
    content = run_sweep(tmp_path / "killed", *overrides, jobs=after)
    assert trials(content) == trials(expected)
    assert content["best"] == expected["best"]
    assert len(before.trained) + len(after.trained) == len(whole.trained) + 1  # the one that was killed
    again = Jobs()
    assert run_sweep(tmp_path / "killed", *overrides, jobs=again) == content
    assert again.trained == []


def test_another_search_uses_what_was_trained_but_stops_by_its_own_rules(tmp_path: Path) -> None:
    run_sweep(tmp_path, *UNPRUNED, jobs=Jobs())
    jobs = Jobs()
    pruned = run_sweep(tmp_path, *PRUNED, jobs=jobs)
    assert trials(pruned) == trials(run_sweep(tmp_path / "afresh", *PRUNED, jobs=Jobs()))
    assert len(jobs.trained) < 12


def test_a_pruned_run_is_trained_again_where_nothing_stops_it(tmp_path: Path) -> None:
    pruned = run_sweep(tmp_path, *PRUNED, jobs=Jobs())
    (stopped, *_) = (job for job in pruned["jobs"] if job["status"] == "pruned")
    overrides = [f"{key}={value!r}" for key, value in stopped["parameters"].items()]
    jobs = Jobs()
    content = run_sweep(tmp_path, *overrides, "seed=0,1", jobs=jobs)
    assert len(jobs.trained) == 2
    assert content["status"] == "finished"


@pytest.mark.parametrize("overrides", [["loss.margin=0.1,0.2,0.3"], UNPRUNED], ids=["grid", "tpe"])
def test_a_failing_job_is_recorded_and_the_rest_go_on(
    overrides: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = len(run_sweep(tmp_path / "whole", *overrides, jobs=Jobs())["jobs"])
    bad = run_sweep(tmp_path / "whole", *overrides, jobs=Jobs())["jobs"][1]["overrides"][-1]
    with pytest.raises(LikenessError, match=f"1 of {number} jobs of the sweep failed, .* CUDA out of memory"):
        run_sweep(tmp_path, *overrides, jobs=Jobs(fail_where=bad))
    (folder,) = tmp_path.glob("*/sweeps/*")
    content = ledger(folder)
    assert [job["status"] for job in content["jobs"]].count("finished") == number - 1
    assert content["jobs"][1]["reason"] == "RuntimeError: CUDA out of memory"
    assert content["status"] == "failed"
    assert 1 not in content["best"]
    said = capsys.readouterr().out
    assert "job 1 failed: RuntimeError: CUDA out of memory" in said
    assert said.splitlines()[-1] == str(folder)
    jobs = Jobs()
    assert (
        run_sweep(tmp_path, *overrides, jobs=jobs)["status"] == "finished"
    )  # started again: it is ended again
    assert jobs.trained[0][: len(content["jobs"][1]["overrides"])] == content["jobs"][1]["overrides"]


def test_a_failure_stands_until_a_killed_search_has_ended(tmp_path: Path) -> None:
    bad = run_sweep(tmp_path / "whole", *UNPRUNED, jobs=Jobs())["jobs"][6]["overrides"][-1]
    with pytest.raises(LikenessError):
        run_sweep(tmp_path / "failing", *UNPRUNED, jobs=Jobs(fail_where=bad))
    with pytest.raises(Killed):
        run_sweep(tmp_path / "killed", *UNPRUNED, jobs=Jobs(fail_where=bad, kill_at=10))
    with pytest.raises(LikenessError, match="CUDA out of memory"):
        run_sweep(
            tmp_path / "killed", *UNPRUNED, jobs=Jobs()
        )  # it would succeed now, and others would follow
    (one,), (other,) = (tmp_path.glob(f"{name}/*/sweeps/*") for name in ("failing", "killed"))
    assert trials(ledger(one)) == trials(ledger(other))


def test_a_process_that_dies_takes_no_other_job_with_it(tmp_path: Path) -> None:
    class Dying(Jobs):
        def launch(self, batch: Any, *, initial_job_idx: int) -> Any:
            super().launch(batch[:1], initial_job_idx=initial_job_idx)
            raise ConnectionError("The worker died unexpectedly\nwhile executing this task.")

    with pytest.raises(LikenessError, match="1 of 2 jobs"):
        run_sweep(tmp_path, "loss.margin=0.1,0.2", "+sweep.parallel=2", jobs=Dying())
    (folder,) = tmp_path.glob("*/sweeps/*")
    finished, died = ledger(folder)["jobs"]
    assert finished["status"] == "finished"
    assert died["reason"] == "ConnectionError: The worker died unexpectedly while executing this task."


def test_a_search_over_seeds_looks_at_their_mean(tmp_path: Path) -> None:
    content = run_sweep(tmp_path, *UNPRUNED, "sweep.trials=7", "seed=0,1,2", jobs=Jobs())
    for trial in content["trials"]:
        margin, rate = trial["parameters"].values()
        values = [objective(margin, rate, seed) for seed in (0, 1, 2)]
        assert trial["values"][0]["value"] == pytest.approx(sum(values) / 3)
        assert [content["jobs"][number]["parameters"]["seed"] for number in trial["jobs"]] == [0, 1, 2]


def test_several_objectives_have_a_front(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objectives = "[{metric: verification/accuracy}, {metric: verification/eer, direction: minimize}]"
    content = run_sweep(tmp_path, *UNPRUNED, f"sweep.objectives={objectives}", jobs=Jobs())
    values = {job["number"]: job["values"] for job in content["jobs"]}
    front = [
        number
        for number, (accuracy, eer) in values.items()
        if not any((a > accuracy and e <= eer) or (a >= accuracy and e < eer) for a, e in values.values())
    ]
    assert content["best"] == front
    assert 1 <= len(front) < len(values)
    assert "none is better in every objective" in " ".join(capsys.readouterr().out.split())


def test_a_search_knows_choices_integers_and_steps(tmp_path: Path) -> None:
    space = (
        "{loss.margin: {low: 0.2, high: 0.4, step: 0.1}, optimizer.lr: null, backbone.width: {low: 4, high: 8}, "
        "loss: {choices: [triplet_hard, triplet_semi_hard]}, optimizer.betas: {choices: [[0.9, 0.99], [0.8, 0.9]]}}"
    )
    content = run_sweep(tmp_path, *UNPRUNED, f"++sweep.space={space}", jobs=Jobs())
    ended = [job["parameters"] for job in content["jobs"]]
    assert {round(one["loss.margin"], 9) for one in ended} <= {0.2, 0.3, 0.4}
    assert {type(one["backbone.width"]) for one in ended} == {int}
    assert {one["loss"] for one in ended} == {"triplet_hard", "triplet_semi_hard"}
    assert {str(one["optimizer.betas"]) for one in ended} == {"[0.9, 0.99]", "[0.8, 0.9]"}
    assert "optimizer.lr" not in ended[0]


def test_parameters_that_do_not_go_together_fail_alone(tmp_path: Path) -> None:
    space = "{backbone.spatial_size: {choices: [32, 64]}, data.image_size: {choices: [64, 32]}, loss.margin: null}"
    overrides = [*UNPRUNED, f"++sweep.space={space}", "sweep.trials=6"]
    with pytest.raises(LikenessError, match="must be the backbone's"):
        run_sweep(tmp_path, *overrides, jobs=Jobs())


def test_jobs_know_the_sweep_that_they_belong_to(tmp_path: Path) -> None:
    """By this trackers put them into one group."""
    jobs = Jobs()
    content = run_sweep(tmp_path, "seed=0,1", jobs=jobs)
    assert {sweep.id for overrides in jobs.trained if (sweep := compose(overrides).sweep)} == {content["id"]}


def test_a_sweep_does_not_depend_on_what_changes_no_number(tmp_path: Path) -> None:
    first = run_sweep(tmp_path, "loss.margin=0.1,0.2", jobs=Jobs())
    jobs = Jobs()
    other = run_sweep(
        tmp_path, "loss.margin=0.1,0.2", "loader.workers=2", "logger=wandb", jobs=jobs, beside=True
    )
    assert other["id"] == first["id"]
    assert jobs.trained == []
    assert run_sweep(tmp_path, "loss.margin=0.1,0.3", jobs=Jobs())["id"] != first["id"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["loss.margn=0.1,0.2"], "Unknown key loss.margn: did you mean margin?"),
        (["loss.margin=0.1,wide"], "loss.margin=wide"),
        (
            ["loss=triplet_hard,triplet_hrd"],
            "There is no loss called triplet_hrd: did you mean triplet_hard?",
        ),
        (["seed=0,-1"], "seed=-1 won't do"),
        (["loss.margin=interval(0,1)"], "loss.margin=interval(0,1) has no end of values; +sweep=tpe"),
        ([*UNPRUNED, "loss.distance=plain,squared"], "loss.distance takes one value beside a sampler"),
        ([*TPE, "seed=0,1"], "Trials over several seeds can't be stopped early; set sweep.pruner=null."),
        (
            [*TPE, "++sweep.space={loss.margn: {low: 0, high: 1}}"],
            "Unknown key loss.margn: did you mean margin?",
        ),
        ([*TPE, "++sweep.space={optimizer.lr: {low: 0, high: 1}}"], "begins above 0"),
        ([*TPE, "++sweep.space={loss.margin: {low: -0.5}}"], "loss.margin=-0.5 won't do"),
        ([*TPE, "++sweep.space={loss.margin: null, optimizer.lr: null}"], "sweep.space is empty"),
        (
            [*TPE, "++sweep.space={loss.margin: {lwo: 1}}"],
            "Unknown key sweep.space.loss.margin.lwo: did you mean low?",
        ),
        ([*TPE, "++sweep.space={sampler.images: {choices: [2, many]}}"], "sampler.images=many won't do"),
        ([*TPE, "sweep.objectives=[{metric: verification/acuracy}]"], "did you mean verification/accuracy?"),
        (
            [*TPE, "sweep.objectives=[{metric: cost/total}]"],
            "sweep.objectives names cost/total, and such a run measures calibration/..., classification/..., ",
        ),
        (
            [*TPE, "sweep.objectives=[{metric: oneshot_within/20way1shot}]"],
            "oneshot_within/20way1shot, and the run measures no episodes; add episodes=twenty_way",
        ),
        (
            [*TPE, "episodes=twenty_way", "sweep.objectives=[{metric: oneshot_within/5way1shot}]"],
            "and the run measures oneshot_within/20way1shot and oneshot_across/20way1shot.",
        ),
        (
            [*TPE, "sweep.objectives=[{metric: verification/min_dcf}]"],
            "sweep.objectives names verification/min_dcf, which evaluation.target=SHARE measures.",
        ),
        (
            [*TPE, "sweep.pruner.metric=validation/loss"],
            "sweep.pruner.metric names validation/loss, which such a run does not validate; did you mean",
        ),
        (
            ["loss.margin=0.1,0.2", "trainer.val_check_interval=601"],
            "with trainer.val_check_interval=601 there is no validation in 600 batches: set it to 600 or less.",
        ),
        ([*TPE, "sweep.trials=null"], "a sampler needs sweep.trials=NUMBER"),
        ([*TPE, "sweep.trails=3"], "Unknown key sweep.trails: did you mean trials?"),
        ([*TPE, "sweep.sampler._target_=os.system"], "is not on the list of what a configuration may call"),
        (
            ["+sweep=grid", "++sweep.space={loss.margin: {low: 0.1, high: 1.0}}"],
            "has no step; a grid needs one",
        ),
        (["+sweep=tpee"], "There is no sweep called tpee: did you mean tpe?"),
    ],
)
def test_what_is_wrong_is_said_before_any_job_starts(
    overrides: list[str], sentence: str, tmp_path: Path
) -> None:
    jobs = Jobs()
    with pytest.raises(LikenessError) as caught:
        run_sweep(tmp_path, *overrides, jobs=jobs)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert jobs.trained == []
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_trains_the_best_again_trains_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = run_sweep(tmp_path, *UNPRUNED, jobs=Jobs())
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("The best again: "))
    program, script, *overrides = shlex.split(line.removeprefix("The best again: "))
    assert (program, script) == ("python", "train.py")
    assert key_of(compose(overrides).plain()) == content["jobs"][content["best"][0]]["key"]
