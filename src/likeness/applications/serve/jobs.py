"""What takes long: done one after the other beside the requests, with how much of it is done."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Literal, NamedTuple

from likeness.applications.serve.answers import CalibrationAnswer, EnrolmentAnswer, JobAnswer
from likeness.applications.serve.checking import Checked, check_answer
from likeness.applications.serve.failures import Failure, missing, of_error
from likeness.applications.serve.logs import log_error
from likeness.errors import LikenessError, ended

MOST_WAITING = 20
KEPT = 50
"""Jobs that ended and can still be asked for."""

Kind = Literal["enrolment", "stylized", "cohort", "check"]


class Made(NamedTuple):
    """What came of a job: who was enrolled, a PNG picture, thresholds, or what was found."""

    enrolment: EnrolmentAnswer | None = None
    picture: bytes | None = None
    calibration: CalibrationAnswer | None = None
    checked: Checked | None = None


class Stopped(Exception):
    """The server ends, and a job with it."""


class Job:
    """A job: what is known of it may be read from any thread.

    Args:
        kind: of what it makes.
        gallery: the id of the gallery that it is about, or "".
        total: how many steps it has.
    """

    def __init__(self, kind: Kind, gallery: str, total: int) -> None:
        self.id = secrets.token_urlsafe(12)
        self.kind, self.gallery, self.total = kind, gallery, total
        self.state: Literal["waiting", "running", "finished", "failed"] = "waiting"
        self.done = 0
        self.error: str | None = None
        self.made = Made()

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.state in ("finished", "failed")

    def answer(self) -> JobAnswer:
        """What is told of it."""
        return JobAnswer(
            id=self.id,
            kind=self.kind,
            state=self.state,
            done=min(self.done, self.total),
            total=self.total,
            error=self.error,
            enrolment=self.made.enrolment,
            picture=f"/v1/jobs/{self.id}/picture" if self.made.picture else None,
            calibration=self.made.calibration,
            check=None if self.made.checked is None else check_answer(self.made.checked, self.gallery),
        )


Advance = Callable[[int], None]
"""Hears how many more steps are done; raises `Stopped` where the server ends."""


class Jobs:
    """The jobs of a server, on one thread."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock, self._stop = Lock(), Event()
        self._thread = ThreadPoolExecutor(1, "job")

    def start(self, kind: Kind, gallery: str, total: int, work: Callable[[Advance], Made]) -> Job:
        """Have something done in its turn.

        Raises:
            Failure: too many are waiting.
        """
        job = Job(kind, gallery, total)
        with self._lock:
            if sum(not one.over for one in self._jobs.values()) >= MOST_WAITING:
                raise Failure(503, "busy", "Much is waiting to be done already: try again later.")
            for old in [one for one in self._jobs.values() if one.over][: 1 - KEPT]:
                del self._jobs[old.id]
            self._jobs[job.id] = job
        self._thread.submit(self._do, job, work)
        return job

    def job(self, id: str) -> Job:
        """The job of an id.

        Raises:
            Failure: there is none.
        """
        with self._lock:
            found = self._jobs.get(id)
        if found is None:
            raise missing("There is no such job, or it ended long ago.")
        return found

    def stop(self) -> None:
        """Begin no other job, and end the one under way at its next step."""
        self._stop.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _do(self, job: Job, work: Callable[[Advance], Made]) -> None:
        def advance(steps: int) -> None:
            job.done += steps
            if self._stop.is_set():
                raise Stopped

        job.state = "running"
        try:
            job.made = work(advance)
        except (LikenessError, Failure) as error:
            failure = of_error(error) if isinstance(error, LikenessError) else error
            job.error = ended(failure.message)
        except Stopped:
            job.error = "The server ended before this was done."
        except Exception as error:
            log_error(error)
            job.error = "The server made a mistake, which it has logged."
        job.state = "finished" if job.error is None else "failed"
