#!/usr/bin/env bash
# Install this checkout below $DESTDIR$PREFIX with units for systemd: make install [PREFIX=/opt/siaga] [DESTDIR=…].
# Nothing is started. What /etc/siaga holds stays. PACKAGES=no: the locked Python packages are there by other ways.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
prefix=${PREFIX:-/opt/siaga}
root=${DESTDIR:-}
units=$root/lib/systemd/system
next=$root$prefix/lib.next

python=$top/.venv/bin/python
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
mkdir "$wheels/source" # a copy of what git knows, and what npm has brought, so that nothing else comes in
(cd "$top" && { git ls-files -z; find web/node_modules -type f -print0 2>/dev/null; } | tar -c --null -T - --ignore-failed-read -f -) |
    tar -x -C "$wheels/source"
"$python" -m pip wheel -q --no-deps --no-build-isolation --no-index -w "$wheels" "$wheels/source"
rm -rf "$next"
install -d "$next" "$root$prefix/bin" "$root$prefix/share/doc/siaga" "$units" "$root/usr/lib/sysusers.d" "$root/etc/siaga" \
    "$root/usr/local/bin"
if [ "${PACKAGES:-yes}" = yes ]; then
    /usr/bin/python3 -m pip install -q --require-hashes --no-warn-script-location --target "$next" \
        -r "$top/deployment/local/requirements.lock"
fi
"$python" -m pip install -q --no-deps --no-index --target "$next" "$wheels"/siaga-*.whl
git -C "$top" describe --always --abbrev=40 --dirty --exclude='*' >"$next/COMMIT" 2>/dev/null || rm "$next/COMMIT" # no checkout

# The old code makes room in one step; the one before it stays for going back.
rm -rf "$root$prefix/lib.before"
[ ! -d "$root$prefix/lib" ] || mv "$root$prefix/lib" "$root$prefix/lib.before"
mv "$next" "$root$prefix/lib"
install -m 0755 "$here/launcher.sh" "$root$prefix/bin/siaga"
ln -sf "$prefix/bin/siaga" "$root/usr/local/bin/siaga"
install -m 0755 "$("$python" -c 'from siaga.machine import minio; from siaga.settings import Settings; print(minio.binary(Settings.load()))')" \
    "$root$prefix/bin/minio"
cp -r "$top/docs/." "$root$prefix/share/doc/siaga/"
for unit in "$here"/*.service "$here"/*.target "$here"/*.slice; do
    sed "s|@PREFIX@|$prefix|g" "$unit" >"$units/$(basename "$unit")"
done
if [ -e "$units/siaga-backup.timer" ]; then # of a former version: it would begin a second backup beside the service's
    rm -f "$units/siaga-backup.timer" "$root/etc/systemd/system/timers.target.wants/siaga-backup.timer"
    echo "siaga-backup.timer is no more and was removed: systemctl stop siaga-backup.timer;" \
        "where it made backups at night, also systemctl enable --now siaga-backup"
fi
install -d "$units/siaga-.service.d"
sed "s|@PREFIX@|$prefix|g" "$here/siaga-.service.d/10-siaga.conf" >"$units/siaga-.service.d/10-siaga.conf"
install -m 0644 "$here/siaga.sysusers" "$root/usr/lib/sysusers.d/siaga.conf"
install -m 0644 "$here/siaga.env.example" "$root/etc/siaga/siaga.env.example"
echo "installed below $root$prefix; now, as root: systemd-sysusers; systemctl daemon-reload; systemctl enable --now siaga.target"
