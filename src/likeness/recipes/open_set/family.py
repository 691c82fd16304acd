"""What the family of tasks that search drawn galleries says of itself."""

from likeness.config.schema.open_set import OpenSetConfig
from likeness.runs.recipe import Family, Presentation

OPEN_SET = Family(
    name="open_set",
    tasks=("likeness.recipes.open_set.galleries.search_drawn_galleries",),
    schema=OpenSetConfig,
    recipe="likeness.recipes.open_set.recipe.OpenSetRecipe",
    inputs=("seed", "task"),
    presentation=Presentation(
        shares=("*",),
        captions={
            "open_set": "Wanted and found rates of strangers who are told as somebody, by the gallery's size"
        },
    ),
)
