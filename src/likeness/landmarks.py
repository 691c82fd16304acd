"""The five points of a face, in their order everywhere: left and right are as seen in the image."""

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""What they are called in files: the eyes, the nose's tip and the corners of the mouth."""
MIRRORED = (1, 0, 2, 4, 3)
"""Which of a face's points is, in the mirrored image, its left eye, right eye, and so on."""
