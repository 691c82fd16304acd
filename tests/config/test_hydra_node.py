"""What a user's folder sets of Hydra's own is refused before Hydra imports what it names."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra

from likeness import command
from likeness.config.hydra_node import refuse_hydra_of
from likeness.config.own_folder import own_folder
from likeness.errors import LikenessError

EVIL = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\nclass Evil: ...\n"
GLOBAL = "# @package _global_\n"
CHOOSES_MINE = f"{GLOBAL}defaults: [override /hydra/launcher: mine]\n"
BASIC = "_target_: hydra._internal.core_plugins.basic_launcher.BasicLauncher\n"
Started = Callable[..., str]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """What `likeness train` says and ends with in this process, in a folder with my_conf/ and a module evilmod."""
    (tmp_path / "evilmod.py").write_text(EVIL)
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("LIKENESS_MODULES", "")

    def start(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["likeness train", *arguments])
        GlobalHydra.instance().clear()
        with pytest.raises(SystemExit) as ended:
            command.train_from_command_line()
        return str(ended.value)

    return start


@pytest.mark.parametrize("several", [[], ["-m"]])
@pytest.mark.parametrize(
    ("files", "key"),
    [
        (
            {"experiment/mine": GLOBAL + "hydra: {callbacks: {x: {_target_: evilmod.Evil}}}\n"},
            "callbacks.x._target_",
        ),
        (
            {"experiment/mine": GLOBAL + 'hydra: {job_logging: {handlers: {h: {"()": evilmod.Evil}}}}\n'},
            "job_logging.handlers.h.()",
        ),
        (
            {"experiment/mine": GLOBAL + "hydra: {launcher: {_target_: evilmod.Evil}}\n"},
            "launcher._target_=evilmod.Evil",
        ),
        (
            {
                "experiment/mine": CHOOSES_MINE,
                "hydra/launcher/mine": BASIC + "x: [{_target_: evilmod.Evil}]\n",
            },
            "launcher.x=",
        ),
        (
            {"experiment/mine": CHOOSES_MINE, "hydra/launcher/mine": BASIC + "x: ${loss}\n"},
            "launcher.x=${loss}",
        ),
        ({"experiment/mine": GLOBAL + "hydra: {mode: MULTIRUN, job: {chdir: true}}\n"}, "job.chdir"),
        (
            {
                "experiment/mine": GLOBAL + "defaults: [override /hydra/job_logging: evil]\n",
                "hydra/job_logging/evil": 'handlers: {h: {"()": evilmod.Evil}}\n',
            },
            "job_logging.handlers.h.()",
        ),
        (
            {"experiment/mine": "# @package hydra.callbacks\nx: {_target_: evilmod.Evil}\n"},
            "callbacks.x._target_",
        ),
        (
            {
                "experiment/mine": GLOBAL + "defaults: [/parts@hydra.callbacks: evil]\n",
                "parts/evil": "x: {_target_: evilmod.Evil}\n",
            },
            "callbacks.x._target_",
        ),
        ({"experiment/mine": GLOBAL + "hydra: {job: {env_set: {A: b}}}\n"}, "job.env_set"),
    ],
)
def test_what_a_folder_sets_of_hydras_own_is_refused_and_not_imported(
    started: Started, tmp_path: Path, files: dict[str, str], key: str, several: list[str]
) -> None:
    for name, text in files.items():
        file = tmp_path / "my_conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    said = started(*several, "--config-dir", "my_conf", "+experiment=mine")
    assert said.startswith(f"likeness: The configuration in my_conf sets hydra.{key}"), said
    assert "is not taken: " in said
    assert not (tmp_path / "ran").exists()
    assert "evilmod" not in sys.modules


@pytest.mark.parametrize("several", [[], ["-m"]])
def test_a_file_that_is_no_yaml_is_told(started: Started, tmp_path: Path, several: list[str]) -> None:
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text(f"{GLOBAL}name: [a\nb: c: d\n")
    assert started(*several, "--config-dir", "my_conf", "+experiment=mine") == (
        f"likeness: {tmp_path}/my_conf/experiment/mine.yaml, line 3, can't be read as YAML: "
        "expected ',' or ']', but got ':'."
    )


def test_a_swept_experiment_is_looked_at_too(started: Started, tmp_path: Path) -> None:
    for name, text in {
        "one": "name: one\n",
        "two": 'hydra: {job_logging: {h: {"()": evilmod.Evil}}}\n',
    }.items():
        (tmp_path / "my_conf" / "experiment" / f"{name}.yaml").write_text(GLOBAL + text)
    said = started("-m", "--config-dir", "my_conf", "+experiment=one,two", "runs_dir=nowhere")
    assert "my_conf sets hydra.job_logging.h.(), which is not taken" in said
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--config-d", "my_conf"], "sets hydra.callbacks.x._target_"),  # Hydra takes abbreviations
        (["-cd", "my_conf"], "sets hydra.callbacks.x._target_"),
        (["--config-path", "my_conf"], "--config-path is not taken"),
        (["--config-dir", "my_conf", "-cn", "experiment/mine"], "--config-name is not taken"),
        (["--experimental-rerun", "config.pickle"], "--experimental-rerun is not taken"),
    ],
)
def test_no_option_leads_past_it(started: Started, tmp_path: Path, option: list[str], said: str) -> None:
    mine = tmp_path / "my_conf" / "experiment" / "mine.yaml"
    mine.write_text(GLOBAL + "hydra: {callbacks: {x: {_target_: evilmod.Evil}}}\n")
    assert said in started(*option, "+experiment=mine")
    assert not (tmp_path / "ran").exists()


def test_an_option_that_is_not_known_to_be_harmless_is_refused() -> None:
    """Every option of the installed Hydra, so that one it has some day is looked at too."""
    taken, refused = set(), set()
    for option in get_args_parser()._actions:
        if option.dest in ("help", "version", "overrides"):  # which end the process, or are no option
            continue
        value = [] if option.nargs == 0 else [option.choices[0] if option.choices else "x"]
        try:
            own_folder([option.option_strings[0], *map(str, value)])
        except LikenessError:
            refused.add(option.dest)
        else:
            taken.add(option.dest)
    assert taken == {"hydra_help", "cfg", "resolve", "package", "run", "multirun", "config_dir", "info"}
    assert refused == {"shell_completion", "config_path", "config_name", "experimental_rerun"}


def test_an_interpolation_brings_nothing_into_a_launcher(started: Started) -> None:
    assert "The command line sets hydra.launcher.x=${loss}, which is not taken" in started(
        "+hydra.launcher.x=${loss}"
    )


@pytest.mark.parametrize(
    ("launcher", "values", "key"),
    [
        ("slurm", "setup: [touch ran]", "setup=['touch ran']"),
        ("slurm", "additional_parameters: {wrap: touch ran}", "additional_parameters.wrap=touch ran"),
        ("slurm", "submitit_folder: elsewhere", "submitit_folder=elsewhere"),
        ("slurm", 'comment: "a\\ntouch ran"', "comment=a touch ran"),
        ("ray", "ray: {init: {address: elsewhere}}", "ray.init.address=elsewhere"),
        (
            "ray",
            "ray: {remote: {runtime_env: {py_executable: mine}}}",
            "ray.remote.runtime_env.py_executable",
        ),
    ],
)
def test_a_folder_gives_a_launcher_nothing_that_could_run(
    tmp_path: Path, launcher: str, values: str, key: str
) -> None:
    pytest.importorskip("hydra_plugins.hydra_ray_launcher" if launcher == "ray" else "submitit")
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "mine.yaml").write_text(f"defaults: [{launcher}, _self_]\n{values}\n")
    with pytest.raises(LikenessError) as raised:
        refuse_hydra_of(tmp_path, ["hydra/launcher=mine"], sweeps=True)
    said = str(raised.value)
    assert said.startswith(f"The configuration in {tmp_path} sets hydra.launcher.{key}")
    assert said.endswith("give it on the command line.")


def test_no_line_breaks_into_the_script_of_a_job(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(f'{GLOBAL}name: "a\\ntouch ran"\n')
    with pytest.raises(LikenessError, match=r"sets hydra\.launcher\.submitit_folder=runs/a touch ran/sweeps"):
        refuse_hydra_of(tmp_path, ["+experiment=mine", "hydra/launcher=slurm"], sweeps=True)


def test_the_command_line_may_give_a_launcher_of_the_folder_any_plain_value(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "mine.yaml").write_text("defaults: [submitit_slurm]\n")
    given = ["hydra.launcher.setup=[module load cuda]", "+hydra.launcher.additional_parameters={hint: x}"]
    refuse_hydra_of(tmp_path, ["hydra/launcher=mine", *given], sweeps=True)


@pytest.mark.parametrize("launcher", ["submitit_local", "slurm", "ray"])
def test_a_folder_may_choose_a_launcher_and_its_values(tmp_path: Path, launcher: str) -> None:
    pytest.importorskip("hydra_plugins.hydra_ray_launcher" if launcher == "ray" else "submitit")
    (tmp_path / "experiment").mkdir()
    values = "ray: {remote: {num_gpus: 1}}" if launcher == "ray" else "timeout_min: 3"
    more = f"hydra: {{launcher: {{{values}}}}}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(
        f"{GLOBAL}defaults: [override /hydra/launcher: {launcher}]\n{more}"
    )
    refuse_hydra_of(tmp_path, ["+experiment=mine", "loss.margin=0.1,0.2"], sweeps=True)


@pytest.mark.parametrize(
    "override", ["loss._target_=mine.Loss", "+augment.mine={_target_: mine.blur}", "name=of_target_"]
)
def test_a_part_named_on_the_command_line_is_no_key_of_hydras(tmp_path: Path, override: str) -> None:
    """Hydra keeps the overrides, and the folders, in keys of its own."""
    own = tmp_path / "my_target_conf"
    (own / "experiment").mkdir(parents=True)
    (own / "experiment" / "mine.yaml").write_text(f"{GLOBAL}name: mine\n")
    refuse_hydra_of(own, ["+experiment=mine", override], sweeps=False)
