"""A gallery goes out as JSON and arrays and comes back the same; a folder that is none makes no gallery."""

import json
import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest
from drawn_galleries import enrolment, filled, image

from likeness.applications.gallery import transfer
from likeness.applications.gallery.store import Store, Subject, Whom
from likeness.applications.gallery.stores import open_store
from likeness.applications.gallery.transfer import export, import_gallery
from likeness.errors import LikenessError


@pytest.fixture
def store(where: str):
    with filled(where) as store:
        changed(store)
        yield store


def changed(store: Store) -> None:
    store.merge(store.subject("S0"), [store.subject("S4")])
    store.split(store.subject("S1"), [image("S1-2").content], Whom("<Zoë>", "z"))
    store.rename(store.subject("S2"), "S1")  # two of one name


def held(store: Store) -> list[object]:
    """What it holds, but for its own numbers and the order of subjects' templates."""
    contents = store.contents()
    return [
        contents.settings,
        [(one.id, one.name) for one in contents.subjects],
        sorted(
            (contents.subjects[row].id, template.image, encoding.tobytes())
            for row, template, encoding in zip(
                contents.row.tolist(), contents.templates, contents.encodings, strict=True
            )
        ),
        (contents.cohort.subjects, contents.cohort.images, contents.cohort.encodings.tobytes()),
        contents.corrections,
    ]


