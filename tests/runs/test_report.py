"""`likeness report`: one page that asks for nothing outside itself and says what the record says."""

import base64
import io
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from past_samples import sample_record, write_sample
from PIL import Image

from likeness.errors import LikenessError
from likeness.recipes.embedding.family import EMBEDDING
from likeness.runs.report.write import write_report

VOID = {"meta", "img", "br", "link"}
EVIL = "</pre></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ title.nothing }}"


class Page(HTMLParser):
    """What a browser would see: elements with attributes, and the text; raises where elements don't nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(folder: Path) -> Page:
    return Page(write_report(folder, EMBEDDING.presentation).read_text())


def add_figure(folder: Path, name: str, size: tuple[int, int] = (40, 30)) -> bytes:
    (folder / "figures").mkdir(exist_ok=True)
    Image.new("RGB", size, (0, 114, 178)).save(folder / "figures" / f"{name}.png")
    return (folder / "figures" / f"{name}.png").read_bytes()


def assert_self_contained(seen: Page) -> None:
    assert {tag for tag, _ in seen.elements}.isdisjoint({"script", "link", "iframe", "object", "a", "base"})
    for _, attributes in seen.elements:
        assert (attributes.get("src") or "data:").startswith("data:")
        assert not {"href", "srcset", "background", "style"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    (policy,) = [meta["content"] for meta in seen.all("meta") if "http-equiv" in meta]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_the_page_needs_nothing_else_and_has_the_figures_as_they_are(tmp_path: Path) -> None:
    folder = write_sample(tmp_path, sample_record())
    names = ["zebra", "hardest_pairs", "roc", "training"]
    figures = {name: add_figure(folder, name) for name in names}
    text = write_report(folder, EMBEDDING.presentation).read_text()
    seen = Page(text)
    assert_self_contained(seen)
    assert not re.search(r"url\(|@import|https?://", text)
    shown = [(image["src"] or "").partition(",")[2] for image in seen.all("img")]
    expected = ["training", "roc", "hardest_pairs", "zebra"]
    assert [base64.b64decode(one) for one in shown] == [figures[name] for name in expected]
    Image.open(io.BytesIO(base64.b64decode(shown[0]))).verify()


def test_every_metric_stands_at_its_recorded_value(tmp_path: Path) -> None:
    record = sample_record(accuracy=0.1 + 0.2)
    record["results"]["raw pixels"] = {
        "retrieval/map@r": {"value": 1 / 3, "count": 1234567, "low": 0.3, "high": 0.4}
    }
    seen = page(write_sample(tmp_path, record))
    values = [float(data["value"] or "") for data in seen.all("data")]
    recorded = [one["value"] for results in record["results"].values() for one in results.values()]
    assert sorted(values) == sorted(value for value in recorded if value is not None)
    assert "1,234,567" in seen.text
    assert "[30.0, 40.0]" in seen.text
    assert seen.text.count("too few to tell") == 2
    for key, value in {"loss.margin": "0.2", "package-7": "7.0.7", "train.sha256": "a" * 64}.items():
        assert re.search(rf"{re.escape(key)}\s*{re.escape(value)}", seen.text)


def test_what_others_wrote_is_text(tmp_path: Path) -> None:
    record: dict[str, Any] = sample_record()
    record |= {"reason": EVIL, "broken_pictures": [EVIL] * 101, "command": ["train.py", EVIL]}
    record["config"][EVIL] = EVIL
    record["config"]["loss"]["margin"] = EVIL
    record["results"][EVIL] = record["results"]["trained"]
    record["metrics"][EVIL] = {"step": 1, "value": 0.5}
    record["source"] |= {"untracked": {EVIL: EVIL}, "diff": sha256(EVIL.encode()).hexdigest()}
    folder = write_sample(tmp_path, record)
    (folder / "source.diff").write_text(EVIL)
    seen = page(folder)
    assert_self_contained(seen)
    assert seen.all("img") == []
    assert seen.text.count(EVIL) >= 107


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed", "reason": "The loss is nan", "results": None, "metrics": {}},
        {"status": "running", "results": None},
        {"source": None, "overrides": None},
    ],
)
def test_an_unfinished_run_has_a_page_too(tmp_path: Path, change: dict[str, Any]) -> None:
    seen = page(write_sample(tmp_path, {**sample_record(), **change}))
    assert_self_contained(seen)
    assert change.get("reason", "sample/") in seen.text
    assert {"failed": "failed", "running": "killed"}.get(change.get("status", ""), "finished") in seen.text


def test_the_record_as_it_was_when_the_run_began_has_a_page(tmp_path: Path) -> None:
    record = sample_record()
    for later in ("results", "metrics", "checkpoints", "cost", "ended", "broken_pictures"):
        del record[later]
    folder = tmp_path / "sample" / "run"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**record, "status": "running"}))
    assert_self_contained(page(folder))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep over two margins and two seeds, one job of which failed."""
    folder = tmp_path / "sample" / "sweeps" / "0123"
    folder.mkdir(parents=True)
    jobs = [
        {
            "number": number,
            "trial": number // 2,
            "words": [f"loss.margin={0.1 + 0.1 * (number // 2)}", f"seed={number % 2}"],
            "parameters": {"loss.margin": 0.1 + 0.1 * (number // 2), "seed": number % 2},
            "key": str(number),
            "run": f"../../{number}",
            "status": "finished" if number < 3 else "failed",
            "reason": None if number < 3 else EVIL,
            "values": [0.9 + 0.01 * number] if number < 3 else [],
            "intervals": [[0.8, 0.95]] if number < 3 else [],
        }
        for number in range(4)
    ]
    trials = [
        {
            "number": 0,
            "parameters": {"loss.margin": 0.1},
            "jobs": [0, 1],
            "status": "finished",
            "values": [{"value": 0.905, "low": 0.84, "high": 0.97, "seeds": 2}],
        },
        {"number": 1, "parameters": {"loss.margin": 0.2}, "jobs": [2, 3], "status": "failed", "values": []},
    ]
    content = {
        "id": "0123",
        "name": "sample",
        "status": "finished",
        "source": None,
        "sampler": "grid",
        "objectives": [{"metric": "verification/accuracy", "direction": "maximize"}],
        "space": {"loss.margin": {"choices": [0.1, 0.2]}},
        "words": ["loss.margin=0.1,0.2", "seed=0,1"],
        "jobs": jobs,
        "trials": trials,
        "best": [0, 1],
    }
    (folder / "sweep.json").write_text(json.dumps(content))
    return folder


def test_a_sweep_has_its_trials_its_best_and_its_failures(sweep: Path) -> None:
    add_figure(sweep, "parallel_coordinates", (90, 30))
    seen = page(sweep)
    assert_self_contained(seen)
    values = [float(data["value"] or "") for data in seen.all("data")]
    assert values == [0.905, 0.9, 0.91, 0.92]
    assert re.search(r"0 \(best\)\s*0\.1\s*90\.50\s*\[84\.0, 97\.0\]\s*2\s*finished", seen.text)
    assert f"failed: {EVIL}" in seen.text
    assert "3 finished, 1 failed" in seen.text
    assert "loss.margin=0.2 seed=1" in seen.text
    assert [figure["class"] for figure in seen.all("figure")] == ["across"]


def test_a_folder_of_neither_and_a_damaged_record_are_said(tmp_path: Path, sweep: Path) -> None:
    with pytest.raises(LikenessError, match="is the folder of neither a run"):
        write_report(tmp_path, EMBEDDING.presentation)
    folder = write_sample(tmp_path, sample_record())
    (folder / "run.json").write_text("{")
    with pytest.raises(LikenessError, match="no record of a run that can be read"):
        write_report(folder, EMBEDDING.presentation)
    (sweep / "sweep.json").write_text("{")
    with pytest.raises(LikenessError, match=r"sweep\.json can't be read: it is no JSON"):
        write_report(sweep, EMBEDDING.presentation)
