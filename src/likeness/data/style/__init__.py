"""Images for style transfer: read, written, recoloured, and handed on at the size of a step."""
