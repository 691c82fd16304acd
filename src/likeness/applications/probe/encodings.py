"""Each layer's values on images, pooled, by a network that stays as it is."""

from torch import Tensor

from likeness.applications.probe.subject import ProbedNetwork, Subject
from likeness.data.skipping import SkippingUnreadable
from likeness.data.stored_encodings import StoredEncodings
from likeness.inspection import pooled
from likeness.recipes.embedding.kept_encodings import kept_encodings
from likeness.runs.training.devices import device_of

INPUT = "raw input"


def encodings_of(subject: Subject, network: ProbedNetwork, images: SkippingUnreadable) -> StoredEncodings:
    """Of each image the input itself, each layer and what the network gives, by name, as far as it can be read.

    Values are as the next layer takes them: where a ReLU follows, none is below zero.

    Raises:
        LikenessError: as `kept_encodings` does.
    """
    config, layers, device = subject.config, network.layered, device_of("auto")
    layers.network.to(device)

    def encode(values: Tensor) -> dict[str, Tensor]:
        found = {INPUT: pooled(values, config.features)}

        def take(name: str, maps: Tensor) -> None:
            seen = maps.clamp(min=0) if layers.layers[name].rectified else maps
            found[name] = pooled(seen, config.features)

        found[subject.last] = layers.through(values, subject.layers, take).flatten(1)
        return {name: found[name] for name in (INPUT, *subject.layers, subject.last)}

    return kept_encodings(
        images,
        encode,
        decides={
            "weights": network.weights,
            "backbone": {**config.backbone.plain(), "weights": None},
            "embedder": config.embedder and config.embedder.plain(),
            "layers": [*subject.layers, subject.last],
            "features": config.features,
        },
        device=device,
        batch_size=config.batch_size,
        workers=config.loader.workers,
        whose=subject.title,
    )
