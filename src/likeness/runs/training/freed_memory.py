"""What happens to memory that a training step frees."""

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h
_MOST = 2**31 - 1
_AHEAD = 64 * 2**20  # bytes


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next step, which allocates the same again (mallopt(3)).

    By default it gives every large block back to the kernel, which clears each page anew when the next step asks: a
    third of a step's time in the networks for letters, as measured on a virtual machine. No other allocator is touched.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _MOST)
    mallopt(_M_TOP_PAD, _AHEAD)
