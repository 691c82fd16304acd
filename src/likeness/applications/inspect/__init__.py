"""`likeness inspect`: what the layers of a network look for, on one page."""
