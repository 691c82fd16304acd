"""`likeness probe`: what each layer of a network knows, as a linear classifier on it shows."""
