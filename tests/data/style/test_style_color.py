import numpy as np
import pytest
import torch
from PIL import Image
from sample_images import pixels
from scipy.linalg import sqrtm

from likeness.data.style.color import YIQ, keep_luminance, luminance, luminance_pair, match_color


def drawn(size, seed):
    """A float image `[3, H, W]`, double, so that statistics can be compared closely."""
    return torch.from_numpy(pixels(size, seed)).permute(2, 0, 1).double() / 255


def covariance(image):
    return np.cov(image.flatten(1).numpy(), bias=True)


@pytest.fixture
def style():
    return drawn((50, 30), 1)


@pytest.fixture
def content():
    return drawn((24, 36), 2)


def test_a_matched_style_has_the_content_s_mean_and_covariance(style, content):
    matched = match_color(style, content)
    assert matched.shape == style.shape
    np.testing.assert_allclose(matched.mean((1, 2)), content.mean((1, 2)), atol=1e-12)
    np.testing.assert_allclose(covariance(matched), covariance(content), atol=1e-12)
    assert match_color(style.float(), content.float()).dtype == torch.float32


def test_the_roots_are_the_symmetric_ones(style, content):
    change = sqrtm(covariance(content)) @ np.linalg.inv(sqrtm(covariance(style)))
    away = style.flatten(1).numpy() - style.mean((1, 2)).numpy()[:, None]
    expected = (change @ away + content.mean((1, 2)).numpy()[:, None]).reshape(style.shape)
    np.testing.assert_allclose(match_color(style, content), expected, atol=1e-9)


def test_a_style_in_its_own_colours_stays(style):
    np.testing.assert_allclose(match_color(style, style), style, atol=1e-12)


def test_a_grey_or_a_plain_style_makes_no_colour_out_of_rounding(style, content):
    grey = luminance(style.float()).expand(3, -1, -1)
    matched = match_color(grey, content.float())
    assert matched.isfinite().all()
    assert matched.min() > -1
    assert matched.max() < 2
    np.testing.assert_allclose(matched.mean((1, 2)), content.mean((1, 2)), atol=1e-4)
    assert np.linalg.matrix_rank(covariance(matched.double()), tol=1e-4) == 1
    plain = match_color(torch.full((3, 8, 8), 0.3), content.float())
    np.testing.assert_allclose(plain, content.mean((1, 2))[:, None, None].expand(3, 8, 8), atol=1e-5)


def test_a_grey_content_makes_the_style_grey(style, content):
    grey = luminance(content).expand(3, -1, -1)
    matched = match_color(style, grey)
    np.testing.assert_allclose(matched[0], matched[2], atol=1e-6)
    np.testing.assert_allclose(matched[0].std(), grey[0].std(), rtol=1e-2)


def test_luminance_is_luma():
    grey = Image.fromarray(pixels((20, 20))).convert("L")
    found = luminance(drawn((20, 20), 0))[0] * 255
    assert np.abs(found.numpy() - np.asarray(grey)).max() <= 1


def test_yiq_is_what_ntsc_defines():
    # the published corner colours: grey has no chroma, and red, green, blue sum to white
    found = np.array(YIQ)
    np.testing.assert_allclose(found.sum(1), [1, 0, 0], atol=1e-6)
    # I and Q are the colour differences R - Y and B - Y, turned by 33 degrees (BT.470, with 0.877 and 0.493)
    red_y, blue_y = np.array([1, 0, 0]) - found[0], np.array([0, 0, 1]) - found[0]
    turn = np.deg2rad(33)
    v, u = 0.877 * red_y, 0.493 * blue_y
    np.testing.assert_allclose(found[1], v * np.cos(turn) - u * np.sin(turn), atol=1e-3)
    np.testing.assert_allclose(found[2], v * np.sin(turn) + u * np.cos(turn), atol=1e-3)


def test_the_luminances_going_in_have_the_content_s_statistics(style, content):
    of_style, of_content = luminance_pair(style, content)
    assert of_style.shape == style.shape
    assert of_content.shape == content.shape
    assert (of_style[0] == of_style[2]).all()
    assert (of_content == luminance(content)).all()
    np.testing.assert_allclose(of_style.mean(), of_content.mean(), atol=1e-12)
    np.testing.assert_allclose(of_style.std(correction=0), of_content.std(correction=0), atol=1e-12)
    straight = np.corrcoef(of_style[0].flatten(), luminance(style).flatten())[0, 1]
    assert straight == pytest.approx(1)  # shifted and scaled, and nothing else


def test_a_plain_style_has_no_luminance_to_scale(content):
    of_style, of_content = luminance_pair(torch.full((3, 8, 8), 0.3, dtype=torch.double), content)
    np.testing.assert_allclose(of_style, of_content.mean().expand(3, 8, 8), atol=1e-9)


def test_the_luminance_is_the_generated_one_and_the_chroma_the_content_s(style, content):
    generated = drawn((24, 36), 3)
    kept = keep_luminance(generated, content)
    np.testing.assert_allclose(luminance(kept), luminance(generated), atol=1e-12)
    chroma = np.array(YIQ)[1:]
    for_each = [np.einsum("kc,chw->khw", chroma, one.numpy()) for one in (kept, content)]
    np.testing.assert_allclose(*for_each, atol=1e-12)
    np.testing.assert_allclose(keep_luminance(content, content), content, atol=1e-12)
    grey = luminance_pair(style, content)[1]
    np.testing.assert_allclose(keep_luminance(grey, content), content, atol=1e-12)
