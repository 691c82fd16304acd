"""What a configuration may name: our own parts, and those of packages that the user trusts or installed as parts."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from past_samples import sample_record
from tiny import TINY
from warm import Command

from likeness.config.compose import composed
from likeness.config.make import make, plain
from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import is_trusted, packages_named
from likeness.errors import LikenessError
from likeness.recipes.choose import checked, config_of, training_config
from likeness.recipes.embedding.past import embedding_config_of
from likeness.runs.record.record_file import write_record

SOURCE = '''
    """Parts that lie in a file."""

    from typing import Any, Literal

    from torch import Tensor, nn


    class Spread(nn.Module):
        """Minus the mean squared distance, times a factor that is trained."""

        def __init__(self, factor: float = 1.0, kind: Literal["near", "far"] = "near", inner: nn.Module | None = None):
            super().__init__()
            self.factor, self.inner = factor, inner

        def forward(self, embedding: Tensor, identity: Tensor) -> Tensor:
            return -self.factor * (embedding[:, None] - embedding).square().mean()


    def needs(a: int, b: list[float]) -> None: ...


    class Needs:
        def __init__(self, size: int) -> None: ...


    NUMBER = 3
    '''


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with a module `trusted_parts`."""
    (tmp_path / "trusted_parts.py").write_text(dedent(SOURCE).lstrip())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "trusted_parts", raising=False)
    return tmp_path


def with_loss(*more: str, trust: str = "[trusted_parts]", **keys: Any) -> dict[str, Any]:
    """The plain configuration of a run with the loss of the module, and further keys of it."""
    config = plain(composed("config", [f"trust={trust}", *more]))
    return {**config, "loss": {"_target_": "trusted_parts.Spread", **keys}}


# What is not trusted


@pytest.mark.parametrize(
    "override",
    [
        "data._target_=os.system",
        "backbone._target_=os.system",
        "embedder._target_=os.system",
        "loss._target_=os.system",
        "optimizer._target_=os.system",
        "scheduler._target_=os.system",
        "task._target_=os.system",
        "+head={_target_: os.system}",
        "+augment.mine={_target_: os.system}",
        "+test_data={_target_: os.system}",
    ],
)
def test_whatever_is_not_trusted_is_refused_with_a_sentence_that_names_trust(override: str) -> None:
    with pytest.raises(LikenessError) as raised:
        training_config([override])
    key = override.lstrip("+").partition("=")[0].removesuffix("._target_")
    said = str(raised.value)
    assert f"{key}._target_=os.system is not on the list of what a configuration may call" in said
    assert said.endswith("If os is yours, or you know its code: trust=[os].")


@pytest.mark.parametrize(
    "trust", ["[]", "[trusted]", "[trusted_parts.Spread]", "[trusted_parts_too]", "[parts]"]
)
def test_only_the_package_itself_is_trusted(parts: Path, trust: str) -> None:
    with pytest.raises(LikenessError, match="is not on the list"):
        checked(with_loss(trust=trust))


def test_it_is_trusted_by_its_name_or_by_that_of_a_module_in_it() -> None:
    assert is_trusted("a.b.C", ["a"])
    assert is_trusted("a.b.C", ["a.b"])
    assert not is_trusted("ab.C", ["a"])
    assert not is_trusted("a", ["a"])  # a package is nothing that could be called


def test_trust_is_a_list() -> None:
    with pytest.raises(
        LikenessError, match=r"trust=trusted_parts is no list: write trust=\[trusted_parts\]\."
    ):
        training_config(["trust=trusted_parts"])


@pytest.mark.parametrize(
    "inner",
    [
        {"_target_": "os.system", "command": "ls"},
        {"_target_": "trusted_parts.Spread", "inner": {"_target_": "os.system", "command": "ls"}},
        [{"deep": [{"_target_": "os.system"}]}],
        {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 3},
        {"_target_": "likeness.config.signature.imported", "target": "os.system"},
        {"_target_": ["likeness.losses.BatchHardTripletLoss"]},
        {"_target_": 3},
    ],
)
def test_what_is_named_within_a_trusted_part_is_trusted_too_or_refused(parts: Path, inner: Any) -> None:
    with pytest.raises(
        LikenessError, match=r"named within trusted_parts\.Spread, is not of a trusted package"
    ):
        checked(with_loss(inner=inner))


