"""What else there is, at a small size: runs of `python train.py +experiment=style_transfer`, and one figure of them."""

import argparse
import subprocess
import sys
from pathlib import Path

from matplotlib.figure import Figure
from sheet import GAP, aspect, opened, placed

from likeness.evaluation.figures.style import INK

HERE = Path(__file__).parent
COLUMN, LABEL = 2.6, 0.24  # inches
WORDS = (
    "name=style_variations",
    "backbone=vgg16_features",
    "backbone.pooling=average",
    "backbone.padding_mode=replicate",
    "data.sizes=[160,256]",
    "trainer.max_steps=70",
    "trainer.precision=bf16-mixed",
    "task.float32_steps=10",
)
TRANSPORT = (
    "loss.style_layers={relu1_1: 0.75, relu2_1: 0.19, relu3_1: 0.047, relu4_1: 0.012, relu5_1: 0.003}",
    "loss.style_weight=1.0",
    "loss.content_weight=0.015",
)
VARIATIONS = {
    "color=luminance": ("tuebingen", ["starry_night"], ["data.color=luminance"]),
    "color=match": ("tuebingen", ["starry_night"], ["data.color=match"]),
    "two styles blended": ("golden_gate", ["starry_night", "the_scream"], []),
    "a mask for each of two styles": (
        "golden_gate",
        ["the_scream", "great_wave"],
        [f"data.masks=[{HERE / 'sky.png'},{HERE / 'water.png'}]"],
    ),
    "statistic: sliced": (
        "tuebingen",
        ["the_scream"],
        [
            "statistic@loss.statistic=sliced",
            *TRANSPORT,
            "optimizer=adamw",
            "optimizer.lr=0.02",
            "optimizer.weight_decay=0.0",
        ],
    ),
    "statistic: gaussian": ("tuebingen", ["the_scream"], ["statistic@loss.statistic=gaussian", *TRANSPORT]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, help="a folder with content/ and style/")
    parser.add_argument("weights", type=Path, help="of torchvision's VGG-16")
    parser.add_argument("runs", type=Path, help="a folder for the runs")
    parser.add_argument("--only", choices=VARIATIONS, help="see one of them, and draw nothing")
    words = parser.parse_args()
    names = [words.only] if words.only else VARIATIONS
    folders = {name: painted(name, words.images, words.weights, words.runs) for name in names}
    if not words.only:
        draw(folders, HERE / "variations.jpg")


def painted(name: str, images: Path, weights: Path, runs: Path) -> Path:
    """The folder of the run of a variation."""
    content, styles, own = VARIATIONS[name]
    paths = ",".join(str(images / "style" / f"{style}.jpg") for style in styles)
    given = [f"data.content={images / 'content' / content}.jpg", f"data.style=[{paths}]"]
    given += [f"backbone.weights={weights}", f"runs_dir={runs}"]
    command = [sys.executable, str(HERE.parents[1] / "train.py"), "+experiment=style_transfer"]
    said = subprocess.run(
        [*command, *WORDS, *given, *own], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return Path(said.split()[-1])


def draw(folders: dict[str, Path], path: Path) -> None:
    """Writes the figure, three images in a row, to `path`."""
    images = {name: opened(folder / "image.png") for name, folder in folders.items()}
    tall = max(COLUMN / aspect(image) for image in images.values())
    rows = -(-len(images) // 3)
    figure = Figure(figsize=(3 * COLUMN + 4 * GAP, rows * (tall + LABEL) + GAP), dpi=150, facecolor="white")
    for position, (name, image) in enumerate(images.items()):
        row, column = divmod(position, 3)
        left, down = GAP + column * (COLUMN + GAP), LABEL + row * (tall + LABEL)
        placed(figure, image, left, down, COLUMN, COLUMN / aspect(image)).set_title(
            name, fontsize=8, color=INK, pad=3
        )
    figure.savefig(path, pil_kwargs={"quality": 85, "optimize": True})


if __name__ == "__main__":
    main()
