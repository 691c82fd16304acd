"""What a network learns: strongest inputs, receptive fields, gradients and optimised inputs, at any spatial rank."""

from likeness.inspection.energy import box_of_energy, energy_of
from likeness.inspection.fields import ReceptiveField, receptive_fields
from likeness.inspection.layered import LayeredNetwork
from likeness.inspection.layers import Layer
from likeness.inspection.optimised import optimised_inputs
from likeness.inspection.pooling import pooled
from likeness.inspection.saliency import saliency_of_pairs
from likeness.inspection.strongest import Strongest

__all__ = [
    "Layer",
    "LayeredNetwork",
    "ReceptiveField",
    "Strongest",
    "box_of_energy",
    "energy_of",
    "optimised_inputs",
    "pooled",
    "receptive_fields",
    "saliency_of_pairs",
]
