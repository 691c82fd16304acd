"""The evidence of an experiment, `experiments/NAME/`, rebuilt from its runs."""
