"""One content and its styles: sizes, colours, masks, and how the same images are recognised."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from sample_images import pixels, sample_image

from likeness.data.style.batch import StyleBatch
from likeness.data.style.color import keep_luminance, luminance
from likeness.data.style.style_pictures import style_pictures
from likeness.errors import FileError


@pytest.fixture
def folder(tmp_path):
    sample_image((200, 100), 1).save(tmp_path / "content.png")
    sample_image((90, 180), 2).save(tmp_path / "tall.png")
    sample_image((150, 150), 3).save(tmp_path / "square.png")
    half = np.zeros((100, 200), np.uint8)
    half[:, :100] = 255
    Image.fromarray(half).save(tmp_path / "left.png")
    Image.fromarray(255 - half).save(tmp_path / "right.png")
    return tmp_path


def made(folder, style="tall.png", **changes):
    """The data of the images below `folder`, with `changes`."""
    if style is not None:
        style = str(folder / style) if isinstance(style, str) else [str(folder / name) for name in style]
    settings = {
        "content": str(folder / "content.png"),
        "style": style,
        "style_weights": None,
        "masks": None,
        "sizes": [100, 200],
        "portions": [1, 1],
        "total_steps": 10,
        "style_scale": 1.0,
        "color": "style",
    }
    return style_pictures(**{**settings, **changes})


def test_a_step_is_shown_the_images_at_its_level_s_size(folder):
    source = made(folder, ["tall.png", "square.png"])
    coarse, fine = source.batch_at(0), source.batch_at(5)
    assert isinstance(coarse, StyleBatch)
    assert (coarse.level, source.batch_at(4).level, fine.level, source.batch_at(99).level) == (0, 0, 1, 1)
    assert coarse.content.shape == (1, 3, 50, 100)
    assert torch.equal(fine.content[0].permute(1, 2, 0), torch.from_numpy(pixels((200, 100), 1)))
    assert source.batch_at(4).content is coarse.content
    assert coarse.content.dtype == torch.uint8
    assert coarse.masks is None
    assert [style.shape for style in coarse.styles] == [
        (1, 3, 100, 50),
        (1, 3, 71, 71),
    ]  # each of 5,000 pixels
    assert [style.shape for style in fine.styles] == [(1, 3, 200, 100), (1, 3, 141, 141)]


@pytest.mark.parametrize("scale", [0.7, 1.5])
def test_a_style_s_area_is_the_content_s_times_the_square_of_its_scale(folder, scale):
    for level, size in enumerate((100, 200)):
        (style,) = made(folder, ["square.png"], style_scale=scale).batch(level).styles
        assert style.shape[2] * style.shape[3] == pytest.approx(size**2 / 2 * scale**2, rel=0.02)


def test_shrinking_is_antialiased(folder):
    lines = np.tile(np.array([0, 255], np.uint8), (100, 100))
    Image.fromarray(lines).save(folder / "lines.png")
    content = made(folder, content=str(folder / "lines.png"), sizes=[80], portions=None).batch(0).content
    assert (content.float() - 127.5).abs()[..., 2:-2].max() < 40  # a picked pixel would be 0 or 255
    assert content.shape == (1, 3, 40, 80)


def test_masks_follow_the_content(folder):
    masks = [str(folder / "left.png"), str(folder / "right.png")]
    source = made(folder, ["tall.png", "square.png"], masks=masks)
    for level in (0, 1):
        batch = source.batch(level)
        left, right = batch.masks
        assert left.shape == right.shape == (1, 1, *batch.content.shape[2:])
        assert (left.int() + right.int() - 255).abs().max() <= 1
        width = left.shape[3]
        assert (left[..., : width // 2 - 2] == 255).all()
        assert (left[..., width // 2 + 2 :] == 0).all()


def test_weights_are_shares(folder):
    assert made(folder, ["tall.png", "square.png"]).style_weights == [0.5, 0.5]
    weights = made(folder, ["tall.png", "square.png"], style_weights=[3, 1]).style_weights
    assert weights == [0.75, 0.25]


def test_one_style_needs_no_list(folder):
    alone, listed = made(folder, "tall.png"), made(folder, ["tall.png"])
    assert torch.equal(alone.batch(0).styles[0], listed.batch(0).styles[0])
    assert alone.fingerprint() == listed.fingerprint()


def statistics(image):
    flat = image[0].flatten(1).double() / 255
    return flat.mean(1), torch.cov(flat, correction=0)


def test_matched_styles_have_the_content_s_colours(folder):
    # colours in the middle of the range, so that none is clipped
    soft = (pixels((200, 100), 1) // 4 + 96).astype(np.uint8)
    Image.fromarray(soft).save(folder / "soft.png")
    batch = made(folder, content=str(folder / "soft.png"), color="match").batch(1)
    assert batch.styles[0].dtype == torch.uint8
    for found, expected in zip(statistics(batch.styles[0]), statistics(batch.content), strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-3)
    plain = made(folder, content=str(folder / "soft.png")).batch(1)
    assert torch.equal(batch.content, plain.content)
    assert not torch.equal(batch.styles[0], plain.styles[0])


def test_where_luminance_is_made_the_colours_come_back_at_the_end(folder):
    source, plain = made(folder, color="luminance"), made(folder)
    batch = source.batch(0)
    for grey in (batch.content, *batch.styles):
        assert (grey[:, 0] == grey[:, 1]).all()
        assert (grey[:, 0] == grey[:, 2]).all()
    content = plain.batch(0).content[0] / 255
    np.testing.assert_allclose(batch.content[0, :1] / 255, luminance(content), atol=1 / 255)
    generated = torch.rand(3, 50, 100, generator=torch.Generator().manual_seed(0)) / 4 + 0.4
    expected = keep_luminance(generated, content).clamp(0, 1)
    np.testing.assert_allclose(source.finished(generated), expected, atol=1e-6)
    np.testing.assert_allclose(source.finished(content), content, atol=1e-5)


def test_a_finished_image_can_be_shown(folder):
    wild = torch.linspace(-1, 2, 3 * 50 * 100).reshape(3, 50, 100)
    assert torch.equal(made(folder).finished(wild), wild.clamp(0, 1))
    shown = made(folder, color="luminance").finished(wild)
    assert (shown.min(), shown.max()) == (0, 1)


def test_the_same_images_are_recognised_wherever_they_lie(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in folder.glob("*.png"):
        (elsewhere / path.name).write_bytes(path.read_bytes())
    masks = [str(folder / "left.png")]
    found = made(folder, masks=masks).fingerprint()
    assert json.loads(json.dumps(found)) == found
    assert found == made(elsewhere, masks=[str(elsewhere / "left.png")]).fingerprint()
    assert [found["content"]["name"], found["styles"][0]["name"]] == ["content.png", "tall.png"]
    sample_image((90, 180), 4).save(elsewhere / "tall.png")
    changed = made(elsewhere, masks=[str(elsewhere / "left.png")]).fingerprint()
    assert {part for part in found if changed[part] != found[part]} == {"styles"}
    names = [(files.root, files.names) for files in made(folder, masks=masks).files()]
    assert names == [(folder, [name]) for name in ("content.png", "tall.png", "left.png")]


def test_what_was_converted_is_noted_once(folder):
    sample_image((90, 180)).convert("CMYK").save(folder / "ink.jpg")
    notes = made(folder, ["ink.jpg", "ink.jpg", "tall.png"]).notes
    assert notes == ["ink.jpg is in CMYK: its colours are converted to RGB by the plain formula."]


def test_without_a_path_there_are_images_all_the_same(folder):
    source = made(folder, style=None, content=None, sizes=[96], portions=None)
    batch = source.batch(0)
    assert batch.content.shape == (1, 3, 64, 96)
    assert batch.styles[0].shape == (1, 3, 68, 91)
    assert source.files() == []  # a part of a package
    found = source.fingerprint()
    assert (found["content"]["name"], found["styles"][0]["name"]) == ("china.jpg", "evening")
    hues = batch.styles[0][0].flatten(1).double()
    assert hues.std(1).min() > 40  # strong colours


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"style_weights": [1.0, 2.0]}, r"`style_weights` has 2 entries for 1 styles: give one for each"),
        ({"style_weights": [0.0]}, r"style_weights=\[0.0\] won't do"),
        ({"masks": ["left.png", "left.png"]}, r"`masks` has 2 entries for 1 styles"),
        ({"masks": ["tall.png"]}, r"tall\.png is 90 x 180 pixels, but the content content\.png is 200 x 100"),
        ({"masks": ["black.png"]}, r"The mask black\.png is black everywhere at size 100"),
        ({"sizes": [200, 100]}, "is no pyramid"),
        ({"sizes": [40, 100]}, r"At size 40 content\.png would be 40 x 20 pixels, but needs 32"),
        ({"style_scale": 0.3}, r"At size 100 tall\.png would be 15 x 30 pixels"),
        ({"style": []}, "names no style"),
    ],
)
def test_what_can_t_be_shown_is_one_sentence(folder, changes, sentence):
    Image.fromarray(np.zeros((100, 200), np.uint8)).save(folder / "black.png")
    if "masks" in changes:
        changes = {"masks": [str(folder / name) for name in changes["masks"]]}
    settings = {"style": ["tall.png"], **changes}
    with pytest.raises(ValueError, match=sentence) as caught:
        made(folder, **settings)
    assert "\n" not in str(caught.value)


def test_a_missing_one_is_one_sentence(folder):
    with pytest.raises(FileError, match=r"nowhere\.png is missing: put it back"):
        made(folder, ["tall.png"], content="nowhere.png")
