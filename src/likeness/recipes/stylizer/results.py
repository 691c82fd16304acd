"""What the training of a stylizer leaves behind: the costs of what it paints, and a sheet of it."""

from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.style.style_folders import StyleFolders
from likeness.evaluation.figures import Curve, curves_figure, style_grid
from likeness.evaluation.metric import Metric
from likeness.losses.style import StyleCosts
from likeness.recipes.stylizer.build import build_stylizer_task
from likeness.recipes.stylizer.family import STYLIZER
from likeness.recipes.stylizer.shown import Shown, shown_images
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.recording import Recording
from likeness.runs.record.unreadable import noted_unreadable
from likeness.runs.table import print_table, write_results_file
from likeness.runs.training.checkpoints import checkpoint_of, load_part
from likeness.runs.training.monitors import CURVES as MONITORED
from likeness.tasks.stylizer import StylizerTask

CURVES = {"content": "train/content", "style": "train/style", "total": "train/loss", **MONITORED}


def conclude(run: Recording, config: StylizerConfig, folders: StyleFolders) -> None:
    """Measure what the stylizer that the run hands on makes of test images, beside the untrained one; draw it."""
    contents = shown_images(folders.contents.test, "data.contents")
    styles = shown_images(folders.styles.test, "data.styles")
    task = build_stylizer_task(config, folders).eval()
    untrained = _paint(task, contents, styles)
    load_part(task.stylizer, "stylizer", checkpoint_of(run.folder), run.folder)
    trained = _paint(task, contents, styles)
    as_it_is = [content.image for content, _ in product(contents, styles)]
    painted = {"trained": trained, "untrained": untrained, "the content as it is": as_it_is}
    metrics = {name: _costs(task, images, contents, styles) for name, images in painted.items()}
    tested = {*folders.contents.test.unreadable, *folders.styles.test.unreadable}
    run.outcome["unreadable_images"] = sorted({*noted_unreadable(run.folder), *tested})
    write_results_file(run.folder, metrics)
    _draw(run.folder, contents, styles, trained)
    print_table("The costs of the stylized test images, the mean over pairs", metrics, STYLIZER.presentation)


def _paint(task: StylizerTask, contents: list[Shown], styles: list[Shown]) -> list[Tensor]:
    return [task.paint(content.image, [style.image]) for content, style in product(contents, styles)]


def _costs(
    task: StylizerTask, images: list[Tensor], contents: list[Shown], styles: list[Shown]
) -> dict[str, Metric]:
    costs = [
        task.costs(image, content.image, style.image)
        for image, (content, style) in zip(images, product(contents, styles), strict=True)
    ]
    return {
        f"cost/{term}": Metric(fmean(float(getattr(one, term)) for one in costs), len(costs))
        for term in StyleCosts._fields
    }


def _draw(folder: Path, contents: list[Shown], styles: list[Shown], painted: list[Tensor]) -> None:
    rows = [painted[start : start + len(styles)] for start in range(0, len(painted), len(styles))]
    grid = style_grid(
        {content.name: _pixels(content.image) for content in contents},
        {style.name: _pixels(style.image) for style in styles},
        [[_pixels(image) for image in row] for row in rows],
    )
    grid.savefig(folder / "figures" / "painted.png")
    logged = logged_curves(folder)
    panels = {name: {name: Curve(*logged[key], share=False)} for name, key in CURVES.items() if key in logged}
    if panels:
        curves_figure(panels).savefig(folder / "figures" / "training.png")


def _pixels(image: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = (255 * image).round().byte().permute(1, 2, 0).numpy()
    return pixels
