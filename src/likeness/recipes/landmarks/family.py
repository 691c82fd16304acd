"""What the family of tasks that train the points of faces says of itself."""

from likeness.config.schema.landmarks import LandmarksConfig
from likeness.runs.recipe import Family, Presentation

LANDMARKS = Family(
    name="landmarks",
    tasks=("likeness.tasks.detection.LandmarksTask",),
    schema=LandmarksConfig,
    recipe="likeness.recipes.landmarks.recipe.LandmarksRecipe",
    inputs=("landmarker", "data", "extra_data", "test_data", "seed", "task"),
    presentation=Presentation(
        shares=("landmarks/failure@*", "landmarks/auc@*"),
        captions={
            "landmarks": "The share of faces whose points are off by at most so much, in annotated boxes",
            "placed": "The points in the first of the images that were not trained on",
            "training": "The loss and validation over the steps",
        },
    ),
)
