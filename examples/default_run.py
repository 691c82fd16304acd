"""Print the folder of the last finished run of the default experiment, which is trained first where there is none."""

import json
import subprocess
import sys
from pathlib import Path

LIKENESS = [sys.executable, "-m", "likeness"]


def main() -> None:
    """Look below `runs`, else train."""
    listed = [*LIKENESS, "runs", "name=triplet_hard", "status=finished", "--limit", "1", "--json"]
    found = (
        json.loads(subprocess.run(listed, stdout=subprocess.PIPE, check=True).stdout)
        if Path("runs").is_dir()
        else []
    )
    if found:
        print(found[0]["run"])
        return
    training = [*LIKENESS, "train", "+experiment=triplet_hard"]
    with subprocess.Popen(training, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = ""
        for line in process.stdout:
            print(line, end="", file=sys.stderr)
            folder = line.strip() or folder
    if process.returncode:
        sys.exit(process.returncode)
    print(folder)


if __name__ == "__main__":
    main()
