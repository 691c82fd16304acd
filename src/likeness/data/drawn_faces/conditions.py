"""What changes from one image of a person to the next."""

# ruff: noqa: RUF009 (a field's range stands where its default would)

from dataclasses import dataclass

from likeness.data.drawn_faces.draws import Plane, between


@dataclass(frozen=True)
class Conditions:
    """One column `[B, 1]` for each circumstance. Turns are tangents of half the angle: 0.20 is 23 degrees."""

    # camera and pose
    turn: Plane = between(-0.20, 0.20)
    nod: Plane = between(-0.07, 0.07)
    roll: Plane = between(-0.05, 0.05)
    scale: Plane = between(0.95, 1.08)
    shift_x: Plane = between(-0.05, 0.05)
    shift_y: Plane = between(-0.05, 0.05)
    # light: direction of the key light in the camera's frame, strengths and colours
    light_x: Plane = between(-0.8, 0.8)
    light_y: Plane = between(-0.15, 0.8)
    key_light: Plane = between(0.7, 1.2)
    ambient: Plane = between(0.34, 0.65)
    warmth: Plane = between(-1.0, 1.0)
    fill_warmth: Plane = between(-1.0, 1.0)
    tint: Plane = between(-1.0, 1.0)
    exposure: Plane = between(0.60, 1.25)
    tan: Plane = between(0.0, 1.0)
    # expression
    smile: Plane = between(-0.05, 0.95)
    mouth_open: Plane = between(-1.0, 0.7)
    brow_raise: Plane = between(-0.02, 0.035)
    eye_open: Plane = between(0.80, 1.08)
    gaze_x: Plane = between(-0.05, 0.05)
    gaze_y: Plane = between(-0.02, 0.02)
    # what is worn
    glasses: Plane = between(0.0, 1.0)
    glasses_round: Plane = between(0.0, 1.0)
    glasses_tone: Plane = between(0.0, 1.0)
    hair_shade: Plane = between(-1.0, 1.0)
    hair_dye: Plane = between(0.0, 1.0)
    hair_loose: Plane = between(0.0, 1.0)
    hair_volume: Plane = between(-0.02, 0.06)
    fringe: Plane = between(-1.0, 0.7)
    parting: Plane = between(-0.4, 0.4)
    stubble: Plane = between(0.0, 1.0)
    cloth_red: Plane = between(0.02, 0.75, towards=2)
    cloth_green: Plane = between(0.02, 0.75, towards=2)
    cloth_blue: Plane = between(0.02, 0.75, towards=2)
    collar: Plane = between(0.0, 1.0)
    # background: two colours, the direction between them, soft patches
    back_red: Plane = between(0.03, 0.9)
    back_green: Plane = between(0.03, 0.9)
    back_blue: Plane = between(0.03, 0.9)
    back_grey: Plane = between(0.3, 1.0)
    back_x: Plane = between(-0.6, 0.6)
    back_y: Plane = between(-0.3, 0.6)
    back_patches: Plane = between(0.1, 0.7)
    # film
    blur: Plane = between(0.0, 0.7)
    grain: Plane = between(0.006, 0.035)
