import numpy as np

from likeness.data.style.painting import painting
from likeness.data.style.painting.brush import Layer, View, painted
from likeness.data.style.painting.scene import evening


def test_it_shows_the_scene_in_strokes():
    shown = painting().permute(1, 2, 0).numpy() / 255
    assert shown.shape == (600, 800, 3)
    y, x = (np.mgrid[:600, :800] + 0.5) / 600
    scene = evening(x.ravel(), y.ravel()).colour.reshape(600, 800, 3)
    blocks = [each.reshape(15, 40, 20, 40, 3).mean((1, 3)).ravel() for each in (shown, scene)]
    assert np.corrcoef(*blocks)[0, 1] > 0.95  # from afar it is the scene
    steps = [np.abs(np.diff(each, axis=1)).mean() for each in (shown, scene)]
    assert steps[0] > 5 * steps[1]  # from near it is strokes


def test_strokes_lie_along_the_flow():
    def level(x, y):
        return View(np.full((len(x), 3), 0.5), np.stack([np.ones_like(x), np.zeros_like(x)]), np.ones_like(x))

    def upright(x, y):
        return level(x, y)._replace(along=np.stack([np.zeros_like(x), np.ones_like(x)]))

    layers = [Layer(strokes=400, width=0.05, length=0.3)]
    for scene, axis in ((level, 1), (upright, 0)):
        shown = painted(scene, layers, height=100, width=100, seed=0).astype(float)
        along, across = (np.abs(np.diff(shown, axis=each)).mean() for each in (axis, 1 - axis))
        assert across > 2 * along


def test_another_seed_is_another_image():
    layers = [Layer(strokes=100, width=0.06, length=0.2)]
    one, same, other = (painted(evening, layers, height=60, width=80, seed=seed) for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()
