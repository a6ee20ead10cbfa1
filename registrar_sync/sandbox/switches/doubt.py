"""A switch: a default, and where the doubt comes from."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def switch(default: Any, doubt: str) -> Any:
    """One unconfirmed fact, as a field of a dataclass."""
    return field(default=default, metadata={"doubt": doubt})
