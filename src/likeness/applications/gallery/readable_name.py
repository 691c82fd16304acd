"""Names and ids of subjects as a gallery keeps them: of one line, one however accents are written, and in UTF-8."""

import unicodedata

from likeness.errors import LikenessError

_NOT_SHOWN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories: control characters, halves of a character, ends of a line and of a paragraph."""

_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""They turn the direction in which text is shown, so that a name looks like another."""


def composed_name(text: str) -> str:
    """A name or an id in Unicode's normal form C: that of "José", whose accent may stand alone, is one."""
    return unicodedata.normalize("NFC", text)


def readable_name(text: str, what: str = "name") -> str:
    """A name, or what else `what` says, as it is kept.

    Raises:
        LikenessError: it is blank, or holds what can't be shown in a line, or is not in UTF-8.
    """
    if not text.strip():
        raise LikenessError(f"A subject's {what} is empty: give one.")
    if any(unicodedata.category(one) in _NOT_SHOWN or one in _TURNING for one in text):
        shown = text.encode("unicode_escape").decode()
        raise LikenessError(
            f"{shown} is no {what} that can be shown in a line of UTF-8, for what stands in it as a backslash: give "
            "another, or rename the folder that is called so."
        )
    return composed_name(text)


def is_utf8(text: str) -> bool:
    """Whether a text, such as the name of a file, can be written in UTF-8."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


def not_utf8(text: str) -> str:
    """A sentence on a text that is not, which it shows escaped."""
    return f"{text.encode('utf-8', 'backslashreplace').decode()} is not in UTF-8: give it another name."
