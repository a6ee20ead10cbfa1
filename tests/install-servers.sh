#!/bin/sh
# The real authoritative server that the tests run against.
set -eu
sqlite_backend() {
    find /usr/lib -path '*pdns*' -name 'libgsqlite3backend.so' 2>/dev/null | grep -q .
}
if ! [ -x /usr/sbin/pdns_server ] || ! sqlite_backend; then
    sh "$(dirname "$0")/apt-install.sh" pdns-server pdns-backend-sqlite3
    # The package means it to start with the machine; it is here for the tests only, which start their own.
    if command -v deb-systemd-helper >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ]; then sudo=; else sudo='sudo -n'; fi
        $sudo deb-systemd-helper disable pdns.service >/dev/null 2>&1 || true
    fi
fi
