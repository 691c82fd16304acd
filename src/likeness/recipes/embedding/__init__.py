"""Embeddings, and heads that compare two of them."""
