"""Set-up compiles the sources once, and leaves alone what cannot be compiled."""

import subprocess
from importlib.util import cache_from_source
from pathlib import Path

COMPILE = Path(__file__).parent.parent / "deployment/local/compile.sh"


def test_sources_are_compiled_once_whatever_else_stands_beside_them(tmp_path):
    sources = {name: tmp_path / f"{name}.py" for name in ("plain", "shut/closed", "node_modules/foreign", "broken")}
    for name, source in sources.items():
        source.parent.mkdir(exist_ok=True)
        source.write_text("def" if name == "broken" else "ONE = 1\n")
    (tmp_path / "shut" / "__pycache__").write_text("")  # no file can be written there, by root neither

    def compiled():
        done = subprocess.run([COMPILE, tmp_path], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout + done.stderr == ""
        made = {name: Path(cache_from_source(str(source))) for name, source in sources.items()}
        return {name: path.stat().st_ino for name, path in made.items() if path.is_file()}

    first = compiled()
    assert first.keys() == {"plain"}
    assert compiled() == first
