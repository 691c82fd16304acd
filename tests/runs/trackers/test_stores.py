"""What each tracker keeps of a run, read from its own files without its library where that can be."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from made_run import RESULTS, STEPS, append_metrics, made_run, rows, write_metrics

from likeness.errors import Preempted
from likeness.runs.trackers import processes, tracked

Curves = dict[str, list[tuple[int, float]]]


class Kept(NamedTuple):
    """What a tracker keeps: curves, single numbers, configuration by dotted keys, table, figures, group, tags."""

    curves: Curves
    numbers: dict[str, float]
    config: dict[str, Any]
    table: str
    figures: set[str]
    group: str
    tags: set[str]


def wandb_keeps(folder: Path) -> Kept:
    """The whole run, as `wandb sync` would read the newest offline folder."""
    from wandb_file import read_records

    (offline,) = sorted((folder / "wandb").glob("offline-run-*"))[-1:]
    curves: Curves = defaultdict(list)
    numbers, config, group, tags, figures = {}, {}, "", set(), set()
    for record in read_records(next(offline.glob("*.wandb"))):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            assert record.run.run_id == folder.name
            group, tags = record.run.run_group, set(record.run.tags)
        if kind in {"run", "config"}:
            message = record.run.config if kind == "run" else record.config
            config |= {
                item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in message.update
            }
        if kind == "history":
            row = {".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            for name, value in row.items():
                if isinstance(value, float) and not name.startswith("_"):
                    curves[name].append((row["_step"], value))
                if value == "image-file":
                    figures.add(name.removesuffix("._type"))
        if kind == "summary":
            numbers |= {
                ".".join(item.nested_key) or item.key: json.loads(item.value_json)
                for item in record.summary.update
            }
    (table,) = (offline / "files" / "media" / "table").glob("*.json")
    flat = {f"{key}.{name}": value for key in ("optimizer", "logger") for name, value in config[key].items()}
    numbers = {name: value for name, value in numbers.items() if name.startswith(("trained/", "raw pixels/"))}
    return Kept(dict(curves), numbers, {**config, **flat}, table.read_text(), figures, group, tags)


def tensorboard_keeps(folder: Path) -> Kept:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    scalars = {
        name: [(point.step, point.value) for point in events.Scalars(name)] for name in events.scalars.Keys()
    }
    ours = {name for name in scalars if name.startswith(("train/", "validation/"))}
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    hparams = HParamsPluginData.FromString(content).session_start_info.hparams
    about = {name: getattr(value, value.WhichOneof("kind")) for name, value in hparams.items()}
    return Kept(
        {name: scalars[name] for name in ours},
        {name: points[-1][1] for name, points in scalars.items() if name not in ours},
        about,
        events.Tensors("results")[0].tensor_proto.string_val[0].decode(),
        set(events.images.Keys()),
        about["group"],
        set(about["tags"].split()),
    )


def trackio_keeps(folder: Path) -> Kept:
    store = folder.parents[1] / ".trackio"
    database = sqlite3.connect(store / "likeness.db")
    curves: Curves = defaultdict(list)
    numbers, figures, table = {}, set(), ""
    for step, text in database.execute("SELECT step, metrics FROM metrics ORDER BY id"):
        for name, value in json.loads(text).items():
            if name == "results":
                table = json.dumps(value)
            elif isinstance(value, dict):
                assert (store / "media" / value["file_path"]).is_file()
                figures.add(name)
            elif name.startswith(("trained", "raw")):
                numbers[name] = value
            else:
                curves[name].append((step, value))
    ((text,),) = database.execute("SELECT config FROM configs")
    config = json.loads(text)
    return Kept(dict(curves), numbers, config, table, figures, config["_Group"], set(config["tags"]))


def mlflow_keeps(folder: Path) -> Kept:
    store = folder.parents[1] / ".mlflow"
    database = sqlite3.connect(store / "mlflow.db")
    curves: Curves = defaultdict(list)
    for name, step, value in database.execute(
        "SELECT key, step, value FROM metrics ORDER BY step, timestamp"
    ):
        curves[name].append((step, value))
    tags = dict(database.execute("SELECT key, value FROM tags"))
    (artifacts,) = (store / "artifacts").glob("*/artifacts")
    assert json.loads((artifacts / "results.json").read_text()) == RESULTS
    ours = {name for name in curves if name.startswith(("train/", "validation/"))}
    return Kept(
        {name: curves[name] for name in ours},
        {name: points[-1][1] for name, points in curves.items() if name not in ours},
        dict(database.execute("SELECT key, value FROM params")),
        (artifacts / "results.md").read_text(),
        {f"figures/{figure.stem}" for figure in (artifacts / "figures").iterdir()},
        tags["group"],
        {name for name, value in tags.items() if value == "true"},
    )


KEEPS: dict[str, Callable[[Path], Kept]] = {
    "wandb": wandb_keeps,
    "tensorboard": tensorboard_keeps,
    "trackio": trackio_keeps,
    "mlflow": mlflow_keeps,
}
OVERRIDES = ["logger=[wandb,tensorboard,trackio,mlflow]"]
OVERRIDES += [
    word for name in KEEPS for word in (f"logger.{name}.group=margins", f"logger.{name}.tags=[first,second]")
]


@pytest.fixture(scope="module", autouse=True)
def _patience() -> Iterator[None]:
    """Where other programs want the processor too, a tracker may take its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "PATIENCE", dict.fromkeys(processes.PATIENCE, 300.0))
        yield


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that ended at step 5, and then went on from its checkpoint at step 3."""
    folder = made_run(tmp_path_factory.mktemp("runs"), OVERRIDES)
    write_metrics(folder, range(1, 6))
    with pytest.raises(Preempted), tracked(folder, KEEPS):
        raise Preempted
    with tracked(folder, KEEPS):
        write_metrics(folder, range(1, 4))
        append_metrics(folder, range(4, STEPS + 1))
    return folder


def curve(name: str) -> list[tuple[int, float]]:
    return [(step, value) for step, metric, value in rows(range(1, STEPS + 1)) if metric == name]


@pytest.mark.parametrize("name", KEEPS)
def test_a_tracker_keeps_all_of_a_run_that_went_on(name: str, gone_on: Path) -> None:
    kept = KEEPS[name](gone_on)
    said = (gone_on / f"tracker-{name}.txt").read_text()
    assert set(kept.curves) == {"train/loss", "validation/accuracy"}, said
    for metric, points in kept.curves.items():
        assert [step for step, _ in points] == [step for step, _ in curve(metric)]
        wanted = [value for _, value in curve(metric)]
        exact = name != "tensorboard"  # which keeps float32
        assert [value for _, value in points] == (wanted if exact else pytest.approx(wanted, rel=1e-7))
    assert kept.numbers["trained/verification/accuracy"] == 0.8125
    assert not any("tar" in number for number in kept.numbers)  # of too few pairs to tell
    if name != "trackio":  # where each number is a plot of its own, those of the first encoder
        assert kept.numbers["raw pixels/verification/accuracy"] == 0.625
    assert float(kept.config["optimizer.lr"]) == 0.001
    assert int(kept.config["seed"]) == 5
    for cell in ("raw pixels", "verification/tar@far=1e-3", "0.8125", "0.875", "40"):
        assert cell in kept.table
    assert kept.figures == {"figures/roc"}
    assert kept.group == "margins"
    assert kept.tags == {"first", "second"}


def test_a_run_is_in_the_group_of_its_sweep_or_its_experiment(tmp_path: Path) -> None:
    groups = []
    for name, sweep in (("a", None), ("b", "sweep-7")):
        folder = made_run(tmp_path / name, ["logger=tensorboard"])
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**record, "sweep": sweep}))
        with tracked(folder, ["tensorboard"]):
            pass
        groups.append(tensorboard_keeps(folder).group)
    assert groups == ["default", "sweep-7"]
