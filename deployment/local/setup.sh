#!/usr/bin/env bash
# Set this machine up: setup.sh run | test. Does only what is missing; safe to repeat; as root or with sudo.
set -euo pipefail
purpose=${1:-run}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top"
export PIP_DISABLE_PIP_VERSION_CHECK=1

# listed PART…: the Debian packages of those parts; install PACKAGE…: those of them that are missing.
listed() {
    awk -v parts="$*" '/^\[/ {part = $0; next} /^#/ || !NF {next} index(parts, part) {print}' "$here/debian-packages.txt"
}
install() {
    local missing root=
    missing=$(for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || echo "$name"; done)
    [ -n "$missing" ] || return 0
    echo "setup: Debian packages:" $missing
    [ "$(id -u)" = 0 ] || root=sudo
    export DEBIAN_FRONTEND=noninteractive
    # Another process (unattended upgrades on a new machine) may hold the lock for a while.
    $root apt-get -qq -o DPkg::Lock::Timeout=300 update
    $root apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing >/dev/null
}

# unpack PACKAGE…: the files of packages that nobody installs, each in a folder of its name; where they lie, as in MinIO's.
unpacked=${SIAGA_CACHE:-$HOME/.cache/siaga}/debian
unpack() {
    local name part
    for name in "$@"; do
        [ ! -d "$unpacked/$name" ] || continue
        echo "setup: unpacking $name"
        mkdir -p "$unpacked"
        part=$(mktemp -d "$unpacked/.part.XXXXXX")
        (cd "$part" && { apt-get -qq download "$name" 2>/dev/null || { apt-get -qq update && apt-get -qq download "$name"; }; } &&
            dpkg-deb -x "$name"_*.deb files)
        mv -T "$part/files" "$unpacked/$name" 2>/dev/null || [ -d "$unpacked/$name" ]  # another set-up was quicker
        rm -rf "$part"
    done
}

# The MinIO server takes longest (150 s on two cores), so it is built while the other packages come.
install $(listed '[build]')
{ "$here/minio.sh" && { [ "$purpose" != test ] || "$here/helm.sh"; }; } &
minio=$!
install $(listed '[run]' "[$purpose]") $(command -v npm >/dev/null || echo npm)

[ "$purpose" != test ] || unpack $(listed '[unpacked]')

stamp() { sha256sum "$@" | sha256sum | cut -c1-16; }
front_end() {
    local wanted omit=--omit=dev
    wanted=$(stamp web/package.json web/package-lock.json)
    ! grep -qsxE "$wanted ($purpose|test)" web/node_modules/.siaga-packages || return 0
    echo "setup: front-end packages"
    [ "$purpose" != test ] || omit=
    (cd web && npm ci --silent --ignore-scripts --no-audit --no-fund $omit)
    echo "$wanted $purpose" >web/node_modules/.siaga-packages
}
front_end & # while the Python packages come
front_end=$!

lock=$here/requirements.lock
[ "$purpose" = test ] && lock=$here/requirements-dev.lock
if [ ! -x .venv/bin/python ]; then
    /usr/bin/python3 -m venv --system-site-packages .venv
fi
wanted=$(stamp "$lock" pyproject.toml)
if ! grep -qsx "$wanted" .venv/siaga-packages; then
    echo "setup: Python packages ($(basename "$lock"))"
    .venv/bin/python "$here/packages.py" "$lock"
    "$here/compile.sh" .venv/lib/python3*/site-packages
    wait "$front_end" # its files are looked through for what belongs to the package
    .venv/bin/pip install --quiet --no-deps --no-build-isolation -e .
    echo "$wanted" >>.venv/siaga-packages
fi

"$here/compile.sh" siaga gateway web functions template $([ "$purpose" != test ] || echo bench tests)

wait "$front_end"
wait "$minio"
