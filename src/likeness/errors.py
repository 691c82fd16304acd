"""What a user can get wrong, said in one sentence."""


class LikenessError(Exception):
    """A mistake that a user can mend: the message names the thing and the mend."""


class BrokenPicture(LikenessError):
    """A picture that cannot be decoded."""
