"""Questions to the DNS over UDP and TCP: the ``Resolver`` port. The only user of ``dns.resolver``."""

from registrar_sync.resolver.doh import DohServer
from registrar_sync.resolver.each import AlsoAsked
from registrar_sync.resolver.endpoints import parse_endpoint
from registrar_sync.resolver.resolver import DnsResolver
from registrar_sync.resolver.shared import Wanted

__all__ = ["AlsoAsked", "DnsResolver", "DohServer", "Wanted", "parse_endpoint"]
