"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust", help="a package of your own, or whose code you know, that the run may name parts of"
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="the folder of the detector's weights; by default those of the package facenet-pytorch"
    ),
]
Checkpoint = Annotated[
    int | None,
    typer.Option(
        min=1, help="the step of another checkpoint of the run to take on purpose; it has no threshold"
    ),
]
FaceFinderName = Annotated[
    str | None,
    typer.Option(
        "--detector", help="for photographs: what finds the faces, such as mtcnn; the largest is aligned"
    ),
]
