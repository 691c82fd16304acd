"""Training: Lightning's loop, made to go on to the same bits wherever it was cut off."""
