"""Eight clients at once, for a few seconds, are answered without an error: the load of the benchmark, in short."""

import sys
from importlib import util
from pathlib import Path

import pytest
from served_galleries import TOKEN, made_gallery, running, site_of

from likeness.config.groups import CONF

SCRIPT = CONF.parent / "experiments" / "benchmarks" / "gallery" / "load.py"


def test_eight_clients_are_answered_without_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = util.spec_from_file_location("load", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    load = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "load", load)
    spec.loader.exec_module(load)
    gallery = made_gallery(tmp_path)
    pictures = sorted((tmp_path / "pictures of people.gallery").glob("*.png"))
    with running(site_of([gallery])) as address:
        answered = load.load(address, TOKEN, "people", pictures, seconds=2)
    assert [one.wrong for one in answered if one.wrong] == []
    kinds = {one.what for one in answered}
    assert {"enrol", "identify", "verify", "list", "page", "rename", "templates"} <= kinds
