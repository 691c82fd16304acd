"""Values of a configuration that are found by trying: a learning rate, the size of a batch."""
