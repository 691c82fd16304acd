"""What a command of a test says, in this process."""

from click.testing import Result
from typer.testing import CliRunner

from likeness.cli import app


def said(*words: object) -> str:
    """What a command says that does what it is told."""
    done = invoked(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*words: object) -> str:
    """The one sentence of a command that does not."""
    done = invoked(*words)
    assert done.exit_code == 1, done.output
    (sentence,) = [line for line in done.output.splitlines() if line.startswith("likeness: ")]
    return sentence.removeprefix("likeness: ")


def invoked(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])
