"""Galleries on a page and by REST."""
