"""What the clothes of `drawn_faces` lack: stripes and checks."""

# ruff: noqa: RUF009 (a field's range stands where its default would)

from dataclasses import dataclass

import numpy as np

from likeness.data.drawn_faces.draws import Plane, between
from likeness.data.drawn_faces.geometry import ramp

_COLLAR = np.float32(-1.15)


@dataclass(frozen=True)
class Cloth:
    """One column `[B, 1]` for each trait; below 0.5 the `kind` is plain, then striped, and checked above 0.8."""

    kind: Plane = between(0.0, 1.0)
    across: Plane = between(1.5, 12.0)
    down: Plane = between(1.5, 12.0)
    thickness: Plane = between(0.1, 0.6)
    strength: Plane = between(0.2, 0.9)


def pattern(cloth: Cloth, u: Plane, v: Plane) -> Plane:
    """The factor by which a body's paint is darker at places (u, v) `[B, N]` of its upright plane, below the collar."""
    striped, checked = (cloth.kind > 0.5).astype(np.float32), (cloth.kind > 0.8).astype(np.float32)
    dark = _stripes(v * cloth.down, cloth.thickness)
    dark += checked * _stripes(u * cloth.across, cloth.thickness)
    dark *= ramp((_COLLAR - v) * np.float32(10)) * (striped * cloth.strength * (1 - 0.5 * checked))
    return np.float32(1) - dark


def _stripes(phase: Plane, share: Plane) -> Plane:
    """1 for a `share` of each period, with edges that are a little soft."""
    place = phase - np.floor(phase)
    place -= np.float32(0.5)
    return ramp((0.5 * share - np.abs(place)) * np.float32(8) + np.float32(0.5))
