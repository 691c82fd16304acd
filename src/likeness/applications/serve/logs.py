"""What a server logs: that something went wrong and where in the program, and no value, which may be a name."""

import logging
import traceback

log = logging.getLogger("likeness.serve")


def log_error(error: BaseException) -> None:
    """Say which error came up where, and not what it says."""
    log.error("%s, raised at\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
