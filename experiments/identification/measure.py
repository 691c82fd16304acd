"""BLUFR of encoders on LFW, and what several templates a subject are worth, each way of them with its cost.

    python measure.py DATA ENCODINGS NAME=ENCODER ...      # writes measured.json and templates.png beside this file

DATA holds `lfw/` and `blufr/`; ENCODER is a run's folder or an .onnx file (ImageNet's mean and deviation); the folder
ENCODINGS keeps the embeddings of each, so that a second call does not encode again.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from likeness.data.blufr import blufr_trials
from likeness.data.images import Images
from likeness.data.lfw import lfw
from likeness.data.skipping import SkippingUnreadable
from likeness.evaluation import EUCLIDEAN
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.identification import (
    OpenSetTrial,
    Searches,
    best_template,
    drawn_trial,
    evaluate_blufr,
    mean_score,
    mean_templates,
    open_set_curve,
    searches,
    tpir_at_fpir,
)
from likeness.models.onnx_encoder import OnnxEncoder
from likeness.recipes.embedding.encode import Encode, encode
from likeness.recipes.embedding.networks import build_trained
from likeness.recipes.embedding.past import embedding_config_of

MOST, TEMPLATES, DRAWS = 4, (1, 2, 4), 10
WAYS = ("mean", "maximum", "mean_score")
RATES = (1e-2, 1e-3)
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def main(data: Path, kept: Path, encoders: dict[str, Path]) -> None:
    """Encode, measure, write."""
    tested = lfw(root=str(data / "lfw"), spatial_size=112, channels=3).test
    assert tested is not None
    trials = [OpenSetTrial(*trial) for trial in blufr_trials(tested, root=str(data / "blufr"))]
    content = {}
    for name, path in encoders.items():
        embeddings = encodings(kept / f"{name}.npy", path, tested)
        start = time.process_time()
        benchmark = evaluate_blufr(EUCLIDEAN.rows(embeddings), tested.identity, trials)
        seconds = time.process_time() - start
        content[name] = {
            "dimensions": embeddings.shape[1],
            "blufr": {name: metric.value for name, metric in benchmark.items()},
            "blufr_processor_seconds": round(seconds, 1),
            "rounded_dir": rounded_dir(embeddings, tested.identity, trials),
            "templates": templates(embeddings, tested.identity),
        }
        print(name, json.dumps(content[name], indent=1))
    here = Path(__file__).parent
    (here / "measured.json").write_text(json.dumps(content, indent=1) + "\n")
    figure({name: each["templates"] for name, each in content.items()}).savefig(here / "templates.png")


def encodings(kept: Path, path: Path, tested: Images) -> NDArray[np.float32]:
    """The embeddings `[N, D]` of all images, without their mirror images: kept ones, or made and kept."""
    if not kept.is_file():
        _, embeddings = encode(
            encoder_of(path),
            SkippingUnreadable(tested),
            device=torch.device("cpu"),
            batch_size=128,
            workers=0,
            flip=False,
        )
        np.save(kept, embeddings)
    return np.load(kept)


def encoder_of(path: Path) -> Encode:
    """The encoder of a file or a run."""
    if path.suffix == ".onnx":
        return OnnxEncoder(path=str(path), normalize=True, spatial_size=112, channels=3, **IMAGENET).eval()
    networks = build_trained(embedding_config_of(path), path).ready(torch.device("cpu"))
    return networks.embedder.encode_views


def rounded_dir(
    embeddings: NDArray[np.float32], identity: NDArray[np.int64], trials: list[OpenSetTrial]
) -> dict[str, float]:
    """DIR at rank 1, mean and deviation over the trials, where 1% of the strangers is rounded to the nearest number.

    That may be more than 1%; the threshold is put at the last of them.
    """
    values = []
    for trial in trials:
        found = searched(embeddings, identity, trial, "mean")
        strangers = np.sort(found.distance[~found.mated])
        threshold = strangers[round(0.01 * len(strangers)) - 1]
        values.append(np.mean((found.distance[found.mated] <= threshold) & (found.rank[found.mated] == 1)))
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1))}


def searched(
    embeddings: NDArray[np.float32], identity: NDArray[np.int64], trial: OpenSetTrial, way: str
) -> Searches:
    """The searches of a trial, several templates of a subject made one in a `way`."""
    rows, subjects = embeddings[trial.gallery].astype(np.float64), identity[trial.gallery]
    if way == "mean":
        rows, subjects = mean_templates(rows, subjects, one_length=True)
    distance = 2 - 2 * embeddings[trial.probe].astype(np.float64) @ rows.T
    if way != "mean":
        distance, subjects = (best_template if way == "maximum" else mean_score)(distance, subjects)
    return searches(distance, identity[trial.probe], subjects)


def templates(embeddings: NDArray[np.float32], identity: NDArray[np.int64]) -> list[dict[str, object]]:
    """By number and way of templates: rank 1 and TPIR, mean and deviation over draws, and what a search costs.

    In each draw the same subjects are enrolled, the same images search, and fewer templates are the first of the more.
    """
    rows: list[dict[str, object]] = []
    for count in TEMPLATES:
        for way in WAYS if count > 1 else WAYS[:1]:
            values, seconds = [], 0.0
            for seed in range(DRAWS):
                trial = drawn_trial(identity, templates=MOST, seed=seed)
                order = np.argsort(identity[trial.gallery], kind="stable").reshape(-1, MOST)
                trial = trial._replace(gallery=trial.gallery[order[:, :count]].ravel())
                start = time.process_time()
                found = searched(embeddings, identity, trial, way)
                seconds += time.process_time() - start
                curve = open_set_curve(found)
                rank_1 = np.mean(found.rank[found.mated] == 1)
                values.append([rank_1, *(float(tpir_at_fpir(curve, rate)) for rate in RATES)])
            mean, deviation = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
            names = ("rank_1", *(f"tpir_{rate:g}" for rate in RATES))
            rows.append(
                {
                    "templates": count,
                    "way": way,
                    **{name: [float(m), float(d)] for name, m, d in zip(names, mean, deviation, strict=True)},
                    "stored_rows": 1 if way == "mean" else count,
                    "subjects": len(order),
                    "mated": int(found.mated.sum()),
                    "non_mated": int((~found.mated).sum()),
                    "search_microseconds": round(1e6 * seconds / DRAWS / len(found.rank), 1),
                }
            )
    return rows


def figure(measured: dict[str, list[dict[str, object]]]):
    """TPIR at FPIR 1% over the number of templates, an encoder a panel."""
    drawn, panels = quiet_figure(1, len(measured), size=(4.8 * len(measured), 4.0))
    for axes, (name, rows) in zip(panels, measured.items(), strict=True):
        for way, colour, mark in zip(WAYS, COLOURS, ("o", "s", "^"), strict=False):
            of = [row for row in rows if row["way"] == way or row["templates"] == 1]
            value, deviation = np.array([row["tpir_0.01"] for row in of]).T
            places = [row["templates"] for row in of]
            axes.errorbar(
                places, value, deviation, color=colour, marker=mark, capsize=3, label=way.replace("_", " ")
            )
        axes.set_title(name, fontsize=10, color=INK)
        axes.set_xticks(TEMPLATES)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel("templates a subject", color=INK)
    panels[0].set_ylabel("TPIR at FPIR 1%, rank 1", color=INK)
    panels[0].legend(fontsize=8.5, frameon=False, loc="lower right")
    return drawn


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        {n: Path(p) for n, _, p in (w.partition("=") for w in sys.argv[3:])},
    )
