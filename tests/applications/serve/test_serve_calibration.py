"""Strangers that are sent, and a check, give what the commands give; nothing is left of what is refused."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served_galleries import client_of, made_gallery, picture, sent, site_of
from typer.testing import CliRunner

from likeness.applications.gallery.stores import open_store
from likeness.applications.serve import kept_strangers
from likeness.cli import app

PEOPLE = "/v1/galleries/people"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_gallery(tmp_path_factory.mktemp("made"))


@pytest.fixture
def gallery(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def client(gallery: Path) -> Iterator[TestClient]:
    with client_of(site_of([gallery])) as client:
        yield client


def command(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


def of_strangers(first: int, number: int) -> list[tuple[str, Any]]:
    """Two pictures of each of so many strangers, as a form sends a folder."""
    return [
        part
        for person in range(first, first + number)
        for n in range(2)
        for part in sent(picture(person, n), called=f"strangers/Stranger {person}/{n}.png")
    ]


def ended(client: TestClient, begun: Any) -> dict[str, Any]:
    assert begun.status_code == 202, begun.text
    job = begun.json()
    for _ in range(600):
        job = client.get(f"/v1/jobs/{job['id']}").json()
        if job["state"] in ("finished", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def strangers_kept(gallery: Path) -> list[Path]:
    return list(gallery.with_name(f"{gallery.name}.pictures").glob("strangers-*"))


def test_thresholds_are_chosen_on_strangers_that_are_sent(client: TestClient, gallery: Path) -> None:
    job = ended(client, client.post(f"{PEOPLE}/cohorts", files=of_strangers(2000, 20), data={"fpir": "0.1"}))
    assert (job["state"], job["error"]) == ("finished", None)
    assert job["done"] == job["total"] == 40
    assert (job["calibration"]["cohort"], job["calibration"]["subjects"]) == (40, 20)
    (folder,) = strangers_kept(gallery)
    assert len(list(folder.glob("Stranger */*.png"))) == 40
    assert (folder.stat().st_mode & 0o777) == 0o700
    with open_store(gallery) as store:
        assert store.settings().cohort_from == str(folder)
    # the command, of the folder that is kept, says the same
    said = command("gallery", "calibrate", gallery, "--cohort", folder, "--fpir", "0.1").splitlines()
    assert job["calibration"]["said"][: len(said)] == said
    assert "Stranger 2000" not in json.dumps(client.get(f"{PEOPLE}/calibration?fpir=0.1").json())

    ended(client, client.post(f"{PEOPLE}/cohorts", files=of_strangers(3000, 20), data={"fpir": "0.1"}))
    (other,) = strangers_kept(gallery)  # those before are gone
    assert other != folder


@pytest.mark.parametrize(
    ("strangers", "fpir", "sentence"),
    [
        (of_strangers(2000, 20)[:4], "0.1", "too small"),
        (of_strangers(2000, 20), "0.01", "too small"),
        (
            [*of_strangers(2000, 20), *sent(picture(1, 0), called="s/Bob/x.png")],
            "0.1",
            "who is enrolled: the cohort must be strangers",
        ),
        (
            [*of_strangers(2000, 20), *sent(picture(7, 0), called="s/Ada/x.png")],
            "0.1",
            "Ada is in the cohort, and somebody of that name is enrolled",
        ),
        (
            [*of_strangers(2000, 20), *sent(b"\x89PNG\r\n\x1a\n" + bytes(90), called="s/Bob/x.png")],
            "0.1",
            None,
        ),
    ],
)
def test_strangers_that_can_not_be_used_change_and_leave_nothing(
    client: TestClient, gallery: Path, strangers: list[Any], fpir: str, sentence: str | None
) -> None:
    before = client.get(f"{PEOPLE}/calibration?fpir=0.1").json()
    answer = client.post(f"{PEOPLE}/cohorts", files=strangers, data={"fpir": fpir})
    if sentence is None:
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "unreadable_picture"
    else:
        job = ended(client, answer)
        assert job["state"] == "failed"
        assert sentence in job["error"]
        assert str(gallery.parent) not in job["error"]
        assert "--" not in job["error"]
    assert client.get(f"{PEOPLE}/calibration?fpir=0.1").json() == before
    assert strangers_kept(gallery) == []


@pytest.mark.parametrize("called", ["../x.png", "s/../x.png", "s/.hidden/x.png", "x.png"])
def test_no_name_of_a_stranger_leads_out_of_the_folder(
    client: TestClient, gallery: Path, called: str
) -> None:
    strangers = [*of_strangers(2000, 20), *sent(picture(7, 0), called=called)]
    answer = client.post(f"{PEOPLE}/cohorts", files=strangers, data={"fpir": "0.1"})
    if answer.status_code == 202:
        assert "may not begin with a point" in ended(client, answer)["error"]
    else:
        assert answer.json()["error"]["code"] == "no_name"
    assert strangers_kept(gallery) == []
    assert {file.name for file in gallery.parent.iterdir()} <= {"people.gallery", "people.gallery.pictures"}


def test_strangers_of_a_killed_server_are_swept_and_those_of_the_cohort_stay(
    gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client_of(site_of([gallery])) as client:
        ended(client, client.post(f"{PEOPLE}/cohorts", files=of_strangers(2000, 20), data={"fpir": "0.1"}))
    (kept,) = strangers_kept(gallery)
    left = kept.with_name("strangers-0123")
    left.mkdir()
    site_of([gallery])
    assert left.exists()  # it may be of another server, which is at it
    monkeypatch.setattr(kept_strangers, "LONG_AGO", -1.0)
    site_of([gallery])
    assert strangers_kept(gallery) == [kept]


def mixed(client: TestClient) -> None:
    """Enrol Ada's picture as Grace's, and Grace once more under another name."""
    for name, person, n in (("Grace", 1, 8), ("Doris", 2, 5), ("Doris", 2, 6)):
        done = client.post(f"{PEOPLE}/subjects", files=sent(picture(person, n)), data={"name": name})
        assert done.status_code == 201, done.text


def test_check_finds_what_the_command_finds(client: TestClient, gallery: Path) -> None:
    mixed(client)
    rates = {"fpir": 0.1, "far": 0.1}
    job = ended(client, client.post(f"{PEOPLE}/checks", json=rates))
    assert job["error"] is None
    found = job["check"]
    said = command("gallery", "check", gallery, "--fpir", 0.1, "--far", 0.1)
    for kind, title in (
        ("mislabelled", "probably mislabelled"),
        ("doubles", "probably one subject under two names"),
        ("lookalikes", "lookalikes"),
        ("far", "far from their own subject"),
    ):
        assert f"{title}: {len(found[kind])}\n" in f"{said}\n"
    wrong = found["mislabelled"][0]
    assert wrong["first"]["subject"]["name"] == "Grace"
    assert wrong["second"]["subject"]["name"] == "Ada"
    assert str(gallery.parent) not in job["check"]["mislabelled"][0]["sentence"]
    assert client.get(wrong["first"]["template"]["picture"]).headers["content-type"] == "image/jpeg"


def test_what_a_check_page_offers_is_done(client: TestClient) -> None:
    mixed(client)
    begun = client.post("/g/people/check", files={"fpir": (None, "10"), "far": (None, "10")}, headers=PAGE)
    page = begun
    for _ in range(600):
        page = client.get(begun.url, headers=PAGE)
        if "Check again" in page.text:
            break
        time.sleep(0.02)
    assert "Probably under a wrong name: 1" in page.text
    job = client.get(f"/v1/jobs/{str(begun.url).rpartition('/')[2]}").json()
    wrong = job["check"]["mislabelled"][0]
    assert f'value="{wrong["first"]["template"]["content"]}"' in page.text
    numbers = [one["number"] for one in client.get(f"{PEOPLE}/subjects/1/templates").json()]
    done = client.post(
        "/g/people/corrections",
        files={
            "content": (None, wrong["first"]["template"]["content"]),
            "subject": (None, "1"),
            "verdict": (None, "is"),
        },
        headers=PAGE,
    )
    assert done.status_code == 200
    assert len(client.get(f"{PEOPLE}/subjects/1/templates").json()) == len(numbers) + 1
    again = ended(client, client.post(f"{PEOPLE}/checks", json={"fpir": 0.1, "far": 0.1}))
    assert again["check"]["mislabelled"] == []


def test_the_thresholds_page_shows_them_and_takes_a_score(client: TestClient) -> None:
    page = client.get("/g/people/thresholds?fpir=10&far=10", headers=PAGE)
    assert page.status_code == 200
    assert "90 pictures of 30 strangers" in page.text
    assert "strangers get a name in at most 10%" in page.text
    done = client.post("/g/people/score", files={"score": (None, "maximum")}, headers=PAGE)
    assert "The score is saved." in done.text
    assert client.get(f"{PEOPLE}/calibration?fpir=0.1").json()["score"] == "maximum"
    refused = client.get("/g/people/thresholds?fpir=none", headers=PAGE)
    assert refused.status_code == 422
    assert "A rate is a percentage between 0 and 100." in refused.text
    small = client.get("/g/people/thresholds?fpir=0.1&far=1", headers=PAGE)
    assert "too small for a rate of" in small.text
