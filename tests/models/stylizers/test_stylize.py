"""Images of any size, painted in one forward pass."""

import pytest
import torch
from pooled_encoder import Pooled
from torch import Tensor

from likeness.models.stylizers import (
    adain,
    adain_decoder,
    pad_to_multiple,
    stylize_by_adain,
    stylize_by_network,
)

LAYERS = {"early": (6, 1), "middle": (8, 2), "late": (10, 8)}


def image(*size: int, seed: int = 0) -> Tensor:
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("keep_odd", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (16, 24), (17, 31), (40, 9)])
def test_an_image_comes_out_at_its_own_size(size: tuple[int, int], keep_odd: bool) -> None:
    encoder = Pooled(LAYERS, keep_odd=keep_odd)
    decoder = adain_decoder(encoder, width=4)
    styled = stylize_by_adain(image(*size), [image(13, 22, seed=1), image(50, 18, seed=2)], encoder, decoder)
    assert styled.shape == (3, *size)
    assert not styled.requires_grad
    assert styled.min() >= 0
    assert styled.max() <= 1


def test_it_is_the_decoder_on_the_styled_features() -> None:
    encoder = Pooled(LAYERS, keep_odd=True)
    decoder = adain_decoder(encoder, width=4)
    with torch.no_grad():
        decoder[-1].bias += 0.5  # so that few values are cut to [0, 1]
    content, style = image(16, 24), image(32, 16, seed=1)
    features, target = (encoder(each[None])["late"] for each in (content, style))
    for strength, mixed in ((1.0, adain(features, target)), (0.0, features)):
        expected = decoder(mixed)[0].clamp(0, 1)
        assert expected.std() > 0
        torch.testing.assert_close(
            stylize_by_adain(content, [style], encoder, decoder, strength=strength), expected
        )


def test_a_network_of_one_style_is_cut_to_what_an_image_can_show() -> None:
    content = image(4, 5)
    styled = stylize_by_network(content, lambda images: 3 * images - 1)
    torch.testing.assert_close(styled, (3 * content - 1).clamp(0, 1))


@pytest.mark.parametrize(("size", "padded"), [((16, 24), (16, 24)), ((17, 3), (24, 16)), ((1, 1), (16, 16))])
def test_padding_repeats_the_last_rows_and_columns(size: tuple[int, int], padded: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size)
    found = pad_to_multiple(images, 8)
    assert found.shape[-2:] == padded
    rows, columns = (
        torch.arange(whole).clamp(max=side - 1) for whole, side in zip(padded, size, strict=True)
    )
    assert found.equal(images[..., rows, :][..., columns])
