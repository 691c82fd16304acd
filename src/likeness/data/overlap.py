"""Whether people that were trained on are among those to be tested on."""

from likeness.data.pictures import Pictures


def people_in_both(first: Pictures, second: Pictures) -> list[str]:
    """The names of the people who are in both, as far as the two are parts of the same data.

    Parts of one folder or file carry its fingerprint under `of`. In other data a name may be another person's,
    and nothing is said; drawn people have numbers of their own in each split.
    """
    whole = first.fingerprint().get("of")
    if whole is None or second.fingerprint().get("of") != whole:
        return []
    return sorted(_names(first) & _names(second))


def _names(pictures: Pictures) -> set[str]:
    return {pictures.identity_name(identity) for identity in range(int(pictures.identity.max()) + 1)}
