"""From a folder of a million files to the indices of a first batch: what it takes the first and the second time.

    python experiments/benchmarks/input/startup.py [FILES]    # writes startup.json

The files lie in a temporary folder, 100 to an identity, each with an inode and a size of its own but without a byte on
the disk (sparse). They are listed, fingerprinted (`data.hash=sampled`), split and scheduled as a run does it, each time
in a fresh process, whose imports are not counted. Nothing is decoded.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
EACH = 100  # files of an identity


def make_files(root: Path, count: int) -> None:
    """`count` files below `root`; their names are those of images."""
    for identity in range(count // EACH):
        folder = root / f"identity-{identity:06d}"
        folder.mkdir()
        for image in range(EACH):
            file = os.open(folder / f"{image:04d}.jpg", os.O_CREAT | os.O_WRONLY, 0o644)
            os.ftruncate(file, 1000 + (identity * EACH + image) % 50_000)
            os.close(file)


def start(root: Path) -> None:
    """Print what a start-up takes, as JSON."""
    from likeness.recipes.choose import recipe_of, training_config

    config = training_config(["data=image_folder", f"data.root={root}", "data.hash=sampled"])
    recipe: Any = recipe_of(config)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clocks = time.perf_counter(), time.process_time()
    fingerprints = recipe.fingerprints
    listed = time.perf_counter(), time.process_time()
    schedule = recipe.data().schedule()
    schedule.set_epoch(0)
    batch = next(iter(schedule))
    ended = time.perf_counter(), time.process_time()
    print(
        json.dumps(
            {
                "wall_seconds": ended[0] - clocks[0],
                "processor_seconds": ended[1] - clocks[1],
                "of_which_listing_and_fingerprint": listed[1] - clocks[1],
                "memory_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10,
                "first": [int(draw.index) for draw in batch][:8],
                "sha256": fingerprints["train"]["of"]["sha256"],
            }
        )
    )


def main() -> None:
    """Make the files, start twice, and remove them."""
    if sys.argv[1:2] == ["--start"]:
        start(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    found: dict[str, Any] = {"files": count, "identities": count // EACH, "python": platform.python_version()}
    with TemporaryDirectory() as folder:
        root, cache = Path(folder, "files"), Path(folder, "cache")
        root.mkdir()
        make_files(root, count)
        time.sleep(3)  # a folder that was changed just now is not taken from a cache
        for which in ("first", "second"):
            done = subprocess.run(
                [sys.executable, __file__, "--start", str(root)],
                env={**os.environ, "XDG_CACHE_HOME": str(cache)},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            found[which] = json.loads(done.stdout.splitlines()[-1])
            print(which, found[which], flush=True)
    assert found["first"].pop("first") == found["second"].pop("first")
    assert found["first"].pop("sha256") == found["second"].pop("sha256")
    found["load_average"] = os.getloadavg()[0]
    (HERE / "startup.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
