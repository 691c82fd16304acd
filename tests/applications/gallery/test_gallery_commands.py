"""The commands on a gallery, on small runs and drawn faces; a mistake is one sentence and changes nothing."""

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from said_by_commands import invoked, refused, said
from tiny import TINY, train_by
from torch import Tensor

from likeness.applications import detectors
from likeness.applications.encoder import TrainedEncoder
from likeness.applications.gallery import check, stores
from likeness.applications.gallery.stores import open_store
from likeness.data.drawn_faces import drawn_faces
from likeness.models.detectors import Detections
from likeness.runs.record.record_file import write_record

pytestmark = pytest.mark.usefixtures("without_drawing")
SHORT = [*TINY, "trainer.max_steps=2", "evaluation.far=0.1"]
RATES = ["--fpir", "0.2"]
BOTH_RATES = [*RATES, "--far", "0.1"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small runs: one, another that learned otherwise, and one that compares by a head."""
    folder = tmp_path_factory.mktemp("runs")
    words = {"run": [], "other": ["seed=3"], "head": ["task=similarity"]}
    return {name: train_by([*SHORT, f"runs_dir={folder}", *more]) for name, more in words.items()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with people/P0 to P3 of 3 images, probes/P0 to P3 of one, and strangers/X0 to X4 of 4."""
    sizes = {"identities": 9, "pictures_per_identity": 4, "validation_identities": 2, "test_identities": 2}
    faces = drawn_faces(**sizes, seed=5, image_size=32, channels=3).train
    assert faces is not None
    for index, face in enumerate(faces.load(range(36))):
        identity, number = divmod(index, 4)
        below = f"P{identity}" if identity < 4 else f"X{identity - 4}"
        above = "strangers" if identity >= 4 else "people" if number < 3 else "probes"
        (tmp_path / above / below).mkdir(parents=True, exist_ok=True)
        Image.fromarray(face.permute(1, 2, 0).numpy()).save(tmp_path / above / below / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def enrolled(runs: dict[str, Path], name: str = "run") -> None:
    said("gallery", "create", "g.gallery", "--run", runs[name])
    said("enrol", "g.gallery", "people")


def held() -> list[object]:
    with open_store(Path("g.gallery")) as store:
        contents = store.contents()
    return [contents.subjects, contents.templates, contents.encodings.tobytes(), contents.corrections]


def test_from_a_run_and_images_to_a_name(runs: dict[str, Path], place: Path) -> None:
    made = said("gallery", "create", "g.gallery", "--run", runs["run"])
    assert (
        made
        == "thresholds are chosen on 24 images of 4 strangers, enough for --fpir 0.2 and more\ng.gallery\n"
    )
    assert said("enrol", "g.gallery", "people") == "".join(
        f"P{number} ({number + 1}): 3 templates added\n" for number in range(4)
    )
    assert said("gallery", "list", "g.gallery").splitlines()[0] == "P0 (1): 3 templates"
    found = json.loads(said("identify", "g.gallery", "people", "--top", 2, "--json", *RATES))
    assert len(found["probes"]) == 12
    assert found["threshold"]["cohort"] == 24
    for probe in found["probes"]:
        assert len(probe["candidates"]) == 2
        nearest = probe["candidates"][0]
        assert probe["known"] == (nearest["distance"] < found["threshold"]["threshold"])
        assert probe["subject"] == (
            {"id": nearest["id"], "name": nearest["name"]} if probe["known"] else None
        )
    text = said("identify", "g.gallery", "probes/P0", *RATES)
    assert re.search(r"probes/P0/3\.png: (unknown|P\d \(\d\))\n  1\. P\d \(\d\)  [\d.e-]+", text)
    verdict = said("verify", "people/P1/0.png", "--claim", "P1", "--gallery", "g.gallery", "--far", 0.1)
    assert "that it is P1 (2), of whom there are 3 templates\nprobability " in verdict
    distance = float(re.search(r"\ndistance     ([\d.e-]+) ", verdict)[1])
    threshold = float(re.search(r"the threshold ([\d.e-]+)\n", verdict)[1])
    assert verdict.startswith("accepted" if distance < threshold else "refused")
    calibrated = said("gallery", "calibrate", "g.gallery", *BOTH_RATES)
    told = re.search(r"claims to a subject of 3 templates: threshold ([\d.e-]+) at (\S+) false", calibrated)
    assert float(told[1]) == threshold
    assert f"threshold    at {told[2]} false accept rate" in verdict
    words = ["verify", "people/P1/0.png", "--claim", "P1", "--gallery", "g.gallery", "--far", 0.1, "--json"]
    claimed = json.loads(said(*words))
    assert (
        claimed["accepted"] == verdict.startswith("accepted") == (claimed["distance"] < claimed["threshold"])
    )
    assert claimed["subject"] == {"id": "2", "name": "P1"}
    assert f"{claimed['distance']:.4g} (" in verdict
    assert refused("verify", "a.png", "b.png", "--run", runs["run"], "--json").startswith(
        "Give one image with --claim and --gallery"
    )
    shown = said("gallery", "show", "g.gallery", "P2")
    assert shown.splitlines()[0] == "P2 (3)"
    assert str(place / "people" / "P2" / "0.png") in shown


def test_a_database_answers_as_a_file_does(runs: dict[str, Path], place: Path, address: str) -> None:
    answers = []
    for where in ("g.gallery", address):
        lines = [said("gallery", "create", where, "--run", runs["run"])]
        lines.append(said("enrol", where, "people"))
        lines.append(said("gallery", "list", where))
        lines.append(said("gallery", "show", where, "P2"))
        lines.append(said("identify", where, "probes", "--json", *RATES))
        lines.append(said("verify", "people/P1/0.png", "--claim", "P1", "--gallery", where, "--far", 0.1))
        lines.append(said("gallery", "calibrate", where, "--cohort", "strangers", *BOTH_RATES))
        lines.append(said("gallery", "split", where, "P0", "people/P0/0.png", "--name", "Zoe"))
        lines.append(said("gallery", "merge", where, "P1", "P2"))
        lines.append(said("gallery", "correct", where, "people/P3/0.png", "--is", "P1"))
        lines.append(said("gallery", "rename", where, "Zoe", "Eve"))
        lines.append(said("gallery", "check", where, *BOTH_RATES))
        lines.append(said("gallery", "remove", where, "P1", "people/P1/0.png"))
        lines.append(said("gallery", "reencode", where, "--run", runs["other"], "--switch", *RATES))
        lines.append(said("identify", where, "probes", "--json", *RATES))
        assert "already" in refused("gallery", "create", where, "--run", runs["run"])
        answers.append([line.replace(shown_as(where), "GALLERY") for line in lines])
    assert answers[0] == answers[1]
    assert answers[1][0].endswith("GALLERY\n")


def shown_as(where: str) -> str:
    return where.replace("postgres:@", "postgres@")


def test_the_encodings_are_those_of_the_run(runs: dict[str, Path], place: Path) -> None:
    import likeness
    from likeness.data.decode import decode

    enrolled(runs)
    with open_store(Path("g.gallery")) as store:
        contents = store.contents()
    images = [decode(one.image.file, spatial_size=32, channels=3) for one in contents.templates]
    expected = likeness.load(runs["run"]).encode(torch.stack(images)).numpy()
    assert np.allclose(contents.encodings, expected, atol=1e-6)


def test_the_same_image_again_is_no_template_and_is_not_encoded(
    runs: dict[str, Path], place: Path, monkeypatch
) -> None:
    enrolled(runs)
    before = held()
    shutil.move("people/P0/0.png", "people/P0/renamed.png")
    shutil.copy("people/P0/1.png", "people/P0/twice.png")
    monkeypatch.setattr(TrainedEncoder, "encode", None)
    assert (
        said("enrol", "g.gallery", "people").splitlines()[0] == "P0 (1): 0 templates added, 4 enrolled before"
    )
    assert held() == before


def test_another_encoder_is_refused_before_anything_is_encoded(
    runs: dict[str, Path], place: Path, monkeypatch
) -> None:
    enrolled(runs)
    before = held()
    shutil.copytree(runs["run"], "moved")
    monkeypatch.setattr(TrainedEncoder, "encode", None)
    for other, differs in (("other", "its weights"), ("head", "its weights and its head")):
        sentence = refused("enrol", "g.gallery", "probes", "--run", runs[other])
        assert sentence.startswith(
            f"g.gallery is bound to another encoder than {runs[other]}, which differs in {differs}"
        )
        assert "is bound to another encoder" in refused(
            "identify", "g.gallery", "probes", "--run", runs[other]
        )
    config, record = Path("moved/config.yaml"), json.loads(Path("moved/run.json").read_text())
    config.write_text(config.read_text().replace("  flip: false", "  flip: true"))
    assert "evaluation.flip" in refused("identify", "g.gallery", "probes", "--run", "moved")
    record["config"]["evaluation"]["flip"] = True
    write_record(Path("moved"), record)
    sentence = refused("identify", "g.gallery", "probes", "--run", "moved")
    assert "which differs in whether mirrored images are encoded too: name" in sentence
    assert held() == before


def test_a_run_that_was_moved_is_named(runs: dict[str, Path], place: Path) -> None:
    shutil.copytree(runs["run"], "first")
    said("gallery", "create", "g.gallery", "--run", "first")
    shutil.move("first", "moved")
    assert re.match(
        r"The encoder of g\.gallery is no longer at .*first: say with --run",
        refused("enrol", "g.gallery", "people"),
    )
    said("enrol", "g.gallery", "people", "--run", "moved")


def test_what_can_not_be_enrolled_changes_nothing(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    before = held()
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken/a.png").write_bytes(b"no image")
    shutil.copytree("people/P0", "flat")
    shutil.copytree("people/P0", "two/Bob")
    for words, sentence in (
        (["gone"], "Nothing says who is shown in gone, which is missing,: give a name with --name."),
        (["empty"], "There is no image in empty: name a folder that holds some."),
        (["empty", "--name", "Ada"], "There is no image in empty: name a folder that holds some."),
        (["people/P0/0.png"], "Nothing says who is shown in people/P0/0.png: give a name with --name."),
        (
            ["flat"],
            "The images lie directly in flat: give a name with --name, or make a folder for each subject.",
        ),
        (["people", "--id", "7"], "--id is somebody's: say with --name who it is."),
        (["probes/P0", "--name", "P0", "--id", "2"], "The id 2 is that of P1: give P0 another one."),
        (["broken", "--name", "Ada"], "Nobody was enrolled: none of the images can be used."),
        (
            ["people", "--weights", "w"],
            "--weights are a detector's: name it with --detector, or leave them out.",
        ),
    ):
        assert refused("enrol", "g.gallery", *words) == sentence
    assert "P0/0.png is an image of P0 (1) already" in refused("enrol", "g.gallery", "two").replace(
        "two/Bob", "P0"
    )
    assert re.match(r".*3\.png and .*3\.png are one image, but .* and .* are two", refused_two(place))
    assert held() == before


def refused_two(place: Path) -> str:
    for name in ("Ann", "Ben"):
        shutil.copytree("probes/P1", f"same/{name}")
    return refused("enrol", "g.gallery", "same")


def test_an_unreadable_image_is_left_out_and_told(runs: dict[str, Path], place: Path) -> None:
    Path("people/P1/bad.png").write_bytes(b"no image")
    said("gallery", "create", "g.gallery", "--run", runs["run"])
    done = invoked("enrol", "g.gallery", "people")
    assert done.exit_code == 0
    assert re.search(r"left out: .*bad\.png is not an image that can be read", done.stderr)
    assert "P1 (2): 3 templates added" in done.stdout
    done = invoked("identify", "g.gallery", "people/P1", *RATES)
    assert done.stdout.count(".png: ") == 3
    assert "bad.png" in done.stderr
    assert "bad.png is not an image" in refused("identify", "g.gallery", "people/P1/bad.png", *RATES)
    assert "bad.png is not an image" in refused(
        "verify", "people/P1/bad.png", "--claim", "P1", "--gallery", "g.gallery"
    )


def test_names_that_are_not_in_utf8_are_said_so(runs: dict[str, Path], place: Path) -> None:
    """Those of a folder, of a file, and of a gallery."""
    enrolled(runs)
    before = held()
    folder, file = os.fsdecode(b"bad/\xff\xfe"), os.fsdecode(b"mixed/Bob/\xff.png")
    shutil.copytree("probes/P0", folder)
    shutil.copytree("probes/P1", "mixed/Bob")
    shutil.copy("probes/P2/3.png", file)
    assert r"\udcff\udcfe is no name that can be shown" in refused("enrol", "g.gallery", "bad")
    assert refused("gallery", "create", os.fsdecode(b"\xff.gallery"), "--run", runs["run"]).startswith(
        r"\udcff.gallery is not in UTF-8"
    )
    assert r"\udcff is no name" in refused("gallery", "rename", "g.gallery", "P0", os.fsdecode(b"\xff"))
    assert r"\udcff is not in UTF-8" in refused("gallery", "show", "g.gallery", os.fsdecode(b"\xff"))
    assert held() == before
    done = invoked("enrol", "g.gallery", "mixed")
    assert done.stdout == "Bob (5): 1 template added\n"
    assert r"left out: mixed/Bob/\udcff.png is not in UTF-8: give it another name." in done.stderr
    assert r"\udcff.png is not in UTF-8" in refused("identify", "g.gallery", file, *RATES)
    done = invoked("gallery", "create", "h.gallery", "--run", runs["run"], "--cohort", "bad")
    assert done.exit_code == 1
    assert "holds no image of a stranger that can be read" in done.output


def test_a_claim_is_of_somebody_who_is_there(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    claim = ["verify", "probes/P0/3.png", "--gallery", "g.gallery", "--claim"]
    assert refused(*claim, "Eve").startswith("Nobody in g.gallery is called Eve: known are 1, 2, 3, 4, P0")
    said("enrol", "g.gallery", "probes/P1", "--name", "P0", "--id", "second")
    assert refused(*claim, "P0") == "P0 says not who it is, 2 are called so: give an id, one of 1, second."
    said(*claim, "second", "--far", 0.1)
    assert "too few for --far 0.0001" in refused(*claim, "1", "--far", 0.0001)
    assert refused("verify", "a.png", "b.png", "--claim", "P0", "--gallery", "g.gallery").startswith(
        "Give one image"
    )
    assert (
        refused("verify", "a.png", "--claim", "P0")
        == "--claim is looked up in a gallery: name it with --gallery."
    )
    assert refused("verify", "a.png").startswith("Give two images and --run, or one image with --claim")


def test_the_cohort_is_of_strangers(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    text = said("gallery", "calibrate", "g.gallery", "--cohort", "strangers", *BOTH_RATES)
    assert "chosen on 20 images of 5 strangers" in text
    assert "claims to a subject of 3 templates: threshold " in text
    assert "X0/0.png is in the cohort of g.gallery" in refused(
        "enrol", "g.gallery", "strangers/X0", "--name", "Xavier"
    )
    for words in (["enrol", "g.gallery", "probes/P0", "--name"], ["gallery", "rename", "g.gallery", "P0"]):
        assert refused(*words, "X0").startswith("X0 is somebody of the cohort of g.gallery, which must be")
    shutil.copytree("strangers", "mixed")
    shutil.copytree("people/P0", "mixed/somebody")
    sentence = refused("gallery", "calibrate", "g.gallery", "--cohort", "mixed", *RATES)
    assert re.search(
        r"somebody/\d\.png of the cohort's somebody is an image of P0 \(1\), who is enrolled", sentence
    )
    shutil.copytree("strangers", "shared")
    shutil.copy("strangers/X0/0.png", "shared/X1/again.png")
    sentence = refused("gallery", "calibrate", "g.gallery", "--cohort", "shared", *RATES)
    assert re.search(
        r"X0/0\.png and .*X1/again\.png are one image, but X0 and X1 are two strangers", sentence
    )
    shutil.copytree("strangers", "named")
    shutil.move("named/X0", "named/P1")
    sentence = refused("gallery", "calibrate", "g.gallery", "--cohort", "named", *RATES)
    assert sentence.startswith("P1 is in the cohort, and somebody of that name is enrolled")
    shutil.move("named/P1", "named/1")  # as P0's id, which is nobody's name
    said("gallery", "calibrate", "g.gallery", "--cohort", "named", *BOTH_RATES)
    said("gallery", "calibrate", "g.gallery", "--cohort", "strangers", *BOTH_RATES)
    assert "There is no folder gone" in refused(
        "gallery", "calibrate", "g.gallery", "--cohort", "gone"
    ).replace(str(place) + "/", "")
    assert "chosen on 20 images of 5 strangers" in said("gallery", "calibrate", "g.gallery", *BOTH_RATES)
    assert "too small for --fpir 0.02, which takes at least 49" in refused("identify", "g.gallery", "probes")


def test_a_calibration_that_is_refused_changes_nothing(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    said("gallery", "calibrate", "g.gallery", "--cohort", "strangers", *BOTH_RATES)
    shutil.copytree("strangers/X0", "few/X0")
    for rates, why in (
        (RATES, r"few has a cohort of 1 stranger, too small for --fpir 0\.2, which takes at least 4"),
        (["--fpir", "0"], r"--fpir 0 is no share of searches"),
    ):
        words = ["gallery", "calibrate", "g.gallery", "--cohort", "few", "--score", "maximum", *rates]
        assert re.search(why, refused(*words))
        with open_store(Path("g.gallery")) as store:
            contents = store.contents()
        assert len(contents.cohort.images) == 20
        assert contents.settings.cohort_from == str(place / "strangers")
        assert contents.settings.score.value == "mean"
    sentence = refused("gallery", "calibrate", "g.gallery", "--score", "maximum", "--fpir", "0.01")
    assert "g.gallery has a cohort of 5 strangers, too small for --fpir 0.01" in sentence
    with open_store(Path("g.gallery")) as store:
        assert store.settings().score.value == "mean"


def test_corrections_are_kept_when_the_folder_is_enrolled_again(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    assert said("gallery", "split", "g.gallery", "P0", "people/P0/0.png", "--name", "Zoe").startswith(
        "1 template of P0"
    )
    assert said("gallery", "merge", "g.gallery", "P1", "P2") == "P2 (3) became P1 (2)\n"
    assert said("gallery", "correct", "g.gallery", "people/P3/0.png", "--is", "P1").endswith(
        "is of P1 (2), and no longer of P3 (4)\n"
    )
    before = held()
    done = invoked("enrol", "g.gallery", "people")
    assert done.exit_code == 0, done.output
    assert re.search(r"P0/0\.png stays an image of Zoe \(5\), as somebody said\.", done.stderr)
    assert held() == before
    assert "These are all images of" in refused(
        "gallery", "split", "g.gallery", "Zoe", "people/P0/0.png", "--name", "A"
    )
    assert "is no image of P1 (2)" in refused(
        "gallery", "split", "g.gallery", "P1", "people/P0/0.png", "--name", "A"
    )
    assert refused("gallery", "split", "g.gallery", "P1", "99", "--name", "A").startswith(
        "99 is the number of no template of P1 (2): likeness gallery show lists"
    )
    assert "take it from there" in refused(
        "gallery", "correct", "g.gallery", "people/P1/0.png", "--not", "P1"
    )
    assert "Say with --is" in refused("gallery", "correct", "g.gallery", "people/P1/0.png")
    assert "named twice" in refused("gallery", "merge", "g.gallery", "P1", "P1")
    assert said("gallery", "rename", "g.gallery", "Zoe", "Eve") == "Zoe (5) is called Eve\n"
    assert said("gallery", "remove", "g.gallery", "P1", "people/P1/0.png").endswith("removed 1 template\n")
    assert said("gallery", "remove", "g.gallery", "P1").endswith("removed P1 (2)\n")


def test_who_was_removed_is_told_while_a_copy_is_left(
    runs: dict[str, Path], place: Path, monkeypatch
) -> None:
    enrolled(runs)
    monkeypatch.setattr(stores.open_store, "__defaults__", (0.05,))
    with open_store(Path("g.gallery")) as reading, reading._database.transaction(writes=False):
        assert reading._rows.counted()
        done = invoked("gallery", "remove", "g.gallery", "P1")
    assert done.exit_code == 1
    assert (
        "P1/2.png\nremoved P1 (2)\nlikeness: It is removed, but another process still reads g.gallery"
        in done.output
    )
    assert refused("gallery", "remove", "g.gallery", "P1") == (
        "Nobody in g.gallery is called P1: likeness gallery list tells who is there."
    )


def test_a_gallery_is_exported_checked_and_imported(runs: dict[str, Path], place: Path, monkeypatch) -> None:
    enrolled(runs)
    said("gallery", "export", "g.gallery", "-o", "out")
    said("gallery", "import", "out", "again.gallery")
    probes = ["probes", "--json", *RATES]
    assert said("identify", "again.gallery", *probes) == said("identify", "g.gallery", *probes)
    text = said("gallery", "check", "again.gallery", "-o", "sheet.png", *BOTH_RATES)
    assert text.startswith("probably mislabelled: ")
    assert Path("sheet.png").is_file() == text.endswith("sheet.png\n")
    Path("sheet.png").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "locked")  # whom root asks may always
    Path("locked").mkdir()
    with monkeypatch.context() as nothing:
        nothing.setattr(check, "check", None)
        for output, why in (
            ("s.txt", "give it a suffix that is known"),
            ("gone/s.png", "there is no folder gone"),
            ("locked/s.png", "Permission denied"),
            ("sheet.png", "is there already: give another name, or overwrite it with --force"),
        ):
            assert why in refused("gallery", "check", "again.gallery", "-o", output, *BOTH_RATES)
    Path("again.gallery").write_bytes(Path("again.gallery").read_bytes()[:100_000])
    assert "damaged" in refused("gallery", "check", "again.gallery", *BOTH_RATES)


def test_a_gallery_moves_to_another_encoder(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    said("gallery", "merge", "g.gallery", "P1", "P2")
    before = held()
    told = said("gallery", "reencode", "g.gallery", "--run", runs["other"], *RATES)
    assert re.match(r"\d+ of 12 templates get another verdict", told)
    assert told.endswith("g.gallery is as it was: --switch gives it the new encoder\n")
    assert held() == before
    shutil.copytree("strangers", "mixed")
    shutil.copytree("people/P0", "mixed/somebody")
    assert "of the cohort's somebody is an image of P0 (1), who is enrolled" in refused(
        "gallery", "reencode", "g.gallery", "--run", runs["other"], "--cohort", "mixed", *RATES
    )
    shutil.move("people", "renamed")
    move = ["gallery", "reencode", "g.gallery", "--run", runs["other"], "--switch", *RATES]
    assert re.match(r"12 of the 12 enrolled images of g\.gallery are gone", refused(*move))
    assert held() == before
    told = said(*move, "--images", "renamed")
    assert told.endswith(f"g.gallery has the encoder {runs['other']} now\n")
    after = held()
    assert (after[0], after[3]) == (before[0], before[3])
    assert after[2] != before[2]
    assert [one.image.content for one in after[1]] == [one.image.content for one in before[1]]
    assert "is bound to another encoder" in refused("identify", "g.gallery", "probes", "--run", runs["run"])
    said("identify", "g.gallery", "probes", *RATES)
    expected = Path("expected.gallery")
    said("gallery", "create", expected, "--run", runs["other"])
    said("enrol", expected, "renamed")
    with open_store(expected) as fresh:
        contents = fresh.contents()
    with open_store(Path("g.gallery")) as moved:
        found = moved.contents()
    assert np.array_equal(found.encodings, contents.encodings)
    assert np.array_equal(found.cohort.encodings, contents.cohort.encodings)


def test_a_learned_head_compares(runs: dict[str, Path], place: Path) -> None:
    enrolled(runs, "head")
    assert refused("identify", "g.gallery", "probes", "--run", "e.onnx", *RATES).startswith(
        "The encoder of g.gallery is no longer at e.onnx: say with --run where it is"
    )
    Path("e.onnx").write_bytes(b"")
    assert refused("identify", "g.gallery", "probes", "--run", "e.onnx", *RATES).startswith(
        "g.gallery is bound to a run, and e.onnx is an ONNX file: name the run's folder with --run"
    )
    with open_store(Path("g.gallery")) as store:
        store._rows.settings.set({"where": str(place / "moved")})
    move = ["gallery", "reencode", "g.gallery", "--run", runs["run"], *RATES]
    assert refused(*move).endswith("moved: say with --before where it is.")
    assert "of 12 templates get another verdict" in said(*move, "--before", runs["head"])
    with open_store(Path("g.gallery")) as store:
        store._rows.settings.set({"where": str(runs["head"])})
    found = json.loads(said("identify", "g.gallery", "probes", "--json", *RATES))
    assert found["unit"] == "minus the log odds that it is one identity"
    verdict = said("verify", "probes/P1/3.png", "--claim", "P1", "--gallery", "g.gallery", "--far", 0.1)
    distance = float(re.search(r"distance     (\S+)", verdict)[1])
    (own,) = [
        one["distance"]
        for probe in found["probes"]
        if "P1" in probe["file"]
        for one in probe["candidates"]
        if one["name"] == "P1"
    ]
    assert distance == pytest.approx(own, rel=1e-3)
    said("gallery", "check", "g.gallery", *BOTH_RATES)
    said("gallery", "calibrate", "g.gallery", "--score", "maximum", *BOTH_RATES)
    said("identify", "g.gallery", "probes", *RATES)


def test_an_onnx_encoder_needs_a_cohort(place: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    flatten = helper.make_node("Flatten", ["x"], ["y"], axis=1)
    graph = helper.make_graph(
        [flatten],
        "pixels",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 768])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, "e.onnx")
    size = "backbone.spatial_size=16"
    done = invoked("gallery", "create", "g.gallery", "--run", "e.onnx", size)
    assert done.exit_code == 0, done.output
    assert "no strangers to choose thresholds on" in done.stdout
    assert "cohort    none: give one with likeness gallery calibrate" in said("gallery", "show", "g.gallery")
    said("enrol", "g.gallery", "people")
    assert "has no threshold, as it knows no strangers" in refused("identify", "g.gallery", "probes", *RATES)
    said("gallery", "calibrate", "g.gallery", "--cohort", "strangers", *BOTH_RATES)
    assert f"{place / 'strangers'}: 20 images of 5 strangers" in said("gallery", "show", "g.gallery")
    said("identify", "g.gallery", "probes", *RATES)
    Path("e.onnx").write_bytes(Path("e.onnx").read_bytes().replace(b"pixels", b"PIXELS"))
    assert "which differs in its weights" in refused("identify", "g.gallery", "probes", *RATES)
    assert "the network is the run's own" in refused(
        "gallery", "create", "h.gallery", "--run", "people", size
    )


def test_an_onnx_encoder_has_its_weights_in_its_file(place: Path) -> None:
    """Those in another file could be changed, and the gallery would not know."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).standard_normal((768, 16)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["x"], ["f"], axis=1),
            helper.make_node("MatMul", ["f", "w"], ["y"]),
        ],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 16])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, "whole.onnx")
    onnx.save_model(model, "parts.onnx", save_as_external_data=True, location="w.data", size_threshold=0)
    words = ["gallery", "create", "g.gallery", "backbone.spatial_size=16", "--cohort", "strangers", "--run"]
    assert refused(*words, "parts.onnx").startswith("parts.onnx keeps weights in files beside it: write them")
    said(*words, "whole.onnx")


def faces(images: Sequence[Tensor]) -> list[Detections]:
    """Two faces in a wide image, one in a high one, none in a square one."""
    points = torch.tensor([[10.0, 12], [22, 12], [16, 18], [11, 24], [21, 24]])
    found = []
    for image in images:
        height, width = image.shape[1:]
        number = 2 if width > height else 1 if height > width else 0
        boxes = torch.tensor([[4.0, 4, 28, 28], [30, 4, 60, 34]])[:number]
        found.append(
            Detections(boxes, torch.full((number,), 0.9), torch.stack([points, points + 2])[:number])
        )
    return found


def test_faces_of_photographs_are_told(runs: dict[str, Path], place: Path, monkeypatch) -> None:
    monkeypatch.setattr(detectors, "published_mtcnn", lambda *arguments, **options: faces)
    Path("photos/Ada").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for name, shape in (("none", (40, 40)), ("one", (60, 40)), ("two", (40, 80))):
        Image.fromarray(draw.integers(0, 255, (*shape, 3), dtype=np.uint8)).save(f"photos/Ada/{name}.png")
    said("gallery", "create", "g.gallery", "--run", runs["run"])
    done = invoked("enrol", "g.gallery", "photos", "--detector", "mtcnn")
    assert done.stdout == "Ada (1): 2 templates added\n"
    assert re.search(r"left out: No face was found in .*none\.png", done.stderr)
    assert re.search(r"two\.png shows 2 faces: the largest is taken", done.stderr)
    shown = json.loads(said("gallery", "show", "g.gallery", "Ada", "--json"))
    assert {one["detector"] for one in shown["templates"]} == {"mtcnn"}
    claim = ["verify", "--claim", "Ada", "--gallery", "g.gallery", "--detector", "mtcnn", "--far", 0.1]
    assert "No face was found in " in refused(*claim, "photos/Ada/none.png")
    assert invoked(*claim, "photos/Ada/two.png").stderr.endswith(
        "two.png shows 2 faces: the largest is taken.\n"
    )
    note = "g.gallery holds faces that mtcnn found, and these images are taken whole: where they are photographs, "
    for words in (
        ["identify", "g.gallery", "people/P0", *RATES],
        ["enrol", "g.gallery", "people/P0", "--name", "P"],
    ):
        assert note not in invoked(*words, "--detector", "mtcnn").stderr
        assert note + "run again with --detector mtcnn." in invoked(*words).stderr
    said("gallery", "remove", "g.gallery", "P")
    assert note in invoked("gallery", "calibrate", "g.gallery", "--cohort", "strangers", *BOTH_RATES).stderr
    assert note in invoked(*claim[:5], "people/P0/0.png", "--far", 0.1).stderr
    told = said("gallery", "reencode", "g.gallery", "--run", runs["run"], *RATES)
    assert told.startswith("0 of 2 templates get another verdict\n")


def test_commands_import_no_more_than_they_need(command, runs: dict[str, Path], place: Path) -> None:
    enrolled(runs)
    script = (
        "import sys; from typer.testing import CliRunner; from likeness.cli import app\n"
        "for words in (['list'], ['show'], ['show', 'P0'], ['merge', 'P0', 'P1'], ['rename', 'P0', 'Ada'], "
        "['remove', 'Ada']):\n"
        "    done = CliRunner().invoke(app, ['gallery', words[0], 'g.gallery', *words[1:]])\n"
        "    assert done.exit_code == 0, done.output\n"
        "print('torch' in sys.modules)\n"
        "done = CliRunner().invoke(app, ['identify', 'g.gallery', 'probes/P3', '--fpir', '0.2'])\n"
        "assert done.exit_code == 0, done.output\n"
        "heavy = {'torchvision', 'pytorch_lightning', 'timm', 'scipy', 'sklearn', 'matplotlib', 'psycopg'}\n"
        "print(heavy.intersection(sys.modules))"
    )
    done = command("-c", script)
    assert done.stdout == "False\nset()\n", done.stderr + done.stdout
