"""The work of a run that trains an encoding, and perhaps a head on it."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig

from likeness.data.datamodule import IdentityDataModule
from likeness.data.fingerprint import Files
from likeness.evaluation import EUCLIDEAN
from likeness.runs.devices import device_of
from likeness.runs.encodings.build import (
    ReadableSplits,
    build_data,
    build_datamodule,
    build_task,
    build_trained,
    build_untrained,
)
from likeness.runs.encodings.contenders import contender_of
from likeness.runs.encodings.inputs import Inputs, build_inputs
from likeness.runs.encodings.measuring.conclude import conclude
from likeness.runs.encodings.measuring.judging import judge_on, write_judge
from likeness.runs.encodings.measuring.measure import Contender, measure
from likeness.runs.encodings.people import refuse_shared_people
from likeness.runs.record.recording import Recording
from likeness.tasks.encoding import EncodingTask, Validation

log = logging.getLogger("likeness")


class EncodingWork:
    """Train on some people, choose a judge on others, measure on people who are in neither."""

    def __init__(self, config: DictConfig) -> None:
        self._config = config

    @cached_property
    def _splits(self) -> ReadableSplits:
        return build_data(self._config.data)

    @cached_property
    def _inputs(self) -> Inputs:
        return build_inputs(self._config, self._splits)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the people of each split, and what the encoding begins with, are recognised."""
        return self._inputs.fingerprints

    @property
    def files(self) -> Sequence[Files]:
        """The pictures, and weights to begin with."""
        return self._inputs.files

    def refuse(self) -> None:
        """Raise a LikenessError for people in two splits, or a network that its configuration doesn't fit."""
        refuse_shared_people(self._config, self._splits, self._inputs.tested)
        build_task(self._config)

    def data(self) -> IdentityDataModule:
        """Identity-balanced batches."""
        return build_datamodule(self._config, self._splits)

    def task(self) -> EncodingTask:
        """The task on fresh networks, laid out and compiled as the configuration says."""
        self._say_who_is_left_out()
        task = build_task(self._config)
        task.validation = self._validation()
        if self._config.channels_last:
            task.embedder.to(memory_format=torch.channels_last)
        if self._config.compile:
            task.embedder.compile()
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the trained encoding beside the untrained one and raw pixels; choose and keep its judge."""
        config, tested = self._config, self._inputs.tested
        device = device_of(config.trainer.accelerator)
        networks = build_trained(config, run.folder).ready(device)
        trained = contender_of(networks)
        if self._splits.validation is not None:
            judge = judge_on(trained, self._splits.validation, config, device=device)
            run.outcome["judge"] = write_judge(run.folder, judge)
            trained = trained._replace(judge=judge)
        contenders = {"trained": trained}
        if networks.head is not None:
            contenders["its distance"] = Contender(networks.embedder.in_turns, EUCLIDEAN)
        contenders["untrained"] = contender_of(build_untrained(config).ready(device))
        conclude(run, measure(contenders, tested, config, device=device), tested)

    def _validation(self) -> Validation:
        """How the configuration has the encodings validated."""
        validation = Validation()
        if self._splits.validation is not None:
            validation = validation._replace(grouping=self._splits.validation.grouping)
        if (episodes := self._config.get("episodes")) is not None:
            validation = validation._replace(ways=episodes.ways)
        if (queries := self._config.evaluation.get("queries")) is not None:
            validation = validation._replace(queries=queries)
        return validation

    def _say_who_is_left_out(self) -> None:
        datamodule = self.data()
        schedule = datamodule.schedule()
        if schedule.singles:
            log.info("%d people have one picture only and are not trained on.", schedule.singles)
        if schedule.short:
            log.info(
                "%d people have fewer than %d pictures; theirs are repeated.",
                schedule.short,
                datamodule.images,
            )
