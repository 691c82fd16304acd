"""Steps of a head on a frozen encoder: on stored encodings, and with each batch encoded again: benchmark.py RUN OUT."""

import json
import sys
import tempfile
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
from likeness.recipes.choose import training_config
from likeness.recipes.embedding.recipe import EmbeddingRecipe

STEPS, ROUNDS = 20, 7


def batches(recipe: EmbeddingRecipe, images: SkippingUnreadable) -> list[Batch]:
    """The first batches of a run, with `images` in them."""
    data = recipe.data()
    loader = training_loader(images, data.schedule(), data.augment, start=0, workers=0, pin_memory=False)
    return list(islice(loader, STEPS))


def main(run: str, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        words = ["task=similarity", f"task.encoder={run}", "task.frozen=true", "loader.workers=0"]
        config = training_config(["+experiment=triplet_hard", *words, f"runs_dir={folder}"])
        assert isinstance(config, EmbeddingConfig)
        config = config.model_copy(update={"augment": {}})
        recipe = EmbeddingRecipe(config)
        fed, images = recipe.data().train, recipe._splits.train
        assert images is not None
        given = {"stored encodings": batches(recipe, fed), "each batch encoded": batches(recipe, images)}
        task = recipe.task()
        task.embedder.eval()
        start = task.head.state_dict()

        def steps(kind: str) -> list[float]:
            task.head.load_state_dict(start)
            optimizer = torch.optim.SGD(task.head.parameters(), lr=0.1)
            losses = []
            for batch in given[kind]:
                with torch.no_grad():
                    embedding = task(as_float(batch.images))
                loss = pair_cross_entropy(task.head(embedding, embedding), batch.identity).loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses

        torch.testing.assert_close(*(torch.tensor(steps(kind)) for kind in given), rtol=1e-4, atol=1e-5)
        seconds = side_by_side({kind: lambda kind=kind: steps(kind) for kind in given}, ROUNDS)
    found = {kind: {"steps_a_second": STEPS / one} for kind, one in seconds.items()}
    kinds = list(seconds)
    ratio = seconds[kinds[1]] / seconds[kinds[0]]
    facts = {
        "run": Path(run).name,
        "batch": len(given[kinds[0]][0].index),
        "rounds": ROUNDS,
        "steps": STEPS,
        "median": found,
        "times_as_fast": ratio,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    out.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
