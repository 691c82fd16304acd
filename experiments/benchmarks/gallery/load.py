"""Eight clients at once of a server, for so many seconds: each enrols, asks, looks, corrects and removes.

    python experiments/benchmarks/gallery/load.py http://127.0.0.1:8765 TOKEN people pictures/ --seconds 60

The gallery must be one to be tried on. Pictures are those of a folder of folders. Each client enrols
them under names of its own, with a mark of its own in the picture, and removes every second one that it enrolled.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from statistics import median
from threading import Lock, Thread
from typing import Any, NamedTuple

import httpx
from PIL import Image

CLIENTS = 8


class Answered(NamedTuple):
    """A request: what it was, how long it took, and what was wrong with its answer, or ""."""

    what: str
    seconds: float
    wrong: str


def load(
    address: str,
    token: str,
    gallery: str,
    pictures: Sequence[Path],
    *,
    seconds: float,
    clients: int = CLIENTS,
) -> list[Answered]:
    """What clients were answered in so many seconds; each ends with the turn that it is in."""
    answered: list[Answered] = []
    lock, ends = Lock(), time.monotonic() + seconds

    def work(number: int) -> None:
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60
        ) as client:
            for turn in count():
                done = list(_turn(client, number, turn, gallery, pictures))
                with lock:
                    answered.extend(done)
                if time.monotonic() > ends:
                    return

    threads = [Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


def summary(answered: Sequence[Answered], seconds: float) -> dict[str, object]:
    """How many requests there were, how many failed, and the median time of each kind in milliseconds."""
    kinds = sorted({one.what for one in answered})
    return {
        "requests": len(answered),
        "a second": round(len(answered) / seconds, 1),
        "errors": sum(bool(one.wrong) for one in answered),
        "median ms": round(1000 * median(one.seconds for one in answered), 1),
        "median ms of": {
            kind: round(1000 * median(one.seconds for one in answered if one.what == kind), 1)
            for kind in kinds
        },
    }


def _turn(
    client: httpx.Client, number: int, turn: int, gallery: str, pictures: Sequence[Path]
) -> Iterator[Answered]:
    base = f"/v1/galleries/{gallery}"
    own = _marked(pictures[(number + turn * CLIENTS) % len(pictures)], number, turn)
    name = f"client {number} turn {turn}"
    file = ("picture.png", own)
    data: dict[str, str] = {"name": name, "id": name}
    yield _asked(client, "enrol", "POST", f"{base}/subjects", files={"pictures": file}, data=data)
    data = {"gallery": gallery, "fpir": "0.1"}
    yield _asked(client, "identify", "POST", "/v1/identify", files={"pictures": file}, data=data)
    data = {"gallery": gallery, "claim": name, "far": "0.1"}
    yield _asked(client, "verify", "POST", "/v1/verify", files={"picture": file}, data=data)
    yield _asked(client, "list", "GET", f"{base}/subjects")
    yield _asked(client, "page", "GET", f"/g/{gallery}/subjects")
    yield _asked(client, "rename", "PATCH", f"{base}/subjects/{name}", json={"name": f"{name} again"})
    yield _asked(client, "templates", "GET", f"{base}/subjects/{name}/templates")
    if turn % 2:
        yield _asked(client, "remove", "DELETE", f"{base}/subjects/{name}")


def _asked(client: httpx.Client, what: str, method: str, path: str, **given: Any) -> Answered:
    start = time.perf_counter()
    try:
        answer = client.request(method, path, **given)
        wrong = "" if answer.is_success else f"{what}: {answer.status_code} {answer.text[:300]}"
    except httpx.HTTPError as error:
        wrong = f"{what}: {error!r}"
    return Answered(what, time.perf_counter() - start, wrong)


def _marked(picture: Path, number: int, turn: int) -> bytes:
    """The picture with a pixel by which it is another file than everybody else's."""
    image = Image.open(picture).convert("RGB")
    image.putpixel((0, 0), (number, turn % 256, turn // 256))
    output = BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("token")
    parser.add_argument("gallery")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    pictures = sorted(given.pictures.glob("*/*.*"))
    answered = load(given.address, given.token, given.gallery, pictures, seconds=given.seconds)
    print(json.dumps(summary(answered, given.seconds), indent=2))
    for one in answered:
        if one.wrong:
            print(one.wrong)


if __name__ == "__main__":
    main()
