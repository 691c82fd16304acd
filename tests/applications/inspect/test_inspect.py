"""`likeness inspect`: the page of a run and of weights, its goings-on after a kill, and what it refuses."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from killing import at_call
from PIL import Image
from sample_images import people
from tiny import TINY, train_by
from torch import nn
from typer.testing import CliRunner
from warm import fork

from likeness.applications.inspect import ranking
from likeness.applications.inspect.explained import explained_pairs
from likeness.applications.inspect.look import FACTS, PAGE, UNITS, inspect
from likeness.applications.inspect.pictures import all_of, of_heat, of_part, of_whole
from likeness.applications.inspect.subject import subject_of
from likeness.applications.named_network import layered
from likeness.cli import app
from likeness.data.as_float import as_float
from likeness.errors import LikenessError

RUN = str(next(Path(__file__).parents[2].glob("past_runs/finished/*")))
SMALL = ["loader.workers=0", "batch_size=8", "show_units=2", "top=4"]


def looked_into(folder: Path, *overrides: str) -> Path:
    return inspect(RUN, [*SMALL, f"runs_dir={folder}", *overrides], ())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looked_into(tmp_path_factory.mktemp("inspect"), "optimised=2", "pairs=1")


def test_the_page_shows_layers_units_and_pairs_and_asks_for_nothing_outside(made: Path) -> None:
    page = (made / PAGE).read_text()
    facts = json.loads((made / FACTS).read_text())
    assert len(facts["layers"]) == page.count("<section id=")
    assert "one identity, distance" in page
    assert "two identities, distance" in page
    assert "2 steps of optimisation" in page
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources
    assert all(source.startswith(("data:image/webp;base64,", "#layer-")) for source in sources)
    assert "default-src 'none'" in page
    assert "://" not in page


def assert_listed_as_sorted(folder: Path, named: str) -> None:
    """The strongest inputs of the last layer's units are those that a sort over all images gives."""
    found = subject_of(named, SMALL, ())
    images = as_float(torch.stack(found.images.load(range(len(found.images)))))
    layer = found.layers[-1]
    with torch.inference_mode():
        blocks = [found.network.features(part, [layer])[layer] for part in images.split(8)]
    peaks = torch.cat(blocks).flatten(2).amax(2).numpy()
    expected = {
        unit: np.lexsort((np.arange(len(peaks)), -peaks[:, unit]))[:4].tolist()
        for unit in range(peaks.shape[1])
    }
    listed: dict[int, list[int]] = {}
    with (folder / UNITS).open() as file:
        for row in csv.DictReader(file):
            if row["layer"] == layer:
                listed.setdefault(int(row["unit"]), []).append(int(row["index"]))
    assert listed == expected


def test_the_list_is_what_a_sort_over_all_images_gives(made: Path) -> None:
    assert_listed_as_sorted(made, RUN)


@pytest.mark.parametrize(
    "data", [["drawn_signals", "[64]"], ["drawn_solids", "[8,8,8]"]], ids=["signals", "volumes"]
)
def test_runs_on_signals_and_volumes_are_looked_into(data: list[str], tmp_path: Path) -> None:
    source, size = data
    words = [f"data={source}", f"backbone.spatial_size={size}", "data.samples_per_identity=4"]
    small = [word for word in TINY if not word.startswith(("data.pictures", "backbone.spatial_size"))]
    one_channel = ["backbone.channels=1", "backbone.mean=null", "backbone.std=null", "trainer.max_steps=2"]
    run = train_by([*small, *words, *one_channel, f"runs_dir={tmp_path / 'runs'}"])
    folder = inspect(str(run), [*SMALL, f"runs_dir={tmp_path}", "optimised=2", "pairs=1"], ())
    assert_listed_as_sorted(folder, str(run))
    page = (folder / PAGE).read_text()
    assert "two identities, distance" in page
    assert "2 steps of optimisation" in page


def _killed(folder: Path) -> None:
    ranking.EVERY = 0.0
    at_call(3, "likeness.applications.inspect.ranking:_take")
    looked_into(folder)


