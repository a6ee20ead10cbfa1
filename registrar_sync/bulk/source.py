"""Where a roster comes from: a file, or standard input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from registrar_sync.errors import RosterInvalid

STANDARD_INPUT = "-"


@contextmanager
def opened(file: str, standard_input: BinaryIO | None) -> Iterator[tuple[BinaryIO, str]]:
    """The roster's octets, and the name it is called by in messages. Raises ``RosterInvalid``."""
    if file == STANDARD_INPUT:
        if standard_input is None:
            raise RosterInvalid("There is no standard input. Nobody was asked anything.", hint="Give the roster's file.")
        yield standard_input, "standard input"
        return
    path = Path(file)
    if path.is_dir():
        raise RosterInvalid(f"{file} is a directory, not a roster. Nobody was asked anything.", hint="Name the file in it.")
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise RosterInvalid(
            f"There is no file {file}. Nobody was asked anything.", hint="Mend the path; - reads standard input."
        ) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RosterInvalid(f"{file} cannot be read: {why}. Nobody was asked anything.", hint="Look at its rights.") from error
    with stream:
        yield stream, file
