"""The answers of an SFTP server to requests of which many are under way at once: paramiko hands each to whoever asked. Not for
what is asked (exchange.py, sending.py).
"""

from __future__ import annotations

import paramiko
from paramiko.sftp import CMD_STATUS


class Replies:
    """The server's answers to requests that are under way; they may come in any order."""

    def __init__(self, sftp: paramiko.SFTPClient) -> None:
        self._sftp = sftp
        self._here: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        """Called by paramiko's reader for a request whose owner we are."""
        self._here[number] = (kind, message)

    def announce(self) -> int:
        """The number of a request about to be sent, whose answer comes here."""
        with self._sftp._lock:
            number: int = self._sftp.request_number
            self._sftp._expecting[number] = self
            self._sftp.request_number += 1
        return number

    def wait(self, number: int) -> tuple[int, paramiko.Message]:
        """The answer to a request; raises what a status that is not OK means."""
        while number not in self._here:
            self._sftp._read_response()
        kind, message = self._here.pop(number)
        if kind == CMD_STATUS:
            self._sftp._convert_status(message)
        return kind, message
