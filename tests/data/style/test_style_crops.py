"""Crops of folders of images: what a step sees is a function of the seed and the step alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sample_images import sample_image

from likeness.data.image_as_shown import read_image
from likeness.data.style.crops import CropDataModule, Crops
from likeness.data.style.style_folders import style_folders

SETTINGS = {"resize": 48, "crop": 32, "batch_size": 4, "test_share": 0.25, "split_seed": 0}


@pytest.fixture
def folders(tmp_path):
    for kind, count in (("contents", 12), ("styles", 8)):
        for i in range(count):
            folder = tmp_path / kind / ("deeper" if i % 2 else "")
            folder.mkdir(parents=True, exist_ok=True)
            sample_image((48, 60) if i % 3 else (60, 48), seed=100 * len(kind) + i).save(folder / f"{i}.png")
    return {kind: str(tmp_path / kind) for kind in ("contents", "styles")}


def made(folders, **changes):
    return style_folders(**{**SETTINGS, **folders, **changes})


def batches(source, start, count, *, workers=0, seed=3):
    data = CropDataModule(source, seed=seed, workers=workers, pin_memory=False, channels_last=False)
    data.trainer = SimpleNamespace(global_step=start, accumulate_grad_batches=1, global_rank=0, world_size=1)
    loader = iter(data.train_dataloader())
    return [next(loader) for _ in range(count)], data


def same(some, others):
    return all(
        torch.equal(a.contents, b.contents) and torch.equal(a.styles, b.styles)
        for a, b in zip(some, others, strict=True)
    )


def test_a_step_sees_the_same_wherever_a_run_starts_and_on_any_workers(folders):
    source = made(folders)
    whole, _ = batches(source, 0, 6)
    assert whole[0].contents.shape == whole[0].styles.shape == (4, 3, 32, 32)
    assert whole[0].contents.dtype == torch.uint8
    assert same(whole[4:], batches(source, 4, 2)[0])
    assert same(whole, batches(made(folders), 0, 6, workers=2)[0])
    assert not same(whole, batches(source, 0, 6, seed=4)[0])


def test_devices_share_a_batch(folders):
    source = made(folders)
    whole = Crops(source, seed=3)[5]
    parts = [Crops(source, seed=3, rank=rank, world_size=2)[5] for rank in (0, 1)]
    assert torch.equal(torch.cat([part.contents for part in parts]), whole.contents)
    assert torch.equal(torch.cat([part.styles for part in parts]), whole.styles)
    with pytest.raises(ValueError, match=r"batch_size=4 can't be shared by 3 devices"):
        Crops(source, seed=3, world_size=3)


def place_in(crop, images):
    """Which of `images` a crop was cut from, and whether it is mirrored."""
    found = []
    for index, whole in enumerate(images):
        windows = whole.unfold(1, 32, 1).unfold(2, 32, 1)[
            ..., ::8, ::8
        ]  # [3, rows, columns, 4, 4]: enough to tell
        for mirrored in (False, True):
            wanted = (crop.flip(2) if mirrored else crop)[:, None, None, ::8, ::8]
            if (windows == wanted).all((0, 3, 4)).any():
                found.append((index, mirrored))
    (only,) = found
    return only


@pytest.mark.parametrize("kind", ["contents", "styles"])
def test_each_image_comes_once_in_a_pass_and_is_cut_and_mirrored(folders, kind):
    source = made(folders)
    part = getattr(source, kind).train
    images = part.load(range(len(part)))
    steps = len(part)  # batches of 4, so four passes
    cut = [place_in(crop, images) for batch in batches(source, 0, steps)[0] for crop in getattr(batch, kind)]
    passes = np.array([index for index, _ in cut]).reshape(4, len(part))
    assert all(sorted(one) == list(range(len(part))) for one in passes.tolist())
    assert len({tuple(one) for one in passes.tolist()}) == 4  # in another order each time
    assert 0.2 < np.mean([mirrored for _, mirrored in cut]) < 0.8


def test_images_are_whole_and_of_one_shorter_side(folders):
    part = made(folders, resize=40).contents.train
    for index, whole in enumerate(part.load(range(len(part)))):
        assert min(whole.shape[1:]) == 40
        assert max(whole.shape[1:]) == 50
        size = read_image(f"{folders['contents']}/{part.name(index)}").image.shape
        assert (whole.shape[1] < whole.shape[2]) == (size[1] < size[2])


def test_what_is_kept_for_the_test_is_not_trained_on(folders):
    source = made(folders)
    for part, total in ((source.contents, 12), (source.styles, 8)):
        trained, tested = ({each.name(i) for i in range(len(each))} for each in part)
        assert not trained & tested
        assert len(trained | tested) == total
        assert len(tested) == total // 4
    again, other = made(folders), made(folders, split_seed=1)
    assert again.fingerprint() == source.fingerprint()
    assert other.fingerprint() != source.fingerprint()
    assert sum(len(files.names) for files in source.files()) == 20
    everything = made(folders, test_share=0.0).contents
    assert everything.train is everything.test
    assert len(everything.train) == 12


def test_a_broken_image_is_named_and_another_takes_its_place(folders, tmp_path):
    intact, _ = batches(made(folders), 0, 6)
    part = made(folders).contents.train
    broken = part.name(2)
    (tmp_path / "contents" / broken).write_text("no image")
    for workers in (0, 1):
        found, data = batches(made(folders), 0, 6, workers=workers)
        assert data.unreadable == {broken}
        assert all(batch.contents.shape == (4, 3, 32, 32) for batch in found)
        changed = [
            not torch.equal(a, b)
            for one, other in zip(found, intact, strict=True)
            for a, b in zip(one.contents, other.contents, strict=True)
        ]
        assert 0 < sum(changed) <= 3  # the broken one's, once in each of at most three passes
        assert all(torch.equal(a.styles, b.styles) for a, b in zip(found, intact, strict=True))


def test_one_style_is_trained_on_and_tested(folders, tmp_path):
    sample_image((64, 80), 9).save(tmp_path / "one.png")
    source = made(folders, styles=str(tmp_path / "one.png"))
    assert source.styles.train is source.styles.test
    (whole,) = source.styles.train.load([0])
    first, second = batches(source, 0, 2)[0]
    for batch in (first, second):
        assert {place_in(crop, [whole])[0] for crop in batch.styles} == {0}
        assert len({crop.numpy().tobytes() for crop in batch.styles}) == 4  # each cut elsewhere
    assert not any(torch.equal(*crops) for crops in zip(first.styles, second.styles, strict=True))


def test_without_folders_the_built_in_images_are_cut():
    source = made({"contents": None, "styles": None})
    assert [source.contents.train.name(i) for i in range(2)] == ["china.jpg", "flower.jpg"]
    assert source.styles.train.name(0) == "evening"
    (batch,), data = batches(source, 0, 1)
    assert batch.contents.shape == batch.styles.shape == (4, 3, 32, 32)
    assert data.unreadable == set()
    assert made({"contents": None, "styles": None}).fingerprint() == source.fingerprint()


def test_the_device_sees_floats(folders):
    data = CropDataModule(made(folders), seed=0, workers=0, pin_memory=False, channels_last=True)
    batch = Crops(data.source, seed=0)[0]
    seen = data.on_after_batch_transfer(batch, 0)
    assert torch.equal(seen.contents, batch.contents / 255)
    assert seen.styles.is_contiguous(memory_format=torch.channels_last)
    assert data.validated is False


def test_folders_that_won_t_do_are_one_sentence(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "alone").mkdir()
    sample_image((48, 48)).save(tmp_path / "alone" / "a.png")
    (tmp_path / "alone" / ".hidden.png").write_text("")
    cases = [
        ({"contents": str(tmp_path / "nowhere")}, r"There is no folder .*nowhere: set .contents"),
        ({"styles": str(tmp_path / "empty")}, r"empty holds no images: .*`styles`"),
        ({"contents": str(tmp_path / "alone")}, r"alone holds one image, and none can be kept"),
        ({"crop": 64}, r"Crops of 64 pixels can't be cut from images of 48"),
    ]
    for changes, sentence in cases:
        with pytest.raises(ValueError, match=sentence):
            made({**folders, **changes})
