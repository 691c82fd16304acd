"""The pixels of one image, trained towards a content and a style."""
