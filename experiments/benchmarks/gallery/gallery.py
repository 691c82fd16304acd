"""What it costs to enrol durably, to load a gallery, and to identify one image from the shell.

Rewrites gallery.json. Where pgserver is installed, a PostgreSQL server beside the file, on this machine.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
from PIL import Image as Pillow
from timing import in_turns
from typer.testing import CliRunner

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import (
    Cohort,
    Contents,
    Enrolment,
    Image,
    Settings,
    Store,
    Subject,
    Template,
    Whom,
)
from likeness.applications.gallery.stores import create_store, open_store
from likeness.cli import app
from likeness.data.drawn_faces import drawn_faces
from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.run import train

TEMPLATES, DIMENSIONS, EACH, STRANGERS = 100_000, 512, 2, 2_000
ENROLMENTS, LOADS, SHELLS = 60, 7, 9
BOUNDS = {"enrolment": 0.005, "loading": 1.0, "identifying": 0.5}
"""Seconds."""

RUN = [
    "data.identities=12",
    "data.pictures_per_identity=6",
    "data.validation_identities=40",
    "data.test_identities=6",
    "backbone.width=4",
    "backbone.spatial_size=32",
    "sampler.identities=4",
    "sampler.images=3",
    "trainer.max_steps=2",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "evaluation.far=0.1",
    "loader.workers=0",
]
ENCODER = {
    "weights": "0" * 64,
    "backbone": {},
    "embedder": {"normalize": True},
    "head": None,
    "flip": False,
    "dimensions": DIMENSIONS,
}
ENCODING_ALONE = """
import sys
from pathlib import Path
import torch
from likeness.data.decode import decode
from likeness.models.embedder import Embedder
from likeness.models.small_conv import small_conv
network = small_conv(spatial_size=32, channels=3, width=4, mean=[0.5] * 3, std=[0.5] * 3)
image = decode(Path(sys.argv[1]), spatial_size=32, channels=3)
with torch.inference_mode():
    print(Embedder(network, embedding_dim=128).eval().encode_views(image[None] / 255).shape)
"""


def drawn(templates: int) -> Contents:
    """A gallery of so many drawn templates, and a cohort."""
    draw = np.random.default_rng(0)
    points = draw.standard_normal((templates + STRANGERS, DIMENSIONS)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    subjects = [Subject(n, str(n), f"Subject {n}") for n in range(1, templates // EACH + 1)]
    strangers = Cohort(
        [f"stranger {n // 4}" for n in range(STRANGERS)],
        [image(f"stranger {n}") for n in range(STRANGERS)],
        points[templates:],
    )
    return Contents(
        0,
        Settings(ENCODER, "/runs/RUN", Score.mean),
        subjects,
        [Template(n + 1, n // EACH + 1, image(str(n))) for n in range(templates)],
        np.arange(templates) // EACH,
        points[:templates],
        strangers,
        [],
    )


def image(name: str) -> Image:
    return Image(sha256(name.encode()).hexdigest(), f"/images/{name}.jpg")


def enrolling(folder: Path, full: Store, empty: Store) -> dict[str, float]:
    """Median seconds of enrolling a new subject by one encoding, beside bytes written and brought to the disk."""
    numbers = count()
    encoding = np.random.default_rng(1).standard_normal((1, DIMENSIONS)).astype(np.float32)

    def enrol(store: Store) -> None:
        name = f"new {next(numbers)}"
        store.enrol([Enrolment(Whom(name), [image(name)], encoding, ENCODER)])

    with (folder / "plain").open("wb") as file:

        def plain() -> None:
            file.write(encoding.tobytes())
            file.flush()
            os.fsync(file.fileno())

        calls = {"full": partial(enrol, full), "empty": partial(enrol, empty), "plain_fsync": plain}
        seconds = in_turns(calls, ENROLMENTS, time.perf_counter)
    return {name: statistics.median(found) for name, found in seconds.items()}


def loading(folder: Path, store: Store, expected: Contents) -> dict[str, float]:
    """Median seconds of loading all, by this process's processor time and by the clock, beside a plain NumPy file."""
    assert np.array_equal(store.contents().encodings[: len(expected.encodings)], expected.encodings)
    plain = folder / "plain.npy"
    np.save(plain, expected.encodings)
    calls: Mapping[str, Callable[[], object]] = {
        "load": store.contents,
        "plain_file": partial(np.load, plain),
    }
    processor = in_turns(calls, LOADS, time.process_time)
    clock = in_turns({"load": store.contents}, LOADS, time.perf_counter)
    return {name: statistics.median(found) for name, found in processor.items()} | {
        "load_by_the_clock": statistics.median(clock["load"])
    }


