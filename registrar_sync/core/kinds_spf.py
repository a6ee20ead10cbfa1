"""Findings on the SPF record as it stands, and on what the MX set does to it. What it costs: kinds_spf_limits."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

SPF: Mapping[str, FindingKind] = {
    "spf-two-records": FindingKind(
        severity="block",
        what="More than one SPF record stands at this name.",
        why="More than one SPF record is a permerror for every sender (RFC 7208 sections 3.2 and 4.5).",
        advice=(
            "The domain has no working SPF today, whoever sends. --merge-spf makes one record of them: the terms of the first,"
            " then what the others add, and one all. It does not decide where they contradict each other: the same target with"
            " two qualifiers, or a redirect. Where only their all differs, say which one shall hold: --merge-spf --all softfail"
            " (or fail, neutral). Else merge them at the provider and plan again. It cannot be accepted: an include in one of"
            " two records helps nobody."
        ),
        acceptable=False,
    ),
    "spf-invalid": FindingKind(
        severity="block",
        what="The SPF record has a syntax error.",
        why="A syntax error anywhere in the record is a permerror (RFC 7208 section 4.6).",
        advice=(
            "The message shows the record with a caret under the fault. Receivers treat the whole record as broken for it, so"
            " nobody's mail passes SPF today. Correct it at the provider, then plan again; the usual slips are ipv4: for ip4:, a"
            " comma between terms, and a space after a colon. It cannot be accepted: what cannot be read is not edited."
        ),
        acceptable=False,
    ),
    "spf-glued-terms": FindingKind(
        severity="block",
        what="Two terms of the SPF record run together without a space.",
        why="The strings of a TXT record are joined without a space: two terms ran together (RFC 7208 section 3.3).",
        advice=(
            "The record is stored in several strings, and a space is missing where one ends and the next begins. Put it there"
            " at the provider, or store the record as one text, then plan again. As it stands the glued term names no host that"
            " can exist, and neither of the two senders is authorised. It cannot be accepted: only its owner knows what was"
            " meant."
        ),
        acceptable=False,
    ),
    "spf-qualifier-conflict": FindingKind(
        severity="block",
        what="The service's include stands in the record with -, ~ or ? before it.",
        why="A term with -, ~ or ? does not authorise (RFC 7208 section 4.6.2); somebody chose it.",
        advice=(
            "A second include behind it would never be reached for the service's servers. With ~ or ?, mostly left over from a"
            " trial, --fix-qualifier takes the qualifier away in place. With - somebody forbade the service: find out who and"
            " why, then take the term out at the provider and plan again. It cannot be accepted, because mail of the service"
            " would go on failing or staying unproven."
        ),
        acceptable=False,
    ),
    "spf-term-twice": FindingKind(
        severity="block",
        what="The service's include stands more than once.",
        why="Each include costs its look-ups again (RFC 7208 section 4.6.4).",
        advice=(
            "Nothing fails while the record stays within ten look-ups, but the second include buys nothing. --dedupe takes out"
            " the later ones and leaves the first where it is. Accept it where the record must not be touched today: SPF then"
            " stays as it is, and the MX set is enrolled."
        ),
    ),
    "spf-sends-nothing": FindingKind(
        severity="block",
        what="The SPF record says that this domain sends no mail.",
        why="v=spf1 -all alone is what a domain that sends no mail publishes (RFC 7208 section 10.1.2).",
        advice=(
            "Ask the customer whether the domain sends: a parked domain is to stay closed, and an include would open it to all"
            " customers of the service. Accept it where the domain is to send through the service from now on. The -all stays,"
            " so hosts that are not named still fail. A null MX beside it (mx-null) says the same of receiving."
        ),
    ),
    "spf-disabled-twin": FindingKind(
        severity="block",
        what="The record to be written stands at the provider already, as a disabled row.",
        why="Two records with the same data are meaningless (RFC 2181 section 5), and a provider may refuse the second.",
        advice=(
            "Enabling that row and removing the served one would be two calls at some providers, with two SPF records in"
            " between. Delete the disabled row at the provider's console, then plan again. It cannot be accepted: the provider"
            " may refuse the second row in the middle of the change."
        ),
        acceptable=False,
    ),
    "spf-mx-negative": FindingKind(
        severity="block",
        what="An mx with -, ~ or ? stands before the include, and will match the service's hosts.",
        why="mx with -, ~ or ? also matches the service's MX hosts, and decides before the include (RFC 7208 section 5.4).",
        advice=(
            "The mechanism mx means the hosts of the MX set, and the service's hosts are about to join it: what they send would"
            " end there, without a pass. Move the term behind the include at the provider, or take it out, then plan again."
            " Accept it where the service sends from other hosts than it receives at. With --mx replace it is a warning."
        ),
    ),
    "spf-mx-mechanism": FindingKind(
        severity="block",
        what="The record authorises the MX hosts by mx, and hosts are about to leave the MX set.",
        why="mx means today's MX hosts: replaced hosts that also send would fail (RFC 7208 section 5.4).",
        advice=(
            "Most mail servers both receive and send. The message proposes the record with an a: term for each host that"
            " leaves; write it, or ip4: terms where the addresses are stable, then plan again. Without it the customer's own"
            " outgoing mail fails SPF once the MX set is replaced. Accept it only where those hosts do not send. --mx below"
            " keeps the hosts in the set and asks nothing of SPF."
        ),
    ),
    "spf-all-pass": FindingKind(
        severity="warn",
        what="The record ends in +all.",
        why="+all lets everyone send as this domain (RFC 7208 section 5.1).",
        advice=(
            "The include is added before it, and makes no difference: every sender passes already. The all belongs to the"
            " customer and is kept. Tell the customer; once the senders are known, enroll --set-all --all softfail closes it,"
            " and --all fail later."
        ),
    ),
    "spf-no-all": FindingKind(
        severity="info",
        what="The record has neither all nor redirect.",
        why="Without all or redirect the result is neutral (RFC 7208 section 4.7).",
        advice=(
            "The include is added at the end, and senders that are not named stay neutral, as they are today. An all would"
            " tighten the customer's policy, so none is added unasked. --add-all adds one: the service's own, or what --all"
            " names."
        ),
    ),
    "spf-redirect-dead": FindingKind(
        severity="warn",
        what="The record has a redirect beside an all.",
        why="A redirect beside any all is ignored (RFC 7208 sections 5.1 and 6.1).",
        advice=(
            "Both are kept, and the include is placed before the all. The senders that the redirect names are not authorised"
            " today. Show the record to its owner: either the all goes, or the redirect becomes an include."
        ),
    ),
    "spf-ptr": FindingKind(
        severity="info",
        what="The record uses ptr.",
        why="ptr should not be published (RFC 7208 section 5.5).",
        advice=(
            "It is slow, costs look-ups, and is unreliable where reverse names are not kept. It stays, since senders may depend"
            " on it. Propose to the customer to name those hosts by a:, ip4: or ip6: terms."
        ),
    ),
    "spf-near-miss": FindingKind(
        severity="warn",
        what="A TXT value looks like SPF and is none.",
        why="Only v=spf1, alone or followed by a space, begins an SPF record (RFC 7208 section 4.5).",
        advice=(
            "No receiver reads it, and we leave it as it is. Look whether it was meant to be the domain's record: a space"
            " before v=spf1, a semicolon after it, or spf2.0. Correct or remove it at the provider. If it was, plan again"
            " afterwards: a new record beside a corrected one would be two."
        ),
    ),
    "spf-service-alone": FindingKind(
        severity="block",
        what="The new SPF record would authorise the service alone, and other senders are plain to see.",
        why="Who is not named gets the result of all (RFC 7208 section 5.1).",
        advice=(
            "The domain has no SPF today, so none of its mail is judged by it; with the new record every sender but the service"
            " gets the result of its all. The message proposes a record with the mail hosts that we recognise. Let the customer"
            " add who else sends (newsletters, ticket system, web shop), publish that record, then plan again. Where nobody"
            " knows, --all neutral is the careful start. It stops a plan with --all fail, is a warning with softfail and a note"
            " with neutral. Accept it only where the service alone sends for the domain."
        ),
    ),
}
