"""pystiche 1.0.1 with its own encoder, losses and optimiser, made to import with today's torchvision."""

import importlib
import os
import sys
import tempfile
import warnings
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from contender import STYLE_WEIGHT, Contender, Scene
from networks import CONTENT_LAYER, STYLE_LAYERS, Weights


def _imported() -> ModuleType:
    # It reads addresses of weights from tables that torchvision no longer has; their keys are all that is needed.
    names = [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
    sys.modules["torchvision.models.vgg"].model_urls = dict.fromkeys(names, "")
    sys.modules["torchvision.models.alexnet"].model_urls = {"alexnet": ""}
    # It makes a folder for downloads when it is imported, by default in the user's home.
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, PYSTICHE_HOME=folder):
        module = importlib.import_module("pystiche")
    # It refuses images in float64, in which contenders are asserted to be equal.
    module.image.utils._verify_image_type = lambda _: None
    return module


pystiche = _imported()


def make(network: str, weights: Weights, scene: Scene) -> Contender:
    encoder = _encoder(network, weights)
    widths = [getattr(encoder, layer).out_channels for layer in STYLE_LAYERS]
    content = pystiche.loss.FeatureReconstructionLoss(encoder.extract_encoder(CONTENT_LAYER))
    style = pystiche.loss.MultiLayerEncodingLoss(
        encoder,
        STYLE_LAYERS,
        lambda layer, weight: pystiche.loss.GramLoss(layer, score_weight=weight),
        layer_weights=[1 / width**2 for width in widths],  # its Gram is divided by height and width alone
        score_weight=STYLE_WEIGHT,
    )
    criterion = pystiche.loss.PerceptualLoss(
        content, style, content_image=scene.content, style_image=scene.style
    )
    encoder.trim()
    encoder.clear_cache()  # it still holds what the content and style images left
    image = scene.start.clone()
    optimizer = pystiche.optim.default_image_optimizer(image)

    def closure() -> float:  # as its image_optimization has it
        optimizer.zero_grad()
        loss = criterion(image)
        loss.backward()
        return float(loss)

    return Contender(
        lambda: optimizer.step(closure), closure, lambda: image.detach().clamp(0, 1), lambda: image.grad
    )


def _encoder(network: str, weights: Weights) -> Any:
    build = getattr(pystiche.enc, f"{network}_multi_layer_encoder")
    with warnings.catch_warnings(), torch.device("meta"):  # torchvision warns of the words that pystiche uses
        warnings.simplefilter("ignore")
        encoder = build(pretrained=False)
    encoder.to(next(iter(weights.values())).dtype).to_empty(device="cpu").load_state_dict(weights)
    return encoder.requires_grad_(False).eval()