@pytest.mark.parametrize("key", ["_args_", "_convert_", "_recursive_", "_mine_"])
def test_keys_of_hydra_are_refused_at_any_depth(parts: Path, key: str) -> None:
    with pytest.raises(LikenessError, match=f"{key} is not a key of a part of trusted_parts.Spread"):
        checked(with_loss(**{key: []}))
    with pytest.raises(LikenessError, match=f"{key} is not a key of a part of trusted_parts.Spread"):
        checked(with_loss(inner={"_target_": "trusted_parts.Spread", key: []}))


@pytest.mark.parametrize(
    "value",
    ["${oc.create:{_target_:os.system,command:ls}}", ["${oc.env:HOME}"], {"deeper": ["a", "x${name}"]}],
)
def test_an_escaped_interpolation_can_not_bring_a_part_in_later(parts: Path, value: Any) -> None:
    with pytest.raises(LikenessError, match=r"can't be taken as it is: a value has no \$\{ in it"):
        checked(with_loss(inner=value))
    config = plain(composed("config", []))
    with pytest.raises(LikenessError, match=r"backbone\.name\S*=.* can't be taken as it is"):
        checked({**config, "backbone": {**config["backbone"], "name": value}})


# What is trusted


def test_a_trusted_part_stands_in_the_configuration_as_it_was_written(parts: Path) -> None:
    inner = {"_target_": "trusted_parts.Spread", "factor": 2.0}
    config = checked(with_loss(factor=3, inner=inner)).plain()
    assert config["loss"] == {
        "_target_": "trusted_parts.Spread",
        "_partial_": False,
        "factor": 3,
        "inner": inner,
    }
    assert config["trust"] == ["trusted_parts"]
    assert packages_named(config) == ["trusted_parts"]


def test_an_installed_package_declares_itself_by_an_entry_point(parts: Path) -> None:
    with pytest.raises(LikenessError, match="is not on the list"):
        checked(with_loss(trust="[]"))
    distribution = parts / "trusted_parts-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: trusted-parts\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text("[likeness.parts]\nmine = trusted_parts\n")
    config = checked(with_loss(trust="[]")).plain()
    assert config["trust"] == []
    assert packages_named(config) == ["trusted_parts"]  # its files are recorded like those of a trusted one


# Mistakes


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"facter": 2}, "Spread takes no facter; did you mean factor?"),
        ({"factor": "wide"}, "Spread takes no factor=wide: it should be a valid number"),
        ({"factor": "2"}, "Spread takes no factor='2': it should be a number, without quotes."),
        ({"kind": "nere"}, "Spread takes no kind=nere: it should be 'near' or 'far'."),
        (
            {"inner": {"_target_": "trusted_parts.Spread", "facter": 2}},
            "Spread takes no facter; did you mean factor?",
        ),
        ({"inner": {"_target_": "trusted_parts.Sprad"}}, "trusted_parts has no Sprad; did you mean Spread?"),
        ({"_target_": "trusted_parts.Sprad"}, "trusted_parts has no Sprad; did you mean Spread?"),
        ({"_target_": "trusted_parts.NUMBER"}, "trusted_parts.NUMBER is neither a class nor a function."),
        ({"_target_": "trusted_parts.needs", "a": 1}, "needs needs a value for b; add +loss.b=VALUE, or"),
        (
            {"_target_": "trusted_parts.needs", "b": [1]},
            "needs needs a value for a; add +loss.a=VALUE, or +loss._partial_=true if it is called with that.",
        ),
        ({"_target_": "trusted_parts.Needs"}, "Needs needs a value for size; add +loss.size=VALUE."),
        ({"inner": {"_target_": "trusted_parts.Needs"}}, "Needs needs a value for size."),
        (
            {"_partial_": True},
            "trusted_parts.Spread is made before it is used; leave _partial_ out of its keys.",
        ),
        ({"factor": True}, "Spread takes no factor=True: it should be a number, not true or false."),
        (
            {"_target_": "trusted_parts.needs", "a": 1, "b": [1, "x"]},
            "needs takes no b=[1, 'x']: it should be a valid number",
        ),
    ],
)
def test_a_mistake_is_one_sentence(parts: Path, keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LikenessError) as raised:
        checked(with_loss(**keys))
    assert str(raised.value).startswith(sentence)
    assert "\n" not in str(raised.value)


