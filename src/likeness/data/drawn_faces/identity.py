"""What makes a person: shape and texture, in units of about half a head's height.

In the head's frame x points to the image's right, y up and z out of the face; (0, 0, 0) is the skull's centre.
"""

# ruff: noqa: RUF009 (a field's range stands where its default would)

from dataclasses import dataclass

from likeness.data.drawn_faces.draws import Plane, between


@dataclass(frozen=True)
class Person:
    """One column `[B, 1]` for each trait."""

    # skull: semi-axes of the ellipsoid, and how much wider it is at four heights
    width: Plane = between(0.68, 0.85)
    height: Plane = between(1.00, 1.17)
    depth: Plane = between(0.86, 1.0)
    temple: Plane = between(-0.07, 0.08)
    cheek: Plane = between(-0.05, 0.08)
    jaw: Plane = between(-0.14, 0.17)
    chin: Plane = between(-0.22, 0.25)
    # eyes
    eye_x: Plane = between(0.26, 0.385)
    eye_y: Plane = between(-0.05, 0.13)
    eye_width: Plane = between(0.125, 0.180)
    eye_height: Plane = between(0.060, 0.130)
    eye_tilt: Plane = between(-0.22, 0.30)
    eye_skew: Plane = between(-0.35, 0.35)
    iris: Plane = between(0.066, 0.084)
    iris_tone: Plane = between(0.0, 1.0)
    iris_hue: Plane = between(0.0, 1.0)
    crease: Plane = between(0.025, 0.07)
    crease_depth: Plane = between(0.0, 0.5)
    lashes: Plane = between(0.35, 0.95)
    bags: Plane = between(0.0, 0.35)
    socket: Plane = between(0.03, 0.10)
    # brows
    brow_gap: Plane = between(0.14, 0.26)
    brow_thickness: Plane = between(0.026, 0.085)
    brow_length: Plane = between(0.16, 0.26)
    brow_tilt: Plane = between(-0.32, 0.32)
    brow_arch: Plane = between(-0.02, 0.09)
    brow_inset: Plane = between(-0.04, 0.05)
    brow_darkness: Plane = between(0.55, 1.0)
    brow_ridge: Plane = between(0.0, 0.08)
    # nose
    nose_y: Plane = between(-0.44, -0.24)
    nose_height: Plane = between(0.18, 0.34)
    nose_width: Plane = between(0.09, 0.21)
    nose_bridge: Plane = between(0.06, 0.12)
    nose_tip: Plane = between(0.07, 0.13)
    nose_hump: Plane = between(-0.04, 0.08)
    nostrils: Plane = between(0.25, 0.9)
    # mouth
    mouth_y: Plane = between(-0.76, -0.58)
    mouth_width: Plane = between(0.18, 0.35)
    lip_upper: Plane = between(0.020, 0.085)
    lip_lower: Plane = between(0.035, 0.115)
    lip_bow: Plane = between(0.0, 0.7)
    lip_red: Plane = between(0.3, 1.0)
    # cheeks, chin, folds
    cheekbone: Plane = between(0.0, 0.12)
    cheekbone_y: Plane = between(-0.36, -0.18)
    folds: Plane = between(0.0, 0.4)
    chin_relief: Plane = between(0.02, 0.14)
    chin_cleft: Plane = between(0.0, 0.7, towards=3)
    wrinkles: Plane = between(0.0, 0.35, towards=2)
    # hair
    hairline: Plane = between(0.48, 0.82)
    hair_slope: Plane = between(0.75, 1.05)
    hair_peak: Plane = between(-0.10, 0.15)
    hair_recession: Plane = between(-0.10, 0.24)
    hair_volume: Plane = between(0.03, 0.15)
    hair_curl: Plane = between(0.0, 1.0)
    hair_tone: Plane = between(0.0, 1.0)
    hair_red: Plane = between(0.0, 1.0)
    hair_length: Plane = between(0.0, 1.0)
    beard: Plane = between(0.0, 1.0)
    # ears and neck
    ear_size: Plane = between(0.15, 0.23)
    ear_y: Plane = between(-0.16, 0.04)
    ear_out: Plane = between(0.02, 0.13)
    neck: Plane = between(0.36, 0.48)
    # skin
    skin_tone: Plane = between(0.0, 1.0)
    skin_red: Plane = between(0.0, 1.0)
    mottle: Plane = between(0.01, 0.07)
    freckles: Plane = between(0.0, 1.0, towards=3)
    mole_1_x: Plane = between(-0.5, 0.5)
    mole_1_y: Plane = between(-0.8, 0.5)
    mole_1_size: Plane = between(-0.02, 0.04)
    mole_2_x: Plane = between(-0.5, 0.5)
    mole_2_y: Plane = between(-0.8, 0.5)
    mole_2_size: Plane = between(-0.03, 0.04)
    mole_3_x: Plane = between(-0.5, 0.5)
    mole_3_y: Plane = between(-0.8, 0.5)
    mole_3_size: Plane = between(-0.04, 0.04)
