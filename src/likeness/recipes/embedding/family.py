"""What the family of tasks that train an embedding says of itself."""

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.runs.recipe import Family, Presentation

EMBEDDING = Family(
    name="embedding",
    tasks=("likeness.tasks.embedding.EmbeddingTask", "likeness.tasks.similarity.SimilarityTask"),
    schema=EmbeddingConfig,
    recipe="likeness.recipes.embedding.recipe.EmbeddingRecipe",
    inputs=("backbone", "data", "episodes", "evaluation", "identification", "seed", "task", "test_data"),
    presentation=Presentation(
        shares=("*",),
        captions={
            "training": "Training: faint as logged, strong the running median",
            "roc": "Receiver operating characteristic on the test identities",
            "distances": "Distances of the test pairs, and the threshold with the best accuracy",
            "one_shot": "One-shot accuracy by group of classes",
            "calibration": "Reliability: how often pairs of a given probability are of one identity",
            "embedding_map": "A map of the embeddings of the identities with most images",
            "hardest_pairs": "The test pairs that the encoder gets most wrong",
        },
    ),
)
