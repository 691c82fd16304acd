"""The protocol is held to a published number: MobileFaceNet on LFW."""

import numpy as np
import pytest
import torch

from likeness.data.lfw import lfw
from likeness.evaluation import evaluate_pairs, pair_distances
from likeness.models.onnx_encoder import OnnxEncoder

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


@pytest.mark.real_data
def test_mobilefacenet_reaches_its_published_accuracy(real_data):
    pytest.importorskip("onnxruntime")
    encoder = OnnxEncoder(real_data / "weights" / "mobilefacenet.onnx", spatial_size=112, **IMAGENET)
    splits = lfw(root=str(real_data / "lfw"), spatial_size=112, channels=3)
    images, pairs = splits.test, splits.pairs
    used, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    assert (len(images), len(pairs.first), len(used)) == (13233, 6000, 7701)
    embeddings = torch.cat([encoder(torch.stack(images.load(part))) for part in np.array_split(used, 61)])
    first, second = places.reshape(2, -1)
    metrics = evaluate_pairs(
        pair_distances(embeddings, first, second),
        pairs.same,
        pairs.fold,
        images.identity[pairs.first],
        images.identity[pairs.second],
    )
    accuracy = metrics["verification/accuracy"]
    # 99.40 +- 0.39 on these aligned images without flipping; published: 99.48.
    assert accuracy.value == pytest.approx(0.9940, abs=0.001)
    assert metrics["verification/accuracy_std"].value == pytest.approx(0.0039, abs=0.0005)
    assert accuracy.low < accuracy.value < accuracy.high
    assert metrics["verification/auc"].value > 0.995
