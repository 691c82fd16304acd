"""Files of ONNX models: what one of ours says of itself, and how a network becomes one."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

_OPSET = 17  # which ONNX Runtime has run since 1.12 (2022)
_LARGEST = 2**31  # bytes; a larger file would keep its weights in others
INPUT, OUTPUT = "images", "embedding"


def opened(path: Path) -> Any:
    """ONNX Runtime's session of a model.

    Raises:
        ValueError: ONNX Runtime is not installed, or the file is missing or no model.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            f"{path.name} needs ONNX Runtime, which is not installed: pip install 'likeness[onnx]'."
        ) from error
    if not path.is_file():
        raise ValueError(f"There is no file {path}: name an encoder's .onnx file.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # whole portions run side by side instead
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no public base class
        raise ValueError(f"{path} is not an ONNX model that can be run ({first_line(error)}).") from error


def notes_in(path: Path) -> dict[str, str]:
    """What the writer of a model noted in it, by key; raises as `opened` does."""
    noted: dict[str, str] = opened(path).get_modelmeta().custom_metadata_map
    return noted


def onnx_bytes(network: nn.Module, images: Tensor, notes: Mapping[str, str]) -> bytes:
    """A network as the bytes of an ONNX file with `notes`: `images [B, C, *spatial]` to `embedding [B, D]`, of any B.

    Args:
        network: in evaluation mode, on the CPU.
        images: two or more, of the shape that it takes.
        notes: by key.

    Raises:
        ValueError: the package onnx is not installed, the network does what ONNX has no words for, or it is too large
            for one file.
    """
    try:
        import onnx
    except ImportError as error:
        raise ValueError(
            "An ONNX file is written with the package onnx, which is not installed: pip install 'likeness[export]'."
        ) from error
    try:
        with TemporaryDirectory() as place, torch.no_grad(), warnings.catch_warnings():
            # of torch's two exporters the one that needs no other package, and says that it is the older
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (images,),
                f"{place}/network.onnx",
                dynamo=False,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
                opset_version=_OPSET,
            )
            model = onnx.load(f"{place}/network.onnx")
    except Exception as error:  # of what can't be traced torch has many
        raise ValueError(
            f"The network can't be written as ONNX ({first_line(error)}); a .safetensors file takes any network."
        ) from error
    for key, value in notes.items():
        model.metadata_props.add(key=key, value=value)
    if model.ByteSize() >= _LARGEST:
        raise ValueError("The network has more than the 2 GiB that an ONNX file can hold.")
    content: bytes = model.SerializeToString()
    return content


def first_line(error: Exception) -> str:
    """What an error says first."""
    return str(error).strip().split("\n")[0][:200].rstrip(".")
