"""Measure an encoder that is there already on some data."""

from pathlib import Path

from omegaconf import DictConfig

from likeness.config.check import check
from likeness.config.plain import plain
from likeness.config.schema import EvaluateConfig
from likeness.runs.devices import device_of
from likeness.runs.encodings.build import build_data, test_data
from likeness.runs.encodings.contenders import of_file, of_run
from likeness.runs.encodings.inputs import fingerprints
from likeness.runs.encodings.measuring.conclude import conclude
from likeness.runs.encodings.measuring.measure import measure
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.recording import recorded
from likeness.runs.report.write import write_report


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
    with recorded(config, data, listed_as(config.data, [tested.pictures.files()])) as run:
        run.outcome["encoder"] = {"path": str(source.resolve()), "sha256": weights}
        conclude(run, measure({source.stem: contender}, tested, config, device=device_of("auto")), tested)
    write_report(run.folder)
    return run.folder
