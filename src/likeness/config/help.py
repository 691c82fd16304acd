"""What `likeness train --help` and `python train.py --help` print: experiments, groups with their choices, keys."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from likeness.config.groups import CONF, TRAIN, groups, own_files

USAGE = """Train an encoder and measure it on identities it never saw, or paint one image in another's style.

  {train} [+experiment=NAME] [group=choice ...] [key=value ...]
  {train} -m ... key=1,2,3      a sweep: one run for each combination of values

"""

EXAMPLES = """
Examples
  {train} +experiment=triplet_hard
  {train} +experiment=triplet_hard backbone=resnet18 loss.margin=0.3 seed=1
  {train} +experiment=triplet_hard data=image_folder data.root=IMAGES
  {train} +experiment=triplet_hard trainer.devices=2 trainer.precision=bf16-mixed
  {train} +experiment=triplet_hard 'logger=[wandb,trackio]'
  {train} +experiment=style_transfer data.content=IMAGE data.style=IMAGE
"""


def print_help(arguments: Sequence[str] = ()) -> None:
    """Print the help, with the choices of the user's own folder where `--config-dir` names one in the arguments.

    Raises:
        LikenessError: there is no such folder, or a file of it can't be read.
    """
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    own: Path | None = parser.parse_known_args(list(arguments))[0].config_dir
    if own is not None:
        own_files(own)
    known = groups(own)
    print(USAGE.format(train=TRAIN), end="")
    for title, group in (("Experiments", "experiment"), ("Sweeps", "sweep")):
        print(f"{title} (+{group}=NAME)")
        for name, comment in known.pop(group).items():
            print(f"  {name:<21} {comment}")
        print()
    print("Groups (group=choice)")
    for group, choices in known.items():
        name = f"{group} (evaluate)" if group == "clustering" else group
        print(f"  {name:<21} {' '.join(choices)}")
    print("\nKeys of every run (key=value; those of a choice stand in conf/GROUP/CHOICE.yaml)")
    _, _, keys = (CONF / "config.yaml").read_text().partition("- hydra_quiet\n\n")
    print("".join(f"  {line}\n" for line in keys.splitlines()), end="")
    print(EXAMPLES.format(train=TRAIN), end="")
