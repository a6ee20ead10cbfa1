"""The schema of providers.yaml: what may be said of a provider, an account and a service."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from registrar_sync.providers.catalog_entry import Entry
from registrar_sync.providers.verbs_model import Verbs

Tier = Literal["certified", "dialect", "spf-only", "manual"]
Shape = Literal["rrset", "record", "zone", "verbs"]


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
    always, ``as-found``: bare where the row that it replaces was bare, or ``bare``: the API knows no quotes at all, its text is
    the joined value. ``ttl_words``: numbers in the TTL's place that stand for another TTL, and for which (seconds).
    ``txt_limit``: octets that a TXT value may have, counted as it would be quoted; ``txt_excludes``: characters that it cannot
    hold. A value of ours beyond either is refused before anything is written. ``txt_unsure``: characters of which it is not
    known whether a value with one of them, sent back as it was read, stays what it is: a set that holds such a value is not
    written again (for APIs that replace whole sets).
    """

    exchange: Literal["dotted", "bare", "relative"] = "dotted"
    preference: Literal["content", "field"] = "content"
    txt: Literal["quoted", "as-found", "bare"] = "quoted"
    txt_types: list[str] = Field(default=["TXT"])
    ttl_words: dict[int, int] = Field(default={})
    txt_limit: int | None = Field(default=None, ge=1)
    txt_excludes: str = ""
    txt_unsure: str = ""


class HttpRules(Entry):
    """What cannot be told from a request's method. ``answers``: whether an accepted answer must be JSON (``any``: the adapter
    reads it). ``reads_by_post``: the vendor's reads are POSTs, too; ``writes_by_get``: its writes are GETs. ``busy_statuses``:
    statuses that mean "later", as 429 does. ``retry_after``: the key of such an answer's body that holds the seconds to wait.
    ``hints``: what a refusal's vendor code tells the operator to do."""

    answers: Literal["json", "any"] = "json"
    reads_by_post: bool = False
    writes_by_get: bool = False
    busy_statuses: list[int] = Field(default=[])
    retry_after: str | None = None
    hints: dict[str, str] = Field(default={})


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
    ``calls_a_domain``: HTTP requests of one enrolment, for the estimate of a run; without it a usual figure of the shape.
    ``credential_errors``: the vendor's own error codes that mean wrong credentials, beside HTTP 401 and 403.
    ``busy_errors``: those that mean "later", as 429 does. ``bases``: below which all URLs of a provider on lexicon's verbs lie
    (the first is the one that an account's endpoint stands for; ``{option}`` is replaced by a credential's value). ``extra``: the
    extra of dns-lexicon that the adapter needs. ``untestable``: what ``providers test`` cannot find out without writing.
    ``cannot_hold``: what no zone at this provider can hold: a ``null-mx``, or the borders of ``txt-strings`` (a TXT value is one
    text, cut at 255 octets when it is served).
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
    verbs: Verbs | None = None
    http: HttpRules = Field(default=HttpRules())
    bases: list[str] = Field(default=[])
    extra: str | None = Field(default=None, description="the extra of dns-lexicon that its adapter needs")
    conditional_write: bool = False
    cannot_hold: list[Literal["null-mx", "txt-strings"]] = Field(default=[])
    staged: bool = False
    credentials: dict[str, Credential] = Field(default={})
    credential_errors: list[str] = Field(default=[])
    busy_errors: list[str] = Field(default=[])
    nameservers: list[str] = Field(default=[], description="suffixes of the provider's name servers; * is any part of a label")
    rate: Rate | None = None
    calls_a_domain: float | None = Field(default=None, gt=0)
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

    @property
    def writes(self) -> tuple[str, ...]:
        """The types of an enrolment that can be written exactly, in the order of entering."""
        return {"manual": (), "spf-only": ("TXT",)}.get(self.tier, ("TXT", "MX"))

    @property
    def edits_in_place(self) -> bool:
        """Whether a record can be changed without being removed in between."""
        return self.verbs is None or self.verbs.update == "by-id"


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
