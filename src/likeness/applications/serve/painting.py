"""A picture in the style of another: by a trained stylizer, or by optimization in a process of its own."""

import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from likeness.applications.paint import paint_by_adain, paint_by_networks
from likeness.applications.pairs import Pair
from likeness.applications.serve.galleries import without_paths
from likeness.applications.serve.jobs import Advance, Made, Stopped
from likeness.applications.serve.uploads import Picture
from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.image_as_shown import read_image
from likeness.errors import LikenessError
from likeness.recipes.choose import config_of
from likeness.recipes.stylizer.build import ADAIN

STEPS = 200
SIDE = 384
"""Of a picture that is optimized: its iterations, and its longer side in pixels."""

_POLLED = 0.5  # seconds


class Painter(NamedTuple):
    """How pictures are painted: by the run of a stylizer, or by optimization where there is none.

    `wants_style` is False for a network that has learned one style.
    """

    run: Path | None
    wants_style: bool

    @property
    def steps(self) -> int:
        """How many steps a picture takes."""
        return STEPS if self.run is None else 1


def painter_of(run: Path | None) -> Painter:
    """The painter of a run of task=adain or task=feedforward, or of none.

    Raises:
        LikenessError: it trained something else, or has no weights yet.
    """
    if run is None:
        return Painter(None, True)
    config = config_of(run)
    if not isinstance(config, StylizerConfig):
        raise LikenessError(f"{run} trained no stylizer: name a run of task=adain or task=feedforward.")
    return Painter(run, config.task.target == ADAIN)


def painted(painter: Painter, content: Picture, style: Picture | None, advance: Advance) -> Made:
    """Paint a picture.

    Raises:
        LikenessError: a picture can't be read, or is too small.
        Stopped: the server ends.
    """
    for picture in (content, style):
        if picture is not None:
            read_image(picture.content, name=picture.called)  # which says so before a process is started
    with TemporaryDirectory(prefix="likeness-") as place:
        folder = Path(place)
        output = folder / "painted.png"
        first = _written(folder, "content", content)
        called = {str(first): content.called}
        second = None
        if style is not None:
            second = _written(folder, "style", style)
            called[str(second)] = style.called
        with without_paths({**called, place: "the picture"}):
            if painter.run is None:
                assert second is not None
                _optimized(first, second, output, folder, advance)
            elif second is not None:
                paint_by_adain([Pair(first, second, output)], painter.run, [], force=False)
            else:
                paint_by_networks([Pair(first, painter.run, output)], [], force=False)
        return Made(picture=output.read_bytes())


def _written(folder: Path, name: str, picture: Picture) -> Path:
    file = folder / f"{name}{picture.suffix}"
    file.write_bytes(picture.content)
    return file


def _optimized(content: Path, style: Path, output: Path, folder: Path, advance: Advance) -> None:
    """By `likeness stylize` in a process of its own, whose run is thrown away."""
    settings = [f"trainer.max_steps={STEPS}", f"data.sizes=[{SIDE}]", f"runs_dir={folder / 'runs'}"]
    words = [sys.executable, "-m", "likeness", "stylize", content, style, "-o", output, *settings]
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(list(map(str, words)), stdout=said, stderr=subprocess.STDOUT, cwd=folder)
        try:
            done = 0
            while process.poll() is None:
                steps = _steps(folder / "runs")
                advance(max(0, steps - done))
                done = max(done, steps)
                time.sleep(_POLLED)
        except Stopped:
            process.terminate()
            process.wait()
            raise
        said.seek(0)
        lines = said.read().splitlines()
    if process.returncode:
        sentences = [line.removeprefix("likeness: ") for line in lines if line.startswith("likeness: ")]
        raise LikenessError(sentences[-1] if sentences else "The picture could not be painted.")


def _steps(runs: Path) -> int:
    """The last step that a run below a folder has logged."""
    for metrics in runs.glob("*/*/metrics.csv"):
        rows: Sequence[dict[str, str]] = list(csv.DictReader(StringIO(metrics.read_text(errors="replace"))))
        return max((int(row["step"]) for row in rows if (row.get("step") or "").isdigit()), default=0)
    return 0