def identifying(folder: Path) -> dict[str, float]:
    """Median processor seconds of whole processes: one that imports torch and encodes an image, and `identify`.

    Both find this project compiled, as every start after the first does.
    """
    config = training_config([*RUN, f"runs_dir={folder / 'runs'}"])
    run = train(config, recipe_of(config))
    sizes = {"identities": 30, "pictures_per_identity": 4, "validation_identities": 2, "test_identities": 2}
    faces = drawn_faces(**sizes, seed=5, image_size=32, channels=3).train
    assert faces is not None
    for index, face in enumerate(faces.load(range(120))):
        place = folder / "people" / f"P{index // 4}"
        place.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(face.permute(1, 2, 0).numpy()).save(place / f"{index % 4}.png")
    gallery, probe = str(folder / "small.gallery"), str(folder / "people/P3/3.png")
    for words in (
        ["gallery", "create", gallery, "--run", str(run)],
        ["enrol", gallery, str(folder / "people")],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    identify = ["-m", "likeness", "identify", gallery, probe, "--fpir", "0.05"]
    commands = {"encoding_alone": ["-c", ENCODING_ALONE, probe], "identify": identify}
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    calls = {name: partial(_done, [sys.executable, *words], compiled) for name, words in commands.items()}
    for call in calls.values():
        call()
    found = in_turns(calls, SHELLS, _of_children)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _done(words: list[str], environment: Mapping[str, str]) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def places(folder: Path) -> Iterator[dict[str, tuple[str, str]]]:
    """By the kind of store the place of a full gallery and of an empty one."""
    found = {"file": (str(folder / "full.gallery"), str(folder / "empty.gallery"))}
    try:
        import pgserver
        import psycopg
    except ImportError:
        yield found
        return
    server = pgserver.get_server(mkdtemp(prefix="likeness-postgres-"), cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name in ("many", "nobody"):
                connection.execute(f"CREATE DATABASE {name}")
        yield {**found, "postgres": (server.get_uri("many"), server.get_uri("nobody"))}
    finally:
        server.cleanup()


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        results: dict[str, object] = {"identifying": identifying(folder)}
        print(results, flush=True)
        contents, nobody = drawn(TEMPLATES), drawn(0)
        with places(folder) as kinds:
            for kind, (full, empty) in kinds.items():
                create_store(full, contents)
                create_store(empty, nobody)
                with open_store(full) as one, open_store(empty) as other:
                    loaded = loading(folder, one, contents)
                    results[kind] = {"loading": loaded, "enrolling": enrolling(folder, one, other)}
                print(kind, results[kind], flush=True)
    setting = {
        "templates": TEMPLATES,
        "dimensions": DIMENSIONS,
        "rounds": {"enrolling": ENROLMENTS, "loading": LOADS, "identifying": SHELLS},
        "bounds_in_seconds": BOUNDS,
        "load_of_the_machine": os.getloadavg()[0],
        "processors": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
    }
    path = Path(__file__).with_name("gallery.json")
    path.write_text(json.dumps({"setting": setting, "seconds": results}, indent=2) + "\n")
    print(path)


if __name__ == "__main__":
    main()
