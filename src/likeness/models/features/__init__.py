"""Feature networks: the activations of a fixed network's layers, which style transfer compares images by."""

from likeness.models.features.freeze import freeze
from likeness.models.features.network import FeatureNetwork
from likeness.models.features.timm_graph import timm_features
from likeness.models.features.vgg import vgg19_normalised, vgg_features

__all__ = ["FeatureNetwork", "freeze", "timm_features", "vgg19_normalised", "vgg_features"]
