"""Who may ask the server, and what it refuses before it looks at a picture: each refusal is one sentence."""

import logging
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from served_galleries import BEARER, HOSTILE, TOKEN, client_of, made_gallery, picture, sent, site_of

from likeness.applications.serve import rest_galleries, uploads
from likeness.applications.serve.gate import POLICY
from likeness.applications.serve.server import Address, refuse_open
from likeness.applications.serve.site import Site
from likeness.errors import LikenessError

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of([made_gallery(tmp_path_factory.mktemp("served"))])


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with client_of(site) as client:
        yield client


@pytest.fixture
def stranger(site: Site) -> Iterator[TestClient]:
    """Somebody without the token."""
    with client_of(site, headers={}) as client:
        yield client


def refusal(response, status: int) -> str:
    """The code in the one envelope, after its form was looked at."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    message = body["error"]["message"]
    assert message.endswith((".", "?", "!"))
    assert "\n" not in message
    return str(body["error"]["code"])


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG of any size: enough to be asked for it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def test_without_the_token_nothing_is_told(stranger: TestClient) -> None:
    for path in ("/v1/galleries", "/openapi.json", "/v1/nothing", "/g/people/pictures/1/1"):
        assert refusal(stranger.get(path), 401) == "unauthorized"
    wrong = {"Authorization": "Bearer wrong"}
    assert refusal(stranger.get("/v1/galleries", headers=wrong), 401) == "unauthorized"
    assert refusal(stranger.get("/v1/galleries?token=wrong"), 401) == "unauthorized"
    assert refusal(stranger.get("/v1/galleries", cookies={"likeness_test": TOKEN}), 401) == "unauthorized"
    said = stranger.get("/g/people/subjects", headers=HTML)
    assert said.status_code == 401
    assert "open the address that likeness serve has printed" in said.text
    assert "Ada" not in said.text
    assert stranger.get("/static/style.css").status_code == 200


def test_the_address_with_the_token_gives_a_cookie_once(stranger: TestClient) -> None:
    first = stranger.get(f"/?token={TOKEN}")
    assert first.status_code == 200
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert 'content="0; url=/"' in first.text
    second = stranger.get("/g/people/subjects", headers=HTML)
    assert second.status_code == 200
    assert "set-cookie" not in second.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:8765", "[", "10.0.0.1"]
)
def test_another_name_of_the_server_is_refused(client: TestClient, host: str) -> None:
    assert refusal(client.get("/v1/galleries", headers={"Host": host}), 421) == "wrong_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:1", "LOCALHOST", "[::1]:8765", "localhost."])
def test_names_of_this_machine_for_itself_are_known(client: TestClient, host: str) -> None:
    assert client.get("/v1/galleries", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_can_ask_for_nothing(client: TestClient, said: dict[str, str]) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = client.request(method, "/v1/galleries/people/subjects", headers=said)
        assert refusal(answer, 403) == "wrong_origin"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_pages_can_ask(client: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/g/people/subjects/1/rename", data={"name": "Ada"}, files={"x": b""}, headers=own)
    assert answer.status_code in (200, 303)


def test_every_answer_says_what_a_browser_may_do(client: TestClient) -> None:
    for path in (
        "/v1/galleries",
        "/g/people/subjects",
        "/g/people/pictures/1/1",
        "/v1/nothing",
        "/static/style.css",
    ):
        headers = client.get(path, headers=HTML).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        is_page = headers["content-type"].startswith("text/html")
        assert headers["referrer-policy"] == ("same-origin" if is_page else "no-referrer")
        assert headers["cache-control"] == ("max-age=3600" if path.startswith("/static") else "no-store")
    assert "unsafe" not in POLICY


def test_failures_of_every_kind_are_in_the_envelope(client: TestClient, monkeypatch, caplog) -> None:
    assert refusal(client.get("/v1/galleries/none"), 404) == "not_found"
    assert refusal(client.get("/v1/galleries/people/subjects/none"), 404) == "not_found"
    assert refusal(client.put("/v1/galleries"), 405) == "method_not_allowed"
    assert client.put("/v1/galleries").headers["allow"] == "GET"
    assert client.put("/v1/galleries/people/subjects/1").headers["allow"] == "DELETE, GET, PATCH"
    assert refusal(client.get("/v1/galleries/people/subjects?limit=no"), 422) == "invalid"
    assert (
        refusal(client.patch("/v1/galleries/people/subjects/1", content=b"{"), 415)
        == "unsupported_media_type"
    )
    json = {"Content-Type": "application/json"}
    assert (
        refusal(client.patch("/v1/galleries/people/subjects/1", content=b"{", headers=json), 422) == "invalid"
    )
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert refusal(client.post("/v1/identify", content=b"nonsense", headers=form), 400) == "bad_request"

    def mistake(*given: object) -> None:
        raise RuntimeError(HOSTILE)

    monkeypatch.setattr(rest_galleries, "calibrated", mistake)
    with caplog.at_level(logging.DEBUG):
        assert refusal(client.get("/v1/galleries/people/calibration"), 500) == "internal"
        page = client.get("/v1/galleries/people/calibration", headers=HTML)
    assert "alert" not in caplog.text + page.text
    assert "RuntimeError, raised at" in caplog.text


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(client: TestClient, monkeypatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    identify = "/v1/identify"
    large = picture(1) + b"\0" * uploads.MOST_BYTES
    assert refusal(client.post(identify, files=sent(large)), 413) == "too_large"
    many = client.post(identify, files=sent(png_header(8000, 5001)))
    assert refusal(many, 413) == "too_many_pixels"
    assert "probe.png has more than 40 megapixels" in many.text
    assert refusal(client.post(identify, files=sent(png_header(100_000, 100_000))), 413) == "too_many_pixels"
    assert refusal(client.post(identify, files=sent(b"")), 422) == "no_picture"
    for nonsense in (b"no picture", b"GIF89a" + b"\0" * 50, b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert refusal(client.post(identify, files=sent(nonsense)), 422) == "unreadable_picture"


def test_a_request_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_brings(
    client: TestClient,
) -> None:
    most = uploads.limits(2).max_body_size
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    said = {**form, "Content-Length": str(most + 1)}
    assert refusal(client.post("/v1/verify", content=b"--x--", headers=said), 413) == "too_large"
    asked = []

    def endless() -> Iterator[bytes]:
        head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
        yield head
        while True:
            asked.append(2**16)
            yield b"\0" * 2**16
            if len(asked) * 2**16 > 2 * most:
                return

    assert refusal(client.post("/v1/verify", content=endless(), headers=form), 413) == "too_large"
    page = client.post("/g/people/verify", content=b"--x--", headers={**said, **HTML})
    assert page.status_code == 413
    assert "a picture may have 10 MiB" in page.text
    big = b'{"name": "' + b"x" * 2**17 + b'"}'
    json = {"Content-Type": "application/json"}
    answer = client.patch("/v1/galleries/people/subjects/1", content=big, headers=json)
    assert refusal(answer, 413) == "too_large"


def test_the_number_of_pictures_is_limited(client: TestClient) -> None:
    assert refusal(client.post("/v1/identify", files=sent(*[picture(1)] * 11)), 400) == "bad_request"
    answer = client.post("/v1/galleries/people/enrolments", files=sent(*[b"x"] * 101), data={"name": "A"})
    assert refusal(answer, 400) == "bad_request"


def test_pictures_come_as_multipart_and_never_by_an_address_or_a_path(
    client: TestClient, tmp_path: Path
) -> None:
    file = tmp_path / "secret.png"
    file.write_bytes(picture(1))
    for address in (str(file), f"file://{file}", "http://127.0.0.1:8765/static/icon.svg"):
        assert refusal(client.post("/v1/identify", json={"pictures": [address]}), 422) == "invalid"
        form = client.post("/v1/identify", data={"pictures": address}, files={"other": b""})
        assert refusal(form, 422) == "invalid"
    plain = client.post("/v1/identify", data={"pictures": str(file)})
    assert refusal(plain, 415) == "unsupported_media_type"
    named = client.post(
        "/v1/identify", files=sent(picture(1), called="../../../etc/passwd"), data={"fpir": 0.1}
    )
    assert named.json()["probes"][0]["picture"] == "passwd"


def test_no_path_of_the_server_is_told(client: TestClient, site: Site) -> None:
    folder = str(Path(site.galleries["people"].where).parent)
    told = [
        client.get("/v1/galleries").text,
        client.get("/v1/galleries/people/calibration").text,
        client.get("/v1/galleries/people/subjects/1/templates").text,
        client.post("/v1/identify", files=sent(picture(1)), data={"fpir": 0.0001}).text,
        client.post("/v1/verify", files=sent(picture(1), field="picture"), data={"claim": "Eve"}).text,
        client.post("/v1/galleries/people/subjects", files=sent(b"\xff\xd8\xff"), data={"name": "Eve"}).text,
        client.post("/v1/galleries/people/subjects", files=sent(picture(1)), data={"name": "Eve"}).text,
        client.get("/g/people/subjects/1", headers=HTML).text,
    ]
    assert not [text for text in told if folder in text or "/tmp" in text]
    assert "too small for a rate of 0.0001" in told[3]
    assert "Nobody in people is called Eve" in told[4]
    assert re.search(r"probe\.png is an image of Ada \(1\) already.*on the subject's page", told[6])


def test_names_are_escaped_on_every_page(client: TestClient) -> None:
    answers = [
        client.get("/g/people/subjects"),
        client.get("/g/people/subjects?naming=yes"),
        client.get("/g/people/subjects/3"),
        client.get(f"/g/people/subjects?q={HOSTILE}"),
        client.get(f"/g/people/enrol?name={HOSTILE}&id={HOSTILE}"),
        client.get("/g/people/verify"),
        client.post("/g/people/identify", files=sent(picture(3, 5), called=HOSTILE), data={"fpir": "10"}),
        client.post(
            "/g/people/verify",
            files=sent(picture(3, 5), field="picture"),
            data={"claim": HOSTILE, "far": "10"},
        ),
        client.get(f"/{HOSTILE}", headers=HTML),
    ]
    for answer in answers:
        assert "<script>alert" not in answer.text
    assert all("&lt;script&gt;alert(1)" in answer.text for answer in answers[:8])


@pytest.mark.parametrize(
    ("host", "token", "allowed", "said"),
    [
        ("0.0.0.0", False, ["here"], "--no-token lets everybody in"),
        ("0.0.0.0", True, [], "say with --allowed-host"),
        ("192.168.1.5", True, [], "say with --allowed-host"),
        ("::", True, [], "say with --allowed-host"),
    ],
)
def test_others_come_in_only_with_a_token_and_by_a_name(
    host: str, token: bool, allowed: list[str], said: str
) -> None:
    with pytest.raises(LikenessError, match=said):
        refuse_open(Address(host, None, allowed, token, None))


def test_this_machine_and_named_ones_may_be_served() -> None:
    for address in (
        Address("127.0.0.1", None, [], False, None),
        Address("::1", None, [], True, None),
        Address("localhost", None, [], True, None),
        Address("0.0.0.0", None, ["here.example"], True, None),
    ):
        refuse_open(address)


def test_bearers_are_told_apart_from_other_schemes(stranger: TestClient) -> None:
    assert stranger.get("/v1/galleries", headers=BEARER).status_code == 200
    assert stranger.get("/v1/galleries", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
