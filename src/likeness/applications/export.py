"""The encoder of a run as one file: `.onnx` for other programs, `.safetensors` for this one and for torch."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from likeness.errors import FileError, LikenessError, ended, mend_of
from likeness.models.onnx_file import INPUT, OUTPUT, onnx_bytes, opened
from likeness.recipes.embedding.encode import encode_images
from likeness.recipes.embedding.onnx_evaluation import NOTE, Taken
from likeness.recipes.embedding.trained import Trained, safetensors_bytes, trained_at
from likeness.recipes.evaluation_overrides import is_exported
from likeness.runs.record.folder import replace, to_disk, write_text
from likeness.runs.training.checkpoints import hash_of
from likeness.spatial import sides

TOLERANCE = 1e-5
"""How far an embedding of the written file may be from the run's: of the largest of its numbers, or of 1."""

_BATCHES = (1, 3)  # neither is the one that the network was traced with
_TRACED = 2


class ExportedFile(NamedTuple):
    """What was written, what it takes and gives, and the largest difference from the run that was found."""

    path: Path
    samples: tuple[int, ...]
    dimensions: int
    difference: float
    left_out: str | None

    def __str__(self) -> str:
        axes = ", ".join(map(str, self.samples))
        said = (
            f"{INPUT} [B, {axes}], bytes divided by 255 -> {OUTPUT} [B, {self.dimensions}]; "
            f"read again, it differs from the run by at most {self.difference:.1e}"
        )
        return said if self.left_out is None else f"{said}\n{self.left_out}"


class Measured(nn.Module):
    """An encoder as its run measures it: its own normalisation, its views and its mirrored images are inside."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.embedder = trained.networks.embedder
        self.flip = trained.config.evaluation.flip

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings `[B, D]` of images `[B, C, *spatial]`."""
        return encode_images(self.embedder.encode_views, images, flip=self.flip)


def export(
    run: Path, output: Path, trust: Sequence[str] = (), checkpoint: int | None = None, *, force: bool = False
) -> ExportedFile:
    """Write the encoder of a run into a file, which is read again and compared before it gets its name.

    Args:
        run: the run's folder.
        output: the `.onnx` or `.safetensors` file.
        trust: packages whose parts the run may name.
        checkpoint: the step of an earlier one to take in place of the last.
        force: whether a file that is there may be overwritten.

    Raises:
        LikenessError: the run has trained no encoder, the file can't be written, or is not equal to the run.
    """
    write = _writer_for(output)
    _refuse_existing(output, force=force)
    return write(trained_at(run, trust, checkpoint), output)


def _writer_for(output: Path) -> Callable[[Trained, Path], ExportedFile]:
    writers = {".onnx": write_onnx, ".safetensors": write_safetensors}
    if (writer := writers.get(output.suffix.lower())) is None:
        raise LikenessError(
            f"{output} is neither an .onnx nor a .safetensors file: give -o one of these names."
        )
    return writer


def write_onnx(trained: Trained, output: Path) -> ExportedFile:
    """Write an ONNX file; raises as `export` does."""
    trained.networks.ready(torch.device("cpu"))
    network, samples = Measured(trained).eval(), _samples_of(trained)
    try:
        content = onnx_bytes(network, torch.rand(_TRACED, *samples), {NOTE: _note(trained)})
    except ValueError as error:
        raise LikenessError(ended(str(error))) from error

    def encoded(beside: Path) -> Callable[[Tensor], Tensor]:
        session = opened(beside)
        return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])

    left_out = None
    if trained.networks.head is not None:
        left_out = (
            "The run's head is left out: an ONNX file has embeddings alone, which are compared by distance."
        )
    return _written(trained, output, content, encoded, left_out)


