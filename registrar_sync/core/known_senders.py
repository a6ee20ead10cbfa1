"""Mail hosters by the names that their MX hosts end in, each with the SPF include that it tells its customers to publish.

Looked up in stored copies of public pages in November 2026; ``source`` says where. A hoster is left out where no source told
both the MX host and the include, or where sources contradict each other (Zoho outside zoho.com, IONOS outside Europe). A name
that is missing or wrong changes the wording of a finding, never what is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registrar_sync.core.known_filters import filter_behind
from registrar_sync.core.names import display, is_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Hoster:
    """A mail hoster: ``suffixes`` its MX hosts are or stand below, ``include`` the domain for SPF (both in display form)."""

    name: str
    include: str
    suffixes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Who is plain to see behind MX hosts: ``hosters`` known by name, and ``hosts`` (display form) of nobody that is known."""

    hosters: tuple[Hoster, ...]
    hosts: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.hosters or self.hosts)


HOSTERS: tuple[Hoster, ...] = (
    Hoster(
        name="Google Workspace",
        include="_spf.google.com",
        suffixes=("google.com", "googlemail.com"),
        source="intodns.ai/citations/google-workspace-spf-record and -mx-records, quoting Google's help pages, June 2026",
    ),
    Hoster(
        name="Microsoft 365",
        include="spf.protection.outlook.com",
        suffixes=("mail.protection.outlook.com", "mx.microsoft"),
        source="MicrosoftDocs/microsoft-365-docs, external-domain-name-system-records.md, 2022; mx.microsoft: several pages",
    ),
    Hoster(
        name="OVHcloud",
        include="mx.ovh.com",
        suffixes=("mail.ovh.net",),
        source="ovh/docs, dns_zone_spf (2023-08-04) and dns_zone_mx (2024-02-29)",
    ),
    Hoster(
        name="Gandi",
        include="_mailcust.gandi.net",
        suffixes=("mail.gandi.net",),
        source="helpdesk.gandi.net, What is an SPF record (14001808469404); wiki.gandi.net, create-email-mailbox",
    ),
    Hoster(
        name="IONOS",
        include="_spf-eu.ionos.com",
        suffixes=("ionos.de", "ionos.fr", "ionos.co.uk"),
        source="ionos.de/hilfe on SPF, quoted in public repositories, with the MX hosts of European zones as observed in 2026",
    ),
    Hoster(
        name="Zoho Mail",
        include="zohomail.com",
        suffixes=("zoho.com",),
        source="zoho.com/mail/help/adminconsole/spf-configuration.html; MX hosts as observed in public zones",
    ),
    Hoster(
        name="Fastmail",
        include="spf.messagingengine.com",
        suffixes=("messagingengine.com",),
        source="mailermonk.com/guides/spf/fastmail, June 2026",
    ),
    Hoster(
        name="Proton Mail",
        include="_spf.protonmail.ch",
        suffixes=("protonmail.ch",),
        source="proton.me/support/anti-spoofing-custom-domain; mxrecordchecker.com/resources/protonmail-mx-records",
    ),
    Hoster(
        name="Infomaniak",
        include="spf.infomaniak.ch",
        suffixes=("infomaniak.ch",),
        source="infomaniak.com/en/support/faq/2199 and the MX named beside it (mta-gw.infomaniak.ch)",
    ),
    Hoster(
        name="Hostinger",
        include="_spf.mail.hostinger.com",
        suffixes=("hostinger.com",),
        source="support.hostinger.com/en/articles/1583673; MX hosts: pangaea.id/article/email-dns-records",
    ),
    Hoster(
        name="Namecheap Private Email",
        include="spf.privateemail.com",
        suffixes=("privateemail.com",),
        source="namecheap.com/support/knowledgebase/article.aspx/1262/2176",
    ),
    Hoster(
        name="Titan",
        include="spf.titan.email",
        suffixes=("titan.email",),
        source="Domain-Connect/Templates, titan.email.titan-mail-hosting.json, 2026-08-20",
    ),
    Hoster(
        name="GoDaddy",
        include="secureserver.net",
        suffixes=("secureserver.net",),
        source="Domain-Connect/Templates, godaddy.com.professional_mail.json, 2026-08-20",
    ),
    Hoster(
        name="mailbox.org",
        include="mailbox.org",
        suffixes=("mailbox.org",),
        source="kb.mailbox.org on SPF, DKIM and DMARC of a domain of one's own; MX hosts as observed in public zones",
    ),
    Hoster(
        name="iCloud Mail",
        include="icloud.com",
        suffixes=("mail.icloud.com",),
        source="mxhelper.com/fr/mail-providers/icloud; MX hosts as observed in public zones",
    ),
)


def hoster_behind(exchange: str) -> Hoster | None:
    """The hoster whose host this exchange (absolute, lower-case) is.

    >>> hoster_behind("aspmx.l.google.com.").include
    '_spf.google.com'
    """
    host = display(exchange)
    return next((hoster for hoster in HOSTERS if any(is_within(host, suffix) for suffix in hoster.suffixes)), None)


def senders_behind(exchanges: Iterable[str]) -> Senders:
    """Who probably sends where these hosts (absolute, lower-case) take the mail: a filter's hosts are nobody's mail server.

    The hosters in the order of their names, each once, the other hosts by name.
    """
    hosts = sorted({exchange for exchange in exchanges if not filter_behind(exchange)})
    hosters = {hoster.name: hoster for host in hosts if (hoster := hoster_behind(host))}
    own = tuple(display(host) for host in hosts if hoster_behind(host) is None)
    return Senders(hosters=tuple(hosters[name] for name in sorted(hosters)), hosts=own)
