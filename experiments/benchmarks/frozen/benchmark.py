"""Steps of a head on a frozen encoder: on stored encodings, and with each batch encoded again: benchmark.py RUN OUT.

RUN is the folder of a run of `+experiment=triplet_hard`. Batches are ready when the clock starts, and apart from that
they are drawn anew in the time that is measured, as a run has them from its loader.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from timing import side_by_side

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.as_float import as_float
from likeness.data.batch import Batch
from likeness.data.loading import training_loader
from likeness.data.skipping import SkippingUnreadable
from likeness.losses.pairs import pair_cross_entropy
from likeness.memory import keep_freed_memory
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.recipe import EmbeddingRecipe

STEPS, ROUNDS = 20, 7
STORED, ENCODED, LOADED = "stored encodings", "each batch encoded", ", with the loader"


def batches(recipe: EmbeddingRecipe, images: SkippingUnreadable) -> Iterable[Batch]:
    """The first batches of a run, with `images` in them."""
    data = recipe.data()
    loader = training_loader(images, data.schedule(), data.augment, start=0, workers=0, pin_memory=False)
    return islice(loader, STEPS)


def main(run: str, out: Path) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()  # as every command does
    with tempfile.TemporaryDirectory() as folder:
        words = ["task=similarity", f"task.encoder={run}", "task.frozen=true", "loader.workers=0"]
        config = training_config(["+experiment=triplet_hard", *words, f"runs_dir={folder}"])
        assert isinstance(config, EmbeddingConfig)
        recipe = EmbeddingRecipe(config.model_copy(update={"augment": {}}))
        task = recipe.task()
        task.embedder.eval()
        shown = {STORED: recipe.data().train, ENCODED: recipe._splits.train}
        given = {kind: list(batches(recipe, images)) for kind, images in shown.items()}
        with torch.no_grad():
            task.head.standardise(task(as_float(given[ENCODED][0].images)))
        start = deepcopy(task.head.state_dict())

        def steps(those: Callable[[], Iterable[Batch]]) -> list[float]:
            task.head.load_state_dict(start)
            optimizer = torch.optim.SGD(task.head.parameters(), lr=0.1)
            losses = []
            for batch in those():
                with torch.no_grad():
                    embedding = task(as_float(batch.images))
                loss = pair_cross_entropy(task.head(embedding, embedding), batch.identity).loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses

        ready: dict[str, Callable[[], Iterable[Batch]]] = {
            kind: partial(iter, those) for kind, those in given.items()
        }
        loaded: dict[str, Callable[[], Iterable[Batch]]] = {
            f"{kind}{LOADED}": partial(batches, recipe, images) for kind, images in shown.items()
        }
        calls = {name: partial(steps, those) for name, those in (ready | loaded).items()}
        first, *others = (torch.tensor(call()) for call in calls.values())
        for other in others:
            torch.testing.assert_close(other, first, rtol=1e-4, atol=1e-5)
        seconds = side_by_side(calls, ROUNDS)
    facts = {
        "run": Path(run).name,
        "batch": len(given[STORED][0].index),
        "rounds": ROUNDS,
        "steps": STEPS,
        "steps_a_second": {name: STEPS / one for name, one in seconds.items()},
        "times_as_fast": seconds[ENCODED] / seconds[STORED],
        "times_as_fast_with_the_loader": seconds[ENCODED + LOADED] / seconds[STORED + LOADED],
        "losses": {"first": float(first[0]), "last": float(first[-1])},
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    out.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
