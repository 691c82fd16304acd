"""Drawn people as a folder of image files, one folder each: something to enrol, cluster or train on without data."""

from pathlib import Path
from typing import NamedTuple

from likeness.applications.counted import counted
from likeness.applications.photographs import refuse_output
from likeness.applications.written import WrittenImages
from likeness.data.drawn_faces import drawn_faces
from likeness.runs.record.folder import make_folder

WRITTEN = "written_by_draw.csv"


class DrawnPeople(NamedTuple):
    """How many images were written of how many people."""

    images: int
    people: int

    def __str__(self) -> str:
        return f"{counted(self.images, 'image')} of {self.people:,} drawn {'person' if self.people == 1 else 'people'}"


def draw(
    output: Path, identities: int, images: int, *, spatial_size: int = 64, seed: int = 0, force: bool = False
) -> DrawnPeople:
    """Write `images` of each of `identities` drawn people into `output`, such as `person-007/2.png`.

    They are the test identities of `data=drawn_faces data.seed=SEED`: a run of that seed was trained on none of them,
    and a run of another seed has seen none of them at all.

    Args:
        output: a folder, which is made where it isn't there.
        identities: how many people, at least 1.
        images: of each person, at least 1.
        spatial_size: pixels of a side, at least 16.
        seed: of the people; another one draws other people.
        force: whether files that are there may be overwritten; then the images of an earlier drawing go first.

    Raises:
        LikenessError: `output` is a file or holds files already, or can't be written.
        ValueError: a number is out of its range.
    """
    people = drawn_faces(
        identities=1,
        pictures_per_identity=images,
        validation_identities=0,
        test_identities=identities,
        seed=seed,
        image_size=spatial_size,
        channels=3,
    ).test
    assert people is not None
    refuse_output(output, [], [], [WRITTEN], force=force)
    make_folder(output, "-o")
    files = WrittenImages(output, WRITTEN, force=force)
    digits = len(str(identities))
    for person in range(identities):
        folder = Path(f"person-{person + 1:0{digits}}")
        for number, image in enumerate(people.load(range(person * images, (person + 1) * images)), 1):
            files.write(folder / f"{number}.png", image)
    return DrawnPeople(identities * images, identities)
