"""Of what lies in a folder that may come from anywhere, only a package that is trusted is imported."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from likeness.config.own_modules import FOLDERS, look_for_modules_in, make_importable
from likeness.config.signature import imported
from likeness.config.trust import declared_packages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, as of pictures that were downloaded, with modules by names that libraries try to import."""
    for module in ("optional_extra", "hydra_plugins/evil", "mine", "beside_mine"):
        (tmp_path / module).with_suffix(".py").parent.mkdir(exist_ok=True)
        (tmp_path / module).with_suffix(".py").write_text("class Part: ...\n")
    (tmp_path / "evil-1.0.dist-info").mkdir()
    (tmp_path / "evil-1.0.dist-info" / "METADATA").write_text("Name: evil\nVersion: 1.0\n")
    (tmp_path / "evil-1.0.dist-info" / "entry_points.txt").write_text("[likeness.parts]\nevil = mine\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv(FOLDERS, "")
    for module in ("mine", "beside_mine"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    look_for_modules_in(tmp_path)
    return tmp_path


def test_nothing_of_the_folder_can_be_imported_or_declares_itself_a_part(folder: Path) -> None:
    assert str(folder) not in sys.path
    assert find_spec("optional_extra") is None
    assert find_spec("mine") is None
    assert "mine" not in declared_packages()
    plugins = find_spec("hydra_plugins")
    assert plugins is not None
    assert not any(place.startswith(str(folder)) for place in plugins.submodule_search_locations or ())


def test_a_package_that_is_asked_for_brings_what_lies_beside_it(folder: Path) -> None:
    assert imported("mine.Part").__module__ == "mine"
    assert sys.path[-1] == str(folder)
    assert find_spec("beside_mine") is not None


def test_what_is_installed_is_not_hidden(folder: Path) -> None:
    (folder / "yaml.py").write_text("raise SystemExit")
    make_importable("yaml.representer")
    assert str(folder) not in sys.path


def test_a_name_that_is_nowhere_changes_nothing(folder: Path) -> None:
    make_importable("nowhere.at.all")
    assert str(folder) not in sys.path


def test_folders_are_named_once_and_inherited(folder: Path) -> None:
    look_for_modules_in(folder, folder / "more")
    assert os.environ[FOLDERS].split(os.pathsep) == [str(folder), str(folder / "more")]
