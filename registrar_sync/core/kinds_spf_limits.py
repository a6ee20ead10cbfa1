"""Findings on what the SPF record costs its receivers: look-ups, void look-ups, size, and the records that it includes."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

SPF_LIMITS: Mapping[str, FindingKind] = {
    "spf-over-lookup-limit": FindingKind(
        severity="block",
        what="The record would cost more than ten DNS look-ups.",
        why="More than 10 terms that cost a DNS look-up are a permerror (RFC 7208 section 4.6.4).",
        advice=(
            "registrar-sync spf DOMAIN shows the whole tree and what each branch costs. Take out includes of services that the"
            " customer no longer uses, and write ip4: and ip6: terms in place of a and mx where addresses are stable; then plan"
            " again. Do not copy a vendor's addresses in place of its include: they change without notice. Over the limit,"
            " receivers may refuse mail of every sender that no earlier term matches, not only of the service. Accept it only"
            " where the record is over the limit today anyway and its owner works on it."
        ),
    ),
    "spf-at-lookup-limit": FindingKind(
        severity="warn",
        what="The record would cost exactly ten DNS look-ups.",
        why="10 terms that cost a DNS look-up are allowed, and no more (RFC 7208 section 4.6.4).",
        advice=(
            "It works, and nothing is left. Ten it stays only while no included record grows, and those belong to others. Take"
            " out what the customer no longer needs while there is time; registrar-sync spf DOMAIN shows the prices."
        ),
    ),
    "spf-mx-too-many": FindingKind(
        severity="block",
        what="The record's mx would look up more than ten MX hosts.",
        why="mx with more than 10 MX hosts to look up is a permerror (RFC 7208 section 4.6.4).",
        advice=(
            "Adding the service's hosts makes the MX set, and with it this term, larger. Name the hosts that send by a:, ip4:"
            " or ip6: terms in place of mx, or take MX hosts out that nobody needs, then plan again. Senders that an earlier"
            " term matches are not hurt, all others are. Accept it only where the set is over ten today and stays so."
        ),
    ),
    "spf-over-void-limit": FindingKind(
        severity="block",
        what="More than two of the record's look-ups find nothing.",
        why="More than two look-ups without an answer are a permerror (RFC 7208 section 4.6.4).",
        advice=(
            "The message names the terms: hosts or domains that no longer exist. Take them out at the provider, then plan"
            " again; they authorise nobody. registrar-sync spf DOMAIN shows them in the tree. Where the dead name stands in an"
            " included record, tell its owner. Accept it where the record is in that state today and cannot be cleaned now: some"
            " receivers do not count void look-ups, so part of the mail still passes."
        ),
    ),
    "spf-tree-broken": FindingKind(
        severity="block",
        what="A record that the SPF record includes or redirects to is missing or broken.",
        why="A permerror in an included record is one of the whole record (RFC 7208 section 5.2).",
        advice=(
            "The message names the branch. Every sender that no term before the branch matches gets a permerror today, the"
            " service behind it included. Take the term out at the provider where its owner is gone, or have the owner repair"
            " the record; then plan again. Accept it where all that sends stands before the broken branch."
        ),
    ),
    "spf-not-measured": FindingKind(
        severity="warn",
        what="The record's look-ups could not be counted to the end.",
        why="What the DNS did not tell, or a macro hides, cannot be counted (RFC 7208 sections 4.6.4 and 7).",
        advice=(
            "A branch did not answer, or its name holds a macro that is known only for each mail. What could be counted is in"
            " the message, and the true cost is that or more. Plan again later where a server did not answer. A macro cannot be"
            " counted from outside: ask the vendor what its record costs."
        ),
    ),
    "spf-size": FindingKind(
        severity="warn",
        what="The TXT values at this name are large.",
        why="TXT answers over 512 octets may not fit into UDP (RFC 7208 section 3.4).",
        advice=(
            "Receivers that cannot ask over TCP, or sit behind a firewall that drops large answers, may see no SPF at all. The"
            " sum counts all TXT values at the name: remove verification values that are no longer needed. Below 512 octets the"
            " answer is safe, and 450 octets of name and text is the advised limit."
        ),
    ),
}
