"""`likeness gallery`, and the commands that work on a gallery: what they take."""

from pathlib import Path
from typing import Annotated

import typer

from likeness.applications.gallery.score import Score
from likeness.options import FaceFinderName, Trust, Weights

gallery = typer.Typer(no_args_is_help=True, help="Make and look after galleries: files of who is enrolled.")

Gallery = Annotated[
    str,
    typer.Argument(
        metavar="GALLERY", help="what likeness gallery create made: a file, or a postgresql:// address"
    ),
]
NewGallery = Annotated[
    str,
    typer.Argument(
        metavar="GALLERY", help="the file to make, or a database: postgresql://USER@HOST/DATABASE"
    ),
]
Elsewhere = Annotated[
    Path | None, typer.Option("--run", help="where the gallery's encoder is now, if it was moved")
]
Named = Annotated[str, typer.Argument(metavar="SUBJECT", help="an id, or a name that no other has")]
Fpir = Annotated[
    float,
    typer.Option(help="the share of strangers' searches that may give a name", min=0, max=1),
]
Far = Annotated[float, typer.Option(help="the share of strangers' claims that may be accepted", min=0, max=1)]
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
    fpir: Fpir = 0.02,
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


def cluster(
    pictures: Annotated[list[Path], typer.Argument(help="images, or folders of images")],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="the album: a new gallery, or one that takes these images in"),
    ],
    run: Annotated[
        Path | None,
        typer.Option(
            help="of a new album the encoder: a run's folder, or an ENCODER.onnx; else where it is now"
        ),
    ] = None,
    cohort: CohortFolder = None,
    k: Annotated[
        int | None, typer.Option("--clusters", help="make a new album by K-means, of so many clusters", min=1)
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="a .png or .jpg, for a sheet of the clusters")] = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the sheet that is there")] = False,
) -> None:
    """Sort images into an album: a gallery whose subjects are the clusters, "cluster 1" and so on.

    Name them with likeness gallery rename, and correct them with merge, split and correct. Run again with more images,
    it keeps all that, and gives what clustering all at once would.
    """
    from likeness.cluster_command import cluster_from_command_line
    from likeness.gallery_command import Opened

    opened = Opened(output, run, trust or [], detector, weights)
    cluster_from_command_line(opened, pictures, cohort, k, sheet, force=force)


def serve(
    galleries: Annotated[
        list[str],
        typer.Argument(metavar="GALLERIES", help="what likeness gallery create made: files, or addresses"),
    ],
    host: Annotated[
        str, typer.Option(help="of an address of this machine; others than itself may ask there")
    ] = ("127.0.0.1"),
    port: Annotated[
        int | None, typer.Option(help="by default the first free one from 8765 on", max=65535)
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="a name by which others ask for this machine, several times for several"),
    ] = None,
    token: Annotated[bool, typer.Option(help="whether who asks has to bring the token")] = True,
    token_file: Annotated[
        Path | None, typer.Option(help="a file with the token; by default a new one is drawn and printed")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="a folder for enrolled pictures; by default GALLERY.pictures beside each gallery's file; a database "
            "needs one"
        ),
    ] = None,
    stylizer: Annotated[
        Path | None, typer.Option(help="a run of task=adain or feedforward, to paint in one pass")
    ] = None,
    browser: Annotated[bool, typer.Option(help="whether to open a browser")] = False,
    run: Elsewhere = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Serve galleries on a page and by REST: to verify, identify, enrol, look at subjects and correct."""
    from likeness.serve_command import Place, Served, serve_from_command_line

    wanted = Served(galleries, run, trust or [], detector, weights, pictures, stylizer)
    serve_from_command_line(wanted, Place(host, port, allowed_host or [], token, token_file, browser))


@gallery.command()
def create(
    gallery: NewGallery,
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


@gallery.command("list")
def list_subjects(gallery: Gallery, as_json: AsJson = False) -> None:
    """List who is enrolled."""
    from likeness.gallery_command import list_from_command_line

    list_from_command_line(gallery, as_json=as_json)


@gallery.command()
def show(
    gallery: Gallery,
    subject: Annotated[str | None, typer.Argument(help="an id, or a name that no other has")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a subject's templates, or what the gallery is bound to."""
    from likeness.gallery_command import show_from_command_line

    show_from_command_line(gallery, subject, as_json=as_json)


@gallery.command()
def rename(
    gallery: Gallery, subject: Named, name: Annotated[str, typer.Argument(help="the name from now on")]
) -> None:
    """Give a subject another name."""
    from likeness.gallery_command import rename_from_command_line

    rename_from_command_line(gallery, subject, name)


@gallery.command()
def merge(
    gallery: Gallery,
    into: Annotated[str, typer.Argument(help="who they all are: an id, or a name that no other has")],
    others: Annotated[list[str], typer.Argument(help="who become this one")],
) -> None:
    """Say that subjects are one, and keep that."""
    from likeness.gallery_command import merge_from_command_line

    merge_from_command_line(gallery, into, others)


