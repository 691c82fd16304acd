"""Subject: the referee's loss against seconds of optimisation, from the same start, with trained weights."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from contender import Contender, Make, Scene
from contenders import EXACT, OURS, SCHEDULED, TUTORIAL
from equality import assert_one_objective
from images import noisy, scene
from networks import Weights, trained_vgg16
from referee import referee
from torch import Tensor

NETWORK, SIDE, THREADS = "vgg16", 256, 1  # its processor time leaves out what else the machine does
BUDGETS, NOISE_BUDGET = (10.0, 30.0, 60.0), 30.0  # seconds of processor time
BETWEEN = (2.0, 5.0, 20.0, 45.0)  # seconds at which contenders without a schedule are looked at too
TURN = 2.0  # seconds that one of them is at work before the next


@dataclass
class Racer:
    """A contender with a clock of its own, and the last images it had before the clock showed `marks`."""

    name: str
    contender: Contender
    marks: list[float]
    spent: float = 0.0
    steps: int = 0
    images: dict[float, tuple[int, Tensor]] = field(default_factory=dict)

    def turn(self) -> None:
        end = self.spent + TURN
        while self.marks and self.spent < end:
            before = self.steps, self.contender.generated().clone()
            start = time.process_time()
            self.contender.step()
            self.spent += time.process_time() - start
            self.steps += 1
            while self.marks and self.spent > self.marks[0]:
                self.images[self.marks.pop(0)] = before


def races(budgets: Sequence[float] = BUDGETS, noise_budget: float = NOISE_BUDGET) -> dict[str, Any]:
    """From the content; and from noise, where of the peers, which take the same way, one is enough."""
    torch.set_num_threads(THREADS)
    weights, images = trained_vgg16(), scene(SIDE)
    assert_one_objective(EXACT, NETWORK, weights)
    return {
        "network": NETWORK,
        "side": SIDE,
        "threads": THREADS,
        "content": race(EXACT, weights, images, budgets),
        "noise": race(
            {name: EXACT[name] for name in (OURS, TUTORIAL)}, weights, noisy(images), [noise_budget]
        ),
    }


def race(
    plain: Mapping[str, Make], weights: Weights, images: Scene, budgets: Sequence[float]
) -> dict[str, Any]:
    """Contenders without a schedule run once and are looked at on the way; the others run anew for each budget."""
    marks = sorted(mark for mark in {*budgets, *BETWEEN} if mark <= max(budgets))
    racers = [Racer(name, make(NETWORK, weights, images), list(marks)) for name, make in plain.items()]
    for budget in budgets:
        for name, schedule in SCHEDULED.items():
            racers.append(Racer(name, schedule(budget)(NETWORK, weights, images), [budget]))
    for turn in itertools.count():
        for place in range(len(racers)):
            racers[(turn + place) % len(racers)].turn()
        if not any(racer.marks for racer in racers):
            break
    loss_of = referee(NETWORK, weights, images)
    curves: dict[str, list[dict[str, float]]] = {}
    for racer in racers:
        for mark, (steps, image) in racer.images.items():
            point = {"seconds": mark, "iterations": steps, "loss": loss_of(image)}
            curves.setdefault(racer.name, []).append(point)
    return {"loss_at_first": loss_of(images.start), "curves": curves}
