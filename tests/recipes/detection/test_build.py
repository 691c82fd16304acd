"""What several devices need of every detector: each parameter that is trained has a gradient at each step."""

import pytest
import torch

from likeness.config.schema.detection import DetectionConfig
from likeness.data.faces import Faces
from likeness.recipes.choose import training_config
from likeness.recipes.detection.build import build_network, build_task
from likeness.recipes.detection.inputs import SceneInputs

SMALL = ["data.scenes=2", "data.spatial_size=96", "sampler.side=128", "sampler.batch_size=2"]
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
    task = build_task(config, build_network(config, inputs.splits)).train()
    for faces in (batch.faces, [NOBODY, NOBODY]):
        task.zero_grad()
        task.terms(batch.images, faces).loss.backward()
        trained = {name: p.grad for name, p in task.named_parameters() if p.requires_grad}
        assert [name for name, gradient in trained.items() if gradient is None] == []
        assert any(bool(gradient.abs().sum() > 0) for gradient in trained.values() if gradient is not None)
