#!/bin/sh
# The real authoritative server that the tests run against.
set -eu
sqlite_backend() {
    find /usr/lib -path '*pdns*' -name 'libgsqlite3backend.so' 2>/dev/null | grep -q .
}
if ! [ -x /usr/sbin/pdns_server ] || ! sqlite_backend; then
    sh "$(dirname "$0")/apt-install.sh" pdns-server pdns-backend-sqlite3
fi
