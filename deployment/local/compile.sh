#!/usr/bin/env bash
# compile.sh FOLDER…: compile the Python sources below these folders, each once; a second run only looks at their times.
# Where PYTHONDONTWRITEBYTECODE is set, each part would compile what it imports at every start, 0.1 to 0.3 s.
# It is for speed alone: what is no Python, or stands where nothing can be written, is left as it is, without a word.
set -euo pipefail
python=$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python
find "$@" -name node_modules -prune -o -name '*.py' -print | "$python" -m compileall -qq -i - >/dev/null 2>&1 || :
