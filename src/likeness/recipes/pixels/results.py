"""What a style transfer leaves behind: the image, what it costs, and a sheet."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from torch import Tensor

from likeness.config.schema.pixels import PixelsConfig
from likeness.data.image_as_shown import write_image
from likeness.data.style.datamodule import in_floats
from likeness.data.style.style_pictures import StyleImages
from likeness.evaluation.figures import Curve, style_sheet
from likeness.evaluation.metric import Metric
from likeness.recipes.pixels.build import start_image
from likeness.recipes.pixels.family import PIXELS
from likeness.recipes.pixels.image import pixels_of
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.recording import Recording
from likeness.runs.table import print_table, write_results_file
from likeness.runs.training.checkpoints import checkpoint_of
from likeness.tasks.pyramid import resized
from likeness.tasks.style import StyleTask

IMAGE = "image.png"


def conclude(run: Recording, config: PixelsConfig, images: StyleImages, task: StyleTask) -> None:
    """Write the trained image, `image.png`, its costs by `task` beside those of its start, and the sheet."""
    image = checkpoint_of(run.folder).trained["image"]
    pixels = pixels_of(image, images)
    write_image(run.folder / IMAGE, pixels, force=True)
    run.outcome["image"] = {
        "sha256": sha256(pixels.numpy().tobytes()).hexdigest(),
        "height": pixels.shape[1],
        "width": pixels.shape[2],
    }
    begun_as = resized(start_image(config, images), image.shape[2:])
    metrics = _costs(task, images, {"trained": image, "untrained": begun_as})
    write_results_file(run.folder, metrics)
    write_sheet(run.folder, config, images, pixels)
    styles = ", ".join(style.name for style in images.styles)
    print_table(
        f"{images.content.name} in the style of {styles}: its costs, and those at the start",
        metrics,
        PIXELS.presentation,
    )


def _costs(task: StyleTask, images: StyleImages, shown: Mapping[str, Tensor]) -> dict[str, dict[str, Metric]]:
    """The costs of images of the last size, with features in float32."""
    batch = in_floats(images.batch(-1), channels_last=False)
    targets = task.targets(batch)
    return {
        name: {
            f"cost/{term}": Metric(float(cost), image[0, 0].numel())
            for term, cost in task.costs(image, targets)._asdict().items()
        }
        for name, image in shown.items()
    }


def write_sheet(folder: Path, config: PixelsConfig, images: StyleImages, pixels: Tensor) -> None:
    """Draw content, styles and image side by side, above the curves of what each cost adds to J."""
    last = images.batch(-1)
    count = len(images.styles)
    styles = {
        f"style{f' {number}' if count > 1 else ''}: {style.name}": shown[0]
        for number, (style, shown) in enumerate(zip(images.styles, last.styles, strict=True), start=1)
    }
    shown = {f"content: {images.content.name}": last.content[0], **styles, "generated": pixels}
    figure = style_sheet(
        {label: image.permute(1, 2, 0).numpy() for label, image in shown.items()},
        _curves(
            folder, {"loss": 1.0, "content": config.loss.content_weight, "style": config.loss.style_weight}
        ),
        changes={level.start: f"{level.size} px" for level in images.levels[1:]},
    )
    figure.savefig(folder / "figures" / "sheet.png")


def _curves(folder: Path, weights: Mapping[str, float]) -> dict[str, Curve]:
    """By name the curve of `train/<name>`, times its weight."""
    logged = logged_curves(folder)
    curves = {}
    for name, weight in weights.items():
        if f"train/{name}" in logged:
            steps, values = logged[f"train/{name}"]
            curves[name] = Curve(steps, [weight * value for value in values], share=False)
    return curves
