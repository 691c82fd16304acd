"""What the family of tasks that train a detector says of itself."""

from likeness.config.schema.detection import DetectionConfig
from likeness.runs.recipe import Family, Presentation

DETECTION = Family(
    name="detection",
    tasks=tuple(
        f"likeness.tasks.detection.{name}"
        for name in ("MTCNNTask", "TinyFacesTask", "FaceRCNNTask", "PyramidBoxTask")
    ),
    schema=DetectionConfig,
    recipe="likeness.recipes.detection.recipe.DetectionRecipe",
    inputs=("detector", "data", "extra_data", "test_data", "seed", "task"),
    presentation=Presentation(
        shares=("detection/*", "landmarks/failure@*", "landmarks/auc@*", "validation/*"),
        captions={
            "precision_recall": "Precision against recall, on images that were not trained on",
            "wider": "Precision against recall of WIDER FACE's easy, medium and hard faces, by its own evaluation",
            "fddb": "FDDB's curves: true positives by their number, and by how much they overlap",
            "heights": "The faces of each height, found and missed, and their recall with 95% intervals",
            "landmarks": "The share of faces whose landmarks are off by at most so much",
            "found": "What was found in the first of these images",
            "training": "The loss and validation over the steps",
        },
    ),
)
