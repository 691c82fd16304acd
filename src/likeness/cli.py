"""The `likeness` command."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from likeness.applications.taken import Taken
from likeness.gallery_cli import cluster, enrol, gallery, identify, serve
from likeness.memory import keep_freed_memory
from likeness.options import Checkpoint, FaceFinderName, Trust, Weights

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Train, measure, reproduce and use networks that compare images.",
    callback=keep_freed_memory,
)

Overrides = Annotated[
    list[str] | None, typer.Argument(help="group=choice or key=value, such as data=lfw data.root=DIR")
]
Network = Annotated[
    str,
    typer.Argument(
        metavar="RUN|WEIGHTS",
        help="a run's folder; or a file of weights, or pip, for the network that backbone=NAME chooses",
    ),
]
Photographs = Annotated[
    list[Path], typer.Argument(help="images, or folders of images, whose folders are kept in the output")
]
DetectorName = Annotated[
    str, typer.Option("--detector", help="what finds the faces: mtcnn, or the folder of a run")
]
SmallestFace = Annotated[
    float | None,
    typer.Option(
        min=1,
        help="the side of the smallest face that MTCNN looks for, in pixels; by default 20, or the run's own",
    ),
]
LeastScore = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="of a face; a lower one finds more, wrong ones too; by default 0.7, or the run's own",
    ),
]
Scales = Annotated[
    list[float] | None,
    typer.Option(
        "--scale",
        min=0.05,
        max=20,
        help="of the image, several times for several: what is found at each votes; by default 1",
    ),
]
Mirrored = Annotated[
    bool, typer.Option("--mirrored", help="look at each image mirrored too; what is found in both votes")
]
DetectorCheckpoint = Annotated[
    int | None,
    typer.Option(
        "--checkpoint",
        min=1,
        help="the step of an earlier checkpoint of the detector's run to take on purpose",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="overwrite what is there")]
Replace = Annotated[
    bool,
    typer.Option(
        "--force", help="overwrite what is there; what this command wrote there before is removed first"
    ),
]


@app.callback()
def main() -> None:
    """Train, measure, reproduce and use networks that compare images."""


@app.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="",
)
def train(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OVERRIDES]...", help="+experiment=NAME, group=choice, key=value; --help lists them"
        ),
    ] = None,
) -> None:
    """Train and measure; with -m a sweep. `likeness train --help` lists experiments, groups and keys."""
    from likeness.train import train

    train("likeness train", arguments or [])


class Sought(StrEnum):
    """What can be found by trying."""

    lr = "lr"
    batch_size = "batch_size"


@app.command()
def find(
    what: Annotated[Sought, typer.Argument(help="the learning rate, or the size of a batch")],
    overrides: Overrides = None,
    lowest: Annotated[float, typer.Option(min=0, help="the first rate that is tried")] = 1e-6,
    highest: Annotated[float, typer.Option(min=0, help="the last")] = 1.0,
    steps: Annotated[int, typer.Option(min=10, help="between them")] = 100,
) -> None:
    """Try what a training would do well with, before it: likeness find lr +experiment=triplet_hard.

    lr lets the rate grow at every step and says where the loss falls fastest; batch_size doubles sampler.identities and
    says how fast each is and what memory it needs. The last line is an override; nothing is recorded.
    """
    from likeness.command import find_from_command_line

    find_from_command_line(what, overrides or [], lowest=lowest, highest=highest, steps=steps)


@app.command()
def evaluate(
    encoder: Annotated[
        Path, typer.Argument(help="a run's folder, an ENCODER.onnx, or what likeness export wrote")
    ],
    overrides: Overrides = None,
    checkpoint: Checkpoint = None,
    trust: Trust = None,
) -> None:
    """Measure a trained run, or a published encoder in an ONNX file, on some data; writes a run's folder.

    The normalisation and size of an ONNX file are overrides too, backbone.mean=[0.5,0.5,0.5]
    backbone.std=[0.5,0.5,0.5] backbone.spatial_size=112; one that likeness export wrote knows its own.
    """
    from likeness.command import evaluate_from_command_line

    evaluate_from_command_line(encoder, overrides or [], trust or [], checkpoint)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="the folder of a run that trained an encoder")],
    output: Annotated[Path, typer.Option("--output", "-o", help="an .onnx or a .safetensors file")],
    checkpoint: Checkpoint = None,
    trust: Trust = None,
    force: Force = False,
) -> None:
    """Write a run's encoder into one file, checked against the run: likeness export RUN -o encoder.onnx.

    Its normalisation is inside and its batch is open. likeness evaluate and galleries take the file as they take the
    run; .safetensors has the weights, the head, the threshold and the configuration too.
    """
    from likeness.command import export_from_command_line

    export_from_command_line(run, output, trust or [], checkpoint, force=force)


@app.command()
def inspect(
    network: Network,
    overrides: Overrides = None,
    trust: Trust = None,
) -> None:
    """Show what the layers of a network look for: the inputs that excite each unit most, and what it sees of them.

    layers=[...] takes layers by name, optimised=256 draws what optimisation finds for a unit, pairs=4 explains the
    likeness of pairs; data=NAME chooses the inputs. A killed one goes on with the same command.
    """
    from likeness.inspect_command import inspect_from_command_line

    inspect_from_command_line(network, overrides or [], trust or [])


@app.command()
def probe(
    network: Network,
    overrides: Overrides = None,
    trust: Trust = None,
) -> None:
    """Measure what each layer of a network knows: how well a linear classifier on it recognises identities.

    Beside it stand logistic regression, nearest neighbours, the raw input, the same network untrained and shuffled
    labels. layers=[...] takes layers by name, data=NAME chooses the images.
    """
    from likeness.probe_command import probe_from_command_line

    probe_from_command_line(network, overrides or [], trust or [])


@app.command()
def verify(
    first: Annotated[Path, typer.Argument(help="an image")],
    second: Annotated[
        Path | None,
        typer.Argument(help="another, cropped and aligned like those of the training; or --claim"),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="the folder of a finished run")] = None,
    claim: Annotated[
        str | None, typer.Option(help="in place of another image: the id or the name of who it is said to be")
    ] = None,
    gallery: Annotated[str | None, typer.Option(help="with --claim: where they are enrolled")] = None,
    far: Annotated[
        float, typer.Option(help="with --claim: the share of strangers' claims to accept", min=0, max=1)
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="with --claim: print JSON")] = False,
    detector: FaceFinderName = None,
    weights: Weights = None,
    checkpoint: Checkpoint = None,
    trust: Trust = None,
) -> None:
    """Say whether two images are of one identity, or whether one is of whom they say: likeness verify A.jpg B.jpg
    --run RUN, or likeness verify A.jpg --claim Ada --gallery G.

    It prints the probability, the distance, the decision and its threshold.
    """
    if claim is not None or gallery is not None or as_json:
        from likeness.gallery_command import Opened, claim_from_command_line

        if checkpoint is not None:
            raise typer.BadParameter(
                "a gallery's encoder is what its run hands on", param_hint="--checkpoint"
            )
        opened = Opened(gallery, run, trust or [], detector, weights)
        claim_from_command_line(opened, first, second, claim, far=far, as_json=as_json)
    else:
        from likeness.command import verify_from_command_line

        verify_from_command_line(run, first, second, trust or [], detector, weights, checkpoint)


app.command()(enrol)
app.command()(identify)
app.command()(cluster)
app.command()(serve)
app.add_typer(gallery, name="gallery")


@app.command()
def detect(
    photographs: Photographs,
    output: Annotated[Path, typer.Option("--output", "-o", help="a folder, for copies and lists")],
    detector: DetectorName = "mtcnn",
    weights: Weights = None,
    smallest_face: SmallestFace = None,
    least_score: LeastScore = None,
    scales: Scales = None,
    mirrored: Mirrored = False,
    checkpoint: DetectorCheckpoint = None,
    force: Replace = False,
) -> None:
    """Find faces: draw their boxes and five points into copies, and list them in detections.json and detections.csv."""
    from likeness.command import DetectorOptions, detect_from_command_line

    options = DetectorOptions(
        detector, weights, smallest_face, least_score, scales or [], mirrored, checkpoint
    )
    detect_from_command_line(photographs, output, options, force=force)


@app.command()
def align(
    photographs: Photographs,
    output: Annotated[Path, typer.Option("--output", "-o", help="a folder, for the faces")],
    faces: Annotated[
        Taken, typer.Option(help="of a photograph; one: the only face, and none where there are several")
    ] = Taken.largest,
    detector: DetectorName = "mtcnn",
    weights: Weights = None,
    smallest_face: SmallestFace = None,
    least_score: LeastScore = None,
    scales: Scales = None,
    mirrored: Mirrored = False,
    checkpoint: DetectorCheckpoint = None,
    force: Replace = False,
) -> None:
    """Cut faces out of photographs, upright and 112 x 112 pixels; photos/Ada/1.jpg becomes OUTPUT/Ada/1.jpg.

    OUTPUT/sheet.png shows them, and OUTPUT/not_one_face.csv lists the photographs with no or several faces. The folder
    is what data=image_folder data.root=OUTPUT reads.
    """
    from likeness.command import DetectorOptions, align_from_command_line

    options = DetectorOptions(
        detector, weights, smallest_face, least_score, scales or [], mirrored, checkpoint
    )
    align_from_command_line(photographs, output, faces, options, force=force)


@app.command()
def draw(
    output: Annotated[Path, typer.Option("--output", "-o", help="a folder, for one folder a person")],
    identities: Annotated[int, typer.Option(min=1, help="how many people")] = 200,
    images: Annotated[int, typer.Option(min=1, help="how many images of each")] = 4,
    spatial_size: Annotated[int, typer.Option(min=16, help="pixels of a side")] = 64,
    seed: Annotated[int, typer.Option(help="another one draws other people")] = 0,
    force: Replace = False,
) -> None:
    """Draw people, one folder each, to try the other commands on without images of one's own.

    No run of data=drawn_faces was trained on them; of its own seed they are the ones that it is tested on.
    """
    from likeness.command import draw_from_command_line

    draw_from_command_line(output, identities, images, spatial_size, seed, force=force)


class Method(StrEnum):
    """How an image gets another's style."""

    optimize = "optimize"
    adain = "adain"
    feedforward = "feedforward"


