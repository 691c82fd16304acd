"""Whether the chosen trackers are installed, found without importing them."""

from collections.abc import Iterable
from importlib.util import find_spec

from likeness.errors import LikenessError

PACKAGES = {
    "wandb": ("wandb",),
    "tensorboard": ("tensorboard",),
    "trackio": ("trackio",),
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
}


def refuse_missing(trackers: Iterable[str]) -> None:
    """Raise a LikenessError that names a tracker which isn't installed, and how to install it."""
    for tracker in trackers:
        for package in PACKAGES[tracker]:
            if find_spec(package) is None:
                raise LikenessError(
                    f"logger={tracker} needs the package {package}, which is not installed: "
                    f"install it with pip install -e '.[{tracker}]' in the folder of likeness."
                )
