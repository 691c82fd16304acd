"""What REST does is what the command line does, and pictures are kept as long as they are enrolled."""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image
from served_galleries import HOSTILE, client_of, made_gallery, picture, sent, site_of
from torch import Tensor
from typer.testing import CliRunner

from likeness.applications.gallery import kept_pictures
from likeness.applications.gallery.bound_encoder import encoder_at
from likeness.applications.gallery.read_images import FaceFinder
from likeness.applications.gallery.stores import open_store
from likeness.applications.serve import enrolment, painting
from likeness.applications.serve.jobs import Advance, Made
from likeness.applications.serve.uploads import Picture
from likeness.cli import app
from likeness.errors import LikenessError
from likeness.models.detectors import Detections

PEOPLE = "/v1/galleries/people"
RATES = {"fpir": 0.1, "far": 0.1}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_gallery(tmp_path_factory.mktemp("made"))


@pytest.fixture
def gallery(made: Path, tmp_path: Path) -> Path:
    """A copy, whose pictures and encoder are where they were."""
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def client(gallery: Path) -> Iterator[TestClient]:
    with client_of(site_of([gallery])) as client:
        yield client


def command(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


def kept_in(gallery: Path) -> set[str]:
    folder = gallery.with_name(f"{gallery.name}.pictures")
    return {file.name for file in folder.iterdir()} - {kept_pictures.MARK} if folder.exists() else set()


def ended(client: TestClient, job: dict) -> dict:
    """A job when it is over."""
    for _ in range(600):
        job = client.get(f"/v1/jobs/{job['id']}").json()
        if job["state"] in ("finished", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_identify_says_what_the_command_says(client: TestClient, gallery: Path, tmp_path: Path) -> None:
    for person in (1, 77):
        (tmp_path / "probe.png").write_bytes(picture(person, 9))
        answer = client.post(
            "/v1/identify", files=sent(picture(person, 9)), data={"fpir": 0.1, "top": 2}
        ).json()
        said = command("identify", gallery, tmp_path / "probe.png", "--fpir", 0.1, "--top", 2, "--json")
        expected = json.loads(said)
        (probe,), (other,) = answer["probes"], expected["probes"]
        assert answer["threshold"] == expected["threshold"]
        assert answer["unit"] == expected["unit"]
        assert probe["known"] == other["known"] == (person == 1)
        assert probe["subject"] == other["subject"]
        assert [(one["subject"]["id"], one["distance"]) for one in probe["candidates"]] == [
            (one["id"], pytest.approx(one["distance"], abs=1e-6)) for one in other["candidates"]
        ]
    assert not kept_in(gallery)


def test_a_claim_says_what_the_command_says(client: TestClient, gallery: Path, tmp_path: Path) -> None:
    for person, accepted in ((2, True), (1, False)):
        (tmp_path / "probe.png").write_bytes(picture(person, 9))
        files = sent(picture(person, 9), field="picture")
        answer = client.post("/v1/verify", files=files, data={"claim": "Grace", "far": 0.1}).json()
        said = command("verify", tmp_path / "probe.png", "--claim", 2, "--gallery", gallery, "--far", 0.1)
        assert answer["accepted"] is accepted
        assert said.startswith("accepted" if accepted else "refused")
        assert answer["subject"] == {"id": "2", "name": "Grace"}
        assert f"{answer['distance']:.4g} (" in said
        assert f"threshold {answer['threshold']:.4g}" in said


def test_two_pictures_are_of_one_person_or_of_two(client: TestClient) -> None:
    for other, same in ((40, True), (41, False)):
        files = [*sent(picture(40, 1), field="picture"), *sent(picture(other, 2), field="second")]
        answer = client.post("/v1/verify", files=files, data={"far": 0.1}).json()
        assert answer["accepted"] is same
        assert answer["subject"] is None
        assert (answer["distance"] < answer["threshold"]) is same
        assert (answer["probability"] > 0.5) is same
    both = [*sent(picture(40, 1), field="picture"), *sent(picture(40, 2), field="second")]
    for files, data in ((both, {"claim": "Ada"}), (both[:1], {}), (both[:1], {"claim": " "})):
        refused = client.post("/v1/verify", files=files, data=data)
        assert refused.status_code == 422
        assert "either a second one or a claim" in refused.text


def test_who_is_enrolled_is_kept_shown_and_removed_without_a_trace(
    client: TestClient, gallery: Path, made: Path
) -> None:
    pictures = [
        picture(50, number, kind) for number, kind in enumerate(("PNG", "JPEG", "WEBP", "BMP", "TIFF"))
    ]
    answer = client.post(f"{PEOPLE}/subjects", files=sent(*pictures), data={"name": "Zoe", "id": "z"})
    assert answer.status_code == 201
    assert answer.json()["enrolled"] == [
        {"subject": {"id": "z", "name": "Zoe"}, "new": True, "added": 5, "known": 0}
    ]
    digests = [sha256(content).hexdigest() for content in pictures]
    folder = gallery.with_name("people.gallery.pictures")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert kept_in(gallery) == {
        digest + suffix
        for digest, suffix in zip(digests, (".png", ".jpg", ".webp", ".bmp", ".tif"), strict=True)
    }
    templates = client.get(f"{PEOPLE}/subjects/z/templates").json()
    assert [one["content"] for one in templates] == digests
    for one in templates:
        shown = client.get(one["picture"])
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.content[:2] == b"\xff\xd8"
    again = client.post(f"{PEOPLE}/subjects/z/templates", files=sent(*pictures[:2], picture(50, 9)))
    assert again.json()["enrolled"] == [
        {"subject": {"id": "z", "name": "Zoe"}, "new": False, "added": 1, "known": 2}
    ]
    with open_store(gallery) as store:
        contents = store.contents()
    one = next(row for row, template in enumerate(contents.templates) if template.image.content == digests[0])
    encoder = encoder_at(made.parent / "encoder.onnx", ["backbone.spatial_size=32"])
    pixels = torch.from_numpy(decoded(pictures[0]))
    assert torch.allclose(torch.tensor(contents.encodings[one]), encoder.embed(pixels[None])[0], atol=1e-6)
    gone = client.delete(f"{PEOPLE}/subjects/z/templates/{templates[0]['number']}")
    assert gone.json() == {"templates": 1, "subject": False}
    assert digests[0] + ".png" not in kept_in(gallery)
    assert client.delete(f"{PEOPLE}/subjects/z").json() == {"templates": 5, "subject": True}
    assert kept_in(gallery) == set()
    assert client.get(f"{PEOPLE}/subjects/z").status_code == 404
    assert contents.encodings[one].tobytes() not in gallery.read_bytes()


def decoded(content: bytes):
    from io import BytesIO

    import numpy as np

    return np.asarray(Image.open(BytesIO(content))).transpose(2, 0, 1).copy()


def test_the_command_removes_kept_pictures_and_no_file_of_somebodys_own(
    client: TestClient, gallery: Path, made: Path
) -> None:
    client.post(f"{PEOPLE}/subjects", files=sent(picture(50, 1)), data={"name": "Zoe"})
    assert len(kept_in(gallery)) == 1
    said = command("gallery", "remove", gallery, "Zoe")
    assert "removed 1 picture that the server had kept of them" in said
    assert kept_in(gallery) == set()
    own = made.parent / "pictures of people.gallery" / "1-0.png"
    command("gallery", "remove", gallery, "Ada")
    assert own.is_file()


def test_a_picture_of_which_no_template_is_made_is_not_kept(client: TestClient, gallery: Path) -> None:
    whole = picture(51)
    for content, name, said in (
        (whole[: len(whole) // 2], "Zoe", "cannot be read"),
        (picture(1, 0), "Zoe", "is an image of Ada (1) already"),
        (picture(1000, 0), "Zoe", "is in the cohort of people"),
        (picture(51), " ", "A name is missing"),
        (picture(51), "a\nb", "no name that can be used"),
    ):
        refused = client.post(f"{PEOPLE}/subjects", files=sent(content), data={"name": name})
        assert refused.status_code == 422
        assert said in refused.json()["error"]["message"]
        assert kept_in(gallery) == set()
    assert client.get(f"{PEOPLE}/subjects").json()["total"] == 3


def test_what_a_killed_enrolment_left_is_swept(gallery: Path) -> None:
    site = site_of([gallery])
    pictures = site.galleries["people"].pictures
    held, own = picture(70), picture(1, 0)
    with client_of(site) as client:
        client.post(f"{PEOPLE}/subjects", files=sent(held), data={"name": "Zoe"})
    for content in (picture(60), own):
        pictures.keep(content, sha256(content).hexdigest(), ".png")
    site_of([gallery])
    assert len(kept_in(gallery)) == 3  # they may be of an enrolment under way
    import os

    for file in pictures.folder.iterdir():
        os.utime(file, (1, 1))
    site_of([gallery])
    assert kept_in(gallery) == {sha256(held).hexdigest() + ".png"}


def test_a_gallery_that_was_moved_with_its_pictures_has_them(gallery: Path, tmp_path: Path) -> None:
    with client_of(site_of([gallery])) as client:
        client.post(
            f"{PEOPLE}/subjects", files=sent(picture(50), picture(51)), data={"name": "Zoe", "id": "z"}
        )
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in (gallery.name, f"{gallery.name}.pictures"):
        shutil.move(gallery.with_name(name), moved)
    with client_of(site_of([moved / gallery.name])) as client:
        templates = client.get(f"{PEOPLE}/subjects/z/templates").json()
        assert [client.get(one["picture"]).status_code for one in templates] == [200, 200]
        client.delete(f"{PEOPLE}/subjects/z/templates/{templates[0]['number']}")
    assert len(kept_in(moved / gallery.name)) == 1
    assert "removed 1 picture that" in command("gallery", "remove", moved / gallery.name, "z")
    assert kept_in(moved / gallery.name) == set()


def test_pictures_are_kept_in_no_folder_that_holds_others(gallery: Path) -> None:
    other = gallery.with_name("people.gallery.pictures")
    other.mkdir()
    (other / "mine.png").write_bytes(picture(1))
    with client_of(site_of([gallery])) as client:
        refused = client.post(f"{PEOPLE}/subjects", files=sent(picture(52)), data={"name": "Zoe"})
    assert "holds other files: name another folder with --pictures" in refused.text
    assert [file.name for file in other.iterdir()] == ["mine.png"]


def test_a_file_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    gallery = made_gallery(tmp_path)
    with client_of(site_of([gallery])) as client:
        refuse_changed(client, gallery)


def refuse_changed(client: TestClient, gallery: Path) -> None:
    file = gallery.parent / "pictures of people.gallery" / "1-0.png"
    shown = f"{PEOPLE}/subjects/1/templates/1/picture"
    assert client.get(shown).status_code == 200
    file.write_bytes(picture(2))
    assert client.get(shown).status_code == 404
    page = client.get("/g/people/pictures/1/1", follow_redirects=False)
    assert page.headers["location"] == "/static/placeholder.svg"
    file.unlink()
    file.mkdir()
    assert client.get(shown).status_code == 404
    assert client.get("/g/people/pictures/2/1").status_code == 404  # another's


def test_subjects_are_listed_renamed_merged_and_split(client: TestClient, gallery: Path) -> None:
    listed = client.get(f"{PEOPLE}/subjects", params={"q": "A", "limit": 2}).json()
    assert listed["total"] == 3
    assert [one["name"] for one in listed["subjects"]] == ["Ada", "Grace"]
    assert client.get(f"{PEOPLE}/subjects?offset=2").json()["subjects"][0]["name"] == HOSTILE
    renamed = client.patch(f"{PEOPLE}/subjects/1", json={"name": "Ada Lovelace"}).json()
    assert renamed == {"id": "1", "name": "Ada Lovelace", "templates": 2}
    merged = client.post(f"{PEOPLE}/merges", json={"into": "2", "others": ["1"]}).json()
    assert merged == {"id": "2", "name": "Grace", "templates": 4}
    split = client.post(f"{PEOPLE}/splits", json={"subject": "2", "templates": [1, 2], "name": "Ada"}).json()
    assert split["templates"] == 2
    kinds = [one["kind"] for one in client.get(f"{PEOPLE}/corrections").json()]
    assert kinds.count("cannot") == 4
    for path, body, status in (
        ("merges", {"into": "2", "others": ["2"]}, 422),
        ("merges", {"into": "2", "others": []}, 422),
        ("merges", {"into": "2", "others": ["none"]}, 404),
        ("splits", {"subject": "2", "templates": [3, 4], "name": "Eve"}, 422),
        ("splits", {"subject": "2", "templates": [1], "name": "Eve"}, 404),
    ):
        assert client.post(f"{PEOPLE}/{path}", json=body).status_code == status


def test_what_is_said_of_a_picture_counts_in_the_next_search(client: TestClient) -> None:
    probe, stranger = picture(1, 9), picture(88, 1)
    said = {"picture": ("p.png", probe)}
    client.post(f"{PEOPLE}/corrections", files=said, data={"subject": "1", "verdict": "is_not"})
    told = client.post(
        f"{PEOPLE}/corrections",
        files={"picture": ("s.png", stranger)},
        data={"subject": "2", "verdict": "is"},
    )
    assert told.json() == {"said": "s.png is of Grace (2)"}
    answer = client.post("/v1/identify", files=sent(probe, stranger), data={"fpir": 0.1}).json()
    assert [one["subject"] for one in answer["probes"]] == [None, {"id": "2", "name": "Grace"}]
    enrolled = client.post(
        f"{PEOPLE}/corrections",
        files={"picture": ("p.png", picture(2, 0))},
        data={"subject": "2", "verdict": "is_not"},
    )
    assert "take it from there on the subject's page" in enrolled.json()["error"]["message"]


def test_a_folder_is_enrolled_as_a_job_with_progress(client: TestClient, gallery: Path, monkeypatch) -> None:
    heard: list[int] = []
    original = enrolment.enrolled

    def watched(*given, **options):
        advance = given[2]
        return original(*given[:2], lambda count: (heard.append(count), advance(count)), **options)

    monkeypatch.setattr("likeness.applications.serve.rest_subjects.enrolled", watched)
    files = [
        ("pictures", (f"people/{name}/{number}.png", picture(person, number)))
        for name, person in (("Zoe", 60), ("Yan", 61))
        for number in range(7)
    ]
    files.append(("pictures", ("people/Zoe/broken.png", picture(62)[:600])))
    started = client.post(f"{PEOPLE}/enrolments", files=files)
    assert started.status_code == 202
    job = ended(client, started.json())
    assert job["state"] == "finished", job
    assert {(one["subject"]["name"], one["added"]) for one in job["enrolment"]["enrolled"]} == {
        ("Zoe", 7),
        ("Yan", 7),
    }
    assert [reason.partition(" ")[0] for reason in job["enrolment"]["left_out"]] == ["broken.png"]
    assert sum(heard) == job["done"] == 14
    assert job["total"] == 15
    assert len(heard) > 1
    assert len(kept_in(gallery)) == 14
    assert client.post(f"{PEOPLE}/enrolments", files=sent(picture(63), called="alone.png")).status_code == 422
    failed = client.post(f"{PEOPLE}/enrolments", files=sent(picture(1, 0)), data={"name": "Zoe"})
    assert "is an image of Ada (1) already" in ended(client, failed.json())["error"]
    assert client.get("/v1/jobs/none").status_code == 404


def test_a_job_page_follows_with_and_without_a_script(client: TestClient, monkeypatch) -> None:
    go_on = Barrier(2)

    def slowly(painter: object, content: Picture, style: Picture | None, advance: Advance) -> Made:
        advance(50)
        go_on.wait(10)
        go_on.wait(10)
        return Made(picture=picture(1))

    monkeypatch.setattr("likeness.applications.serve.rest_jobs.painted", slowly)
    started = client.post(
        "/stylize", files=[*sent(picture(1), field="content"), *sent(picture(2), field="style")]
    )
    assert started.status_code == 200
    go_on.wait(10)
    page = client.get(started.url)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.text
    assert f'max="{painting.STEPS}" value="50"' in page.text
    go_on.wait(10)
    id = str(started.url).rpartition("/")[2]
    assert ended(client, {"id": id})["picture"] == f"/v1/jobs/{id}/picture"
    assert "http-equiv" not in client.get(started.url).text
    assert client.get(f"/v1/jobs/{id}/picture").content == picture(1)


def test_what_can_not_be_painted_is_said_before_a_process_is_started(client: TestClient, monkeypatch) -> None:
    monkeypatch.setattr(painting.subprocess, "Popen", None)
    cut = picture(1)[:600]
    files = [*sent(picture(1), field="content", called="a.png"), *sent(cut, field="style", called="b.png")]
    job = ended(client, client.post("/v1/stylize", files=files).json())
    assert job["state"] == "failed"
    assert job["error"].startswith("b.png cannot be read")
    assert (
        client.post("/v1/stylize", files=files[:1]).json()["error"]["message"]
        == "Send a style's picture too."
    )


def test_a_stylizer_is_a_run_that_trained_one() -> None:
    (run,) = (Path(__file__).parents[2] / "past_runs" / "finished").iterdir()
    with pytest.raises(LikenessError, match="trained no stylizer: name a run of"):
        painting.painter_of(run)


def test_several_galleries_are_apart(tmp_path: Path) -> None:
    paths = [made_gallery(tmp_path), made_gallery(tmp_path, "album.gallery", ["cluster 1"])]
    with client_of(site_of(paths)) as client:
        assert [one["id"] for one in client.get("/v1/galleries").json()] == ["people", "album"]
        assert "name one" in client.post("/v1/identify", files=sent(picture(1))).text
        data = {"gallery": "album", "fpir": 0.1}
        assert client.post("/v1/identify", files=sent(picture(1, 9)), data=data).json()["probes"][0]["known"]
        assert client.get("/v1/galleries/album/subjects").json()["total"] == 1
        page = client.get("/", headers={"Accept": "text/html"}).text
        assert "/g/people/identify" in page
        assert "/g/album/identify" in page


def test_a_gallery_that_got_another_encoder_is_refused(client: TestClient, gallery: Path) -> None:
    import sqlite3

    shutil.copy(gallery, gallery.with_suffix(".copy"))
    with sqlite3.connect(gallery) as database:
        database.execute('UPDATE setting SET value = replace(value, \'"weights": "\', \'"weights": "x\')')
    for answer in (
        client.post("/v1/identify", files=sent(picture(1)), data={"fpir": 0.1}),
        client.post(f"{PEOPLE}/subjects", files=sent(picture(53)), data={"name": "Zoe"}),
    ):
        assert "is bound to another encoder" in answer.json()["error"]["message"]
    assert kept_in(gallery) == set()


def test_photographs_are_searched_by_their_largest_face(gallery: Path) -> None:
    def finds(images: Sequence[Tensor]) -> list[Detections]:
        several = [int(image.shape[-1] > 40) for image in images]
        return [
            Detections(
                torch.tensor([[4.0, 4, 28, 28]] * n).reshape(n, 4),
                torch.ones(n),
                torch.tensor([POINTS] * n).reshape(n, 5, 2),
            )
            for n in several
        ]

    with client_of(site_of([gallery], FaceFinder("mtcnn", finds))) as client:
        assert client.get(PEOPLE).json()["finds_faces"]
        refused = client.post("/v1/identify", files=sent(picture(1)), data={"fpir": 0.1})
    message = refused.json()["error"]["message"]
    assert message == "No face was found in probe.png: take another photograph."


POINTS = [[10.0, 12], [22, 12], [16, 18], [11, 24], [21, 24]]


def test_clients_at_once_lose_nothing(gallery: Path) -> None:
    """Eight at once, on one gallery: some enrol, some ask, some remove; each is answered, and what is said is there."""
    with client_of(site_of([gallery])) as client:
        failures: list[str] = []

        def work(person: int) -> None:
            for number in range(3):
                name = f"P{person}-{number}"
                files = sent(picture(person, number))
                steps = [
                    client.post(f"{PEOPLE}/subjects", files=files, data={"name": name, "id": name}),
                    client.post("/v1/identify", files=files, data={"fpir": 0.1}),
                    client.get(f"{PEOPLE}/subjects"),
                    *([client.delete(f"{PEOPLE}/subjects/{name}")] if number == 0 else []),
                ]
                failures.extend(one.text for one in steps if one.status_code >= 400)

        threads = [Thread(target=work, args=(person,)) for person in range(200, 208)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        names = {one["name"] for one in client.get(f"{PEOPLE}/subjects?limit=1000").json()["subjects"]}
    assert {f"P{person}-{number}" for person in range(200, 208) for number in (1, 2)} <= names
    assert not {f"P{person}-0" for person in range(200, 208)} & names
    assert len(kept_in(gallery)) == 16
