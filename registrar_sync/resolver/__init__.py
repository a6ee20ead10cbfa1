"""Questions to the DNS over UDP and TCP: the ``Resolver`` port. The only user of ``dns.query`` and ``dns.resolver``."""

from registrar_sync.resolver.endpoints import parse_endpoint
from registrar_sync.resolver.resolver import DnsResolver

__all__ = ["DnsResolver", "parse_endpoint"]
