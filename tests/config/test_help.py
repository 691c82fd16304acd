import sys
from pathlib import Path

from warm import Command

from likeness.config.groups import CONF, groups

TRAIN = str(CONF.parent / "train.py")


def test_help_lists_every_choice_and_imports_nothing_heavy(command) -> None:  # type: ignore[no-untyped-def]
    done = command("-X", "importtime", TRAIN, "--help")
    assert done.returncode == 0
    for choices in groups().values():
        assert all(choice in done.stdout for choice in choices)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "likeness.config.help" in imported
    assert not imported & {"torch", "hydra", "numpy", "pytorch_lightning", "pydantic"}


def test_help_lists_the_choices_of_a_folder_too(warm_command: Command, tmp_path: Path) -> None:
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "own_one.yaml").write_text(
        "# @package _global_\n# What it is.\nname: x\n"
    )
    for option in (["--config-dir", "my_conf"], ["--config-dir=my_conf"], ["-cd", "my_conf"]):
        done = warm_command("-m", "likeness", "train", *option, "--help")
        assert "  own_one               What it is.\n" in done.stdout
        assert "  triplet_hard " in done.stdout
    done = warm_command("-m", "likeness", "train", "--help", "--config-dir", "nowhere")
    assert (done.returncode, done.stderr) == (1, "likeness: There is no folder nowhere for --config-dir.\n")


def test_the_command_s_help_imports_no_torch(command) -> None:  # type: ignore[no-untyped-def]
    program = str(Path(sys.executable).parent / "likeness")
    done = command("-X", "importtime", program, "evaluate", "--help")
    assert done.returncode == 0
    assert "ENCODER" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert "torch" not in imported
