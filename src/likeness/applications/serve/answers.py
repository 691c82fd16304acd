"""What the server answers to programs."""

from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from likeness.applications.gallery.claim import Claim
from likeness.applications.gallery.identify import Identification
from likeness.applications.gallery.pair import PairDecision
from likeness.applications.gallery.read_images import LeftOut
from likeness.applications.gallery.store import Enrolled, Subject, Template
from likeness.evaluation.identification import SearchThreshold

NOT_BLANK: JsonDict = {"minLength": 1, "pattern": r"\S"}
"""Of a name, in the OpenAPI document; what is blank is refused in a sentence of its own."""

Rate = Annotated[float, Field(gt=0, lt=1)]


class ErrorDetail(BaseModel):
    """A code for programs, and a sentence for people."""

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """Every failure."""

    error: ErrorDetail


class GalleryAnswer(BaseModel):
    """A gallery: how it compares, how many are enrolled, and what its encoder makes."""

    id: str
    subjects: int
    score: str
    dimensions: int
    finds_faces: bool = Field(
        description="whether pictures are photographs, in which the largest face is taken"
    )


class SubjectRef(BaseModel):
    """A subject as others speak of it."""

    id: str
    name: str


class SubjectAnswer(SubjectRef):
    """A subject, and how many templates it has."""

    templates: int


class SubjectsAnswer(BaseModel):
    """Some of the subjects, in the order of their enrolment, and how many there are of what was asked for."""

    total: int
    subjects: list[SubjectAnswer]


class TemplateAnswer(BaseModel):
    """A template: its number, the SHA-256 of its picture's bytes, and where a small copy of that is."""

    number: int
    content: str
    picture: str


class RemovedAnswer(BaseModel):
    """How many templates were removed, and whether the subject was."""

    templates: int
    subject: bool


class EnrolledAnswer(BaseModel):
    """Somebody who was enrolled: how many pictures became templates, and how many were ones before."""

    subject: SubjectRef
    new: bool
    added: int
    known: int


class EnrolmentAnswer(BaseModel):
    """Who was enrolled, why pictures were left out, and notes on others."""

    enrolled: list[EnrolledAnswer]
    left_out: list[str]
    notes: list[str]


class ThresholdAnswer(BaseModel):
    """The threshold of searches: strangers get a name in at most `fpir` of theirs.

    It was chosen on searches of the cohort; `low` and `high` bound the rate to come, 95% over its subjects.
    """

    threshold: float
    fpir: float
    cohort: int
    subjects: int
    low: float | None
    high: float | None


class CandidateAnswer(BaseModel):
    """A subject, its distance to a picture, and whether that is below the threshold."""

    subject: SubjectRef
    distance: float
    below: bool


class ProbeAnswer(BaseModel):
    """A picture: who it shows, or null where nobody enrolled is near enough, and the nearest subjects."""

    picture: str
    content: str
    known: bool
    subject: SubjectRef | None
    candidates: list[CandidateAnswer]


class IdentifiedAnswer(BaseModel):
    """Who pictures show, at which threshold; why some were left out, and notes on others."""

    unit: str
    threshold: ThresholdAnswer
    probes: list[ProbeAnswer]
    left_out: list[str]
    notes: list[str]


class VerifiedAnswer(BaseModel):
    """Whether two pictures show one subject, or a picture shows whom it is said to: then `subject` is told.

    The distance is accepted below the threshold, which a share `far` of false claims passes.
    """

    accepted: bool
    subject: SubjectRef | None
    probability: float
    distance: float
    unit: str
    threshold: float
    far: float
    claims: int = Field(description="by strangers, on which the threshold was chosen")
    notes: list[str]


class CorrectionAnswer(BaseModel):
    """What was said of two pictures, known by the SHA-256 of their bytes: they must, or cannot, be of one subject."""

    kind: Literal["must", "cannot"]
    first: str
    second: str


class SaidAnswer(BaseModel):
    """What was done, in a sentence."""

    said: str


