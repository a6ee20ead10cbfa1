"""What nobody has confirmed of DigitalOcean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class DigitaloceanSwitches:
    """Times are seconds."""

    digitalocean_txt_strings: Literal["joined", "quoted"] = switch(
        "joined", "how a value over 255 octets is listed: as one text (dnscontrol), or as quoted strings; no recording"
    )
    digitalocean_duplicates: Literal["stored", "refused"] = switch("stored", "an identical record posted twice: no recording")
    digitalocean_empty_name: Literal["refused", "apex"] = switch("refused", 'what the vendor makes of "name": "" is unknown')
    digitalocean_page_size: int = switch(200, "the most that per_page gives (the specification); whether more is refused or cut")
    digitalocean_token_may_write: bool = switch(True, "a token without domain:update is refused at writes; by 403, not recorded")
