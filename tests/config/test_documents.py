"""The commands that the documents show compose and fit the schema."""

import re
import shlex

import pytest

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.groups import CONF
from likeness.config.help import EXAMPLES
from likeness.config.make import plain
from likeness.config.schema.embedding import EvaluateConfig
from likeness.recipes.choose import training_config

ROOT = CONF.parent
TEXTS = [
    EXAMPLES,
    *(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("experiments/*/README.md")]),
]
LINES = sorted({line.partition("#")[0].strip() for text in TEXTS for line in text.splitlines()})


@pytest.mark.parametrize("line", [line for line in LINES if re.match(r"python train\.py .*=", line)])
def test_a_training_command_composes(line: str) -> None:
    words = shlex.split(line)[2:]
    sweep = "-m" in words
    words = [word.partition(",")[0] if sweep else word for word in words if word != "-m"]
    training_config(words)


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("likeness evaluate")])
def test_an_evaluation_command_composes(line: str) -> None:
    encoder, *words = shlex.split(line)[2:]
    check(plain(composed("evaluate", [f"backbone.path={encoder}", *words])), EvaluateConfig)


def test_evaluation_measures_by_the_same_defaults_as_training() -> None:
    training, evaluation = composed("config", []), composed("evaluate", ["backbone.path=encoder.onnx"])
    del training.evaluation.far  # the threshold is the run's
    for key in ("evaluation", "loader", "seed", "runs_dir"):
        assert training[key] == evaluation[key]
