"""Awkward zones, as operators meet them: what stands there, how ``enroll`` is called, and what it must find."""

from __future__ import annotations

from dataclasses import dataclass

SERVICE_HOSTS = "3 france, 4 europe"
OURS = "include:includespf.security-mail.net"


@dataclass(frozen=True, kw_only=True)
class Awkward:
    """One zone ``<name>.example``. ``records``: master-file lines; ``options``: of ``enroll``; ``state``: how it must end;
    ``findings``: ids that must be there, others than the usual ones."""

    name: str
    records: str
    state: str = "authoritative"
    findings: tuple[str, ...] = ()
    options: str = ""
    owner: str = ""

    @property
    def zone(self) -> str:
        return f"{self.name}.example"

    @property
    def domain(self) -> str:
        return f"{self.owner}.{self.zone}" if self.owner else self.zone


def _zone(name: str, records: str, *findings: str, state: str = "authoritative", options: str = "", owner: str = "") -> Awkward:
    return Awkward(name=name, records=records, findings=findings, state=state, options=options, owner=owner)


def _blocked(name: str, records: str, *findings: str, options: str = "", owner: str = "") -> Awkward:
    return _zone(name, records, *findings, state="refused", options=options, owner=owner)


MX = "@ MX 5 mailgate\n"
GOOD = '@ TXT "v=spf1 ip4:192.0.2.5 ~all"\n'
OUTLOOK = "@ MX 0 tenant.mail.protection.outlook.com.\n"


def spf(text: str) -> str:
    return f'@ TXT "{text}"\n'


_NINE = " ".join(f"a:h{n}.others.example" for n in range(9))
_ELEVEN = " ".join(f"a:h{n}.others.example" for n in range(11))
_LONG = " ".join(f"ip4:198.51.100.{n}" for n in range(1, 13))
_VERIFICATIONS = "".join(f'@ TXT "verification-{n}={"x" * 60}"\n' for n in range(6))
_NINE_MX = "".join(f"@ MX 1{n} h{n}.others.example.\n" for n in range(9))

