"""The assertion that contenders descend the same objective."""

from collections.abc import Mapping

from contender import Make, Scene
from images import disturbed, scene
from networks import Weights

TOLERANCE = 1e-9
SIDE = 96


def assert_one_objective(contenders: Mapping[str, Make], network: str, weights: Weights) -> dict[str, float]:
    """In float64: in float32, rounding decides on which side of 0 a few of millions of activations lie, and with them
    goes 1e-4 to 1e-3 of the gradient.
    """
    small = disturbed(scene(SIDE))
    differences = gradient_differences(
        contenders,
        network,
        {name: value.double() for name, value in weights.items()},
        Scene(small.content.double(), small.style.double(), small.start.double()),
    )
    for name, difference in differences.items():
        assert difference <= TOLERANCE, f"{name}, {network}: gradient differs by {difference:.1e}"
    return differences


def gradient_differences(
    contenders: Mapping[str, Make], network: str, weights: Weights, scene: Scene
) -> dict[str, float]:
    """How far each gradient is from the first contender's, of its own length, once the best factor between the two
    is taken out.
    """
    gradients = {}
    for name, make in contenders.items():
        contender = make(network, weights, scene)
        contender.closure()
        gradients[name] = contender.gradient().detach().double().flatten()
    reference = next(iter(gradients.values()))
    differences = {}
    for name, gradient in gradients.items():
        factor = gradient @ reference / reference.square().sum()
        differences[name] = float((gradient - factor * reference).norm() / gradient.norm())
    return differences
