"""Ways to look into a training that does not do what it should: debug=fast, overfit, profile or anomaly."""
