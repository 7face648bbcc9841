#!/usr/bin/env bash
# Build siaga/function, siaga/core and siaga/store with podman or docker, print seconds and sizes. No daemon is needed.
#   BASE=name       another Debian 12 than docker.io/library/debian:12-slim, by its digest to build the same again
#   IMAGE_ARGS=…    more words for `build`, such as a mount with the certificate of a package mirror
#   ONLY=core       one of function, core, store
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
engine=${ENGINE:-$(command -v podman || command -v docker || true)}
[ -n "$engine" ] || { echo "images: neither podman nor docker is here; install one of them" >&2; exit 1; }
format=; [ "$(basename "$engine")" = podman ] && format="--format docker"   # OCI's own format knows no health checks
base=${BASE:-docker.io/library/debian:12-slim}
release=$(.venv/bin/python -c 'from siaga import software; print(software.version())')
commit=$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || echo unknown)
tag=${release/+/-}
contexts=build/images
rm -rf "$contexts" && mkdir -p "$contexts"

# build NAME FOLDER DOCKERFILE WORD…
build() {
    local name=$1 folder=$2 file=$3 began=$SECONDS
    shift 3
    # shellcheck disable=SC2086
    "$engine" build -q $format ${IMAGE_ARGS:-} --build-arg VERSION="$release" --build-arg COMMIT="$commit" "$@" \
        -t "siaga/$name:$tag" -t "siaga/$name:latest" -f "$file" "$folder" >/dev/null
    printf '%-15s %5d s  %s\n' "siaga/$name" $((SECONDS - began)) \
        "$("$engine" image inspect "siaga/$name:$tag" --format '{{.Size}}' | awk '{printf "%.2f GB", $1 / 1e9}')"
}
wants() { [ -z "${ONLY:-}" ] || [ "$ONLY" = "$1" ]; }
# tracked FOLDER… to PLACE: what git knows of them, links followed
tracked() {
    local place=${!#}
    mkdir -p "$place"
    git ls-files -z -- "${@:1:$#-2}" | tar --null --dereference -cf - -T - | tar -xf - -C "$place"
}

if wants function; then
    tracked template/python3-qgis to "$contexts/all"
    mv "$contexts/all/template/python3-qgis" "$contexts/function" && rm -r "$contexts/all" "$contexts/function/function"
    tracked siaga functions to "$contexts/function/function"
    build function "$contexts/function" "$contexts/function/Dockerfile" --build-arg BASE="$base"
fi
if wants core; then
    mkdir -p "$contexts/core"
    .venv/bin/python -m pip wheel -q --no-deps --no-build-isolation --no-index -w "$contexts/core" . && rm -rf build/lib build/bdist*
    cp deployment/images/{core.lock,healthy.py} template/python3-qgis/{slim.cfg,sbom.py} "$contexts/core"
    build core "$contexts/core" deployment/images/core.Dockerfile --build-arg BASE="$base"
fi
if wants store; then
    mkdir -p "$contexts/store"
    cp "$(.venv/bin/python -c 'from siaga.machine import minio; from siaga.settings import Settings
print(minio.binary(Settings.load()))')" "$contexts/store/minio"
    build store "$contexts/store" deployment/images/store.Dockerfile --build-arg CORE="siaga/core:$tag"
fi