def test_what_goes_out_comes_back(store: Store, tmp_path: Path) -> None:
    folder, again = tmp_path / "out", tmp_path / "again.gallery"
    assert export(store, folder) == "8 subjects, 24 templates"
    assert import_gallery(folder, again) == "8 subjects, 24 templates"
    with open_store(again) as other:
        assert held(other) == held(store)
        assert other.damage() == []
    assert sorted(file.name for file in folder.iterdir()) == ["cohort.npy", "gallery.json", "templates.npy"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads((folder / "gallery.json").read_text())["subjects"][-1] == {"id": "z", "name": "<Zoë>"}
    with pytest.raises(LikenessError, match="holds files already"):
        export(store, folder)
    with pytest.raises(LikenessError, match="is there already"):
        import_gallery(folder, again)


def test_a_gallery_moves_from_a_file_to_a_database_and_back(address: str, tmp_path: Path) -> None:
    with filled(tmp_path / "people.gallery") as store:
        changed(store)
        expected = held(store)
        export(store, tmp_path / "out")
    import_gallery(tmp_path / "out", address)
    with open_store(address) as moved:
        assert held(moved) == expected
        export(moved, tmp_path / "back")
    for name in ("gallery.json", "templates.npy", "cohort.npy"):
        assert (tmp_path / "back" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_an_export_that_was_cut_short_leaves_nothing_and_is_done_again(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "out"
    with filled(tmp_path / "people.gallery") as store:
        monkeypatch.setattr(
            transfer, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left"))
        )
        with pytest.raises(LikenessError, match="can't be written"):
            export(store, folder)
        monkeypatch.undo()
        assert list(folder.iterdir()) == []
        for name in ("templates.npy", "cohort.npy.partial", "gallery.json.partial"):
            (folder / name).write_bytes(b"of an export that was killed")
        export(store, folder)
        assert sorted(file.name for file in folder.iterdir()) == [
            "cohort.npy",
            "gallery.json",
            "templates.npy",
        ]
        import_gallery(folder, tmp_path / "again.gallery")
        (folder / "gallery.json").unlink()
        (folder / "mine.txt").write_text("mine")
        with pytest.raises(LikenessError, match="holds files already"):
            export(store, folder)
        assert (folder / "templates.npy").exists()


def test_an_export_is_its_owner_s_alone_in_a_folder_that_others_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with filled(tmp_path / "people.gallery") as store:
            export(store, folder)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_an_id_that_was_removed_is_not_given_again_after_an_import(where: str, tmp_path: Path) -> None:
    with filled(where) as store:
        store.remove(store.subject("S7"))
        store.remove(store.subject("S0"))
        export(store, tmp_path / "out")
        import_gallery(tmp_path / "out", tmp_path / "again.gallery")
        after = []
        for gallery in (store, open_store(tmp_path / "again.gallery")):
            encodings = np.zeros((1, 24), np.float32)
            after.append(gallery.enrol([enrolment("Ada", encodings)])[0].subject)
        assert after == [Subject(9, "9", "Ada")] * 2
        gallery.close()
    plain = json.loads((tmp_path / "out" / "gallery.json").read_text())
    assert plain.pop("given") == 8
    (tmp_path / "out" / "gallery.json").write_text(json.dumps(plain))  # as earlier programs wrote it
    import_gallery(tmp_path / "out", tmp_path / "old.gallery")


def damaged_json(change):
    def damage(folder: Path) -> None:
        plain = json.loads((folder / "gallery.json").read_text())
        change(plain)
        (folder / "gallery.json").write_text(json.dumps(plain))

    return damage


class Pickled:
    """What would run code where it is unpickled."""

    def __reduce__(self):
        return (print, ("unpickled",))


def with_pickle(folder: Path) -> None:
    np.save(folder / "templates.npy", np.array([Pickled()], dtype=object), allow_pickle=True)


def zipped(folder: Path) -> None:
    (folder / "templates.npy").write_bytes(b"PK\x03\x04zip")


def archive(folder: Path) -> None:
    np.savez(folder / "templates.npz", a=1)
    (folder / "templates.npz").rename(folder / "templates.npy")


def huge(folder: Path) -> None:
    with (folder / "templates.npy").open("wb") as file:
        shape = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 1000)}
        np.lib.format.write_array_header_1_0(file, shape)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "gallery.json").unlink(), r"is no exported gallery \(No such file"),
        (lambda folder: (folder / "gallery.json").write_text("{"), "is no whole export of a gallery"),
        (lambda folder: (folder / "templates.npy").unlink(), r"No such file or directory: .*templates\.npy"),
        (lambda folder: (folder / "templates.npy").write_bytes(b""), r"templates\.npy is cut short|no whole"),
        (lambda folder: (folder / "cohort.npy").write_bytes(pickle.dumps(1)), "is no whole export"),
        (with_pickle, "is of object, not of numbers of 32 bits"),
        (lambda folder: np.save(folder / "templates.npy", np.zeros((3, 24), np.float32)), "is not 24 x 24"),
        (
            lambda folder: np.save(folder / "templates.npy", np.full((24, 24), np.nan, np.float32)),
            "holds what is not finite",
        ),
        (damaged_json(lambda plain: plain.pop("encoder")), r"gallery\.json at encoder: Field required"),
        (
            damaged_json(lambda plain: plain.update(format="likeness gallery 2")),
            "its format is likeness gallery 2",
        ),
        (damaged_json(lambda plain: plain.update(score="best")), "'best' is not a valid Score"),
        (
            damaged_json(lambda plain: plain["templates"][0].update(subject="nobody")),
            "it has no subject nobody",
        ),
        (
            damaged_json(lambda plain: plain["subjects"][0].update(id="z")),
            "it has no subject 1",
        ),
        (
            damaged_json(lambda plain: plain["templates"][0].update(file=3)),
            r"templates\.0\.file: Input should be a valid string",
        ),
        (damaged_json(lambda plain: plain["subjects"][0].update(name=None)), r"at subjects\.0\.name: Input"),
        (damaged_json(lambda plain: plain["subjects"][0].update(name=["x"])), r"at subjects\.0\.name: Input"),
        (damaged_json(lambda plain: plain["subjects"][0].update(name="")), "A subject's name is empty"),
        (
            damaged_json(lambda plain: plain["subjects"][0].update(name="a\nb")),
            "is no name that can be shown",
        ),
        (
            damaged_json(lambda plain: plain["cohort"][0].update(subject=None)),
            r"at cohort\.0\.subject: Input",
        ),
        (
            damaged_json(lambda plain: plain.update(subjects={"a": 1})),
            "at subjects: Input should be a valid list",
        ),
        (damaged_json(lambda plain: plain.update(where=3)), "at where: Input should be a valid string"),
        (damaged_json(lambda plain: plain["encoder"].pop("embedder")), "its encoder has no embedder"),
        (
            damaged_json(lambda plain: plain["encoder"].update(dimensions=None)),
            "its encoder has no dimensions",
        ),
        (
            damaged_json(lambda plain: plain["templates"][0].update(content=plain["cohort"][0]["content"])),
            "is a subject's and the cohort's",
        ),
        (
            damaged_json(lambda plain: plain["corrections"][0].update(first="a", second="a")),
            "a correction is of an image and itself",
        ),
        (lambda folder: (folder / "gallery.json").write_text("[" * 100_000), "is too deep|whole export"),
        (lambda folder: (folder / "gallery.json").write_text("[]"), "gallery.json: Input should be a valid"),
        (lambda folder: (folder / "gallery.json").write_bytes(b"\xff\xfe"), "is no whole export"),
        (zipped, r"templates\.npy is no NumPy array"),
        (archive, r"templates\.npy is no NumPy array"),
        (huge, r"templates\.npy is cut short"),
        (
            damaged_json(lambda plain: plain["corrections"][0].update(kind="may")),
            r"corrections\.0\.kind: Input should be",
        ),
    ],
)
def test_a_folder_that_is_no_whole_export_makes_no_gallery(tmp_path: Path, damage, said: str) -> None:
    folder, again = tmp_path / "out", tmp_path / "again.gallery"
    with filled(tmp_path / "people.gallery") as store:
        changed(store)
        export(store, folder)
    damage(folder)
    with pytest.raises(LikenessError, match=said):
        import_gallery(folder, again)
    assert not again.exists()
