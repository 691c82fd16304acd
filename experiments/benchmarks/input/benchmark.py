"""Images a second from JPEG files of 112 x 112, with flips, beside torchvision's `ImageFolder` and PyTorch's loader.

    PYTHONPATH=experiments/benchmarks python experiments/benchmarks/input/benchmark.py IMAGES    # writes results.json

IMAGES is a folder of images, one folder an identity: 2,048 of them are written again as JPEG files of 112 x 112. All
run in one process, on one thread, without workers, in turn; that all give the same images is asserted first.
"""

import json
import platform
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image, ImageOps
from timing import side_by_side
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from likeness.data.augment import KeyedAugment
from likeness.data.image_files import files_of_identities, identity_folders
from likeness.data.images import Images
from likeness.data.insightface import insightface_rec
from likeness.data.insightface.record_io import MAGIC
from likeness.data.loading import training_loader
from likeness.data.sampler import Draw
from likeness.data.skipping import SkippingUnreadable
from likeness.memory import keep_freed_memory

SIDE, COUNT, BATCH, ROUNDS = 112, 2048, 64, 7
SIZE = {"spatial_size": SIDE, "channels": 3}


class InOrder:
    """A schedule of all images in their order, an epoch long."""

    def __len__(self) -> int:
        return COUNT // BATCH

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Nothing changes from epoch to epoch."""

    def __iter__(self) -> Iterator[list[Draw]]:
        for start in range(0, COUNT, BATCH):
            yield [Draw(epoch=0, index=index) for index in range(start, start + BATCH)]


def ours(images: Images, transforms: Iterable[Callable[[Tensor], Tensor]]) -> Iterator[Tensor]:
    """The batches of an epoch by our training loader."""
    loader = training_loader(
        SkippingUnreadable(images),
        InOrder(),  # type: ignore[arg-type]  # a schedule by its methods
        KeyedAugment(list(transforms), seed=0),
        start=0,
        workers=0,
        pin_memory=False,
    )
    for batch, _ in zip(loader, range(COUNT // BATCH), strict=False):
        yield batch.images


def image_folder(folder: Path, transforms: Iterable[Callable[[Tensor], Tensor]]) -> Iterator[Tensor]:
    """The batches of an epoch as torchvision's users write it."""
    data = ImageFolder(str(folder), transform=v2.Compose([v2.PILToTensor(), *transforms]))
    for images, _ in DataLoader(data, batch_size=BATCH):
        yield images


def write_jpegs(source: Path, folder: Path) -> None:
    """The first images below `source` as squares of 112 pixels."""
    files = [path for path in sorted(source.rglob("*")) if path.suffix.lower() in (".jpg", ".png")][:COUNT]
    if len(files) < COUNT:
        raise SystemExit(f"{source} holds {len(files)} images; the benchmark takes {COUNT}.")
    for number, file in enumerate(files):
        place = folder / f"{number // 16:04}"
        place.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as image:
            ImageOps.fit(image.convert("RGB"), (SIDE, SIDE)).save(place / f"{number % 16:02}.jpg", quality=95)


def write_records(folder: Path, records: Path) -> None:
    """The same files as insightface's train.rec and train.idx."""
    records.mkdir()
    place, lines = 0, []
    with (records / "train.rec").open("wb") as stream:
        for key, file in enumerate(sorted(folder.rglob("*.jpg")), 1):
            payload = struct.pack("<IfQQ", 0, float(file.parent.name), key, 0) + file.read_bytes()
            lines.append(f"{key}\t{place}\n")
            framed = struct.pack("<II", MAGIC, len(payload)) + payload + b"\0" * (-len(payload) % 4)
            place += stream.write(framed)
    (records / "train.idx").write_text("".join(lines))


def main(source: Path) -> None:
    """Write the files, assert, time, write."""
    torch.set_num_threads(1)
    keep_freed_memory()
    here = Path(__file__).parent
    with TemporaryDirectory() as name:
        folder, records = Path(name) / "folder", Path(name) / "records"
        write_jpegs(source, folder)
        write_records(folder, records)
        files = files_of_identities(folder, identity_folders(folder), **SIZE)
        rec = insightface_rec(root=str(records), **SIZE, split=(1, 0, 0)).train
        assert rec is not None
        for batches in zip(ours(files, []), ours(rec, []), image_folder(folder, []), strict=True):
            assert all(torch.equal(batches[0], batch) for batch in batches)
        flip = v2.RandomHorizontalFlip()
        contenders = {
            "likeness, folder": lambda: ours(files, [flip]),
            "likeness, train.rec": lambda: ours(rec, [flip]),
            "ImageFolder": lambda: image_folder(folder, [flip]),
        }
        seconds = side_by_side(
            {name: lambda batches=batches: sum(map(len, batches())) for name, batches in contenders.items()},
            ROUNDS,
        )
        kilobytes = np.mean([file.stat().st_size for file in folder.rglob("*.jpg")]) / 1000
    results = {
        "machine": platform.processor() or platform.machine(),
        "versions": {
            name: metadata.version(name) for name in ("pillow", "simplejpeg", "torch", "torchvision")
        },
        "images": COUNT,
        "side": SIDE,
        "kilobytes_an_image": round(float(kilobytes), 1),
        "images_a_second": {name: round(COUNT / each) for name, each in seconds.items()},
        "times_image_folder": {
            name: round(seconds["ImageFolder"] / each, 2) for name, each in seconds.items()
        },
    }
    (here / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