@app.command()
def stylize(
    content: Annotated[
        str, typer.Argument(help="an image, several separated by commas, or a folder of images")
    ],
    style: Annotated[
        str,
        typer.Argument(
            help="the image whose style it gets, or several likewise; with --method feedforward the run of a network"
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="a .png or .jpg; for several images a folder")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="group=choice or key=value, such as trainer.max_steps=200 data.sizes=[512]"),
    ] = None,
    method: Annotated[Method, typer.Option(help="train the pixels, or paint in one pass")] = Method.optimize,
    decoder: Annotated[
        Path | None, typer.Option(help="for --method adain: the run that trained it, or a file of weights")
    ] = None,
    checkpoint: Checkpoint = None,
    force: Force = False,
) -> None:
    """Paint an image in the style of another; by optimization it writes a run's folder too.

    Several images or styles give each image in each style, and a sheet of all, grid.png. To blend styles in one
    image, or to paint regions: likeness train +experiment=style_transfer data.style=[A,B] data.masks=[C,D].
    """
    from likeness.command import stylize_from_command_line

    stylize_from_command_line(
        content, style, output, overrides or [], method, decoder, checkpoint, force=force
    )


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="the folder of a run that did not finish")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="key=value, of what changes no number, such as loader.workers=2"),
    ] = None,
    trust: Trust = None,
) -> None:
    """Go on with a run that was killed, preempted or interrupted, to the bits that it would have had."""
    from likeness.command import resume_from_command_line

    resume_from_command_line(run, overrides or [], trust or [])


