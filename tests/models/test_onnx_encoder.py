import sys

import numpy as np
import pytest
import torch

from likeness.models.onnx_encoder import OnnxEncoder

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)


def write_model(path, weight, batch="B", size=6, kind=None):
    """x [batch, 3, size, size] -> flatten -> times weight [3 * 6 * 6, D]; returns the path."""
    from onnx import TensorProto, helper, numpy_helper

    kind = kind or TensorProto.FLOAT
    shape = [batch, 3, size, size]
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "encoder",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, [batch, weight.shape[1]])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def weight():
    return np.random.default_rng(0).normal(size=(108, 5)).astype(np.float32)


def expected(images, weight):
    mean, std = (np.array(v, dtype=np.float64)[:, None, None] for v in (MEAN, STD))
    return ((images - mean) / std).reshape(len(images), -1) @ weight.astype(np.float64)


@pytest.mark.parametrize("batch", ["B", 1, 4])
@pytest.mark.parametrize("size", [6, "S"])
@pytest.mark.parametrize("threads", [1, 3])
def test_embeddings_are_those_of_the_model(tmp_path, weight, batch, size, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        path = write_model(tmp_path / "e.onnx", weight, batch, size)
        encoder = OnnxEncoder(path, mean=MEAN, std=STD, spatial_size=6, normalize=False)
        images = torch.rand(7, 3, 6, 6, generator=torch.Generator().manual_seed(1))
        result = encoder(images)
    finally:
        torch.set_num_threads(before)
    assert encoder.embedding_dim == 5
    assert result.dtype == torch.float32
    assert result.numpy() == pytest.approx(expected(images.numpy(), weight), rel=1e-4, abs=1e-4)
    assert encoder(images[:0]).shape == (0, 5)


def test_bytes_half_precision_and_length(tmp_path, weight):
    images = torch.randint(
        0, 256, (3, 3, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(2)
    )
    whole = OnnxEncoder(write_model(tmp_path / "e.onnx", weight), mean=MEAN, std=STD, spatial_size=6)
    half_path = write_model(tmp_path / "h.onnx", weight.astype(np.float16), kind=onnx.TensorProto.FLOAT16)
    half = OnnxEncoder(half_path, mean=MEAN, std=STD, spatial_size=6)
    direction = expected(images.numpy() / 255, weight)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    assert whole(images).numpy() == pytest.approx(direction, abs=1e-5)
    assert whole(images.double() / 255).numpy() == pytest.approx(direction, abs=1e-5)
    assert half(images).dtype == torch.float32
    assert half(images).numpy() == pytest.approx(direction, abs=1e-2)


def encoder_of(path, **options):
    return OnnxEncoder(path, **({"mean": MEAN, "std": STD, "spatial_size": 6} | options))


def test_what_is_no_encoder_is_said_in_one_sentence(tmp_path, weight):
    with pytest.raises(ValueError, match=r"There is no file .*none\.onnx"):
        encoder_of(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(ValueError, match=r"text\.onnx is not an ONNX model"):
        encoder_of(tmp_path / "text.onnx")
    cut = write_model(tmp_path / "cut.onnx", weight)
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is not an ONNX model"):
        encoder_of(cut)
    with pytest.raises(ValueError, match="one float input"):
        encoder_of(
            write_model(tmp_path / "double.onnx", weight.astype(np.float64), kind=onnx.TensorProto.DOUBLE)
        )


def test_a_size_that_the_model_refuses_is_said(tmp_path, weight):
    fixed, free = write_model(tmp_path / "e.onnx", weight), write_model(tmp_path / "f.onnx", weight, size="S")
    with pytest.raises(ValueError, match=r"e\.onnx takes images of 3 x 6 x 6 .* not 3 x 8 x 8: set"):
        encoder_of(fixed, spatial_size=8)
    with pytest.raises(ValueError, match=r"not 1 x 6 x 6"):
        encoder_of(fixed, channels=1, mean=(0,), std=(1,))
    with pytest.raises(ValueError, match=r"f\.onnx refuses images of 3 x 8 x 8"):
        encoder_of(free, spatial_size=8)
    with pytest.raises(ValueError, match=r"set up for images of 3 x 6 x 6, but got 3 x 7 x 6"):
        encoder_of(fixed)(torch.zeros(1, 3, 7, 6))
    with pytest.raises(ValueError, match="positive standard deviation for each of its 3"):
        encoder_of(fixed, std=(1, 1))


def test_a_missing_runtime_is_said(tmp_path, weight, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=r"pip install 'likeness\[onnx\]'"):
        encoder_of(write_model(tmp_path / "e.onnx", weight))


def write_graph(path, nodes, outputs, shape=("B", 3, 6, 6)):
    """A model of some nodes over the input x, with the constants w [108, 5], v [108, 4] and one [108, 1]."""
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(3)
    constants = {"w": (108, 5), "v": (108, 4), "one": (108, 1)}
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), *(helper.make_node(*node) for node in nodes)],
        "outputs",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(draw.normal(size=s).astype(np.float32), n) for n, s in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def times(constant, output):
    return ("MatMul", ["flat", constant], [output])


@pytest.mark.parametrize(
    ("nodes", "outputs", "chosen"),
    [
        (
            [times("one", "score"), times("w", "y")],
            ["score", "y"],
            ("w", 5),
        ),  # by its shape, though it is not first
        ([("Relu", ["x"], ["maps"]), times("w", "y")], ["maps", "y"], ("w", 5)),
        ([times("v", "boxes"), times("w", "Embedding_1")], ["boxes", "Embedding_1"], ("w", 5)),  # by its name
        ([times("v", "logits"), times("w", "features")], ["logits", "features"], ("w", 5)),
        ([times("v", "features"), times("w", "face_embedding")], ["features", "face_embedding"], ("w", 5)),
        ([("GlobalAveragePool", ["x"], ["y"])], ["y"], (None, 3)),  # [N, 3, 1, 1]
    ],
)
@pytest.mark.parametrize("batch", ["B", 1])
def test_the_embedding_is_the_output_that_is_one(tmp_path, nodes, outputs, chosen, batch):
    encoder = encoder_of(
        write_graph(tmp_path / "e.onnx", nodes, outputs, (batch, 3, 6, 6)),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        normalize=False,
    )
    images = torch.rand(3, 3, 6, 6)
    constant, dimensions = chosen
    expected = images.mean(dim=(2, 3))
    if constant is not None:
        # the constants are drawn in their order: w, v, one
        weight = np.random.default_rng(3).normal(size=(108, 5)).astype(np.float32)
        expected = images.flatten(1) @ torch.from_numpy(weight)
    assert encoder.embedding_dim == dimensions
    torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("nodes", "outputs", "sentence"),
    [
        (
            [times("one", "y")],
            ["y"],
            r"gives y \[2, 1\] for 2 images, but an encoder gives one embedding for each",
        ),
        ([("Relu", ["x"], ["maps"])], ["maps"], r"gives maps \[2, 3, 6, 6\] for 2 images"),
        (
            [("Transpose", ["flat"], ["boxes"]), times("one", "scores")],
            ["boxes", "scores"],
            r"gives boxes \[108, 2\], scores \[2, 1\] for 2 images",
        ),
        (
            [times("v", "boxes"), times("w", "points")],
            ["boxes", "points"],
            "several outputs .* boxes and points: write",
        ),
    ],
    ids=["one number", "maps", "a detector's", "two that may be it"],
)
def test_outputs_that_are_no_embedding_are_refused(tmp_path, nodes, outputs, sentence):
    with pytest.raises(ValueError, match=sentence):
        encoder_of(write_graph(tmp_path / "e.onnx", nodes, outputs))


@pytest.mark.parametrize("shape", [("B", 6, 6, 3), (1, "H", "W", 3), (4, 6, 6, 3)])
def test_channels_last_are_taken_so(tmp_path, shape):
    path = write_graph(tmp_path / "e.onnx", [times("w", "y")], ["y"], shape)
    encoder = encoder_of(path, normalize=False)
    images = torch.rand(5, 3, 6, 6)
    weight = np.random.default_rng(3).normal(size=(108, 5)).astype(np.float32)
    mean, std = (np.array(v)[:, None, None] for v in (MEAN, STD))
    last = ((images.numpy() - mean) / std).transpose(0, 2, 3, 1).reshape(5, -1)
    assert encoder(images).numpy() == pytest.approx(last @ weight, rel=1e-4, abs=1e-4)
    with pytest.raises(
        ValueError, match=r"x 3 \(height, width, channels\), not 3 x 8 x 8|refuses images of 3 x 8 x 8"
    ):
        encoder_of(path, spatial_size=8)
