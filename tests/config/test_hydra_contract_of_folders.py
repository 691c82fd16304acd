"""What we rely on in Hydra that its documentation does not promise; pyproject.toml caps its version for this.

Where a newer Hydra fails one of these, its name says what of ours has to be looked at before the cap is raised.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import hydra
import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from packaging.version import Version

from likeness.config.own_folder import own_config_dir


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a configuration of its own, and one with a choice to be added to it."""
    for name, text in {
        "ours/config.yaml": "defaults: [part: one, _self_]\nname: ours\n",
        "ours/part/one.yaml": "size: 1\n",
        "own/part/two.yaml": "# @package _global_\npart: {size: 2}\nhydra: {callbacks: {x: {_target_: no.Such}}}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_version_is_one_that_was_read() -> None:
    assert Version("1.3.8") <= Version(version("hydra-core")) < Version("1.4")


# own_folder.py: the options of the command line.


@pytest.mark.parametrize("option", ["--config-dir", "--config-d", "-cd"])
def test_the_parser_reads_options_as_hydra_does(option: str) -> None:
    given = get_args_parser().parse_args(["-m", option, "own", "a=1", "+b=2,3"])
    assert (given.config_dir, given.overrides, given.multirun) == ("own", ["a=1", "+b=2,3"], True)
    assert (given.config_path, given.config_name, given.experimental_rerun) == (None, None, None)


def test_no_other_option_of_the_parser_takes_a_file_or_a_folder() -> None:
    options = {action.dest for action in get_args_parser()._actions if action.nargs is None}
    assert options == {
        "cfg",
        "package",
        "config_path",
        "config_name",
        "config_dir",
        "experimental_rerun",
    }, "look at new ones"


def test_the_source_of_config_dir_is_called_command_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str | None] = []
    quiet = [
        "hydra.output_subdir=null",
        "hydra.run.dir=.",
        "hydra/hydra_logging=none",
        "hydra/job_logging=none",
    ]
    monkeypatch.setattr(sys, "argv", ["train.py", "--config-dir", str(place / "own"), *quiet])
    GlobalHydra.instance().clear()

    @hydra.main(version_base="1.3", config_path=str(place / "ours"), config_name="config")
    def look(config: DictConfig) -> None:
        found.append(own_config_dir(HydraConfig.get().runtime.config_sources))

    look()
    assert found == [str(place / "own")]


# hydra_node.py: composing apart, and plugins.


def test_the_loader_composes_what_hydra_does_and_imports_nothing_that_is_named(place: Path) -> None:
    overrides = [f"hydra.searchpath=['file://{place / 'own'}']", "part=two"]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(place / "ours"), version_base="1.3"):
        before = GlobalHydra.instance().hydra
        loader = ConfigLoaderImpl(create_config_search_path(str(place / "ours")))
        apart = loader.load_configuration("config", overrides, run_mode=RunMode.RUN)
        assert GlobalHydra.instance().hydra is before  # a Hydra at work is left as it is
        same = compose("config", overrides, return_hydra_config=True)
    assert OmegaConf.to_container(apart.part) == {"size": 2}
    assert apart.hydra.callbacks.x["_target_"] == "no.Such"
    shown = [OmegaConf.to_container(one, resolve=False) for one in (apart, same)]
    for one in shown:
        one["hydra"]["job"].pop("name")  # the command's
    assert shown[0] == shown[1]
    assert "no" not in sys.modules


def test_a_value_of_a_sweep_is_no_part_of_what_is_composed_before_it(place: Path) -> None:
    loader = ConfigLoaderImpl(create_config_search_path(str(place / "ours")))
    composed = loader.load_configuration("config", ["name=a,b"], run_mode=RunMode.MULTIRUN)
    assert composed.name == "ours"


def test_the_loader_knows_the_choices_of_a_group_and_those_of_plugins(place: Path) -> None:
    loader = ConfigLoaderImpl(create_config_search_path(str(place / "ours")))
    assert loader.get_group_options("part") == ["one"]
    assert "basic" in loader.get_group_options("hydra/launcher")


def test_plugins_are_looked_for_once_and_lie_in_the_packages_that_we_take() -> None:
    assert Plugins.instance() is Plugins.instance()
    assert BasicLauncher.__module__.startswith("hydra._internal.core_plugins.")
    for launcher in Plugins.instance().discover(Launcher):
        assert launcher.__module__.startswith(("hydra._internal.core_plugins.", "hydra_plugins."))
