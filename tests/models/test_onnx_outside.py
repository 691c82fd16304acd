"""A model from anywhere reads no file outside its own folder, and none but its own where it is to be known by it."""

import os
from pathlib import Path

import numpy as np
import pytest

from likeness.models.onnx_encoder import OnnxEncoder, refuse_weights_elsewhere

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def write_model(path: Path, location: str) -> Path:
    """Flatten and multiply, by weights that lie in another file."""
    from onnx import TensorProto, helper

    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[12, 5])
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(12 * 5 * 4))):
        weight.external_data.add(key=key, value=value)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 3, 2, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 5])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def encoder(path: Path) -> OnnxEncoder:
    return OnnxEncoder(path=str(path), spatial_size=2, channels=3, mean=[0.5] * 3, std=[0.5] * 3)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of numbers beside the folder of the model."""
    (tmp_path / "models").mkdir()
    np.ones(60, np.float32).tofile(tmp_path / "secret.bin")
    return tmp_path / "secret.bin"


@pytest.mark.parametrize("location", ["../secret.bin", "{absolute}", "link.bin", "../models/../secret.bin"])
def test_weights_outside_the_folder_are_not_read(location: str, secret: Path) -> None:
    folder = secret.parent / "models"
    if location == "link.bin":
        os.symlink(secret, folder / location)
    path = write_model(folder / "encoder.onnx", location.format(absolute=secret))
    with pytest.raises(ValueError, match=r"encoder\.onnx is not an ONNX model that can be run") as raised:
        encoder(path)
    assert "\n" not in str(raised.value)


def test_weights_in_the_folder_are_read_but_where_the_model_is_known_by_its_bytes(secret: Path) -> None:
    folder = secret.parent / "models"
    (folder / "weights.bin").write_bytes(secret.read_bytes())
    path = write_model(folder / "encoder.onnx", "weights.bin")
    encoder(path)
    with pytest.raises(ValueError, match="keeps weights in files beside it"):
        refuse_weights_elsewhere(path)