Images = Annotated[
    list[str], typer.Argument(metavar="IMAGES", help="numbers of templates that show lists, or files")
]


@gallery.command()
def split(
    gallery: Gallery,
    subject: Named,
    images: Images,
    name: Annotated[str, typer.Option(help="who they show")],
    id: Annotated[str | None, typer.Option(help="to tell namesakes apart")] = None,
) -> None:
    """Say that images of a subject are of somebody else, and keep that."""
    from likeness.gallery_command import split_from_command_line

    split_from_command_line(gallery, subject, images, name, id)


@gallery.command()
def correct(
    gallery: Gallery,
    image: Annotated[Path, typer.Argument(help="enrolled or not")],
    is_subject: Annotated[str | None, typer.Option("--is", help="whom it shows")] = None,
    not_subject: Annotated[str | None, typer.Option("--not", help="whom it does not show")] = None,
) -> None:
    """Say whom an image shows, or does not show, and keep that."""
    from likeness.gallery_command import correct_from_command_line

    correct_from_command_line(gallery, image, is_subject, not_subject)


@gallery.command()
def remove(
    gallery: Gallery,
    subject: Named,
    images: Annotated[
        list[str] | None,
        typer.Argument(metavar="IMAGES", help="only these: numbers of templates that show lists, or files"),
    ] = None,
) -> None:
    """Remove a subject, or images of one, so that no byte of their encodings is left in the file."""
    from likeness.gallery_command import remove_from_command_line

    remove_from_command_line(gallery, subject, images)


@gallery.command()
def export(
    gallery: Gallery, output: Annotated[Path, typer.Option("--output", "-o", help="a new folder")]
) -> None:
    """Write a gallery as JSON and NumPy arrays."""
    from likeness.gallery_command import export_from_command_line

    export_from_command_line(gallery, output)


@gallery.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="what likeness gallery export wrote")],
    gallery: NewGallery,
) -> None:
    """Make a gallery of an exported folder."""
    from likeness.gallery_command import import_from_command_line

    import_from_command_line(folder, gallery)


@gallery.command()
def calibrate(
    gallery: Gallery,
    cohort: CohortFolder = None,
    score: Annotated[
        Score | None, typer.Option(help="how several templates of a subject compare from now on")
    ] = None,
    fpir: Fpir = 0.02,
    far: Far = 0.01,
    run: Elsewhere = None,
    detector: FaceFinderName = None,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Show the thresholds of this gallery, after taking another cohort or another score where that is asked for."""
    from likeness.gallery_command import Opened, calibrate_from_command_line

    opened = Opened(gallery, run, trust or [], detector, weights)
    calibrate_from_command_line(opened, cohort, score, fpir=fpir, far=far)


@gallery.command()
def reencode(
    gallery: Gallery,
    run: Annotated[Path, typer.Option(help="the new encoder: a run's folder, or an ENCODER.onnx")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="of an ONNX file, such as backbone.spatial_size=112 backbone.mean=[0.5,0.5,0.5]"),
    ] = None,
    switch: Annotated[bool, typer.Option("--switch", help="store it; without, it is only told")] = False,
    images: Annotated[
        list[Path] | None, typer.Option(help="a folder to look for images in that were moved or renamed")
    ] = None,
    before: Annotated[
        Path | None, typer.Option(help="where the gallery's encoder is now, if it was moved")
    ] = None,
    cohort: CohortFolder = None,
    fpir: Fpir = 0.02,
    top: Annotated[int, typer.Option(help="how many of the changes to tell", min=0)] = 20,
    as_json: AsJson = False,
    weights: Weights = None,
    trust: Trust = None,
) -> None:
    """Move a gallery to another encoder; first it is told whose verdict changes."""
    from likeness.gallery_command import Opened, reencode_from_command_line

    opened = Opened(gallery, run, trust or [], None, weights)
    reencode_from_command_line(
        opened,
        overrides or [],
        images or [],
        cohort,
        before=before,
        switch=switch,
        fpir=fpir,
        top=top,
        as_json=as_json,
    )


@gallery.command()
def check(
    gallery: Gallery,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="a .png or .jpg, for a sheet of the images")
    ] = None,
    fpir: Fpir = 0.02,
    far: Far = 0.01,
    top: Annotated[int, typer.Option(help="how many of each kind to tell", min=1)] = 20,
    run: Elsewhere = None,
    trust: Trust = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the sheet that is there")] = False,
) -> None:
    """Look for what is probably wrong: mislabelled images, one subject under two names, lookalikes, odd images."""
    from likeness.gallery_command import Opened, check_from_command_line

    opened = Opened(gallery, run, trust or [], None, None)
    check_from_command_line(opened, output, fpir=fpir, far=far, top=top, force=force)
