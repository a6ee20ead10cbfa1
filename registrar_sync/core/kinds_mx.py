"""Findings on the MX set and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

MX: Mapping[str, FindingKind] = {
    "mx-null": FindingKind(
        severity="block",
        what="The domain has a null MX: it says that it accepts no mail.",
        why="MX 0 . alone: the domain accepts no mail (RFC 7505 section 3).",
        advice=(
            "Ask the customer whether the domain is to receive mail at all. A parked domain is best left as it is. Accept it"
            " where the domain is to receive through the service from now on: the service's hosts come in and the null MX goes"
            " in the same change, and rollback brings it back. At unenroll it means that only the null MX would be left: accept"
            " it where the domain is to receive nothing from then on."
        ),
    ),
    "mx-null-with-others": FindingKind(
        severity="block",
        what="A null MX stands beside other MX records.",
        why="A null MX must not stand beside others (RFC 7505 section 3).",
        advice=(
            "The set contradicts itself, and senders may take either side. Where the domain receives mail, and mostly it does,"
            " accept it: the null MX goes in the same change. Where it is to receive none, stop here and have the other records"
            " removed instead."
        ),
    ),
    "mx-no-room": FindingKind(
        severity="block",
        what="There is no preference left below the customer's lowest one.",
        why="The lowest preference is tried first, and none is free below (RFC 5321 section 5.1).",
        advice=(
            "--renumber moves all of the customer's preferences up by as many as are needed, so their order and distances stay."
            " --renumber-compact moves up only those that must, for sets that reach 65535. --mx replace takes the customer's"
            " hosts out, where no fallback is wanted. It cannot be accepted: hosts of the service behind or beside the"
            " customer's would leave part of the mail unfiltered."
        ),
        acceptable=False,
    ),
    "mx-implicit": FindingKind(
        severity="warn",
        what="The domain has no MX records without the service: mail goes to the domain's own address.",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
        advice=(
            "With the service's hosts in place that ends: senders use MX records alone as soon as there are any. Be sure that"
            " the service knows where to deliver this domain's mail. --keep-implicit adds the domain itself as the last MX,"
            " where the host at that address is to stay the fallback; often it is only a web server. At unenroll and rollback"
            " the domain goes back to that state, because it had no MX before."
        ),
    ),
    "mx-implicit-kept": FindingKind(
        severity="info",
        what="The domain's own name becomes the last MX, as --keep-implicit asks.",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
        advice=(
            "The host that took the mail until now stays reachable behind the service's hosts. It stays open to spam that goes"
            " around the service. Take it out once the service has delivered for a while."
        ),
    ),
    "mx-duplicate-exchange": FindingKind(
        severity="warn",
        what="One exchange stands at two preferences.",
        why="Exchanges are tried in the order of their preferences (RFC 5321 section 5.1): the same host is tried again.",
        advice=(
            "It is legal and useless, and all of it is kept. Tell the customer; the entry with the higher number can go. Look"
            " whether another host was meant, as when a name was copied and not changed."
        ),
    ),
    "mx-deduped": FindingKind(
        severity="info",
        what="MX rows that stood twice stand once, as --dedupe asks.",
        why="Two records with the same data are meaningless; servers suppress the second (RFC 2181 section 5).",
        advice=(
            "The provider held the same preference and exchange in two rows, and the name servers answered one. One row is"
            " removed, and what the DNS answers does not change. Nothing else is to be done."
        ),
    ),
    "mx-exchange-address": FindingKind(
        severity="block",
        what="An MX record names an IP address where a host name belongs.",
        why="An exchange is a name, never an address (RFC 1035 section 3.3.9).",
        advice=(
            "Senders look the text up as a name and find nothing, so as a fallback this record never worked. Give the host a"
            " name with an address record and name it in the MX set, then plan again. Accept it where the record may stay as"
            " useless as it is. With --mx replace it is a warning, since the record goes."
        ),
    ),
    "mx-exchange-alias": FindingKind(
        severity="warn",
        what="An MX record of the customer names an alias (CNAME).",
        why="An exchange must not be an alias (RFC 2181 section 10.3).",
        advice=(
            "Most senders follow it, and some refuse it. It is left as it is. Propose to the customer to name the host behind"
            " the alias, or to give the name address records of its own."
        ),
    ),
    "mx-exchange-unresolved": FindingKind(
        severity="warn",
        what="An MX record of the customer names a host without any address.",
        why="A host without an address record takes no mail (RFC 5321 section 5.1).",
        advice=(
            "As a fallback it never worked, and it is left as it is. Ask the customer which host was meant: a name with a"
            " typing error, or a server that is gone. Correct or remove the record at the provider; nothing else hangs on it."
        ),
    ),
    "mx-other-filter": FindingKind(
        severity="block",
        what="An MX record names a host of another mail filter.",
        why="SPF is reliable only at the host that takes the mail in (RFC 7208 appendix F), not at a filter behind a filter.",
        advice=(
            "Usually the new service is to replace the old one: --mx replace, after the customer's agreement. Accept it where"
            " both are meant to stay for a time, or where the other filter is only the fallback. Chained, the second filter sees"
            " the first one's address with every mail; its SPF checks and its block lists then judge the wrong host."
        ),
    ),
    "mx-by-hand": FindingKind(
        severity="block",
        what="The MX set cannot be written through this provider: it is left to be done by hand.",
        why="Senders go by the MX set (RFC 5321 section 5.1): until the lines are there, no mail goes through the service.",
        advice=(
            "This provider is of the tier spf-only: its SPF can be written exactly, its MX cannot (providers show NAME says why)."
            " The SPF is written all the same, and the command ends with 5. Enter the lines of the message at the provider's own"
            " console, preference and exchange each; at unenroll, take them out. Then check DOMAIN proves the whole. Accept it"
            " where somebody does just that, or say --only spf: the command then ends with 0."
        ),
    ),
    "mx-renumbered": FindingKind(
        severity="warn",
        what="Preferences of the customer's hosts are changed, as --renumber or --renumber-compact asks.",
        why="Only the order of preferences counts (RFC 5321 section 5.1).",
        advice=(
            "The order of the hosts stays, so mail takes the same way behind the service. Vendors' checkers and the customer's"
            " own documents may still ask for the old numbers: Microsoft 365, for one, recommends 0. The journal holds the old"
            " ones, and rollback writes them back."
        ),
    ),
    "mx-restored": FindingKind(
        severity="info",
        what="MX hosts that an enrolment removed come back.",
        why="The hosts that the enrolment removed take the mail again (RFC 5321 section 5.1).",
        advice=(
            "They are the hosts, preferences included, that our journal holds from before the enrolment. Be sure that they"
            " still run, still take mail for this domain, and no longer let in the service's addresses alone. Where the mail is"
            " to go elsewhere, set those MX records at the provider first and run unenroll again."
        ),
    ),
    "mx-would-be-empty": FindingKind(
        severity="block",
        what="Without the service's hosts no MX record would be left.",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
        advice=(
            "That address is mostly a web server, and mail would bounce or wait. There is no earlier set that the journal could"
            " bring back. Set the MX records that are to take the mail at the provider, then run unenroll again; a domain that"
            " is to receive nothing gets the null MX 0 . there. It cannot be accepted: no edit of ours leaves a domain without"
            " MX."
        ),
        acceptable=False,
    ),
    "mx-dane": FindingKind(
        severity="warn",
        what="The customer's hosts are protected by DANE (TLSA records), and the service's hosts are not.",
        why="Without TLSA records a host is delivered to without DANE (RFC 7672 section 2.2).",
        advice=(
            "Senders that check DANE go on delivering, with opportunistic TLS: the mail arrives, and nobody proves any more"
            " that it went to the right host. Ask the service whether it publishes TLSA records in a signed zone. Where DANE is"
            " a duty of the customer (some public bodies have it as one), settle that before the change."
        ),
    ),
    "mta-sts-enforce": FindingKind(
        severity="block",
        what="The domain's MTA-STS policy is in mode enforce and does not list the service's hosts.",
        why="In mode enforce senders must not deliver to an MX host that the policy does not list (RFC 8461 section 5).",
        advice=(
            "Add the service's hosts as mx: lines to the policy file at the host mta-sts of the domain, then give the TXT"
            " record _mta-sts a new id, in this order. Wait until the TTL of that TXT record is over, then plan again; senders"
            " that hold the old policy, at most for its max_age, look for a new id before they give up on a mail. Without it,"
            " mail of such senders waits or bounces from the minute the MX set changes. Accept it only where the policy is being"
            " changed at this moment."
        ),
    ),
    "mta-sts-testing": FindingKind(
        severity="info",
        what="The domain's MTA-STS policy is in mode testing and does not list the service's hosts.",
        why="In mode testing senders only report MX hosts that the policy does not list (RFC 8461 section 5).",
        advice=(
            "No mail is held up; the customer gets reports of failures. Add the service's hosts as mx: lines to the policy and"
            " give the TXT record _mta-sts a new id, before somebody turns the mode to enforce."
        ),
    ),
    "mta-sts-not-checked": FindingKind(
        severity="warn",
        what="Whether an MTA-STS policy of the domain lists the service's hosts could not be found out.",
        why="Senders apply a policy that they hold in their cache, also while none can be fetched (RFC 8461 section 3.3).",
        advice=(
            "The message says what went wrong: the TXT record _mta-sts could not be looked up, the host mta-sts of the domain"
            " did not answer, its certificate is not valid, or the file cannot be understood. Open"
            " https://mta-sts.DOMAIN/.well-known/mta-sts.txt in a browser. In mode enforce the file must list the service's"
            " hosts before the MX set changes; see mta-sts-enforce. Where the host is gone for good, the _mta-sts record should"
            " go too."
        ),
    ),
}