@app.command()
def dashboard(
    runs_dir: Annotated[Path, typer.Argument(help="the folder of the runs")] = Path("runs"),
    port: Annotated[int | None, typer.Option(help="by default the first free one from 7860 on")] = None,
    browser: Annotated[bool, typer.Option(help="whether to open a browser")] = True,
) -> None:
    """Look at the curves, results and figures of all runs, those under way too, in a browser on this machine."""
    from likeness.errors import one_sentence

    with one_sentence():
        from likeness.runs.trackers.dashboard import show_dashboard

        show_dashboard(runs_dir, port=port, open_browser=browser)


@app.command()
def runs(
    filters: Annotated[
        list[str] | None,
        typer.Argument(help="such as status=finished 'loss.margin>0.2' 'verification/accuracy>=0.9'"),
    ] = None,
    runs_dir: Annotated[Path, typer.Option(help="the folder of the runs")] = Path("runs"),
    sort: Annotated[str, typer.Option(help="a key, with a minus before it for descending")] = "-started",
    limit: Annotated[int | None, typer.Option(help="how many runs at most", min=1)] = None,
    curve: Annotated[
        str | None, typer.Option(help="a logged metric whose curve is drawn too, such as validation/accuracy")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List past runs; filter and sort them by any key of their configuration or record, or any metric."""
    from likeness.errors import one_sentence
    from likeness.runs.compare.listing import list_runs, print_rows

    with one_sentence():
        rows = list_runs(runs_dir, filters or [], sort=sort, limit=limit, curve=curve)
    if as_json:
        import json

        print(json.dumps(rows, indent=2))
    else:
        print_rows(rows)


@app.command()
def reproduce(
    run: Annotated[Path, typer.Argument(help="the folder of a finished run")], trust: Trust = None
) -> None:
    """Run a run again from its recorded source and data, and say whether it is equal to the bit.

    That runs code which the folder holds; where it is not what stands here already, it is told and asked for. In a
    script --trust RUN says yes.

    The exit status is 0 only where it is; 1 where it is not, or can't be run again; 3 where another torch, machine or
    package leaves only the largest difference to tell.
    """
    from likeness.command import reproduce_from_command_line

    reproduce_from_command_line(run, trust or [])


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="the folders of two runs or more")],
    output: Annotated[Path, typer.Option(help="where to draw their curves: .png, .svg or .pdf")] = Path(
        "compare.png"
    ),
) -> None:
    """Show what differs between runs in configuration, source, environment, data and metrics; draw their curves."""
    from likeness.errors import one_sentence
    from likeness.runs.compare.printed import compare_runs

    with one_sentence():
        compare_runs(runs, output)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="the folder of a run, or of a sweep")], trust: Trust = None
) -> None:
    """Write one page that needs nothing else, report.html, about a run or a sweep into its folder."""
    from likeness.command import report_from_command_line

    report_from_command_line(folder, trust or [])


@app.command()
def evidence(
    name: Annotated[str, typer.Argument(help="an experiment of conf/experiment")],
    places: Annotated[list[Path], typer.Argument(help="runs, or folders of runs")],
) -> None:
    """Rebuild the evidence of an experiment, experiments/NAME, from its runs."""
    from likeness.command import evidence_from_command_line

    evidence_from_command_line(name, places)


if __name__ == "__main__":
    app()
