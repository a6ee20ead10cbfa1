"""Findings on what an edit does to the SPF record, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

SPF_EDITS: Mapping[str, FindingKind] = {
    "spf-all-kept": FindingKind(
        severity="info",
        what="The record's own all is kept, although --all names another.",
        why="The all of an existing record is its owner's policy (RFC 7208 section 5.1).",
        advice=(
            "--all is for a new record. Where the customer wants the other one, say so: --set-all together with --all fail,"
            " softfail or neutral. The change of policy then stands in the plan by itself."
        ),
    ),
    "spf-all-set": FindingKind(
        severity="warn",
        what="The all of an existing record is changed, as --set-all asks.",
        why="all decides for every sender that no other term names (RFC 7208 section 5.1).",
        advice=(
            "From ~all to -all, mail of senders that nobody listed may be refused; the other way, forged mail may be let in. Be"
            " sure that the customer asked for it. rollback brings the old all back with the rest of the change."
        ),
    ),
    "spf-all-added": FindingKind(
        severity="info",
        what="An all is added to a record that had none, as --add-all asks.",
        why="Without all or redirect the result is neutral (RFC 7208 section 4.7).",
        advice=(
            "Senders that the record does not name were neutral and now get the result of the new all. Be sure that the record"
            " names every sender before it says more than ?all. rollback takes the all out with the rest of the change."
        ),
    ),
    "spf-redirect-kept": FindingKind(
        severity="warn",
        what="No all is written, because the record ends in a redirect.",
        why="Any all would make the redirect dead (RFC 7208 sections 5.1 and 6.1).",
        advice=(
            "The redirect decides for every sender that is not named, with the senders and the all of its target. --add-all and"
            " --set-all therefore do nothing here. To change the policy, edit the record that the redirect points to, or replace"
            " the redirect by an include and an all at the provider."
        ),
    ),
    "spf-term-moved": FindingKind(
        severity="info",
        what="The service's include stood behind all and is moved before it.",
        why="Terms after all are never tested (RFC 7208 section 5.1).",
        advice=(
            "Somebody added the include at the end of the record, where it had no effect. Nothing is to be done: it is moved,"
            " not added again, and every other term stays in its place."
        ),
    ),
    "spf-merged": FindingKind(
        severity="info",
        what="Several SPF records become one, as --merge-spf asks.",
        why="Exactly one SPF record may stand at a name (RFC 7208 section 3.2).",
        advice=(
            "The plan shows the merged record; look at it once before you write. The order of the first record is kept, the"
            " others' terms follow it, and what stood twice stands once. The domain's SPF was a permerror until now, so senders"
            " may begin to pass or to fail that nobody judged before. A rollback keeps the records merged (spf-merge-kept)."
        ),
    ),
    "spf-qualifier-fixed": FindingKind(
        severity="info",
        what="The service's include loses its ~ or ?, as --fix-qualifier asks.",
        why="A term with ~ or ? does not authorise (RFC 7208 section 4.6.2).",
        advice=(
            "The include stays where it stood and passes from now on. Nothing else is to be done; rollback puts the qualifier"
            " back."
        ),
    ),
    "spf-term-deduped": FindingKind(
        severity="info",
        what="The service's include stood more than once and is left once, as --dedupe asks.",
        why="Each include costs its look-ups again (RFC 7208 section 4.6.4).",
        advice=(
            "The first one stays where it is, the later ones go. What passes and what fails does not change, and the record"
            " costs fewer look-ups. Nothing else is to be done."
        ),
    ),
    "spf-covered": FindingKind(
        severity="info",
        what="The service is authorised already, through another include or a redirect.",
        why="An include or redirect that passes for the service authorises it as well (RFC 7208 section 5.2).",
        advice=(
            "SPF needs no edit, and a second include would only cost look-ups. The message names the chain of records. It holds"
            " as long as their owners leave it in: registrar-sync check DOMAIN notices when they do not."
        ),
    ),
}
