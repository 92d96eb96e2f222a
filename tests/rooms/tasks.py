"""Tasks for processes; little is imported, so that these start quickly."""

import os
import signal

import cv2

from depth_unet.errors import DataError


def refuse_three(number: int) -> int:
    """Refuse the number three."""
    if number == 3:
        raise DataError("number 3")
    return number


def be_killed(number: int) -> int:
    """Die like a process that the system kills when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def threads_of(_number: int) -> tuple[str | None, int, bool]:
    """OpenMP's threads, OpenCV's threads, and whether Ctrl-C is ignored."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.environ.get("OMP_NUM_THREADS"), cv2.getNumThreads(), ignored
