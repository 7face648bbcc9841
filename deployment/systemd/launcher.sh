#!/bin/sh
# The command siaga of an installation by `make install`: its own packages first, Debian's behind them. Typed by root it goes
# on as the user of the units, who has their home and settings, but for what is said before the command.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
if [ "$(id -u)" = 0 ] && id siaga >/dev/null 2>&1; then
    exec runuser -u siaga -- env HOME=/var/lib/siaga "$0" "$@"
fi
if [ "$(id -un)" = siaga ]; then
    file=/etc/siaga/siaga.env
    [ -r "$file" ] || file=/dev/null
    while IFS= read -r line || [ -n "$line" ]; do
        name=${line%%=*} value=${line#*=}
        case $line in SIAGA_*=*) ;; *) continue ;; esac
        case $name in *[!A-Z_]*) continue ;; esac
        case $value in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac # as systemd reads the file
        eval "[ -n \"\${$name+said}\" ] || export $name=\"\$value\""
    done <"$file"
    export SIAGA_HOME="${SIAGA_HOME:-/var/lib/siaga}" SIAGA_CACHE="${SIAGA_CACHE:-/var/cache/siaga}"
fi
export PYTHONPATH="$here/lib${PYTHONPATH:+:$PYTHONPATH}"
[ ! -r "$here/lib/COMMIT" ] || export SIAGA_COMMIT="${SIAGA_COMMIT:-$(cat "$here/lib/COMMIT")}"
export SIAGA_MINIO="${SIAGA_MINIO:-$here/bin/minio}"
exec /usr/bin/python3 -c "from siaga.cli import main; raise SystemExit(main())" "$@"
