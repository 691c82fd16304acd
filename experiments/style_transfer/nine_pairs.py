"""Three contents in three styles, by `likeness stylize`, and by the plain loop for as many seconds of the processor."""

import argparse
import json
import resource
import subprocess
import sys
from itertools import product
from pathlib import Path

CONTENTS = ("golden_gate", "tuebingen", "astronaut")
STYLES = ("starry_night", "the_scream", "great_wave")
WORDS = (
    "backbone=vgg16_features",
    "backbone.pooling=average",
    "backbone.padding_mode=replicate",
    "data.sizes=[256,384]",
    "trainer.max_steps=110",
    "trainer.precision=bf16-mixed",
    "task.float32_steps=15",
    "checkpoints.every=110",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, help="a folder with content/ and style/")
    parser.add_argument("weights", type=Path, help="of torchvision's VGG-16")
    parser.add_argument("output", type=Path, help="a folder: ours/ and plain/ below it")
    words = parser.parse_args()
    for kind in ("ours", "plain"):
        (words.output / kind).mkdir(parents=True, exist_ok=True)
    for content, style in product(CONTENTS, STYLES):
        pair = [
            str(words.images / "content" / f"{content}.jpg"),
            str(words.images / "style" / f"{style}.jpg"),
        ]
        ours, plain = (words.output / kind / f"{content}--{style}.png" for kind in ("ours", "plain"))
        own_words = [*WORDS, f"backbone.weights={words.weights}", f"runs_dir={words.output / 'runs'}"]
        seconds = painted(["likeness", "stylize", *pair, "-o", str(ours), "--force", *own_words])
        ours.with_suffix(".json").write_text(json.dumps({"processor_seconds": round(seconds, 1)}) + "\n")
        loop = [sys.executable, str(Path(__file__).with_name("plain_loop.py"))]
        painted(
            [*loop, *pair, "-o", str(plain), "--weights", str(words.weights), "--seconds", f"{seconds:.1f}"]
        )


def painted(command: list[str]) -> float:
    """Runs a command; its seconds of the processor, all in all."""
    before = spent()
    subprocess.run(command, check=True)
    return spent() - before


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
