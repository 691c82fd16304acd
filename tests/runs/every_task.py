"""A small run of each task that trains, with all that makes going on with it hard, and the images that it reads."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from drawings import omniglot_folder
from killing import HARD
from PIL import Image
from tiny import TINY

# Networks by random weights: what is tested here is the run, not the image.
_FEATURES = [
    "backbone=vgg16_features",
    "backbone.weights=null",
    "loss.content_layers={relu2_1: 1.0}",
    "loss.style_layers={relu1_1: 1.0, relu2_1: 1.0}",
]
_LOGGED = ["trainer.log_every_n_steps=1", "checkpoints.every=3"]
_EMBEDDED = [*TINY, *HARD, *_LOGGED, "trainer.max_steps=15", "trainer.val_check_interval=3"]
_PAINTED = [
    *_FEATURES,
    "data.resize=48",
    "data.crop=32",
    "data.batch_size=2",
    "data.test_share=0.34",
    "loader.workers=1",
    "trainer.max_steps=12",
    *_LOGGED,
]
_SCENES = [
    "data.scenes=3",
    "data.validation_scenes=1",
    "data.test_scenes=2",
    "data.spatial_size=96",
    "sampler.side=64",
    "sampler.batch_size=2",
    "evaluation.resamples=10",
    "loader.workers=1",
    "trainer.max_steps=9",
    "trainer.val_check_interval=3",
    *_LOGGED,
]
DETECTORS = {
    "mtcnn": ["task.windows=8"],
    "tiny_faces": ["detector.number_of_templates=3", "task.test_scales=[1.0]", "detector.weights=null"],
    "face_rcnn": ["detector.shorter_sides=[48,64]", "detector.test_sides=[64]", "detector.weights=null"],
    "pyramidbox": ["sampler.side=128", "detector.width=0.0625", "detector.weights=null"],
}
"""By the experiment of a detector what makes it small."""


def images_in(folder: Path) -> Path:
    """Three contents and three styles below a folder."""
    drawn = np.random.default_rng(0)
    for kind in ("contents", "styles"):
        (folder / kind).mkdir(parents=True)
        for number in range(3):
            coarse = Image.fromarray(drawn.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            coarse.resize((70, 60), Image.Resampling.BICUBIC).save(folder / kind / f"{number}.png")
    return folder


def _style(images: Path) -> list[str]:
    read = [f"data.content={images}/contents/0.png", f"data.style={images}/styles/0.png"]
    steps = ["data.sizes=[48,64]", "trainer.max_steps=24", "task.preview_every=4", *_LOGGED]
    return ["+experiment=style_transfer", *_FEATURES, *read, *steps]


def _adain(images: Path) -> list[str]:
    read = [f"data.contents={images}/contents", f"data.styles={images}/styles"]
    return ["+experiment=adain", *_PAINTED, *read, "stylizer.width=8"]


def _feedforward(images: Path) -> list[str]:
    read = [f"data.contents={images}/contents", f"data.styles={images}/styles/0.png"]
    return ["+experiment=feedforward", *_PAINTED, *read, "stylizer.width=4", "stylizer.blocks=1"]


def _oneshot(images: Path) -> list[str]:
    kept = [
        word
        for word in _EMBEDDED
        if not word.startswith(("data.", "backbone.width", "augment=", "scheduler="))
    ]
    read = [
        f"data.root={omniglot_folder(images / 'omniglot')}",
        "data.validation_alphabets=1",
        "episodes.ways=5",
        "episodes.count=12",
    ]
    return ["+experiment=oneshot_l1", *kept, *read, "backbone.widths=[4,4]"]


def _of(*overrides: str) -> Callable[[Path], Sequence[str]]:
    return lambda images: overrides


TASKS: dict[str, Callable[[Path], Sequence[str]]] = {
    "embedding": _of(*_EMBEDDED),
    "embedding, two workers": _of(*_EMBEDDED, "loader.workers=2"),
    "embedding, two processes": _of(*_EMBEDDED, "trainer.accelerator=cpu", "trainer.devices=2"),
    "similarity": _of(*_EMBEDDED, "task=similarity", "loss=cross_entropy", "head=absolute_difference"),
    "siamese": _of(*_EMBEDDED, "task=siamese"),
    "one-shot": _oneshot,
    "style, L-BFGS": _style,
    "style, Adam": lambda images: [*_style(images), "optimizer=adam", "task.start=noise"],
    "adain": _adain,
    "feedforward": _feedforward,
    **{name: _of(f"+experiment={name}", *_SCENES, *small) for name, small in DETECTORS.items()},
    "landmarks": _of("+experiment=landmarks", *_SCENES, "task.windows=3"),
}