def test_a_part_of_ours_within_a_trusted_part_is_held_to_its_signature(parts: Path) -> None:
    inner = {"_target_": "likeness.losses.BatchHardTripletLoss", "margin": 0.3}
    config = checked(with_loss(inner=inner))
    assert make(config.loss).inner.margin == 0.3
    with pytest.raises(LikenessError, match="BatchHardTripletLoss takes no margn; did you mean margin"):
        checked(with_loss(inner={**inner, "margn": 1}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('no licence.')", "it ends in RuntimeError: no licence."),
        ("raise RuntimeError('no\\n  licence')", "it ends in RuntimeError: no licence."),
        ("raise SystemExit(3)", "it ends in SystemExit: 3."),
        (
            "import nowhere.within",
            "it needs nowhere, which is not there; install that, or have it on PYTHONPATH.",
        ),
        (
            "def (",
            "it ends in SyntaxError: invalid syntax (failing_parts.py, line 1).",
        ),
    ],
)
def test_a_module_that_fails_is_told_with_its_reason(parts: Path, text: str, said: str) -> None:
    (parts / "failing_parts.py").write_text(text)
    with pytest.raises(LikenessError) as raised:
        checked(with_loss(trust="[failing_parts]", _target_="failing_parts.Loss"))
    assert str(raised.value) == f"failing_parts can't be imported: {said}"


def test_a_module_is_no_part_and_one_that_is_not_there_is_told(parts: Path) -> None:
    (parts / "more_parts" / "deeper").mkdir(parents=True)
    (parts / "more_parts" / "deeper" / "__init__.py").touch()
    for target, said in {
        "more_parts": "A part of yours is named with its module: loss._target_=MODULE.NAME.",
        "more_parts.deeper": "more_parts.deeper is a module; name a class or function in it, as "
        "more_parts.deeper.NAME.",
        "more_parts.deepr.Loss": "can't be imported: there is no module more_parts.deepr; is it installed, or on "
        "PYTHONPATH?",
    }.items():
        with pytest.raises(LikenessError) as raised:
            checked(with_loss(trust="[more_parts]", _target_=target))
        assert str(raised.value).endswith(said)


@pytest.mark.parametrize("read", [config_of, embedding_config_of])
def test_a_run_whose_package_is_not_found_says_so(
    tmp_path: Path, read: Callable[[Path, list[str]], TrainConfig]
) -> None:
    gone = with_loss(trust="[gone_parts]", _target_="gone_parts.Loss")
    (tmp_path / "config.yaml").write_text(json.dumps(gone))  # which is YAML
    write_record(tmp_path, {**sample_record(), "config": gone})
    with pytest.raises(LikenessError) as raised:
        read(tmp_path, ["gone_parts"])
    assert str(raised.value) == (
        f"The configuration of {tmp_path} won't do: gone_parts can't be imported: there is no module gone_parts; is it "
        "installed, or on PYTHONPATH?"
    )


@pytest.mark.parametrize("group", ["optimizer", "scheduler", "embedder"])
def test_a_part_that_is_handed_more_later_says_so(parts: Path, group: str) -> None:
    config = plain(composed("config", ["trust=[trusted_parts]"]))
    with pytest.raises(LikenessError, match="add _partial_: true to its keys"):
        checked({**config, group: {"_target_": "trusted_parts.needs"}})


# A module beside the configuration, through the command line


@pytest.mark.parametrize(("place", "trust_in_yaml"), [("my_parts.py", True), ("my_conf/my_parts.py", False)])
def test_a_module_beside_the_configuration_is_found(
    warm_command: Command, tmp_path: Path, place: str, *, trust_in_yaml: bool
) -> None:
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "loss").mkdir()
    (tmp_path / place).write_text(dedent(SOURCE).lstrip())
    (tmp_path / "my_conf" / "loss" / "spread.yaml").write_text("_target_: my_parts.Spread\nfactor: 0.5\n")
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /loss: spread\n\nname: mine\n"
        + ("trust: [my_parts]\n" if trust_in_yaml else "")
    )
    train = ["-m", "likeness", "train", "--config-dir", "my_conf", "+experiment=mine", *TINY]
    short = [*train, "trainer.max_steps=1"]
    if not trust_in_yaml:
        refused = warm_command(*short)
        assert refused.returncode == 1
        assert refused.stderr.endswith("trust=[my_parts].\n")
        assert not (tmp_path / "runs").exists()
        short.append("trust=[my_parts]")
    for mistake, sentence in (
        ("loss=spred", "There is no loss called spred: did you mean spread?"),
        ("loss.facter=1", "Unknown key loss.facter: did you mean factor?"),
        (
            "loss.kind=far",
            "loss has no key kind yet; +loss.kind=VALUE adds it, if my_parts.Spread takes one.",
        ),
    ):
        told = warm_command(*short, mistake)
        assert told.returncode == 1
        assert told.stderr == f"likeness: {sentence}\n"
    assert not (tmp_path / "runs").exists()
    done = warm_command(*short)
    assert done.returncode == 0, done.stderr
