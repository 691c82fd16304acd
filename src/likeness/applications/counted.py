"""Numbers of things in sentences; without torch, for the command line."""


def counted(number: int, thing: str) -> str:
    """Such as "1 face" and "2 faces"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
