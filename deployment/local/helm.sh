#!/usr/bin/env bash
# Build the pinned helm once, for the tests of the chart, and keep it outside the checkout; prints nothing when it is there.
set -euo pipefail
version=v3.16.4
sum=h1:rBn/h9MACw+QlhxQTjpl8Ifx+VTWaYsw3rguGBYBzr0=
here=$(cd "$(dirname "$0")" && pwd)
cache=${SIAGA_CACHE:-$HOME/.cache/siaga}/helm
target=$cache/$version/helm
[ -x "$target" ] && exit 0
mkdir -p "$cache/$version"
exec 9>"$cache/$version/lock"   # two clones set up at once build once
flock 9
[ -x "$target" ] && exit 0
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "helm: building $version (about 60 s on two cores, once)"
/usr/bin/python3 -m venv "$work/venv"   # its Go is the one that the lock names, whatever this machine has
"$work/venv/bin/pip" install --quiet --require-hashes -r "$here/requirements-go.lock"
go() {
    env GOPATH="$work/path" GOCACHE="$work/cache" GOBIN="$cache/$version" GOENV=off GOTOOLCHAIN=local CGO_ENABLED=0 \
        GOFLAGS="-modcacherw -trimpath -ldflags=-s" "$work/venv/bin/go" "$@"
}
cd "$work"
found=$(go mod download -json "helm.sh/helm/v3@$version" | sed -n 's/^[[:space:]]*"Sum": "\(.*\)".*/\1/p')
[ "$found" = "$sum" ] || { echo "helm: the module's checksum is $found, expected $sum; nothing was built" >&2; exit 1; }
go install "helm.sh/helm/v3/cmd/helm@$version"
