"""The three standard streams of a command, made such that writing words to them can't fail for what the words are: a stream
that was closed before we started is opened on nothing, and a character that the terminal has no code for is shown as an
escape. Not for what is written (show.py)."""

from __future__ import annotations

import io
import os
import sys


def make_writable() -> None:
    """Opens what is closed and softens what is strict."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # in this order each takes its own number back: no file of ours can become somebody's standard output
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fall_silent(descriptor: int) -> None:
    """For a terminal that was closed under us, or a full disk: there is nobody to talk to any more. What matters is in the
    run's folder."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
