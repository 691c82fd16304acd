"""What each paper's addition is worth: short runs on drawn scenes with and without it, over three seeds.

Each run's results go to `ablations.json` as soon as they are there; what stands in it isn't run again. At the end the
table of average precision is printed.

    python experiments/detection/ablations.py
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
SQUARE_TEMPLATES = [[round(8 * 24 ** (k / 11), 1)] * 2 for k in range(12)]
"""Squares of 8 to 192 pixels in equal steps of their logarithm: by hand, without a look at the faces."""


WHOLE = "as it is"


class Ablated(NamedTuple):
    """An experiment with something left out, or, without `overrides`, as it is."""

    experiment: str
    variant: str
    overrides: tuple[str, ...]


VARIANTS = (
    Ablated("face_rcnn", WHOLE, ()),
    Ablated("face_rcnn", "without centre loss", ("task.centre_weight=0",)),
    Ablated("pyramidbox", WHOLE, ()),
    Ablated(
        "pyramidbox",
        "random squares instead of data-anchor-sampling",
        ("sampler=random_squares", "sampler.batch_size=4"),
    ),
    Ablated("pyramidbox", "without the low-level feature pyramid", ("detector.low_level_pyramid=false",)),
    Ablated("pyramidbox", "without heads and bodies", ("task.part_weights=[1,0,0]",)),
    Ablated("tiny_faces", WHOLE, ()),
    Ablated("tiny_faces", "square templates by hand", (f"detector.templates={SQUARE_TEMPLATES}",)),
    Ablated("mtcnn", WHOLE, ()),
    Ablated("mtcnn", "without hard mining", ("task.hard_share=1",)),
)
STEPS = {"face_rcnn": 100, "pyramidbox": 100, "tiny_faces": 100, "mtcnn": 200}
"""Between a quarter and a third of the experiments' own."""
SHORT = ("data.test_scenes=100", "trainer.devices=1", "loader.workers=0")


def main() -> None:
    """Run what isn't there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "ablations.json")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs/ablations"))
    options = parser.parse_args()
    done = json.loads(options.results.read_text()) if options.results.exists() else []
    present = {(row["experiment"], row["seed"], row["steps"], *row["overrides"]) for row in done}
    for one in VARIANTS:
        for seed in SEEDS:
            steps, overrides = STEPS[one.experiment], [*SHORT, *one.overrides]
            if (one.experiment, seed, steps, *overrides) in present:
                continue
            run = _run(one.experiment, seed, steps, overrides, options.runs_dir)
            record = json.loads((run / "run.json").read_text())
            done.append(
                {
                    "experiment": one.experiment,
                    "variant": one.variant,
                    "seed": seed,
                    "steps": steps,
                    "overrides": overrides,
                    "commit": record["source"]["commit"],
                    "results": json.loads((run / "results.json").read_text()),
                }
            )
            written = options.results.with_suffix(".part")
            written.write_text(json.dumps(done, indent=1) + "\n")
            written.replace(options.results)
    print(*_table(done), sep="\n")


def _table(done: list[dict[str, Any]]) -> list[str]:
    """Rows of average precision in per cent: of each seed, their mean, and the mean difference to the whole."""
    precision = {
        (row["experiment"], row["variant"], row["seed"]): 100
        * row["results"]["trained"]["detection/ap"]["value"]
        for row in done
    }
    rows = []
    for one in VARIANTS:
        own = [precision[one.experiment, one.variant, seed] for seed in SEEDS]
        whole = [precision[one.experiment, WHOLE, seed] for seed in SEEDS]
        less = [a - b for a, b in zip(own, whole, strict=True)]
        told = f"{mean(less):+.1f} ({', '.join(f'{each:+.1f}' for each in less)})" if one.overrides else ""
        seeds = " | ".join(f"{each:.1f}" for each in own)
        rows.append(f"| `{one.experiment}`, {one.variant} | {seeds} | **{mean(own):.1f}** | {told} |")
    return rows


def _run(experiment: str, seed: int, steps: int, overrides: list[str], runs_dir: Path) -> Path:
    """The folder of a finished run."""
    command = [
        *(sys.executable, "-m", "likeness", "train", f"+experiment={experiment}", f"seed={seed}"),
        *(f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}", f"runs_dir={runs_dir}"),
        *overrides,
    ]
    print(*command, flush=True)
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(printed.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
