"""A loader's worker ends when the process that started it does or asks it to, and by nobody else's signal.

A scheduler, systemd, Docker or `timeout` sends SIGTERM to every process of a run, and a terminal SIGINT. The run then
saves a checkpoint at the end of its step, for which it needs its workers.
"""

import os
import signal
import threading


def outlive_signals(worker: int) -> None:
    """For `worker_init_fn` of a DataLoader: heed SIGTERM from the parent process alone, and no SIGINT.

    Where the system does not say who sent a signal, as macOS, the worker leaves the process group of its parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not hasattr(signal, "sigwaitinfo"):
        os.setpgid(0, 0)
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    threading.Thread(target=_heed, args=(os.getppid(),), daemon=True).start()


def _heed(parent: int) -> None:
    while signal.sigwaitinfo([signal.SIGTERM]).si_pid != parent:
        pass
    os._exit(0)
