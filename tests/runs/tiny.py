"""Words by which a run of the command line takes seconds."""

TINY = [
    "data.identities=12",
    "data.pictures_per_identity=6",
    "data.validation_identities=4",
    "data.test_identities=6",
    "backbone.width=4",
    "backbone.image_size=32",
    "sampler.identities=4",
    "sampler.images=3",
    "trainer.log_every_n_steps=1",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]
