"""Train: python train.py [+experiment=NAME] [group=choice] [key=value]; --help lists them."""

import sys


def main() -> None:
    """Do what `likeness train` does; nothing that takes long is imported before the arguments are looked at."""
    from likeness.train import train

    train(sys.argv[0], sys.argv[1:])


if __name__ == "__main__":
    main()
