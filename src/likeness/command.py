"""What the command lines do: Hydra composes a configuration, and a mistake ends in one sentence."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, NamedTuple

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from likeness.applications.taken import Taken
from likeness.config.compose import cannot_be_composed, explain
from likeness.config.groups import CONF
from likeness.config.hydra_node import refuse_hydra_keys, refuse_hydra_of
from likeness.config.overrides import overridden, parsed
from likeness.config.own_folder import own_folder, refuse_shadowed
from likeness.config.own_modules import look_for_modules_in
from likeness.config.path_values import with_literal_paths
from likeness.config.schema.detection import DetectionConfig
from likeness.errors import LikenessError, Pruned, one_sentence
from likeness.memory import keep_freed_memory
from likeness.recipes.choose import (
    checked,
    checked_composition,
    config_of,
    family_of,
    presentation_of,
    recipe_of,
    training_config,
)
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.evaluation_overrides import is_exported, is_onnx
from likeness.recipes.past_config import config_of_damaged, plain_config_of
from likeness.runs.record.handed_on import said_of_run

if TYPE_CHECKING:
    from likeness.applications.align import AlignedFaces
    from likeness.applications.detect import FoundFaces
    from likeness.models.detectors import Detector


def train_from_command_line() -> None:
    """Train what the overrides on the command line choose, or run the sweep that they describe."""
    keep_freed_memory()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, and the sentences are ours
    if any(override.startswith("+sweep=") for override in sys.argv[1:]) and not {"-m", "--multirun"} & set(
        sys.argv[1:]
    ):
        sys.argv.insert(1, "--multirun")
    with one_sentence():
        _, _, sweeps = own_folder(sys.argv[1:])
        sys.argv[1:] = with_literal_paths(sys.argv[1:], sweeps=sweeps)  # where Hydra reads them
        own, overrides, _ = own_folder(sys.argv[1:])
        refuse_hydra_keys(overrides)
        if own is not None:
            refuse_shadowed(own)
        look_for_modules_in(*([own, own.parent] if own else []), Path.cwd())
        try:
            if own is not None or any("hydra" in override for override in overrides):
                refuse_hydra_of(own, overrides, sweeps=sweeps)
            hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(_train)()
        except Exception as error:
            if _had_begun(error) or not cannot_be_composed(error):
                raise
            raise LikenessError(explain(error, "config", overrides, own)) from None


def _had_begun(error: Exception) -> bool:
    """Whether a run had begun when `error` was raised: then it is a fault of ours, and the overrides are right."""
    return any(
        frame.f_globals["__name__"] == "likeness.runs.run" for frame, _ in walk_tb(error.__traceback__)
    )


def _train(config: DictConfig) -> None:
    job = config.get("sweep") is not None and config.sweep.get("id") is not None
    if job:
        with suppress(Pruned):  # the run's record says so
            _train_checked(config)
        return
    with one_sentence():  # here too: Hydra would put a line of its own before the sentence
        if config.get("sweep") is not None:
            raise LikenessError(
                "The configuration describes a sweep: start it with -m, or leave it out with ~sweep."
            )
        _train_checked(config)


def _train_checked(config: DictConfig) -> None:
    checked_config = checked_composition(config, HydraConfig.get().overrides.task)
    from likeness.runs.run import train  # torch is imported only once the configuration is one

    print(train(checked_config, recipe_of(checked_config)))


def find_from_command_line(
    what: str, overrides: Sequence[str], *, lowest: float, highest: float, steps: int
) -> None:
    """Find a learning rate or the size of a batch; the last line is the override that chooses it."""
    with one_sentence():
        overrides = with_literal_paths(overrides)
        look_for_modules_in(Path.cwd())
        from likeness.applications.find import find_batch_size, find_learning_rate

        if what == "lr":
            rate = find_learning_rate(overrides, lowest=lowest, highest=highest, steps=steps)
            print(rate)
            print(f"optimizer.lr={rate.rate:.2g}")
        else:
            found = find_batch_size(overrides)
            print(found)
            print(f"sampler.identities={found.size}")


def evaluate_from_command_line(
    encoder: Path, overrides: Sequence[str], trust: Sequence[str], checkpoint: int | None
) -> None:
    """Measure a run, by what it hands on or a checkpoint, or an ONNX file on the data of `overrides`."""
    with one_sentence():
        overrides = with_literal_paths(overrides)
        look_for_modules_in(Path.cwd())
        if is_onnx(encoder):
            if checkpoint is not None:
                raise LikenessError(f"--checkpoint is of a run, and {encoder} is a file: leave it out.")
            from likeness.recipes.embedding.evaluate import evaluate_file

            print(evaluate_file(encoder, overrides, trust))
        elif is_exported(encoder) or (encoder / "config.yaml").is_file():
            print(_evaluated_run(encoder, overrides, trust, checkpoint))
        else:
            raise LikenessError(
                f"{encoder} is neither a run's folder (it has no config.yaml) nor an .onnx or .safetensors file."
            )


def _evaluated_run(run: Path, overrides: Sequence[str], trust: Sequence[str], checkpoint: int | None) -> Path:
    if not is_exported(run) and family_of(plain_config_of(run, trust)) is DETECTION:
        from likeness.recipes.detection.evaluate import evaluate_run as evaluate_detector

        config = config_of(run, trust)
        assert isinstance(config, DetectionConfig)
        return evaluate_detector(run, config, overrides, trust, checkpoint)
    from likeness.recipes.embedding.evaluate import evaluate_run

    return evaluate_run(run, overrides, trust, checkpoint)


def export_from_command_line(
    run: Path, output: Path, trust: Sequence[str], checkpoint: int | None, *, force: bool
) -> None:
    """Write the encoder of a run into a file."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.applications.export import export

        exported = export(run, output, trust, checkpoint, force=force)
        print(exported)
        print(exported.path)


