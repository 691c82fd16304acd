"""Write the report of a run or of a sweep into its folder."""

from pathlib import Path

from likeness.errors import LikenessError
from likeness.runs.recipe import Presentation
from likeness.runs.record.folder import REPORT, write_text
from likeness.runs.record.past import past_run
from likeness.runs.record.record_file import RECORD
from likeness.runs.record.sealed import seal_in
from likeness.runs.report.page import page
from likeness.runs.report.run import about_run
from likeness.runs.report.sweep import SWEEP, about_sweep


def write_report(folder: Path, presentation: Presentation) -> Path:
    """Write `report.html` into the folder of a run or a sweep, finished or not; returns its path.

    The page asks for nothing outside itself: style and images are within it, and it forbids the browser the rest.

    Raises:
        LikenessError: the folder is neither's, its record or a file that is shown was altered, or the disk is full.
    """
    if (folder / RECORD).is_file():
        write_text(folder / REPORT, page("run.html", about_run(past_run(folder), presentation), presentation))
        seal_in(folder, REPORT)
    elif (folder / SWEEP).is_file():
        write_text(folder / REPORT, page("sweep.html", about_sweep(folder, presentation), presentation))
    else:
        raise LikenessError(f"{folder} is the folder of neither a run ({RECORD}) nor a sweep ({SWEEP}).")
    return folder / REPORT
