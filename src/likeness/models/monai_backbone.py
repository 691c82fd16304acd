"""MONAI's classification networks as backbones of any rank."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from likeness.config.nearest import nearest
from likeness.models.backbone import Backbone, feature_dim_of
from likeness.models.torchvision_backbone import drop_classifier
from likeness.spatial import SpatialSize, sides

EXAMPLES = ("DenseNet121", "DenseNet169", "SEResNet50", "resnet10", "resnet18", "resnet34", "resnet50")


def monai_backbone(
    *, name: str, spatial_size: SpatialSize, channels: int, mean: Sequence[float], std: Sequence[float]
) -> Backbone:
    """The network `name` of `monai.networks.nets`, of the rank of `spatial_size`, without its last linear layer.

    It begins with weights that the seed draws. Many of these networks pool volumes in ways that have no deterministic
    gradient on a GPU; such a run is refused with `trainer.deterministic=true`.

    Raises:
        ValueError: MONAI is not installed, has no such network, or it takes more than a rank and numbers of channels.
    """
    try:
        from monai.networks import nets
    except ImportError as error:
        raise ValueError("MONAI is not installed: pip install 'likeness[monai]'.") from error
    create = getattr(nets, name, None)
    if create is None:
        raise ValueError(f"MONAI has no network {name}: {nearest(name, [*EXAMPLES, *dir(nets)])}")
    rank = len(sides(spatial_size))
    # its families call the same by two names
    calls: list[dict[str, Any]] = [
        {"in_channels": channels, "out_channels": 2},
        {"in_channels": channels, "num_classes": 2},
        {"n_input_channels": channels, "num_classes": 2},
    ]
    network = None
    for keywords in calls:
        try:
            network = create(spatial_dims=rank, **keywords)
            break
        except TypeError:
            continue
    if not isinstance(network, nn.Module):
        raise ValueError(
            f"MONAI's {name} can't be made of a rank and numbers of channels alone: choose another, such as "
            "DenseNet121 or resnet18."
        )
    drop_classifier(network, name)
    feature_dim = feature_dim_of(network, channels=channels, spatial_size=spatial_size)
    return Backbone(network, feature_dim=feature_dim, mean=mean, std=std)
