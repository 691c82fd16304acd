"""What several devices need of every detector: each parameter that is trained has a gradient at each step."""

import re
from collections.abc import Sequence

import pytest
import torch

from likeness.config.schema.detection import DetectionConfig
from likeness.data.faces import Faces, Scene, Scenes
from likeness.data.readable_scenes import ReadableScenes
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.recipes.detection.build import build_network, build_task
from likeness.recipes.detection.inputs import SceneInputs

SMALL = ["data.scenes=2", "data.spatial_size=96", "sampler.side=128", "sampler.batch_size=2"]
NO_TEMPLATES = [*SMALL, "detector.weights=null", "detector.number_of_templates=2", "sampler.scales=[1.0]"]
NOBODY = Faces(torch.zeros(0, 4), torch.zeros(0, 5, 2), torch.zeros(0, dtype=torch.bool))
CASES = {
    "mtcnn": ["task.windows=8"],
    "mtcnn, output alone": ["task.windows=8", "task.stage_weights=[0,0,1.0]"],
    "tiny_faces": ["detector.weights=null", "detector.templates=[[16,20],[40,50]]"],
    "face_rcnn": ["detector.weights=null", "detector.shorter_sides=[96]"],
    "pyramidbox": ["detector.weights=null", "detector.width=0.0625"],
}


@pytest.mark.parametrize("case", CASES)
def test_every_trained_parameter_has_a_gradient_with_and_without_faces(case: str) -> None:
    config = training_config([f"+experiment={case.partition(',')[0]}", *SMALL, *CASES[case]])
    assert isinstance(config, DetectionConfig)
    inputs = SceneInputs(config, {})
    batch = inputs.batches().batches[0]
    task = build_task(config, build_network(config, inputs)).train()
    for faces in (batch.faces, [NOBODY, NOBODY]):
        task.zero_grad()
        task.terms(batch.images, faces).loss.backward()
        trained = {name: p.grad for name, p in task.named_parameters() if p.requires_grad}
        assert [name for name, gradient in trained.items() if gradient is None] == []
        assert any(bool(gradient.abs().sum() > 0) for gradient in trained.values() if gradient is not None)


class _Sorted(Scenes):
    """Scenes in the order of their one face's side: 600 of 10 pixels, then 600 of 60."""

    def __len__(self) -> int:
        return 1200

    def load(self, indices: Sequence[int]) -> list[Scene]:
        sides = [10.0 if index < 600 else 60.0 for index in indices]
        unknown = torch.full((1, 5, 2), torch.nan)
        return [
            Scene(
                torch.zeros(3, 96, 96, dtype=torch.uint8),
                Faces(torch.tensor([[8.0, 8, 8 + side, 8 + side]]), unknown, torch.tensor([False])),
            )
            for side in sides
        ]


def test_templates_are_of_images_from_all_over_the_data() -> None:
    config = training_config(["+experiment=tiny_faces", *NO_TEMPLATES])
    assert isinstance(config, DetectionConfig)
    inputs = SceneInputs(config, {})
    inputs.splits.train[:] = [ReadableScenes(_Sorted())]
    sides = build_network(config, inputs).templates.amax(1)
    assert sides.min() == 10
    assert sides.max() == 60


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["+experiment=mtcnn", "task.shares=[0,0,0]"], "sum is above 0 and at most 1"),
        (["+experiment=mtcnn", "task.shares=[1,1,1]"], "sum is above 0 and at most 1"),
        (["+experiment=mtcnn", "task.stage_weights=[0,0,0]"], "no network is trained"),
        (["+experiment=face_rcnn", "detector.longer_side=10"], "gets up to 320 pixels; raise it"),
        (["+experiment=tiny_faces", "sampler.scales=[1e-9]"], "sampler.scales"),
        (
            ["+experiment=pyramidbox", "detector=pyramidbox_vgg16", "detector.batch_norm=false"],
            "give detector.weights, or detector.batch_norm=true",
        ),
    ],
)
def test_values_that_teach_nothing_are_refused(overrides: list[str], said: str) -> None:
    with pytest.raises(LikenessError, match=re.escape(said)):
        training_config(overrides)
