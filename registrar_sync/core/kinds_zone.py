"""Findings on zone, owner, delegation and the service itself."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

ZONE: Mapping[str, FindingKind] = {
    "owner-cname": FindingKind(
        severity="block",
        what="The name to enrol is an alias (CNAME).",
        why="Nothing else may stand beside a CNAME (RFC 1034 section 3.6.2, RFC 2181 section 10.1).",
        advice=(
            "SPF and MX of an alias are those of the name that it points to: enrol that one, where the customer owns it. Else"
            " have the CNAME replaced by address records at the provider, then plan again. It cannot be accepted: the provider"
            " would refuse the records, or its servers would not answer them."
        ),
        acceptable=False,
    ),
    "owner-delegated": FindingKind(
        severity="block",
        what="The name is delegated away from the zone that this account holds.",
        why="Below a zone cut the child zone answers (RFC 1034 section 4.2.1).",
        advice=(
            "Records written here would never be served. Find the account that holds the child zone and name it with --provider"
            " or --account. It cannot be accepted, because the change would be reported and have no effect."
        ),
        acceptable=False,
    ),
    "not-delegated": FindingKind(
        severity="block",
        what="The DNS knows no delegation of this zone.",
        why="A zone is found by the NS records in its parent zone (RFC 1034 section 4.2.2): without them nobody asks it.",
        advice=(
            "Look for a typing error in the name first, then whether the registration has lapsed: the registrar's console or"
            " whois tells. A zone that is prepared before its delegation can be enrolled: accept it, with --wait none, since no"
            " server that anybody asks will show the change yet."
        ),
    ),
    "delegated-elsewhere": FindingKind(
        severity="block",
        what="The zone is delegated to name servers that are not this account's.",
        why="Resolvers ask the name servers that the parent zone names (RFC 1034 section 4.2.2): nobody asks this account's.",
        advice=(
            "The usual causes are a zone left behind at an old provider and a wrong --provider. The message names the servers;"
            " find whose they are and use the account there. Accept it where the delegation is about to move to this account, or"
            " where those servers are secondaries of this account's zone."
        ),
    ),
    "delegation-unknown": FindingKind(
        severity="block",
        may_pass=True,
        what="The name servers of the zone could not be looked up.",
        why="A failed look-up is another answer than that there is no such data (RFC 2308 section 2): nothing is known.",
        advice=(
            "Look at the network and the resolver of this machine first, and plan again. --resolver ADDR asks another resolver;"
            " --nameserver ADDR names the zone's servers, and the parent is then not asked. Accept it only where you know the"
            " delegation from another source: whether the change is served cannot be proved either."
        ),
    ),
    "delegation-not-checked": FindingKind(
        severity="info",
        what="The name servers were given, and the parent zone was not asked.",
        why="What these servers answer does not tell whether the parent zone names them.",
        advice=(
            "That is what --nameserver and an account's nameservers: mean. What those servers answer is proved; that the world"
            " asks them is not. Leave the option away to have the delegation checked."
        ),
    ),
    "delegation-by-resolver": FindingKind(
        severity="info",
        what="The name servers are those that a recursive resolver tells, not the servers of the zone above.",
        why="A resolver's cache may hold a delegation as it was a while ago.",
        advice=(
            "The servers of the top-level domain, or of the zone above, gave no usable answer: mostly a firewall stops port 53"
            " from this machine to the outside, or diverts it. The change goes on. From a machine that can ask them, the"
            " same command also tells which name servers are lame and where the zone above and the zone itself disagree."
        ),
    ),
    "delegation-lame": FindingKind(
        severity="warn",
        what="Name servers of the zone are silent, have no address, or do not answer for the zone.",
        why="Resolvers ask every server that the parent zone names (RFC 1034 section 4.2.2): some mail senders ask these.",
        advice=(
            "A server that is out of order for a moment comes back by itself. One that answers REFUSED, SERVFAIL or without"
            " authority does not hold the zone: have it set up there, or take its name out of the delegation at the registrar and"
            " out of the zone's own NS set. Until then the change goes on, and the wait for it ends overdue (exit 4)."
        ),
    ),
    "delegation-mismatch": FindingKind(
        severity="warn",
        what="The zone, the zone above it, or their servers name different name servers.",
        why="The NS sets on both sides of a zone cut are to be the same (RFC 1034 section 4.2.2).",
        advice=(
            "Resolvers begin with the servers that the zone above names and go over to those that the zone itself names, so all"
            " of them are asked here. Find out which set is meant, then correct the delegation at the registrar or the NS records"
            " in the zone. After a move to another provider the difference goes away once both are changed."
        ),
    ),
    "authoritative-unreachable": FindingKind(
        severity="block",
        may_pass=True,
        what="Authoritative servers of the zone could not be asked.",
        why="Only the authoritative servers prove what is served: what cannot be asked is not proved.",
        advice=(
            "Mostly a firewall stops port 53 from this machine to the outside, over UDP or TCP. Run from another machine, or"
            " name servers that can be asked with --nameserver ADDR. Accept it to write without proof, then use --wait none and"
            " look with registrar-sync check DOMAIN from elsewhere. Where some servers answered it is a warning: the silent ones"
            " may serve old data."
        ),
    ),
    "api-dns-differ": FindingKind(
        severity="block",
        what="SPF or MX in the provider's API differ from what the name servers answer.",
        why="The zone behind the API is not the one that the DNS serves.",
        advice=(
            "The message shows both sides. Somebody may have edited the zone minutes ago: wait for the provider's usual time"
            " and plan again. Else the account is the wrong one, its edits wait unpublished, or a secondary server has stopped"
            " following. Accept it where you know why they differ and the API's side is the right one: that is the one edited."
        ),
    ),
    "not-yet-published": FindingKind(
        severity="info",
        what="The name servers do not answer the newest change of this journal yet.",
        why="The last change through this journal is still being published.",
        advice=(
            "Nothing is to be done while the provider's usual time is not over. Afterwards the same difference is reported as"
            " api-dns-differ. registrar-sync check DOMAIN shows what each server answers."
        ),
    ),
    "staged-by-others": FindingKind(
        severity="block",
        what="Edits of somebody else at this name wait to be published.",
        why="Publishing would also publish somebody else's staged edits.",
        advice=(
            "This provider publishes a zone as a whole. Find out whose edits they are, publish or discard them at the"
            " provider's console, then plan again. Accept it where they are meant to go live now: they will, together with the"
            " change."
        ),
    ),
    "zone-not-deployed": FindingKind(
        severity="block",
        what="The provider says that the zone is not deployed.",
        why="The provider does not serve this zone at present.",
        advice=(
            "Edits would be stored and not served. Look at the zone in the provider's console: a refresh may be under way, or"
            " the domain may use other name servers. Accept it where the zone is to be prepared before it is deployed, with"
            " --wait none. rollback and recover go on and only mention it."
        ),
    ),
    "dnssec-bogus": FindingKind(
        severity="warn",
        what="The DNSSEC signatures of the zone do not validate.",
        why="A resolver that validates answers SERVFAIL in place of such data: whoever asks it cannot reach the domain.",
        advice=(
            "Senders whose resolver validates cannot deliver to the domain, whatever its MX say, and an edit does not mend that."
            " The usual causes are a DS record left at the registrar after a change of provider, signatures that ran out, and"
            " a key that was changed too early. Have the registrar or the provider repair it; dnsviz.net draws where it breaks."
        ),
    ),
    "port-53-closed": FindingKind(
        severity="warn",
        what="From this network the zone's name servers cannot be asked: port 53 is closed.",
        why="Only its authoritative servers prove that a zone serves a change; another resolver speaks for itself alone.",
        advice=(
            "The plan stands on what a recursive resolver says, where need be over HTTPS (key doh in providers.yaml). A change"
            " can be written with --accept authoritative-unreachable, but stays unproven: run check DOMAIN --wait authoritative"
            " from a network that can reach port 53. Firewalls of offices and clouds often close it; ask for UDP and TCP."
        ),
    ),
}


SERVICE: Mapping[str, FindingKind] = {
    "service-spf-broken": FindingKind(
        severity="block",
        what="The record behind the service's include is missing or broken.",
        why="An include whose target has no valid SPF record is a permerror of the including record (RFC 7208 section 5.2).",
        advice=(
            "Written today, the include would break the customer's SPF for every sender, and so it would for each domain of a"
            " run. Look for a typing error under services: in providers.yaml (include:), then tell the service. Accept it only"
            " where you know that the record is about to be published, as in a test."
        ),
    ),
    "service-host-broken": FindingKind(
        severity="block",
        what="An MX host of the service has no address.",
        why="An exchange must have an address record (RFC 5321 section 5.1): mail to it is queued or bounced.",
        advice=(
            "Look for a typing error under services: in providers.yaml (exchanges:), then ask the service. With the other hosts"
            " at work, mail still arrives, without the spare; with all of them broken it waits at the senders, or bounces."
            " Accept it only where the host is about to be set up and the customer can live with the others."
        ),
    ),
    "service-host-alias": FindingKind(
        severity="warn",
        what="An MX host of the service is an alias (CNAME).",
        why="An exchange must not be an alias (RFC 2181 section 10.3).",
        advice=(
            "Most senders follow it, and some refuse it. It is the service's to repair: tell them. Where they name the host"
            " behind it as the one to use, put that into providers.yaml."
        ),
    ),
    "service-host-refuses": FindingKind(
        severity="block",
        what="An MX host of the service refuses mail for this domain.",
        why="A mail exchanger may decline mail for a domain that it does not know (RFC 5321 section 3.6.2): it bounces.",
        advice=(
            "--probe-smtp asked the host on port 25 whether it takes mail for postmaster at the domain, and sent nothing."
            " Mostly the domain, or the server that it is delivered to, is not set up at the service yet: do that first, then"
            " plan again. Accept it where the service is known to refuse such a question from this machine's address."
        ),
    ),
    "service-not-checked": FindingKind(
        severity="warn",
        what="The service's own names or hosts could not be checked.",
        why="A failed look-up is another answer than that there is no such data (RFC 2308 section 2): nothing is known.",
        advice=(
            "The message says which look-up or which connection failed. Plan again when the network or the resolver answers;"
            " --resolver ADDR asks another one. Many networks stop port 25 to the outside: --probe-smtp then says nothing, and"
            " the service's own console has to."
        ),
    ),
}
