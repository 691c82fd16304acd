"""Measure an encoder that is there already on some data."""

from pathlib import Path

from omegaconf import DictConfig

from likeness.config.check import check
from likeness.config.make import plain
from likeness.config.schema.runs import EvaluateConfig
from likeness.recipes.embedding.build import build_data, test_data
from likeness.recipes.embedding.encoders import of_file, of_run
from likeness.recipes.embedding.inputs import fingerprints
from likeness.recipes.embedding.measure import measure
from likeness.recipes.embedding.results import conclude
from likeness.runs.record.recording import recorded
from likeness.runs.report.write import write_report
from likeness.runs.training.devices import device_of


def evaluate(config: DictConfig, source: Path) -> Path:
    """Measure a run's encoder, or that of an ONNX file, on the data of `config`; returns the new run's folder.

    Raises:
        LikenessError: what a user can mend.
    """
    check(plain(config), EvaluateConfig)
    tested = test_data(build_data(config.data), config)
    published = source.suffix == ".onnx"
    contender, weights = of_file(config, source) if published else of_run(config, source, tested)
    data = fingerprints({"test": tested.pictures}, tested)
    with recorded(config, data, [tested.pictures.files()]) as run:
        run.outcome["encoder"] = {"path": str(source.resolve()), "sha256": weights}
        conclude(run, measure({source.stem: contender}, tested, config, device=device_of("auto")), tested)
    write_report(run.folder)
    return run.folder
