"""The folder of a user's own configuration."""

from pathlib import Path

import pytest

from likeness.config.groups import CONF
from likeness.config.own_folder import refuse_shadowed
from likeness.errors import LikenessError


@pytest.mark.parametrize("name", ["experiment/triplet_hard.yaml", "loss/cross_entropy.yaml", "config.yaml"])
def test_a_choice_with_the_name_of_one_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    for other in ("loss/mine.yaml", "sweep/cross_entropy.yaml"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text("name: mine\n")
    refuse_shadowed(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("name: mine\n")
    with pytest.raises(LikenessError) as raised:
        refuse_shadowed(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path / name} would not be read, since {CONF / name} has its name; give it a name of its own."
    )


def test_a_folder_that_is_not_there_and_a_file_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(LikenessError, match=r"There is no folder .*nowhere for --config-dir\."):
        refuse_shadowed(tmp_path / "nowhere")
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(LikenessError, match=r"mine\.yaml can't be read as text: 'utf-8' codec"):
        refuse_shadowed(tmp_path)


def test_our_own_folder_may_be_named() -> None:
    refuse_shadowed(CONF)
