"""`likeness.load(RUN)`: an encoder in Python, equal to the network that the run's checkpoint holds."""

from pathlib import Path

import pytest
import torch
from tiny import TINY, train_by

import likeness
from likeness.applications.encoder import BATCH
from likeness.errors import LikenessError
from likeness.models.embedder import Embedder
from likeness.models.small_conv import small_conv
from likeness.runs.training.checkpoints import checkpoint_of

pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture(scope="module", params=[False, True], ids=["as it is", "mirrored too"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("load")
    flip = f"evaluation.flip={str(request.param).lower()}"
    return train_by([*TINY, "trainer.max_steps=2", f"runs_dir={folder}", flip])


def network_of(run: Path) -> Embedder:
    """The network built by hand, with the checkpoint's weights."""
    backbone = small_conv(width=4, spatial_size=32, channels=3, mean=[0.5] * 3, std=[0.25] * 3)
    embedder = Embedder(backbone, embedding_dim=128)
    weights = checkpoint_of(run).weights
    embedder.load_state_dict({key.removeprefix("embedder."): value for key, value in weights.items()})
    return embedder.eval()


def test_it_encodes_as_the_network_does(run: Path) -> None:
    images = torch.randint(0, 256, (BATCH + 3, 3, 32, 32), dtype=torch.uint8)
    encoder = likeness.load(str(run))
    with torch.no_grad():
        expected = network_of(run)(images / 255)
        if encoder.config.evaluation.flip:
            both = expected + network_of(run)(images.flip(-1) / 255)
            expected = both / both.norm(dim=1, keepdim=True)  # both have length 1
    found = encoder.encode(images)
    assert (found.shape, found.dtype) == ((BATCH + 3, 128), torch.float32)
    assert torch.allclose(found, expected, atol=1e-5)
    assert torch.equal(found, encoder.encode(images / 255))
    assert encoder.operating_point is not None


def test_images_of_another_shape_are_refused(run: Path) -> None:
    encoder = likeness.load(run)
    with pytest.raises(ValueError, match=r"takes images \[B, 3, 32, 32\], not \[2, 3, 32, 31\]"):
        encoder.encode(torch.zeros(2, 3, 32, 31))


def test_what_is_no_run_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"is no run's folder: it has no config\.yaml"):
        likeness.load(tmp_path)
