"""What every entry of providers.yaml is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """Strict: no unknown key, no text where a number is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
