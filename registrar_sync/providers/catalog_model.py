"""The schema of providers.yaml: what may be said of a provider, an account and a service."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Tier = Literal["certified", "dialect", "spf-only", "manual"]
Shape = Literal["rrset", "record", "zone", "verbs"]


class Entry(BaseModel):
    """Strict: no unknown key, no text where a number is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Credential(Entry):
    """One option of the lexicon adapter. ``fixed``: it has its default whatever an account says."""

    help: str
    required: bool = True
    secret: bool = True
    default: str | None = None
    choices: list[str] = Field(default=[])
    fixed: bool = False


class Rate(Entry):
    """At most ``calls`` HTTP requests in any ``per_s`` seconds."""

    calls: int = Field(ge=1)
    per_s: float = Field(gt=0)


class TtlBounds(Entry):
    """TTLs in seconds that the provider takes."""

    min: int = Field(default=1, ge=0)
    max: int = Field(default=2_147_483_647, ge=1)


class Dialect(Entry):
    """How the provider's API writes rdata.

    ``exchange``: the form of an MX exchange in an answer: ``dotted`` absolute with a final dot, ``bare`` absolute without
    one, ``relative`` a name without a final dot is relative to the zone. ``preference``: inside the content, or in a field
    of its own. ``txt_types``: the API's types that are served as TXT. ``txt``: how an edited value is written, ``quoted``
    always, or ``as-found``: bare where the row that it replaces was bare. ``zero_ttl``: the TTL in seconds that a TTL of 0
    stands for (None: it is 0).
    """

    exchange: Literal["dotted", "bare", "relative"] = "dotted"
    preference: Literal["content", "field"] = "content"
    txt: Literal["quoted", "as-found"] = "quoted"
    txt_types: list[str] = Field(default=["TXT"])
    zero_ttl: int | None = None


class EndpointHook(Entry):
    """Where an account's ``endpoint`` is put before ``authenticate``: an option, or an attribute, of the lexicon adapter."""

    option: str | None = None
    attribute: str | None = None


class Verified(Entry):
    """Against what, and when, the adapter was last shown to be right."""

    against: str
    when: date


class ProviderEntry(Entry):
    """One DNS provider, as declared. Times in seconds.

    ``budget_s``: until written data is served by every authoritative server, ``budget_source`` where that figure is from.
    ``rate``: what a run over many domains keeps to; a single enrolment may exceed it for a moment.
    ``credential_errors``: the vendor's own error codes that mean wrong credentials, beside HTTP 401 and 403.
    ``untestable``: what ``providers test`` cannot find out without writing.
    """

    tier: Tier
    reason: str = ""
    lexicon: str | None = Field(default=None, description="lexicon's name of the adapter, where it differs")
    aliases: list[str] = Field(default=[])
    shape: Shape | None = None
    adapter: str | None = Field(default=None, description="module:Class of an adapter of this package")
    endpoint: EndpointHook = Field(default=EndpointHook())
    transport: Literal["requests", "sdk", "dns"] = "requests"
    dialect: Dialect = Field(default=Dialect())
    conditional_write: bool = False
    staged: bool = False
    credentials: dict[str, Credential] = Field(default={})
    credential_errors: list[str] = Field(default=[])
    nameservers: list[str] = Field(default=[], description="suffixes of the provider's name servers")
    rate: Rate | None = None
    ttl: TtlBounds = Field(default=TtlBounds())
    call_limit_s: float = Field(default=15.0, gt=0, le=600)
    read_back_s: float = Field(default=10.0, ge=0, le=600)
    budget_s: float = Field(default=600.0, ge=0)
    budget_source: str = ""
    api: str = Field(default="", description="the vendor's API page")
    verified: Verified | None = None
    untestable: list[str] = Field(default=[])


class ProviderSpec(ProviderEntry):
    """A provider under its name."""

    name: str

    @property
    def lexicon_name(self) -> str:
        """The lexicon adapter's module name."""
        return self.lexicon or self.name


class AccountEntry(Entry):
    """A provider plus one set of credentials and limits.

    ``credentials``: option -> ``env:NAME`` or ``file:/path``; a value of a secret written here is taken only from a file
    that no one else can read. ``nameservers`` and ``resolvers``: addresses to ask instead of those the DNS names.
    ``sandbox``: served by the embedded sandbox, on this machine.
    """

    provider: str
    credentials: dict[str, str] = Field(default={})
    endpoint: str | None = None
    nameservers: list[str] = Field(default=[])
    resolvers: list[str] = Field(default=[])
    rate: Rate | None = None
    concurrency: int = Field(default=4, ge=1, le=256)
    call_limit_s: float | None = Field(default=None, gt=0, le=600)
    read_back_s: float | None = Field(default=None, ge=0, le=600)
    budget_s: float | None = Field(default=None, ge=0)
    sandbox: bool = False


class ExchangeEntry(Entry):
    """One MX host of a service, with its preference beneath the customer's hosts and alone."""

    exchange: str
    below: int = Field(ge=0, le=65535)
    replace: int = Field(ge=0, le=65535)


class ServiceEntry(Entry):
    """A mail-filtering service. ``all_qualifier`` for a new SPF record; ``ttl`` seconds, for an RRset that is new."""

    include: str
    all_qualifier: Literal["+", "-", "~", "?"] = "~"
    exchanges: list[ExchangeEntry] = Field(min_length=1)
    equal_preferences: bool = False
    ttl: int = Field(default=10800, ge=1, le=2_147_483_647)


class DohEntry(Entry):
    """A recursive resolver that is asked over HTTPS (RFC 8484) where port 53 is closed.

    ``addresses``: to connect to; without them those that the system finds for the host. ``source``, ``checked``: where the
    entry is from, and when that was looked up.
    """

    url: str = Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/")
    addresses: list[str] = Field(default=[])
    source: str = ""
    checked: date | None = None


class CatalogFile(Entry):
    """providers.yaml: the shipped one, and the operator's own laid over it. ``recursives``: recursive resolvers whose caches
    are looked at once a change is authoritative (``ADDR[:PORT]``; empty: the system's). ``doh``: asked over HTTPS where port 53
    is closed (an empty list: nobody)."""

    providers: dict[str, ProviderEntry] = Field(default={})
    accounts: dict[str, AccountEntry] = Field(default={})
    services: dict[str, ServiceEntry] = Field(default={})
    recursives: list[str] = Field(default=[])
    doh: list[DohEntry] = Field(default=[])
