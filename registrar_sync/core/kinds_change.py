"""Findings on changes: what was written, taken back, or is to come."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

CHANGE: Mapping[str, FindingKind] = {
    "spf-include-left": FindingKind(
        severity="info",
        what="The service's include stays in the SPF record, as --keep-spf asks.",
        why="Mail still queued at the service must verify (RFC 5321 section 4.5.4.1).",
        advice=(
            "Senders try again for four to five days, so mail that the service holds may leave it as late as that. Once that"
            " time is over, unenroll DOMAIN takes the include out. Left in, it costs look-ups and lets the service send as this"
            " domain."
        ),
    ),
    "spf-include-removed": FindingKind(
        severity="info",
        what="The service's include leaves the SPF record while mail may still be queued at the service.",
        why="Mail still queued at the service may fail SPF (RFC 5321 section 4.5.4.1).",
        advice=(
            "Mail that the service took before and sends on later is no longer authorised. rollback --keep-spf, or unenroll"
            " --grace 5d, leaves the include in for now. Where the service sent nothing as this domain, or the enrolment is"
            " minutes old, nothing is lost."
        ),
    ),
    "spf-later": FindingKind(
        severity="info",
        what="The MX hosts go now; the include stays until the time of grace is over.",
        why="Mail still queued at the service must verify (RFC 5321 section 4.5.4.1).",
        advice=(
            "--grace says how long, five days without it. registrar-sync due lists the domain with that time; run unenroll"
            " DOMAIN again after it, and the include goes. --grace 0 takes it out at once, where the service sends nothing as"
            " this domain."
        ),
    ),
    "spf-merge-kept": FindingKind(
        severity="info",
        what="The SPF records that --merge-spf made one stay one.",
        why="Two SPF records are a permerror for every sender (RFC 7208 section 3.2).",
        advice=(
            "Only the service's include is taken out of the merged record. Bringing two records back would break the customer's"
            " SPF again. history --change ID shows how the records stood, if one of them has to be put back by hand."
        ),
    ),
    "spf-would-forbid": FindingKind(
        severity="block",
        what="Without the service's include the SPF record would forbid all sending.",
        why="v=spf1 -all alone is what a domain that sends no mail publishes (RFC 7208 section 10.1.2).",
        advice=(
            "All mail of the domain would fail SPF from then on. Write the customer's next senders into the record at the"
            " provider first, then run the command again. Accept it where the domain is to send no mail any more. Keeping the"
            " include for now does no harm while the customer decides."
        ),
    ),
    "spf-forbidden-kept": FindingKind(
        severity="info",
        what="The service's include stands with - before it and stays.",
        why="A term with - was set to forbid, not to authorise (RFC 7208 section 4.6.2).",
        advice=(
            "Somebody forbids the service on purpose, and unenroll takes out what authorises it. Where the term is no longer"
            " wanted, remove it at the provider; it costs look-ups."
        ),
    ),
    "spf-still-covered": FindingKind(
        severity="warn",
        what="The service stays authorised, through another include or a redirect.",
        why="An include of the customer's own authorises the service still (RFC 7208 section 5.2).",
        advice=(
            "The message names the chain of records. Our own term is out, but those records may serve other domains too and are"
            " not edited from here. Take the include out of the record at the end of the chain, or have its owner do it."
        ),
    ),
    "merged-rollback": FindingKind(
        severity="info",
        what="The zone was edited since the change; only our part of it is taken out.",
        why="Putting the old records back whole would undo what others have edited since.",
        advice=(
            "Look at the plan: what others added stays, and what we had removed comes back. history --change ID shows how it"
            " stood before."
        ),
    ),
    "neighbour-changed": FindingKind(
        severity="warn",
        what="Other records at this name changed while we wrote, and not by us.",
        why="Somebody else may be at work in this zone; what is not ours was not touched.",
        advice=(
            "Somebody edited the zone in the same seconds, or the provider did so by itself. Our own records read back as"
            " written. Look at the named type at the provider, and where the edit is not known, ask who else has access."
        ),
    ),
    "vendor-disabled": FindingKind(
        severity="info",
        what="The provider disabled records instead of removing them, or of its own accord.",
        why="A disabled row is not served, and whoever has the console can enable it again.",
        advice=(
            "They stand in the console and are not answered by the name servers. Leave them: a rollback enables them again."
            " Somebody who enables one by hand brings the customer's old host back beside the service's."
        ),
    ),
    "spf-moment-absent": FindingKind(
        severity="info",
        what="The SPF record is removed and added again: for a moment there is none.",
        why="Without a record the check says none, which forbids nothing; two records are a permerror (RFC 7208 section 4.5).",
        advice=(
            "This provider's API, as lexicon speaks it, cannot change a record in place. The new record is added as soon as the"
            " old one is seen to be gone, within seconds, and where that fails the old one is put back. Nothing is to be done;"
            " for a domain that must never be without SPF, edit the record at the provider's console."
        ),
    ),
    "ttl-clamped": FindingKind(
        severity="info",
        what="The TTL asked for lies outside what the provider takes.",
        why="A provider takes TTLs within bounds of its own only.",
        advice=(
            "The nearest TTL that it takes is used. It matters for the next cut-over: caches hold an answer for as long as its"
            " TTL. Other numbers can be asked for with --ttl."
        ),
    ),
    "ttl-below-minimum": FindingKind(
        severity="warn",
        what="A TTL of the records to be changed is lower than what the provider takes.",
        why="A set that was imported, or made under older rules, may be one that the provider refuses to write again.",
        advice=(
            "Nothing is lost by trying: where the provider refuses, what was written before is taken back. If it does, raise the"
            " TTL at the provider's console first. It is not raised here, because it is not ours."
        ),
    ),
    "ttl-long": FindingKind(
        severity="info",
        what="A TTL of the records to be changed is above one hour.",
        why="Caches keep the old answer for as long as its TTL says (RFC 1035 section 3.2.1).",
        advice=(
            "For that long part of the mail still takes the old way, which does no harm while the old hosts run. For a quick"
            " cut-over, and a quick way back: prepare DOMAIN --ttl 300, wait as long as it says, enroll, and raise the TTLs"
            " again with finish DOMAIN. registrar-sync due lists what waits."
        ),
    ),
    "ttl-shared": FindingKind(
        severity="info",
        what="Values that have nothing to do with mail share the TTL that is lowered.",
        why="All records of a set have one TTL (RFC 2181 section 5.2), and SPF stands in the TXT set.",
        advice=(
            "Nothing breaks: resolvers ask for these values a little more often until finish DOMAIN raises the TTL again. Their"
            " values are not touched."
        ),
    ),
    "prepare-too-early": FindingKind(
        severity="warn",
        what="The TTLs were lowered, and the old ones are not over yet.",
        why="Caches may keep an answer with the old TTL until that is over (RFC 1035 section 3.2.1).",
        advice=(
            "The message names the time from which no cache holds an answer with the old TTL, and registrar-sync due shows it"
            " too; where the servers were not all seen with the new one, run prepare again. Enrolling before it breaks nothing,"
            " but the cut-over, and a way back, take as long as without prepare. Wait for it where you can."
        ),
    ),
}