def test_goes_on_after_a_kill_to_the_same(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = fork(_killed, tmp_path)
    process.join()
    assert process.exitcode == -9
    shown = []
    take = ranking._take
    monkeypatch.setattr(ranking, "_take", lambda *words: (shown.append(words[3].tolist()), take(*words)))
    again = looked_into(tmp_path)
    assert again.name == made.name  # the same command finds it
    assert shown[0][0] == 16
    with np.load(made / ranking.STATE) as whole, np.load(again / ranking.STATE) as resumed:
        assert whole.files == resumed.files
        assert all(np.array_equal(whole[name], resumed[name]) for name in whole.files)
    shown.clear()
    looked_into(tmp_path, "show_units=1")
    assert not shown  # drawn anew, without another pass


def test_weights_of_a_file_are_looked_into(tmp_path: Path) -> None:
    backbone = "backbone.spatial_size=32"
    for name in ("Ada", "Grace"):
        (tmp_path / "faces" / name).mkdir(parents=True)
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "faces" / ("Ada" if number else "Grace") / f"{number}.png")
    (tmp_path / "faces" / "Ada" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    data = ["data=image_folder", f"data.root={tmp_path / 'faces'}", "data.split=[0,0,1]"]
    made = inspect(
        "pip", [*SMALL, *data, backbone, f"runs_dir={tmp_path}", "layers=[bn1,blocks.1.0.bn1]"], ()
    )
    facts = json.loads((made / FACTS).read_text())
    assert list(facts["layers"]) == ["bn1", "blocks.1.0.bn1"]
    assert facts["images"]["seen"] == 3
    assert len(facts["images"]["unreadable"]) == 1
    assert facts["layers"]["bn1"]["receptive_field"] == {"start": [0, 0], "stride": [2, 2], "size": [3, 3]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([RUN, "layers=[9.9]"], "has no layer 9.9; its layers are 0.0, 0.1"),
        ([RUN, "backbone.width=8"], "the network is the run's own"),
        ([RUN, "split=tset"], "split=tset is not a known value"),
        ([RUN, "top=0"], "top=0 won't do"),
        (["encoder.onnx"], "an ONNX file hands out embeddings alone"),
        (["nothing"], "nothing is neither a run's folder"),
        (["pip", "backbone=small_conv"], "This backbone takes no weights"),
        (["pip", "backbone=vgg16"], "no weights file pip"),
        (["pip", "backbone.weights=hub"], "is given already"),
        (["pip", "backbone.spatial_size=32", "layers=[bn1,stem]"], "has no layer stem; its layers are"),
        (["pip", "data=lfw", "split=train"], "data.root"),
    ],
)
def test_what_cannot_be_is_one_sentence_before_anything_runs(
    words: Sequence[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["inspect", *words])
    assert done.exit_code == 1
    assert said in str(done.exception) + done.output
    assert not list(tmp_path.iterdir())


def test_pairs_are_of_images_that_can_be_read(tmp_path: Path) -> None:
    people(tmp_path / "faces", dict.fromkeys("abcd", 3), "png", (32, 32))
    for identity in "ab":
        (tmp_path / "faces" / identity / "1.png").write_bytes(b"no image")
    words = ["data=image_folder", f"data.root={tmp_path / 'faces'}", "data.split=[0,0,1]", "pairs=4"]
    subject = subject_of(RUN, [*SMALL, *words], ())
    unreadable = [at for at in range(12) if subject.images.name(at) in ("a/1.png", "b/1.png")]
    for pair in explained_pairs(subject, unreadable):
        assert not {"a/1.png", "b/1.png"} & {*pair.names}
        assert pair.names[0] != pair.names[1]
        assert pair.distance > 0


def test_a_network_without_maps_is_refused() -> None:
    config = subject_of(RUN, SMALL, ()).config
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * config.backbone.spatial_size**2, 4))
    with pytest.raises(LikenessError, match="has no layer with a map of positions"):
        layered("flat", config, flat, flat)


@pytest.mark.parametrize("spatial", [(64,), (20, 30), (9, 8, 10)])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_inputs_of_any_rank_have_pictures(spatial: tuple[int, ...], channels: int) -> None:
    values = np.random.default_rng(0).random((channels, *spatial)).astype(np.float32)
    box = tuple(slice(2, side // 2) for side in spatial)
    outlined, plain = of_whole(values, box, 48), of_whole(values, all_of(values), 48)
    assert outlined.shape == plain.shape
    assert (outlined != plain).any()  # the outline, or what is lit
    assert of_part(values, box, 48).shape == of_part(values, all_of(values), 48).shape
    heat = np.zeros(spatial)
    heat[tuple(side // 3 for side in spatial)] = 1
    assert (
        of_heat(values, heat, 48) != of_heat(values, heat[tuple(slice(None, None, -1) for _ in spatial)], 48)
    ).any()