def write_safetensors(trained: Trained, output: Path) -> ExportedFile:
    """Write a `.safetensors` file, and its configuration beside it to be read; raises as `export` does."""
    trained.networks.ready(torch.device("cpu"))

    def encoded(beside: Path) -> Callable[[Tensor], Tensor]:
        again = trained_at(beside, trained.config.trust)
        again.networks.ready(torch.device("cpu"))
        if hash_of(again.networks.weights) != hash_of(trained.networks.weights):
            raise LikenessError(f"What was read again of {output} is not what was written: run it again.")
        return Measured(again).eval()

    exported = _written(trained, output, safetensors_bytes(trained), encoded, None)
    write_text(_configuration_beside(output), OmegaConf.to_yaml(trained.config.plain()))
    return exported


def _written(
    trained: Trained,
    output: Path,
    content: bytes,
    encoded: Callable[[Path], Callable[[Tensor], Tensor]],
    left_out: str | None,
) -> ExportedFile:
    """Write beside, compare what `encoded` reads of it with the run, and rename."""
    beside = output.with_name(f".{output.stem}.{os.getpid()}.partial{output.suffix}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            to_disk(file)
        difference, dimensions = _difference(trained, encoded(beside), output)
        replace(beside, output)
    except OSError as error:
        raise FileError(
            f"{output} can't be written ({error.strerror or error}): {mend_of(error)} or give -o another place."
        ) from error
    except ValueError as error:  # ONNX Runtime is not there, or can't run it
        raise LikenessError(f"{output} can't be read again: {ended(str(error))}") from error
    finally:
        with suppress(OSError):
            beside.unlink()
    return ExportedFile(output, _samples_of(trained), dimensions, difference, left_out)


def _difference(trained: Trained, encoded: Callable[[Tensor], Tensor], output: Path) -> tuple[float, int]:
    """The largest difference on random images, as a share of the largest number or of 1, and the dimensions.

    Raises:
        LikenessError: it is more than the tolerance.
    """
    network, drawn = Measured(trained).eval(), torch.Generator().manual_seed(0)
    largest, dimensions = 0.0, 0
    for count in _BATCHES:
        images = torch.rand(count, *_samples_of(trained), generator=drawn)
        with torch.no_grad():
            wanted, found = network(images), encoded(images)
        if found.shape != wanted.shape:
            raise LikenessError(
                f"{output} gives {list(found.shape)} where the run gives {list(wanted.shape)}."
            )
        scale = max(1.0, float(wanted.abs().max()))
        largest, dimensions = max(largest, float((found - wanted).abs().max()) / scale), wanted.shape[1]
    if not largest <= TOLERANCE:
        raise LikenessError(
            f"{output} is not written: its embeddings differ from the run's by {largest:.1e}, more than "
            f"{TOLERANCE:g}; give -o a .safetensors file."
        )
    return largest, dimensions


def _samples_of(trained: Trained) -> tuple[int, ...]:
    """The channels and axes of a sample."""
    backbone = trained.config.backbone
    return (backbone.channels, *sides(backbone.spatial_size))


def _note(trained: Trained) -> str:
    """What the file says of itself, by which `likeness evaluate` and galleries take it as it is."""
    channels, *axes = _samples_of(trained)
    embedder = trained.networks.embedder
    taken = Taken(
        spatial_size=axes,
        channels=channels,
        mean=[0.0] * channels,
        std=[1.0] * channels,
        normalize=embedder.normalize and embedder.views == 1,
    )
    return json.dumps({**taken.model_dump(), "weights": hash_of(trained.networks.weights)})


def _configuration_beside(output: Path) -> Path:
    """Where people read what is in the metadata of the file."""
    return output.with_suffix(".yaml")


def _refuse_existing(output: Path, *, force: bool) -> None:
    if output.is_dir():
        raise LikenessError(f"{output} is a folder: give -o the name of a file.")
    written = [output, _configuration_beside(output)] if is_exported(output) else [output]
    for file in written:
        if file.exists() and not force:
            raise LikenessError(f"{file} is there already; --force overwrites it.")