class CalibrationAnswer(BaseModel):
    """How several templates of a subject compare, the cohort, and the thresholds, or why there are none."""

    score: str
    cohort: int
    subjects: int
    said: list[str]


class FoundAnswer(BaseModel):
    """A template that a finding is about, and its subject."""

    subject: SubjectRef
    template: TemplateAnswer


class FindingAnswer(BaseModel):
    """A sentence on something that is probably wrong, what it is about, and what that is held against."""

    sentence: str
    first: FoundAnswer
    second: FoundAnswer


class CheckAnswer(BaseModel):
    """What is probably wrong, the worst first; `unknown` says why the last two kinds can't be told, or is empty."""

    mislabelled: list[FindingAnswer]
    doubles: list[FindingAnswer]
    lookalikes: list[FindingAnswer]
    far: list[FindingAnswer]
    unknown: str


class JobAnswer(BaseModel):
    """Something that takes long: how much of it is done, and what came of it."""

    id: str
    kind: Literal["enrolment", "stylized", "cohort", "check"]
    state: Literal["waiting", "running", "finished", "failed"]
    done: int
    total: int
    error: str | None
    enrolment: EnrolmentAnswer | None
    picture: str | None = Field(description="where the picture is that was made")
    calibration: CalibrationAnswer | None
    check: CheckAnswer | None


def subject_ref(subject: Subject) -> SubjectRef:
    """A subject."""
    return SubjectRef(id=subject.id, name=subject.name)


def subject_answer(subject: Subject, templates: int) -> SubjectAnswer:
    """A subject of so many templates."""
    return SubjectAnswer(id=subject.id, name=subject.name, templates=templates)


def templates_below(gallery: str, subject: Subject) -> str:
    """The address below which a subject's templates are."""
    return f"/v1/galleries/{gallery}/subjects/{quote(subject.id, safe='')}/templates"


def template_answer(template: Template, below: str) -> TemplateAnswer:
    """A template, whose picture lies `below` an address."""
    return TemplateAnswer(
        number=template.number, content=template.image.content, picture=f"{below}/{template.number}/picture"
    )


def enrolment_answer(enrolled: Sequence[Enrolled], told: LeftOut) -> EnrolmentAnswer:
    """Who was enrolled."""
    found = [
        EnrolledAnswer(subject=subject_ref(one.subject), new=one.new, added=one.added, known=one.known)
        for one in enrolled
    ]
    return EnrolmentAnswer(enrolled=found, left_out=told.unreadable, notes=told.notes)


def threshold_answer(threshold: SearchThreshold) -> ThresholdAnswer:
    """A threshold of searches; bounds that are no numbers are null."""
    low, high = (value if value == value else None for value in (threshold.low, threshold.high))
    return ThresholdAnswer(**{**threshold._asdict(), "low": low, "high": high})


def identified_answer(found: Identification, told: LeftOut) -> IdentifiedAnswer:
    """Who was identified."""
    probes = [
        ProbeAnswer(
            picture=probe.image.file,
            content=probe.image.content,
            known=probe.subject is not None,
            subject=None if probe.subject is None else subject_ref(probe.subject),
            candidates=[
                CandidateAnswer(
                    subject=subject_ref(subject),
                    distance=distance,
                    below=distance < found.threshold.threshold,
                )
                for subject, distance in probe.candidates
            ],
        )
        for probe in found.probes
    ]
    return IdentifiedAnswer(
        unit=found.unit,
        threshold=threshold_answer(found.threshold),
        probes=probes,
        left_out=told.unreadable,
        notes=told.notes,
    )


def verified_answer(found: Claim | PairDecision, told: LeftOut) -> VerifiedAnswer:
    """The decision on a claim or on two pictures."""
    point = found.chosen.point
    return VerifiedAnswer(
        accepted=found.accepted if isinstance(found, Claim) else found.same,
        subject=subject_ref(found.subject) if isinstance(found, Claim) else None,
        probability=found.probability,
        distance=found.distance,
        unit=found.unit,
        threshold=point.threshold,
        far=point.far,
        claims=point.negatives,
        notes=told.notes,
    )
