import re
from pathlib import Path

import pytest

from likeness.config.alias_bomb import refuse_alias_bomb
from likeness.errors import LikenessError


def bomb(lists: int) -> str:
    """Lists of nine aliases of the one before: 9 ** lists words."""
    each = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, lists))
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(each)


def test_aliases_of_aliases_are_counted_and_not_written_out(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(bomb(12))
    with pytest.raises(LikenessError, match=r"config\.yaml has aliases that stand for [\d,]+ values"):
        refuse_alias_bomb(path)


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "[" * 50_000 + "*"])
def test_what_nests_without_an_end_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(LikenessError, match=f"^{re.escape(str(path))} nests its values without an end"):
        refuse_alias_bomb(path)


@pytest.mark.parametrize("text", ["a: *b\n", bomb(3), "a: &x 1\nb: *x\n", ""])
def test_whatever_else_there_is_is_left_to_the_next_reader(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    refuse_alias_bomb(path)
