"""Draw what several networks know, by layer, as `likeness probe` measured it: figure.py OUT 'TITLE=FOLDER' ..."""

import json
import sys
from pathlib import Path

from likeness.applications.probe.measured import Layer
from likeness.applications.probe.probe import FACTS, known_by_layer
from likeness.evaluation.figures import KnownByLayer, layers_figure
from likeness.evaluation.metric import Metric


def panel(title: str, folder: Path) -> KnownByLayer:
    """What one call of `likeness probe` measured."""
    facts = json.loads((folder / FACTS).read_text())
    layers = [
        Layer(
            one["name"],
            one["features"],
            one["penalties"],
            {
                column: Metric(known["value"], known["count"], known.get("low"), known.get("high"))
                for column, known in one["recognised"].items()
            },
        )
        for one in facts["layers"]
    ]
    return known_by_layer(f"{title} ({facts['classes']} classes)", layers)


if __name__ == "__main__":
    out, *named = sys.argv[1:]
    panels = [panel(title, Path(folder)) for title, folder in (one.split("=", 1) for one in named)]
    layers_figure(panels).savefig(out)
