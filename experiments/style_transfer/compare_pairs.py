"""Judges the images of `nine_pairs.py` by one objective in float32; writes pairs.json, pairs.md and the sheet."""

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import torch
from nine_pairs import CONTENTS, STYLES, WORDS
from sheet import draw

from likeness.data.image_as_shown import read_image
from likeness.data.style.datamodule import in_floats
from likeness.recipes.choose import config_of
from likeness.recipes.pixels.build import build_images, build_style_task

HERE = Path(__file__).parent
KINDS = ("ours", "plain")
SCALES = {"total": 1.0, "content": 1.0, "style": 1e5}  # of the costs in the table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, help="a folder with content/ and style/")
    parser.add_argument("painted", type=Path, help="the folder that nine_pairs.py wrote")
    arguments = parser.parse_args()
    runs = {}
    for run in sorted((arguments.painted / "runs" / "stylize").iterdir()):
        data = config_of(run).data
        runs[Path(data.content).stem, Path(data.style[0]).stem] = run
    pairs = {
        f"{content}--{style}": costs_of(runs[content, style], arguments.painted)
        for content, style in product(CONTENTS, STYLES)
    }
    environment = json.loads((run / "run.json").read_text())["environment"]
    machine = {name: environment[name] for name in ("cpu", "threads", "torch")}
    results = {"arguments": WORDS, "machine": machine, "pairs": pairs}
    (HERE / "pairs.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "pairs.md").write_text(table(pairs))
    draw(arguments.images, arguments.painted, HERE / "sheet.jpg")


@torch.no_grad()
def costs_of(run: Path, painted: Path) -> dict[str, Any]:
    """The costs of both images of a pair, as they were written, at the run's last size."""
    config = config_of(run)
    images = build_images(config)
    task = build_style_task(config, images)
    batch = in_floats(images.batch(-1), channels_last=False)
    targets = task.targets(batch)
    name = f"{Path(config.data.content).stem}--{Path(config.data.style[0]).stem}"
    result = {}
    for kind in KINDS:
        image = read_image(painted / kind / f"{name}.png").image[None].float() / 255
        costs = task.costs(image, targets)._asdict()
        record = json.loads((painted / kind / f"{name}.json").read_text())
        result[kind] = {f"cost/{term}": float(costs[term]) for term in SCALES} | record
    return result


def table(pairs: dict[str, dict[str, Any]]) -> str:
    """A row for each pair: J, content and style, ours and the plain loop's."""
    lines = [
        "| content, style | seconds | J: ours | plain | content: ours | plain | style, 1e-5: ours | plain |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, pair in pairs.items():
        costs = [
            f"{scale * pair[kind][f'cost/{term}']:.1f}" for term, scale in SCALES.items() for kind in KINDS
        ]
        seconds = f"{pair['ours']['processor_seconds']:.0f}"
        lines.append(" | ".join(["| " + name.replace("--", ", "), seconds, *costs]) + " |")
    return "<!-- Written by compare_pairs.py. -->\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
