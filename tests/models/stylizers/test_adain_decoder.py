"""The decoder that mirrors an encoder, against the published one's layout."""

from pathlib import Path

import pytest
import timm
import torch
from pooled_encoder import VGG19, Pooled
from torch import Tensor, nn
from torch.nn import functional

from likeness.models.stylizers import LayerShape, adain_decoder, layer_shapes

# pytorch-AdaIN's decoder.pth: the number of a module in its Sequential, and outputs and inputs of the convolution.
PUBLISHED = {
    1: (256, 512),
    5: (256, 256), 8: (256, 256), 11: (256, 256), 14: (128, 256),
    18: (128, 128), 21: (64, 128),
    25: (64, 64), 28: (3, 64),
}  # fmt: skip
DOUBLED_BEFORE = (5, 18, 25)


def published_state(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for number, (outputs, inputs) in PUBLISHED.items():
        state[f"{number}.weight"] = (
            torch.randn(outputs, inputs, 3, 3, generator=generator) / (9 * inputs) ** 0.5
        )
        state[f"{number}.bias"] = torch.randn(outputs, generator=generator)
    return state


def published_forward(state: dict[str, Tensor], features: Tensor) -> Tensor:
    for number in PUBLISHED:
        if number in DOUBLED_BEFORE:
            features = features.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        features = functional.pad(features, (1, 1, 1, 1), mode="reflect")
        features = functional.conv2d(features, state[f"{number}.weight"], state[f"{number}.bias"])
        features = features if number == 28 else features.relu()
    return features


@pytest.fixture(scope="module")
def vgg19() -> Pooled:
    return Pooled(VGG19, keep_odd=True)


def test_layer_shapes_are_those_of_the_maps(vgg19: Pooled) -> None:
    assert layer_shapes(vgg19) == {name: LayerShape(*shape) for name, shape in VGG19.items()}


def test_for_vgg19_it_is_the_published_decoder(vgg19: Pooled, tmp_path: Path) -> None:
    state = published_state()
    torch.save(state, tmp_path / "decoder.pth")
    decoder = adain_decoder(vgg19, weights=str(tmp_path / "decoder.pth"))
    assert (decoder.layer, decoder.stride) == ("relu4_1", 8)
    assert {name: value.shape for name, value in decoder.state_dict().items()} == {
        name: value.shape for name, value in state.items()
    }
    assert sum(parameter.numel() for parameter in decoder.parameters()) == 3_505_219
    features = torch.randn(2, 512, 3, 5)
    torch.testing.assert_close(decoder(features), published_forward(state, features), rtol=1e-4, atol=1e-4)


def test_a_run_s_weights_are_found_among_its_task_s(vgg19: Pooled, tmp_path: Path) -> None:
    state = published_state(1)
    torch.save({f"stylizer.{name}": value for name, value in state.items()}, tmp_path / "run.pt")
    decoder = adain_decoder(vgg19, weights=str(tmp_path / "run.pt"))
    assert all(value.equal(state[name]) for name, value in decoder.state_dict().items())


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18"])
def test_it_mirrors_any_timm_network(name: str) -> None:
    network = timm.create_model(name, features_only=True, out_indices=(1, 2, 3)).eval()

    def encoder(images: Tensor) -> dict[str, Tensor]:
        return {f"stage{number}": features for number, features in enumerate(network(images))}

    decoder = adain_decoder(encoder, width=24)
    assert (decoder.layer, decoder.stride) == ("stage2", 16)
    with torch.no_grad():
        assert decoder(encoder(torch.rand(1, 3, 32, 48))["stage2"]).shape == (1, 3, 32, 48)
    outputs = [module.out_channels for module in decoder if isinstance(module, nn.Conv2d)]
    expected = {  # the layers of stride 8 and 4 have 40 and 24 channels, and 128 and 64; below there is none
        "tf_efficientnet_lite0": [40, 40, 24, 24, 24, 24, 24, 24, 3],
        "resnet18": [128, 128, 64, 64, 24, 24, 24, 24, 3],
    }
    assert outputs == expected[name]


def test_a_layer_that_does_not_halve_the_image_is_named() -> None:
    def encoder(images: Tensor) -> dict[str, Tensor]:
        return {"halved": images[..., ::2, ::2], "cut": images[..., 1:-1, 1:-1]}

    with pytest.raises(ValueError, match="Layer cut gives a map of 62 x 62 of 64 x 64 pixels"):
        layer_shapes(encoder)
    with pytest.raises(ValueError, match="Layer thirds gives a map of 21 x 21"):
        layer_shapes(lambda images: {"thirds": images[..., 1::3, 1::3]})


def test_weights_that_can_not_be_taken_are_named(vgg19: Pooled, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"There is no weights file .*nowhere\.pth; give the path of a stylizer's"
    ):
        adain_decoder(vgg19, weights=str(tmp_path / "nowhere.pth"))
    short = tmp_path / "short.pth"
    torch.save(published_state(), short)
    short.write_bytes(short.read_bytes()[:-100_000])
    with pytest.raises(ValueError, match=r"short\.pth can't be read as weights"):
        adain_decoder(vgg19, weights=str(short))
    torch.save(published_state(), tmp_path / "decoder.pth")
    other = Pooled({"early": (64, 1), "late": (512, 8)}, keep_odd=True)
    sentence = r"belong to another network: 14 of its 14 tensors .* 1\.weight; choose the encoder, its layers"
    with pytest.raises(ValueError, match=sentence):
        adain_decoder(other, weights=str(tmp_path / "decoder.pth"))
