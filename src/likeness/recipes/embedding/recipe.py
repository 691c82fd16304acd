"""The recipe of a run that trains an embedding, and perhaps a head on it."""

import logging
from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.datamodule import IdentityDataModule
from likeness.data.fingerprint import Files
from likeness.evaluation import EUCLIDEAN
from likeness.recipes.embedding.build import build_datamodule, build_task, trunk_of
from likeness.recipes.embedding.contracts import refuse_misfits
from likeness.recipes.embedding.copies import tell_duplicates
from likeness.recipes.embedding.encoders import encoder_of
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.embedding.frozen import encoded_splits, trains_on_encodings
from likeness.recipes.embedding.inputs import Inputs, build_inputs
from likeness.recipes.embedding.kept_operating_point import write_operating_point
from likeness.recipes.embedding.leakage import refuse_shared_identities
from likeness.recipes.embedding.measure import Encoder, measure
from likeness.recipes.embedding.networks import Networks, build_networks, load_trained, normalise_by
from likeness.recipes.embedding.operating_point import operating_point_on
from likeness.recipes.embedding.readable import ReadableSplits, build_data
from likeness.recipes.embedding.results import conclude
from likeness.recipes.network_layout import lay_out, refuse_uncompilable, refuse_unsteady
from likeness.runs.record.recording import Recording
from likeness.runs.training.devices import device_of
from likeness.tasks.encoding import EncodingTask, Validation

log = logging.getLogger("likeness")


class EmbeddingRecipe:
    """Train on some identities, choose an operating point on others, measure on those that are in neither."""

    family = EMBEDDING

    def __init__(self, config: EmbeddingConfig) -> None:
        self._config = config

    @cached_property
    def _splits(self) -> ReadableSplits:
        return build_data(self._config.data)

    @cached_property
    def _inputs(self) -> Inputs:
        return build_inputs(self._config, self._splits)

    @cached_property
    def _untrained(self) -> Networks:
        """The networks as the seed, or the backbone's weights, make them: built once, then copied."""
        networks = build_networks(self._config)
        normalise_by(networks, self._inputs.statistics)
        return networks

    @cached_property
    def _fed(self) -> ReadableSplits:
        """What the batches are of."""
        if not trains_on_encodings(self._config):
            return self._splits
        return encoded_splits(self._splits, self._task_at_step_0().embedder, self._config)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images of each split, and what the embedding begins with, are recognised."""
        return self._inputs.fingerprints

    @property
    def files(self) -> Sequence[Files]:
        """The images, and weights to begin with."""
        return self._inputs.files

    def refuse(self) -> None:
        """Raise a LikenessError for identities in two splits, or parts that don't fit together."""
        refuse_uncompilable(self._config)
        refuse_shared_identities(self._config, self._splits, self._inputs.tested)
        networks = deepcopy(self._untrained)
        refuse_unsteady(networks.embedder.backbone, self._config.trainer)
        task = build_task(self._config, networks, self._splits)
        refuse_misfits(self._config, networks, task, self._splits.classes)

    def data(self) -> IdentityDataModule:
        """Identity-balanced batches of images, or of their encodings where the encoder is frozen."""
        return build_datamodule(self._config, self._fed)

    def task(self) -> EncodingTask:
        """The task on fresh networks, laid out and compiled as the configuration says."""
        self._say_what_is_left_out()
        task = self._task_at_step_0()
        task.validation = self._validation()
        lay_out(task.embedder, self._config, trunk_of(task))
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the trained encoder beside the untrained one and raw pixels; choose and keep its operating point."""
        config, tested = self._config, self._inputs.tested
        device = device_of(config.trainer.accelerator)
        networks = load_trained(deepcopy(self._untrained), run.folder).ready(device)
        trained = encoder_of(networks)
        if self._splits.validation is not None:
            point = operating_point_on(trained, self._splits.validation, config, device=device)
            run.outcome["operating_point"] = write_operating_point(run.folder, point)
            trained = trained._replace(operating_point=point)
        encoders = {"trained": trained}
        if networks.head is not None:
            encoders["its distance"] = Encoder(networks.embedder.encode_views, EUCLIDEAN)
        encoders["untrained"] = encoder_of(self._untrained.ready(device))
        conclude(run, measure(encoders, tested, config, device=device), tested)
        run.outcome["duplicates"] = tell_duplicates(self._splits, tested)

    def _task_at_step_0(self) -> EncodingTask:
        return build_task(self._config, deepcopy(self._untrained), self._splits)

    def _validation(self) -> Validation:
        """How the configuration has the embeddings validated."""
        validation = Validation()
        if self._splits.validation is not None:
            validation = validation._replace(grouping=self._splits.validation.grouping)
        if self._config.episodes is not None:
            validation = validation._replace(ways=self._config.episodes.ways)
        if self._config.evaluation.queries is not None:
            validation = validation._replace(queries=self._config.evaluation.queries)
        return validation

    def _say_what_is_left_out(self) -> None:
        datamodule = self.data()
        schedule = datamodule.schedule()
        if schedule.singles:
            log.info("%d identities have one image only and are not trained on.", schedule.singles)
        if schedule.short:
            log.info(
                "%d identities have fewer than %d images; theirs are repeated.",
                schedule.short,
                datamodule.images,
            )
