"""`likeness gallery`, and the commands that work on a gallery: what they take."""

from pathlib import Path
from typing import Annotated

import typer

from likeness.applications.gallery.score import Score
from likeness.options import FaceFinderName, Trust, Weights

gallery = typer.Typer(no_args_is_help=True, help="Make and look after galleries: files of who is enrolled.")

Gallery = Annotated[Path, typer.Argument(metavar="GALLERY", help="a file that likeness gallery create made")]
Elsewhere = Annotated[
    Path | None, typer.Option("--run", help="where the gallery's encoder is now, if it was moved")
]
Named = Annotated[str, typer.Argument(metavar="SUBJECT", help="an id, or a name that no other has")]
Fpir = Annotated[
    float,
    typer.Option(help="the share of strangers' searches that may give a name", min=0, max=1),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
CohortFolder = Annotated[
    Path | None,
    typer.Option(
        help="strangers, a folder for each, to choose thresholds on; by default the run's validation identities"
    ),
]


def enrol(
    gallery: Gallery,
    places: Annotated[
        list[Path], typer.Argument(help="a folder with a folder for each subject; with --name images of one")
    ],
    name: Annotated[str | None, typer.Option(help="who all the images show")] = None,
    id: Annotated[str | None, typer.Option(help="with --name: to tell namesakes apart")] = None,
    run: Elsewhere = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Enrol subjects into a gallery; an image that is enrolled already stays one, whatever its file is called now."""
    from likeness.gallery_command import Opened, enrol_from_command_line

    enrol_from_command_line(Opened(gallery, run, trust or [], detector, weights), places, name, id)


def identify(
    gallery: Gallery,
    probes: Annotated[list[Path], typer.Argument(help="images, or folders of images")],
    fpir: Fpir = 0.01,
    top: Annotated[int, typer.Option(help="how many of the nearest subjects to tell", min=1)] = 5,
    as_json: AsJson = False,
    run: Elsewhere = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Say who is shown, or that nobody enrolled is, at a threshold that is calibrated for this gallery."""
    from likeness.gallery_command import Opened, identify_from_command_line

    opened = Opened(gallery, run, trust or [], detector, weights)
    identify_from_command_line(opened, probes, fpir=fpir, top=top, as_json=as_json)


@gallery.command()
def create(
    gallery: Annotated[Path, typer.Argument(metavar="GALLERY", help="the file to make")],
    run: Annotated[Path, typer.Option(help="its encoder: a run's folder, or an ENCODER.onnx")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="of an ONNX file, such as backbone.spatial_size=112 backbone.mean=[0.5,0.5,0.5]"),
    ] = None,
    score: Annotated[Score, typer.Option(help="how several templates of a subject compare")] = Score.mean,
    cohort: CohortFolder = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Make an empty gallery, bound to its encoder."""
    from likeness.gallery_command import create_from_command_line

    create_from_command_line(
        gallery, run, overrides or [], score, cohort, detector=detector, weights=weights, trust=trust or []
    )
