"""What planning an enrolment will want to know, asked before there is anything to plan on but what the DNS serves.

The guards of a plan are asked for their own questions, and what they find is thrown away: no rule stands here twice. What is
missed is asked while the plan is made, later and no less certainly.
"""

from __future__ import annotations

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.known import Known
from registrar_sync.core.model import ZoneView
from registrar_sync.core.mta_sts import judge_policy
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.mx_beside import judge_beside
from registrar_sync.core.mx_mechanism import only_spf
from registrar_sync.core.own_data import own_data
from registrar_sync.core.plan import plan_enrolment
from registrar_sync.core.service_check import check_service
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_budget import weigh
from registrar_sync.core.wish import Wish


def ask_ahead(view: ZoneView, wish: Wish, known: Known) -> None:
    """Ask what ``plan_enrolment`` asks of a domain that has one SPF record and MX hosts, and nothing of the service; of any other
    domain by planning it."""
    record = only_spf(view.rrset("TXT"))
    if record is None or not _is_usual(view, wish, record):
        plan_enrolment(view, wish, known)
        return
    mx = view.rrset("MX")
    check_service(view.owner, wish, known)
    weigh(view.owner, record, known.with_own(own_data(view, mx)))
    judge_policy(view.owner, wish.service.hosts, known)
    judge_beside(mx_values(mx), mx_values(mx), wish, known)


def _is_usual(view: ZoneView, wish: Wish, record: SpfRecord) -> bool:
    standing = {value.exchange for value in mx_values(view.rrset("MX"))}
    ours = {*wish.service.hosts, NULL_EXCHANGE}
    return (
        bool(standing and wish.service.exchanges)
        and standing.isdisjoint(ours)
        and not record.find_include(wish.service.include)
        and (wish.mx_mode, wish.scope.is_whole) == ("below", True)
    )
