"""What changes from one picture of a person to the next."""

from dataclasses import dataclass

from likeness.data.drawn_faces.draws import Plane, between


@dataclass(frozen=True)
class Conditions:
    """One column `[B, 1]` for each circumstance. Turns are tangents of half the angle: 0.26 is 29 degrees."""

    # camera and pose
    turn: Plane = between(-0.26, 0.26)
    nod: Plane = between(-0.11, 0.11)
    roll: Plane = between(-0.05, 0.05)
    scale: Plane = between(0.93, 1.08)
    shift_x: Plane = between(-0.06, 0.06)
    shift_y: Plane = between(-0.06, 0.06)
    # light: direction of the key light in the camera's frame, strengths and colours
    light_x: Plane = between(-0.9, 0.9)
    light_y: Plane = between(-0.25, 0.9)
    key_light: Plane = between(0.7, 1.2)
    ambient: Plane = between(0.28, 0.60)
    warmth: Plane = between(-1.0, 1.0)
    fill_warmth: Plane = between(-1.0, 1.0)
    tint: Plane = between(-1.0, 1.0)
    exposure: Plane = between(0.60, 1.25)
    tan: Plane = between(0.0, 1.0)
    # expression
    smile: Plane = between(-0.35, 1.0)
    mouth_open: Plane = between(-0.6, 1.0)
    brow_raise: Plane = between(-0.035, 0.06)
    eye_open: Plane = between(0.70, 1.12)
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
    fringe: Plane = between(-1.0, 1.0)
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
    blur: Plane = between(0.0, 0.9)
    grain: Plane = between(0.01, 0.05)
