"""wandb is installed with the project, but nothing imports it unless a run has logger=wandb."""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from likeness.config.groups import CONF

WATCH = """
import os, sys, traceback

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "wandb":
            with open(os.environ["WANDB_IMPORTED"], "a") as file:
                traceback.print_stack(file=file)

sys.meta_path.insert(0, Watch())
"""
TRAIN = [
    "-m",
    "likeness",
    "train",
    "backbone=timm",
    "backbone.name=convnext_atto",
    "backbone.spatial_size=32",
    "data.identities=12",
    "data.pictures_per_identity=6",
    "data.validation_identities=4",
    "data.test_identities=6",
    "sampler.identities=4",
    "sampler.images=3",
    "trainer.max_steps=2",
    "trainer.val_check_interval=2",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]
Imports = Callable[[Sequence[str]], str]


@pytest.fixture
def imports(command, tmp_path: Path) -> Imports:
    """From where a command, or a process that it starts, imports wandb; an empty text where none does."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)  # which every interpreter imports first
    said = tmp_path / "imported.txt"
    path = os.pathsep.join(filter(None, [str(tmp_path / "watch"), os.environ.get("PYTHONPATH")]))

    def run(overrides: Sequence[str]) -> str:
        done = command(*overrides, PYTHONPATH=path, WANDB_IMPORTED=str(said))
        assert done.returncode == 0, done.stderr
        return said.read_text() if said.exists() else ""

    return run


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["-m", "likeness", "--help"], id="help"),
        pytest.param(["-m", "likeness", "runs", "--runs-dir", "."], id="runs"),
        pytest.param([str(CONF.parent / "train.py"), "--help"], id="help of train"),
        pytest.param(TRAIN, id="a training, by Lightning, of a network of timm"),
    ],
)
def test_it_is_not_imported(overrides: list[str], imports: Imports) -> None:
    assert imports(overrides) == ""


def test_an_import_would_be_seen(imports: Imports) -> None:
    assert 'File "<string>", line 1' in imports(["-c", "import wandb"])


def test_timm_would_import_it() -> None:
    """Which is why ours goes round it."""
    spec = find_spec("timm")
    assert spec is not None
    assert spec.origin is not None
    assert "    import wandb\n" in (Path(spec.origin).parent / "utils" / "summary.py").read_text()


def test_it_can_be_imported_after_timm(warm_command, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, likeness.models.timm_backbone\n"
        "assert 'timm' in sys.modules and 'wandb' not in sys.modules\n"
        "import wandb\n"
        "print(wandb.__name__)\n"
    )
    done = warm_command(str(program))
    assert done.stdout == "wandb\n", done.stderr
