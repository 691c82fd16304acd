"""What the family of tasks that train the pixels of an image says of itself."""

from likeness.config.schema.pixels import PixelsConfig
from likeness.runs.recipe import Family, Presentation

PIXELS = Family(
    name="pixels",
    tasks=("likeness.tasks.style.StyleTask",),
    schema=PixelsConfig,
    recipe="likeness.recipes.pixels.recipe.PixelsRecipe",
    inputs=("backbone", "data", "seed", "task"),
    presentation=Presentation(
        captions={"sheet": "Content, style and generated image, and the costs over the steps"}
    ),
)