def verify_from_command_line(
    run: Path | None,
    first: Path,
    second: Path | None,
    trust: Sequence[str],
    detector: str | None,
    weights: Path | None,
    checkpoint: int | None,
) -> None:
    """Say whether two images, or the largest faces in two photographs, are of one identity."""
    with one_sentence():
        if run is None or second is None:
            raise LikenessError("Give two images and --run, or one image with --claim and --gallery.")
        look_for_modules_in(Path.cwd())
        from likeness.applications.detectors import face_finder
        from likeness.applications.encoder import load
        from likeness.applications.verify import verify

        finder = face_finder(detector, weights)
        print(verify(load(run, trust=trust, checkpoint=checkpoint), run, first, second, finder))
        if checkpoint is None and (which := said_of_run(run)) is not None:
            print(f"weights      {which}")


class DetectorOptions(NamedTuple):
    """A detector's name, its options as `detector_named` takes them, and how it looks at an image."""

    name: str
    weights: Path | None
    smallest_face: float | None
    least_score: float | None
    scales: Sequence[float]
    mirrored: bool
    checkpoint: int | None


def detect_from_command_line(
    places: Sequence[Path], output: Path, options: DetectorOptions, *, force: bool
) -> None:
    """Find the faces in photographs, draw and list them."""
    with one_sentence():
        from likeness.applications.detect import detect

        _print_summary(detect(places, _detector(options), output, force=force), output)


def align_from_command_line(
    places: Sequence[Path], output: Path, faces: Taken, options: DetectorOptions, *, force: bool
) -> None:
    """Write the aligned faces of photographs."""
    with one_sentence():
        from likeness.applications.align import align

        _print_summary(align(places, _detector(options, points=True), output, faces, force=force), output)


def draw_from_command_line(
    output: Path, identities: int, images: int, spatial_size: int, seed: int, *, force: bool
) -> None:
    """Write images of drawn people."""
    with one_sentence():
        from likeness.applications.draw import draw

        print(draw(output, identities, images, spatial_size=spatial_size, seed=seed, force=force))
        print(output)


