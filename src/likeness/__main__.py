"""`python -m likeness` is the `likeness` command."""

from likeness.cli import app

if __name__ == "__main__":
    app(prog_name="likeness")
