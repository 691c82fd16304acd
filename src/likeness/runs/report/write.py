"""Write the report of a run or of a sweep into its folder."""

from pathlib import Path

from likeness.errors import LikenessError
from likeness.runs.recipe import Presentation
from likeness.runs.record.folder import write_text
from likeness.runs.record.past import past_run
from likeness.runs.record.record_file import RECORD
from likeness.runs.report.page import page
from likeness.runs.report.run import about_run
from likeness.runs.report.sweep import SWEEP, about_sweep

REPORT = "report.html"


def write_report(folder: Path, presentation: Presentation) -> Path:
    """Write `report.html` into the folder of a run or a sweep, finished or not; returns its path.

    The page asks for nothing outside itself: style and images are within it, and it forbids the browser the rest.

    Raises:
        LikenessError: the folder is neither's, its record is damaged, or the disk is full.
    """
    if (folder / RECORD).is_file():
        text = page("run.html", about_run(past_run(folder), presentation), presentation)
    elif (folder / SWEEP).is_file():
        text = page("sweep.html", about_sweep(folder, presentation), presentation)
    else:
        raise LikenessError(f"{folder} is the folder of neither a run ({RECORD}) nor a sweep ({SWEEP}).")
    write_text(folder / REPORT, text)
    return folder / REPORT