def _detector(options: DetectorOptions, *, points: bool = False) -> "Detector":
    from likeness.applications.detectors import detector_named
    from likeness.models.detectors import DetectorInViews, views

    name, weights, smallest_face, least_score, scales, mirrored, checkpoint = options
    detector = detector_named(
        name,
        weights,
        smallest_face=smallest_face,
        least_score=least_score,
        points=points,
        checkpoint=checkpoint,
    )
    if not scales and not mirrored:
        return detector
    return DetectorInViews(detector, views(scales or [1.0], mirrored=[False, True] if mirrored else [False]))


def _print_summary(summary: "FoundFaces | AlignedFaces", output: Path) -> None:
    """What was done with photographs, why some were left out, and the folder of the results as the last line."""
    print(summary)
    for reason in summary.unreadable:
        print(f"left out: {reason}", file=sys.stderr)
    print(output)


def stylize_from_command_line(
    content: str,
    style: str,
    output: Path,
    overrides: Sequence[str],
    method: str,
    decoder: Path | None,
    checkpoint: int | None,
    *,
    force: bool,
) -> None:
    """Stylize images: by optimization, by a decoder, or by networks of one style each."""
    with one_sentence():
        from likeness.applications.grid import write_grid
        from likeness.applications.pairs import pairs_of

        if (decoder is None) == (method == "adain"):
            raise LikenessError("--decoder names what --method adain paints with; give both or neither.")
        if checkpoint is not None and method == "optimize":
            raise LikenessError(
                "--checkpoint is of a trained network, and --method optimize trains: leave it out."
            )
        overrides = with_literal_paths(overrides)
        pairs, made = pairs_of(content, style, output, force=force), output
        if method == "optimize":
            from likeness.applications.stylize import stylize

            made = stylize(pairs, overrides, force=force)
        elif decoder is not None:
            from likeness.applications.paint import paint_by_adain

            paint_by_adain(pairs, decoder, overrides, force=force, step=checkpoint)
        else:
            from likeness.applications.paint import paint_by_networks

            paint_by_networks(pairs, overrides, force=force, step=checkpoint)
        if len(pairs) > 1 and method != "feedforward":
            write_grid(output, pairs)
        print(made if len(pairs) == 1 else output)


def resume_from_command_line(folder: Path, overrides: Sequence[str], trust: Sequence[str]) -> None:
    """Go on with an unfinished run; `overrides` may change what changes none of its numbers."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        damaged = config_of_damaged(folder, trust)
        before = config_of(folder, trust) if damaged is None else checked(damaged)
        config = checked(overridden(before.plain(), parsed(with_literal_paths(overrides)), "the run"))
        from likeness.runs.run import resume

        print(resume(config, recipe_of(config), folder, before))


def reproduce_from_command_line(folder: Path, trust: Sequence[str]) -> None:
    """Run a run again and say whether it is equal; the exit status is the verdict."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.runs.reproduce import reproduce
        from likeness.runs.training.preemption import ended_by_sigterm

        with ended_by_sigterm():  # so that the second run ends and its worktree is removed
            outcome, sentence = reproduce(folder, trust)
        print(sentence)
        sys.exit(outcome)


def report_from_command_line(folder: Path, trust: Sequence[str]) -> None:
    """Write the report of a run or of a sweep."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        from likeness.runs.report.write import write_report

        print(write_report(folder, presentation_of(folder, trust)))


def evidence_from_command_line(name: str, places: Sequence[Path]) -> None:
    """Rebuild the evidence of an experiment from its runs."""
    with one_sentence():
        from likeness.config.groups import groups
        from likeness.config.nearest import nearest
        from likeness.runs.evidence.write import write_evidence

        if name not in (known := groups()["experiment"]):
            raise LikenessError(f"There is no experiment called {name}: {nearest(name, known)}")
        experiment = training_config([f"+experiment={name}"])
        print(write_evidence(experiment, places, family_of(experiment.plain()).presentation))
