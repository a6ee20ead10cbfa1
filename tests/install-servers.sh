#!/bin/sh
# The real servers that the tests run against: PowerDNS with its API; NSD and Unbound for the small internet; BIND for dynamic
# updates, with its own clients nsupdate and dig. And Chromium, which looks at a run's report.
set -eu
has() {
    [ -x "/usr/sbin/$1" ] || command -v "$1" >/dev/null 2>&1
}
sqlite_backend() {
    find /usr/lib -path '*pdns*' -name 'libgsqlite3backend.so' 2>/dev/null | grep -q .
}
missing='' services=''
if ! [ -x /usr/sbin/pdns_server ] || ! sqlite_backend; then
    missing='pdns-server pdns-backend-sqlite3' services='pdns.service'
fi
for server in nsd unbound; do
    has "$server" || { missing="$missing $server" services="$services $server.service"; }
done
has named || { missing="$missing bind9" services="$services named.service"; }
if ! has nsupdate || ! has dig; then
    missing="$missing bind9-dnsutils"
fi
has chromium || missing="$missing chromium"
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # lists of words
sh "$(dirname "$0")/apt-install.sh" $missing
# The packages mean them to start with the machine; they are here for the tests only, which start their own.
if command -v deb-systemd-helper >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo='sudo -n'; fi
    for service in $services; do
        $sudo deb-systemd-helper disable "$service" >/dev/null 2>&1 || true
    done
fi