ZONES: tuple[Awkward, ...] = (
    # --- SPF: none, one, several
    _zone("no-spf", MX, "spf-service-alone"),
    _zone("no-spf-hoster", "@ MX 10 aspmx.l.google.com.\n", "spf-service-alone"),
    _blocked("no-spf-strict", MX, "spf-service-alone", options="--all fail"),
    _zone("split-strings", MX + '@ TXT "v=spf1 include:_spf.others.exam" "ple ~all"\n'),
    _blocked(
        "glued-strings", MX + '@ TXT "v=spf1 include:_spf.others.example" "include:b.others.example ~all"\n', "spf-glued-terms"
    ),
    _blocked(
        "two-records",
        MX + spf("v=spf1 include:_spf.others.example -all") + spf("v=spf1 include:b.others.example -all"),
        "spf-two-records",
    ),
    _zone(
        "two-merged",
        MX + spf("v=spf1 include:_spf.others.example -all") + spf("v=spf1 include:b.others.example -all"),
        "spf-merged",
        options="--merge-spf",
    ),
    _blocked("two-policies", MX + spf("v=spf1 mx ~all") + spf("v=spf1 mx -all"), "spf-two-records", options="--merge-spf"),
    _zone("two-decided", MX + spf("v=spf1 mx ~all") + spf("v=spf1 mx -all"), "spf-merged", options="--merge-spf --all fail"),
    _zone("near-miss", MX + spf("v=spf1; ip4:192.0.2.5 ~all"), "spf-near-miss"),
    _blocked("tab", MX + r'@ TXT "v=spf1 mx\009~all"' + "\n", "spf-invalid"),
    _blocked("ipv4-typo", MX + spf("v=spf1 ipv4:192.0.2.5 -all"), "spf-invalid"),
    # --- SPF: where the include goes, and whose policy it is
    _zone("redirect", MX + spf("v=spf1 redirect=_spf.others.example")),
    _zone("explained", MX + spf("v=spf1 a exp=explain.others.example -all")),
    _zone("no-all", MX + spf("v=spf1 a mx"), "spf-no-all"),
    _zone("no-all-added", MX + spf("v=spf1 a mx"), "spf-all-added", options="--add-all --all softfail"),
    _zone("negative-first", MX + spf("v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 ~all")),
    _zone("dead-redirect", MX + spf("v=spf1 redirect=_spf.others.example -all"), "spf-redirect-dead"),
    _zone("bare", MX + spf("v=spf1"), "spf-no-all"),
    _zone("all-kept", MX + spf("v=spf1 include:_spf.others.example -all"), "spf-all-kept", options="--all softfail"),
    _zone("all-set", MX + spf("v=spf1 include:_spf.others.example -all"), "spf-all-set", options="--all softfail --set-all"),
    _zone("everyone", MX + spf("v=spf1 +all"), "spf-all-pass"),
    _zone("bare-all", MX + spf("v=spf1 all"), "spf-all-pass"),
    _blocked("sends-nothing", "@ MX 0 .\n" + spf("v=spf1 -all"), "spf-sends-nothing", "mx-null"),
    # --- SPF: enrolled already, or badly
    _zone("other-spelling", MX + spf("v=spf1 include:IncludeSPF.Security-Mail.net. ~all")),
    _zone("after-all", MX + spf(f"v=spf1 a ~all {OURS}"), "spf-term-moved"),
    _blocked("neutral-include", MX + spf(f"v=spf1 ?{OURS} ~all"), "spf-qualifier-conflict"),
    _zone("neutral-fixed", MX + spf(f"v=spf1 ?{OURS} ~all"), "spf-qualifier-fixed", options="--fix-qualifier"),
    _blocked("forbidden", MX + spf(f"v=spf1 -{OURS} ~all"), "spf-qualifier-conflict", options="--fix-qualifier"),
    _zone("nested", MX + spf("v=spf1 include:nested.others.example ~all"), "spf-covered"),
    _blocked("twice", MX + spf(f"v=spf1 {OURS} mx {OURS} ~all"), "spf-term-twice"),
    _zone("twice-mended", MX + spf(f"v=spf1 {OURS} mx {OURS} ~all"), "spf-term-deduped", options="--dedupe"),
    # --- SPF: what it costs
    _zone("nine-lookups", MX + spf(f"v=spf1 {_NINE} ~all"), "spf-at-lookup-limit"),
    _blocked(
        "nine-and-nested",
        MX + spf(f"v=spf1 {_NINE.replace('a:h0.others.example', 'include:deep.others.example')} ~all"),
        "spf-over-lookup-limit",
    ),
    _blocked("eleven-lookups", MX + spf(f"v=spf1 {_ELEVEN} ~all"), "spf-over-lookup-limit"),
    _zone("macro", MX + spf("v=spf1 include:%{ir}.%{v}.%{d}.spf.has.pphosted.com ~all"), "spf-not-measured"),
    _zone("ptr", MX + spf("v=spf1 ptr ~all"), "spf-ptr"),
    _blocked(
        "voids",
        MX + spf("v=spf1 a:gone1.others.example a:gone2.others.example a:gone3.others.example ~all"),
        "spf-over-void-limit",
    ),
    _blocked("include-of-nothing", MX + spf("v=spf1 include:gone.others.example ~all"), "spf-tree-broken"),
    _blocked("loop", MX + spf("v=spf1 include:loop.others.example ~all"), "spf-tree-broken"),
    _zone("two-hundred-octets", MX + spf(f"v=spf1 {_LONG} -all")),
    _zone("many-verifications", MX + spf("v=spf1 mx ~all") + _VERIFICATIONS, "spf-size"),
    # --- SPF and MX together
    _blocked("mx-mechanism", MX + spf("v=spf1 mx -all"), "spf-mx-mechanism", options="--mx replace"),
    _blocked("nine-hosts", _NINE_MX + spf("v=spf1 mx -all"), "spf-mx-too-many"),
    # --- MX: room
    _blocked("zero", OUTLOOK + GOOD, "mx-no-room"),
    _zone("zero-renumbered", OUTLOOK + GOOD, "mx-renumbered", options="--renumber"),
    _blocked("zero-and-65535", "@ MX 0 a\n@ MX 65535 b\n" + GOOD, "mx-no-room", options="--renumber"),
    _zone("zero-compact", "@ MX 0 a\n@ MX 65535 b\n" + GOOD, "mx-renumbered", options="--renumber-compact"),
    _blocked("one", "@ MX 1 mailgate\n" + GOOD, "mx-no-room"),
    _zone("two", "@ MX 2 mailgate\n" + GOOD),
    _zone("65535", "@ MX 65535 mailgate\n" + GOOD),
    # --- MX: what stands there
    _zone("host-twice", "@ MX 10 mailgate\n@ MX 20 mailgate\n" + GOOD, "mx-duplicate-exchange"),
    _blocked("address", "@ MX 10 192.0.2.1.\n" + GOOD, "mx-exchange-address"),
    _zone("alias", "@ MX 10 mail\nmail CNAME mailgate\n" + GOOD, "mx-exchange-alias"),
    _zone("gone-host", "@ MX 10 gone\n" + GOOD, "mx-exchange-unresolved"),
    _zone("half-enrolled", "@ MX 3 FRANCE.security-mail.net.\n" + MX + GOOD),
    _zone("ours-behind", MX + "@ MX 10 france.security-mail.net.\n@ MX 20 europe.security-mail.net.\n" + GOOD),
    _zone("tie", MX + "@ MX 5 france.security-mail.net.\n" + GOOD),
    _zone(
        "leftover", MX + "@ MX 10 europe.security-mail.net.\n@ MX 50 france.security-mail.net.\n" + GOOD, options="--mx replace"
    ),
    _blocked("other-filter", "@ MX 10 mx1-eu1.ppe-hosted.com.\n" + GOOD, "mx-other-filter"),
    _zone("implicit", GOOD, "mx-implicit"),
    _zone("implicit-kept", GOOD, "mx-implicit-kept", options="--keep-implicit"),
    _blocked("null", "@ MX 0 .\n" + GOOD, "mx-null"),
    _zone("null-accepted", "@ MX 0 .\n" + GOOD, "mx-null", options="--accept mx-null"),
    _blocked("null-beside", "@ MX 0 .\n@ MX 10 mailgate\n" + GOOD, "mx-null-with-others"),
    # --- beside the MX set, and above the owner
    _zone("dane", MX + f"_25._tcp.mailgate TLSA 3 1 1 {'ab' * 32}\n" + GOOD, "mx-dane"),
    _zone("mta-sts", MX + '_mta-sts TXT "v=STSv1; id=20261123"\n' + GOOD, "mta-sts-not-checked"),
    _zone("long-ttl", "@ 86400 MX 5 mailgate\n" + GOOD, "ttl-long"),
    _blocked("alias-owner", "www CNAME @\n", "owner-cname", owner="www"),
    _blocked("delegated-owner", "sub NS ns.others.example.\n", "owner-delegated", owner="sub"),
)

_OTHERS = "".join(f"h{n} A 192.0.2.{n + 20}\n" for n in range(11))
WORLD = {
    "others.example": _OTHERS
    + '_spf TXT "v=spf1 ip4:192.0.2.64/26 -all"\nb TXT "v=spf1 ip4:192.0.2.128/26 -all"\n'
    + f'nested TXT "v=spf1 {OURS} ?all"\ndeep TXT "v=spf1 include:_spf.others.example -all"\n'
    + 'loop TXT "v=spf1 include:loop2.others.example -all"\nloop2 TXT "v=spf1 include:loop.others.example -all"\n'
    + 'explain TXT "Not sent by us."\nns A 192.0.2.53\n',
    "outlook.com": "tenant.mail.protection A 192.0.2.200\n",
    "google.com": "aspmx.l A 192.0.2.201\n",
    "ppe-hosted.com": "mx1-eu1 A 192.0.2.202\n",
}
"""What stands elsewhere: zones that are only answered for."""
