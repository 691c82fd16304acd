"""The configuration of a past run that trained an embedding."""

from collections.abc import Sequence
from pathlib import Path

from likeness.config.check import check
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.trust import is_trusted
from likeness.errors import LikenessError
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.past_config import plain_config_of


def embedding_config_of(run: Path, trust: Sequence[str] = ()) -> EmbeddingConfig:
    """The checked configuration of a run that trained an embedding; `trust` as in `plain_config_of`.

    Raises:
        LikenessError: it is not that of such a run.
    """
    config = plain_config_of(run, trust)
    task = str((config.get("task") or {}).get("_target_"))
    if task not in EMBEDDING.tasks and not is_trusted(task, config.get("trust") or ()):
        raise LikenessError(
            f"{run} has trained no embedding; name a run of task=embedding, siamese or similarity."
        )
    try:
        return check(config, EmbeddingConfig)
    except LikenessError as error:
        raise LikenessError(f"The configuration of {run} won't do: {error}") from error
