#!/usr/bin/env bash
# compile.sh FOLDER…: compile the Python sources below these folders, each once; a second run only looks at their times.
# Where PYTHONDONTWRITEBYTECODE is set, each part would compile what it imports at every start, 0.1 to 0.3 s.
# It is for speed alone: what is no Python, or stands where nothing can be written, is left as it is, without a word.
set -euo pipefail
python=$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python
# Nobody imports the tests of a package; mypy, the largest but one, is machine code beside its sources.
left_out='node_modules|tests|SelfTest|mypy|mypyc'
find "$@" -mindepth 1 -type d -regextype posix-extended -regex ".*/($left_out)" -prune -o -name '*.py' -print0 |
    xargs -0 -r -n 500 -P "$(nproc)" "$python" -m compileall -qq >/dev/null 2>&1 || :
