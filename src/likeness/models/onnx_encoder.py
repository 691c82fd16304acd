"""A published encoder in an .onnx file, run by ONNX Runtime."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from likeness.models.onnx_file import first_line, opened
from likeness.spatial import SpatialSize, height_and_width

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_MOST_CHANNELS = 4
_CALLED = ("embed", "feat")  # what an output that is an embedding has in its name, in lower case


class OnnxEncoder(nn.Module):
    """f(x) from `path`: images `[B, C, H, W]` to embeddings `[B, D]`, float32, on the images' device.

    Has no parameters to train and gives no gradient. A model whose batch size is fixed (often 1) gets the
    images in such portions, any other in one portion for each of torch's threads; the threads work side
    by side.

    Args:
        path: the .onnx file; its one input takes images, channels first or last, and one of its outputs are the
            embeddings: the one that is a row of two numbers or more for each image, and of several such outputs the
            one that is called an embedding or a feature.
        mean: the mean to subtract, one for each channel, of values in [0, 1].
        std: the standard deviation to divide by, one for each channel.
        spatial_size: height and width of the images, in pixels.
        channels: the number of channels of the images.
        normalize: whether an embedding is scaled to length 1.

    Raises:
        ValueError: ONNX Runtime is not installed, the file is missing or no model, the model refuses such
            images, or what it gives is no embedding.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        spatial_size: SpatialSize,
        channels: int = 3,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.normalize = normalize
        self.sides = height_and_width(spatial_size, "an ONNX encoder")
        self.channels = channels
        if len(mean) != channels or len(std) != channels or min(std) <= 0:
            raise ValueError(
                f"{self.path.name} needs a mean and a positive standard deviation for each of its {channels} "
                f"channels, but they are {list(mean)} and {list(std)}."
            )
        shape = (1, channels, 1, 1)
        self.register_buffer("mean", torch.tensor(list(mean)).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(list(std)).view(shape), persistent=False)
        self._session = opened(self.path)
        self._input = self._checked_input()
        self._channels_last = not _fits(self._input.shape[1:], (channels, *self.sides))
        batch = self._input.shape[0]
        self._portion = batch if isinstance(batch, int) and batch > 0 else None
        # Two images tell what shapes in the file may leave open: whether the size is taken, and D.
        images = np.zeros((self._portion or 2, channels, *self.sides), np.float32)
        self._output = self._chosen_output(images)
        self.embedding_dim = int(self._encode(images).shape[1])

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings `[B, D]` of `images [B, C, H, W]`: uint8, or float in [0, 1]."""
        if images.ndim != 4 or tuple(images.shape[1:]) != (self.channels, *self.sides):
            raise ValueError(
                f"{self.path.name} was set up for images of {self._size()}, but got "
                f"{_by(images.shape[1:])}: set `channels` and `spatial_size`."
            )
        values = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        mean, std = self.get_buffer("mean").to(values.device), self.get_buffer("std").to(values.device)
        samples = ((values - mean) / std).detach().cpu().numpy()
        embedding = torch.from_numpy(self._encode(samples)).to(images.device)
        return functional.normalize(embedding) if self.normalize else embedding

    def _encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        count, threads = len(samples), torch.get_num_threads()
        if count == 0:
            return np.empty((0, self.embedding_dim), np.float32)
        portion = self._portion or -(-count // threads)
        parts = [samples[start : start + portion] for start in range(0, count, portion)]
        if self._portion and len(parts[-1]) < portion:  # a fixed batch is filled up with copies
            parts[-1] = np.concatenate(
                [parts[-1], np.repeat(parts[-1][-1:], portion - len(parts[-1]), axis=0)]
            )
        with ThreadPoolExecutor(min(threads, len(parts))) as workers:
            return np.concatenate(list(workers.map(self._run, parts)))[:count]

    def _run(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        output = self._outputs(samples, [self._output])[0]
        if not _is_embedding(output, len(samples)):
            raise ValueError(
                f"{self.path.name} gives an output of shape {output.shape} for {len(samples)} images, "
                "but an encoder gives one embedding for each: name another file."
            )
        return np.ascontiguousarray(output.reshape(len(output), -1), dtype=np.float32)

    def _chosen_output(self, samples: NDArray[np.float32]) -> str:
        """The name of the output that is the embedding, by what the model gives for these images."""
        names = [output.name for output in self._session.get_outputs()]
        given = dict(zip(names, self._outputs(samples, names), strict=True))
        fitting = [name for name, output in given.items() if _is_embedding(output, len(samples))]
        for word in _CALLED if len(fitting) > 1 else ():
            if called := [name for name in fitting if word in name.lower()]:
                fitting = called
                break
        if len(fitting) == 1:
            return fitting[0]
        shapes = ", ".join(f"{name} {list(np.shape(output))}" for name, output in given.items())
        if fitting:
            raise ValueError(
                f"{self.path.name} gives several outputs that may be the embedding, {' and '.join(fitting)}: write it "
                "with that output alone, or call it embedding."
            )
        raise ValueError(
            f"{self.path.name} gives {shapes} for {len(samples)} images, but an encoder gives one embedding for each, "
            "a row of two numbers or more: name another file."
        )

    def _outputs(self, samples: NDArray[np.float32], names: Sequence[str]) -> list[Any]:
        given = samples.transpose(0, 2, 3, 1) if self._channels_last else samples
        images = np.ascontiguousarray(given, dtype=_TYPES[self._input.type])
        try:
            outputs: list[Any] = self._session.run(list(names), {self._input.name: images})
            return outputs
        except Exception as error:  # ONNX Runtime's own exceptions share no public base class
            raise ValueError(
                f"{self.path.name} refuses images of {self._size()}: set `channels` and `spatial_size` to what "
                f"it was made for ({first_line(error)})."
            ) from error

    def _checked_input(self) -> Any:
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
            given = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise ValueError(
                f"{self.path.name} takes {given}, but an encoder takes one float input, [B, C, H, W] or [B, H, W, C]: "
                "name another file."
            )
        wanted = inputs[0].shape[1:]
        if not _fits(wanted, (self.channels, *self.sides)) and not _fits(
            wanted, (*self.sides, self.channels)
        ):
            last = isinstance(wanted[2], int) and 0 < wanted[2] <= _MOST_CHANNELS
            order = "height, width, channels" if last else "channels, height, width"
            raise ValueError(
                f"{self.path.name} takes images of {_by(wanted)} ({order}), not "
                f"{self._size()}: set `channels` and `spatial_size` to that."
            )
        return inputs[0]

    def _size(self) -> str:
        return _by((self.channels, *self.sides))


def refuse_weights_elsewhere(path: Path) -> None:
    """Raise a ValueError where a model that can be run keeps weights in files beside its own."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with TemporaryDirectory() as empty:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", empty)
        try:
            onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # as above
            raise ValueError(
                f"{path} keeps weights in files beside it: write them into the .onnx file itself, by whose bytes it is "
                "known."
            ) from error


def _fits(wanted: Sequence[object], given: Sequence[int]) -> bool:
    """Whether a shape, in which what is no positive number is open, is that of the images given."""
    return all(not isinstance(w, int) or w <= 0 or w == g for w, g in zip(wanted, given, strict=True))


def _is_embedding(output: Any, images: int) -> bool:
    """Whether an output is a row of two numbers or more for each image, `[N, D]` or `[N, D, 1, 1]`."""
    shape = np.shape(output)
    return (
        np.asarray(output).dtype.kind == "f"
        and len(shape) >= 2
        and shape[0] == images
        and shape[1] >= 2
        and all(length == 1 for length in shape[2:])
    )


def _by(shape: Sequence[object]) -> str:
    return " x ".join(map(str, shape))
