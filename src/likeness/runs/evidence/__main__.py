"""python -m likeness.runs.evidence NAME PLACE...: what `make experiments` calls."""

import sys
from pathlib import Path

from likeness.errors import LikenessError, one_sentence


def main() -> None:
    """Rebuild the folder of an experiment and print it."""
    with one_sentence():
        if len(sys.argv) < 3:
            raise LikenessError('Name an experiment: make experiments NAME=triplet_hard RUNS="RUN RUN RUN".')
        from likeness.runs.evidence.write import write_evidence

        print(write_evidence(sys.argv[1], [Path(place) for place in sys.argv[2:]]))


if __name__ == "__main__":
    main()
