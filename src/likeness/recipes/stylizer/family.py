"""What the family of tasks that train a stylizer says of itself."""

from likeness.config.schema.stylizer import StylizerConfig
from likeness.runs.recipe import Family, Presentation

STYLIZER = Family(
    name="stylizer",
    tasks=("likeness.tasks.adain.AdainTask", "likeness.tasks.feedforward.FeedforwardTask"),
    schema=StylizerConfig,
    recipe="likeness.recipes.stylizer.recipe.StylizerRecipe",
    inputs=("backbone", "data", "seed", "stylizer", "task"),
    presentation=Presentation(
        captions={
            "training": "The costs over the steps: faint as logged, strong the running median",
            "painted": "Test contents (rows) in test styles (columns)",
        }
    ),
)
