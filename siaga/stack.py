"""stack.yml: the functions, what wakes them, how many run; the one list everything else reads."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from siaga.errors import SiagaError
from siaga.hazards import HAZARDS
from siaga.settings import Settings

SLOT_TOKEN = "slot-token"  # the secret that gateway and slots share
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")  # OpenFaaS: a DNS label
_INPUTS = "siaga.inputs"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^${}]*))?\}")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_QUANTITY = re.compile(r"([1-9]\d*)([KMG]i?)?")
_UNITS = {None: 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which objects wake a function: a bucket, how the key begins and how it ends, in capital letters or small ones."""

    bucket: str
    prefix: str
    suffix: str

    def matches(self, bucket: str, key: str) -> bool:
        """Whether that object wakes the function."""
        if bucket != self.bucket or len(key) < len(self.prefix) + len(self.suffix) or not key.startswith(self.prefix):
            return False
        return key[len(key) - len(self.suffix) :].lower() == self.suffix.lower()


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the stack.

    inputs: what wakes it (annotation `siaga.inputs`: patterns `bucket/prefix*suffix`, parted by spaces; without one,
    those of the hazard whose function it is).
    schedule: cron expression of five fields (annotation `schedule` beside `topic: cron-function`), or "".
    replicas: slots, that is processes or containers (label `com.openfaas.scale.min`); most: as many as there may be,
    where memory allows (label `com.openfaas.scale.max`).
    timeout_seconds: `exec_timeout` of its environment.
    memory: the most that one slot may use (`limits.memory`, e.g. 2560Mi); "" for no limit.
    deployment: its whole entry in the file, for the /system routes.
    holds_back: whether what may wait waits while it works; not where it stands beside the road (`siaga.beside`: "yes").
    """

    name: str
    handler: Path
    image: str
    inputs: tuple[Pattern, ...]
    schedule: str
    replicas: int
    most: int
    timeout_seconds: float
    memory: str
    environment: Mapping[str, str]
    deployment: Mapping[str, object]
    holds_back: bool = True

    @property
    def module(self) -> str:
        """The handler's module, e.g. functions.on_shakemap.handler."""
        return f"functions.{self.handler.name}.handler"


def load(path: Path, env: Mapping[str, str] = os.environ) -> tuple[Function, ...]:
    """Read stack.yml; `${NAME}` and `${NAME:-default}` are taken from `env` as faas-cli does.

    Raises SiagaError naming the function and the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
        stack = yaml.safe_load(_VARIABLE.sub(lambda match: env.get(match[1], match[2] or ""), text))
        entries = stack["functions"].items()
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise SiagaError("{path}: not a stack file with functions: {detail}", path=path, detail=error) from error
    return tuple(_function(path, name, entry) for name, entry in entries)


def waking(functions: tuple[Function, ...], bucket: str, key: str) -> list[Function]:
    """The functions that this object wakes."""
    return [one for one in functions if any(pattern.matches(bucket, key) for pattern in one.inputs)]


def planned(settings: Settings) -> tuple[Function, ...]:
    """The functions of stack.yml with as many slots as they get here.

    Where slots are processes of this machine, one function after another gets a slot more, up to its `most`, as long
    as the limits of all slots together fit into SIAGA_FUNCTION_MEMORY_MB. Elsewhere replicas stand behind one URL.
    """
    functions = [function for function in load(settings.stack) if function.replicas]
    if "{port}" not in settings.function_url or not all(function.memory for function in functions):
        return tuple(functions)
    left = settings.function_memory_mb * 2**20 - sum(one.replicas * _bytes(one.memory) for one in functions)
    for number, function in enumerate(functions):
        while functions[number].replicas < function.most and left >= _bytes(function.memory):
            functions[number] = replace(function, replicas=functions[number].replicas + 1)
            left -= _bytes(function.memory)
    return tuple(functions)


class Slot(NamedTuple):
    """One process or container that runs one analysis at a time: its function, its port, where it is called."""

    function: Function
    port: int
    url: str


def slots(functions: tuple[Function, ...], settings: Settings) -> list[Slot]:
    """Every slot: functions in the order of the file, replicas one after another, ports from `function_port` on."""
    replicas = [function for function in functions for _ in range(function.replicas)]
    return [
        Slot(function, port, settings.function_url.format(name=function.name, port=port))
        for port, function in enumerate(replicas, settings.function_port)
    ]


def _function(path: Path, name: str, entry: Mapping[str, Any]) -> Function:
    if not NAME.fullmatch(str(name)):
        raise SiagaError("{path}: function name {name} is not a DNS label", path=path, name=name)
    try:
        annotations, labels = entry.get("annotations", {}), entry.get("labels", {})
        environment = {key: "" if value is None else str(value) for key, value in entry.get("environment", {}).items()}
        return Function(
            name=name,
            handler=path.parent / entry["handler"],
            image=entry.get("image", ""),
            inputs=tuple(_pattern(word) for word in annotations.get(_INPUTS, _of_hazard(name)).split()),
            schedule=annotations.get("schedule", "") if annotations.get("topic") == "cron-function" else "",
            replicas=int(labels.get("com.openfaas.scale.min", "1")),
            most=int(labels.get("com.openfaas.scale.max", "0")),
            timeout_seconds=_seconds(environment.get("exec_timeout", "60s")),
            memory=_memory(str(entry.get("limits", {}).get("memory", ""))),
            environment=environment,
            deployment=entry,
            holds_back=annotations.get("siaga.beside") != "yes",
        )
    except KeyError as error:
        raise SiagaError("{path}: {name} has no {field}", path=path, name=name, field=error.args[0]) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SiagaError("{path}: {name}: {detail}", path=path, name=name, detail=error) from error


def _of_hazard(function: str) -> str:
    """The patterns of keys that wake it, as an annotation has them; "" where it is no hazard's function."""
    rows = (hazard for hazard in HAZARDS.values() if hazard.function == function)
    return " ".join(
        f"{bucket}/{pattern}" for row in rows for bucket in row.buckets + row.unshown for pattern in row.patterns
    )


def _pattern(word: str) -> Pattern:
    bucket, slash, key = word.partition("/")
    if not slash or key.count("*") != 1:
        raise ValueError(f"siaga.inputs: {word} is not bucket/prefix*suffix")
    prefix, suffix = key.split("*")
    return Pattern(bucket, prefix, suffix)


def _memory(text: str) -> str:
    if text and not _QUANTITY.fullmatch(text):
        raise ValueError(f"limits.memory: {text} is not a quantity such as 2560Mi")
    return text


def _bytes(quantity: str) -> int:
    match = _QUANTITY.fullmatch(quantity)
    return int(match[1]) * _UNITS[match[2]] if match else 0


def _seconds(text: str) -> float:
    if text.isdigit():
        return float(text)
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"exec_timeout: {text} is not a duration such as 90s or 5m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
