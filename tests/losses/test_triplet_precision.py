"""float32 stays float32, and comparisons are decided by accurate distances."""

import numpy as np
import pytest
import torch
from cases import KINDS, WORDS, as_leaf, people
from triplet_reference import reference

from likeness.losses.precision import full_precision
from likeness.losses.triplet.distance import points, squared_distances


def _run(kind, embedding, identity, **words):
    leaf = embedding.detach().clone().requires_grad_()
    got = KINDS[kind](leaf, identity, **words)
    got.loss.backward()
    return got, leaf.grad


@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_float32_agrees_with_float64(kind, margin, distance):
    embedding, identity = people(40, 4, 64, noise=1.0)
    low, low_gradient = _run(kind, embedding, identity, margin=margin, distance=distance)
    high, gradient = _run(kind, embedding.double(), identity, margin=margin, distance=distance)
    assert low.loss.dtype == torch.float32
    assert low_gradient.dtype == torch.float32
    assert low.triplets == high.triplets
    torch.testing.assert_close(low.loss.double(), high.loss, rtol=1e-6, atol=1e-7)
    assert (low_gradient - gradient).norm() <= 1e-5 * gradient.norm()


@pytest.mark.parametrize("setting", ["autocast", "medium"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_surroundings_precision_changes_nothing(kind, setting):
    embedding, identity = people(30, 4, 64, noise=1.0)
    plain, plain_gradient = _run(kind, embedding, identity)
    before = torch.get_float32_matmul_precision()
    try:
        if setting == "medium":
            torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", torch.bfloat16, enabled=setting == "autocast"):
            got, gradient = _run(kind, embedding, identity)
            assert (embedding @ embedding.T).dtype == (
                torch.bfloat16 if setting == "autocast" else torch.float32
            )
        assert torch.get_float32_matmul_precision() == ("medium" if setting == "medium" else before)
    finally:
        torch.set_float32_matmul_precision(before)
    assert all(torch.equal(a, b) for a, b in zip(got, plain, strict=True))
    assert torch.equal(gradient, plain_gradient)


def test_matmul_settings_are_restored_even_after_an_error():
    before = torch.backends.cuda.matmul.fp32_precision
    try:
        torch.backends.cuda.matmul.fp32_precision = "tf32"
        seen = []

        def fail():
            with full_precision(torch.device("cpu")):
                seen.append(torch.backends.cuda.matmul.fp32_precision)
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert seen == ["ieee"]
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
    finally:
        torch.backends.cuda.matmul.fp32_precision = before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_embeddings_are_taken_as_float32(kind, dtype):
    embedding, identity = people(8, 4, 16, dtype)
    low, low_gradient = _run(kind, embedding, identity)
    high, gradient = _run(kind, embedding.float(), identity)
    assert torch.equal(low.loss, high.loss)
    assert torch.equal(low_gradient, gradient.to(dtype))


@pytest.mark.parametrize("distance", ["squared", "plain"])
@pytest.mark.parametrize("kind", KINDS)
def test_float32_decides_ties_of_mislabelled_duplicates_as_float64_does(kind, distance):
    """A negative that is a copy of a positive is exactly as far; half an epsilon more would be semi-hard."""
    embedding, identity = people(12, 4, 200, noise=1.0)
    for row in range(0, 20, 2):  # pairs of copies, of different people, each with images of its own
        other = int((identity != identity[row]).nonzero()[row])
        embedding[other] = embedding[row]
    wanted = reference(kind, embedding.double().numpy(), identity.numpy(), 0.0, distance, "valid")
    got, gradient = _run(kind, embedding, identity, margin=0.0, distance=distance, average="valid")
    assert got.triplets.item() == wanted.triplets
    assert got.active.item() == pytest.approx(wanted.active, abs=1e-7)
    np.testing.assert_allclose(gradient.numpy(), wanted.gradient, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_near_duplicates_far_from_the_origin_keep_their_distance(kind):
    """Distances of 1e-3 among embeddings of norm 30: a product of norms would return noise."""
    draw = np.random.default_rng(5)
    embedding = (30 / 8 + 1e-3 * draw.normal(size=(20, 64))).astype(np.float32)
    identity = draw.integers(0, 5, 20)
    wanted = reference(kind, embedding, identity, 0.002, "plain", "valid")
    leaf = as_leaf(embedding, torch.float32)
    got = KINDS[kind](leaf, torch.tensor(identity), margin=0.002, distance="plain", average="valid")
    got.loss.backward()
    assert got.loss.item() == pytest.approx(wanted.loss, rel=2e-5)
    np.testing.assert_allclose(leaf.grad.numpy(), wanted.gradient, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 3, 64, 700])
def test_a_matrix_product_is_off_by_less_than_its_tolerance(dtype, width):
    draw = torch.Generator().manual_seed(width)
    normal = torch.randn(200, width, generator=draw, dtype=dtype)
    for embedding in (
        normal,
        normal + 100,
        normal**5,
        1e-4 * normal + 1,
        normal * torch.arange(200)[:, None],
    ):
        batch = points(embedding)
        exact = embedding.to(torch.float64)
        exact = torch.stack([(row - exact).square().sum(1) for row in exact])
        off = (squared_distances(batch, torch.arange(200)) - exact).abs().max()
        assert off < batch.tolerance


def test_a_collapsed_batch_leaves_nothing_in_doubt():
    for size in range(2, 40):
        batch = points(torch.full((size, 3), 0.1))
        assert batch.tolerance == 0
        assert (squared_distances(batch, torch.arange(size)) == 0).all()


def test_batch_all_keeps_its_digits_over_millions_of_triplets():
    embedding, identity = people(256, 4, 32, noise=1.0)
    low, _ = _run("batch_all", embedding, identity, margin=0.5)
    high, _ = _run("batch_all", embedding.double(), identity, margin=0.5)
    assert high.triplets == 1024 * 3 * 1020
    assert low.loss.item() == pytest.approx(high.loss.item(), rel=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("kind", "margin", "distance"), WORDS)
def test_a_gpu_agrees_also_when_tf32_is_allowed(kind, margin, distance):
    embedding, identity = people(64, 4, 128, noise=1.0)
    wanted, gradient = _run(kind, embedding.double(), identity, margin=margin, distance=distance)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        got, got_gradient = _run(kind, embedding.cuda(), identity.cuda(), margin=margin, distance=distance)
    finally:
        torch.set_float32_matmul_precision(before)
    assert got.triplets.cpu() == wanted.triplets
    torch.testing.assert_close(got.loss.cpu().double(), wanted.loss, rtol=1e-6, atol=1e-7)
    assert (got_gradient.cpu() - gradient).norm() <= 1e-5 * gradient.norm()
