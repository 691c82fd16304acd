"""Small galleries to serve: pictures that are drawn, an encoder in an ONNX file, and the application over them."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import uvicorn
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from likeness.applications.gallery.bound_encoder import encoder_at
from likeness.applications.gallery.create import create
from likeness.applications.gallery.enrol import Named, enrol
from likeness.applications.gallery.read_images import FaceFinder, left_out
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import Whom
from likeness.applications.gallery.stores import open_store
from likeness.applications.serve.app import make_app
from likeness.applications.serve.galleries import served
from likeness.applications.serve.gate import Access, hosts_of
from likeness.applications.serve.jobs import Jobs
from likeness.applications.serve.lane import Lane
from likeness.applications.serve.painting import painter_of
from likeness.applications.serve.site import Site

TOKEN = "a-token-for-the-tests-alone"
SIDE = 32
BEARER = {"Authorization": f"Bearer {TOKEN}"}
HOSTILE = "<script>alert(1)</script>"


def pixels(person: int, number: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A picture of somebody: a coarse pattern of their own, and noise of the picture's own."""
    pattern = np.random.default_rng(person).uniform(40, 215, (4, 4, 3))
    noise = np.random.default_rng([person, number]).normal(0, 12, (side, side, 3))
    whole = np.kron(pattern, np.ones((side // 4, side // 4, 1))) + noise
    return whole.clip(0, 255).astype(np.uint8)


def picture(person: int, number: int = 0, kind: str = "PNG") -> bytes:
    """The same as a file's bytes."""
    output = BytesIO()
    Image.fromarray(pixels(person, number)).save(output, kind)
    return output.getvalue()


def write_pictures(folder: Path, people: dict[str, int], each: int) -> Path:
    """A folder for each of people, whose numbers are given."""
    for name, person in people.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            (folder / name / f"{number}.png").write_bytes(picture(person, number))
    return folder


def write_encoder(path: Path) -> Path:
    """An encoder that takes the mean colours of 4 x 4 parts."""
    import onnx
    from onnx import TensorProto, helper

    part = SIDE // 4
    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", ["x"], ["parts"], kernel_shape=[part, part], strides=[part, part]
            ),
            helper.make_node("Flatten", ["parts"], ["y"]),
        ],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 48])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


def made_gallery(
    folder: Path, name: str = "people.gallery", people: Sequence[str] = ("Ada", "Grace", HOSTILE)
) -> Path:
    """A gallery of people, of two pictures each, with a cohort of 30 strangers of three pictures each."""
    strangers = folder / "strangers"
    if not strangers.exists():
        write_pictures(strangers, {f"stranger {number}": 1000 + number for number in range(30)}, 3)
        write_encoder(folder / "encoder.onnx")
    own = folder / f"pictures of {name}"
    files = {
        who: [own / f"{place}-{number}.png" for number in range(2)] for place, who in enumerate(people, 1)
    }
    own.mkdir()
    for place, some in enumerate(files.values(), 1):
        for number, file in enumerate(some):
            file.write_bytes(picture(place, number))
    encoder = encoder_at(folder / "encoder.onnx", [f"backbone.spatial_size={SIDE}"])
    create(folder / name, encoder, Score.mean, strangers, None, left_out())
    named = [Named(Whom(who), some) for who, some in files.items()]
    with open_store(folder / name) as store:
        list(enrol(store, encoder, named, None, left_out()))
    return folder / name


def site_of(
    galleries: Sequence[Path], finder: FaceFinder | None = None, stylizer: Path | None = None
) -> Site:
    """The site over galleries."""
    return Site(
        served(list(map(str, galleries)), None, [], finder, None), Jobs(), Lane(), painter_of(stylizer)
    )


@contextmanager
def client_of(site: Site, **options: Any) -> Iterator[TestClient]:
    """Somebody with the token who asks the application over a site."""
    app = make_app(site, Access(hosts_of([]), TOKEN, "likeness_test"))
    given = {"base_url": "http://127.0.0.1:8765", "headers": BEARER, "raise_server_exceptions": False}
    with TestClient(app, **{**given, **options}) as client:
        yield client


@contextmanager
def running(site: Site) -> Iterator[str]:
    """The same application on a port, on a thread of its own; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = make_app(site, Access(hosts_of([]), TOKEN, f"likeness_{port}"))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def sent(*pictures: bytes, field: str = "pictures", called: str = "probe.png") -> list[tuple[str, Any]]:
    """Pictures as a form sends them."""
    return [(field, (called, content, "image/png")) for content in pictures]
