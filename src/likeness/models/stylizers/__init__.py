"""Stylizers: networks that are trained to paint any image in one forward pass."""

from likeness.models.stylizers.adain import adain, blended_adain
from likeness.models.stylizers.decoder import AdainDecoder, adain_decoder
from likeness.models.stylizers.layer_shapes import Encoder, LayerShape, layer_shapes
from likeness.models.stylizers.sides import pad_to_multiple
from likeness.models.stylizers.stylize import stylize_by_adain, stylize_by_network
from likeness.models.stylizers.transformer_net import TransformerNet, transformer_net

__all__ = [
    "AdainDecoder",
    "Encoder",
    "LayerShape",
    "TransformerNet",
    "adain",
    "adain_decoder",
    "blended_adain",
    "layer_shapes",
    "pad_to_multiple",
    "stylize_by_adain",
    "stylize_by_network",
    "transformer_net",
]
