"""What nobody has confirmed of Yandex Cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class YandexCloudSwitches:
    """Times are seconds."""

    yandexcloud_operation_s: float = switch(
        0.0, "how long an operation runs: done at once in lexicon's recordings of 2022; the docs call it long-running"
    )
    yandexcloud_refused_in: Literal["answer", "operation"] = switch(
        "answer", "whether a set that has changed is told by the HTTP status or by the operation's error: not documented"
    )
    yandexcloud_strict_codes: Literal["by-kind", "invalid-argument"] = switch(
        "by-kind", "with which code updateRecordSets refuses a set that has changed: not documented"
    )
    yandexcloud_bare_txt: Literal["several", "one"] = switch(
        "several", "a value with blanks, unquoted: several strings in the docs, where another example is an unquoted SPF record"
    )
    yandexcloud_long_txt: Literal["split", "kept", "refused"] = switch(
        "split", "a string over 255: split (terraform-provider-yandex issue 506); 255 is the longest value in the API reference"
    )
    yandexcloud_undotted: Literal["absolute", "relative"] = switch(
        "absolute", "a name in a value without a final dot is taken (octodns-yandex, its fixtures); how it is read is not known"
    )
    yandexcloud_may_write: bool = switch(True, "a token with the role dns.viewer reads; what a write is answered is not known")
    yandexcloud_visibility: Literal["public", "private", "both"] = switch(
        "public",
        "a zone can be a private network's; a folder can hold one of the same name beside the public one (octodns-yandex)",
    )
    yandexcloud_folders: int = switch(1, "how many folders the token reaches")
    yandexcloud_page_size: int = switch(1000, "items of one page: at most 1000 (API reference)")
