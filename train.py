"""Train: python train.py [+experiment=NAME] [group=choice] [key=value]; --help lists them."""

import sys


def main() -> None:
    """Answer --help at once; otherwise run what the words on the command line choose."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        from likeness.config.help import print_help

        print_help()
    else:
        from likeness.command import train_from_command_line

        train_from_command_line()


if __name__ == "__main__":
    main()
