#!/bin/sh
# The command siaga of an installation by `make install`: its own packages first, Debian's behind them.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export PYTHONPATH="$here/lib${PYTHONPATH:+:$PYTHONPATH}"
export SIAGA_MINIO="${SIAGA_MINIO:-$here/bin/minio}"
exec /usr/bin/python3 -c "from siaga.cli import main; raise SystemExit(main())" "$@"
