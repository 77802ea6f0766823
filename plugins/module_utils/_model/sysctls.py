# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Settings below /proc/sys/net as users write them."""

from __future__ import annotations

import functools
import ipaddress
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

#: Values of numbers, addresses and lists of those, which can be written in several ways. Words cannot, and testing one
#: by writing it could make the kernel load a module.
_MANIFOLD = re.compile(r"[-0-9a-fA-FxX,:. ]*[0-9][-0-9a-fA-FxX,:. ]*")

_DIGITS = r"(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)"
_NUMBER = re.compile(f"-?{_DIGITS}")
_RANGE = f"{_DIGITS}(?:-{_DIGITS})?"
_LIST = re.compile(f"{_RANGE}(?:,{_RANGE})+|{_DIGITS}-{_DIGITS}")

_NAME = re.compile(r"[!-~]+", re.ASCII)


# A large network sets the same few settings in each of a thousand namespaces.
@functools.lru_cache(maxsize=1024)
def path_of(name: str) -> str:
    """The path below /proc/sys for a name as ``sysctl`` takes it: the first ``.`` or ``/`` in it is the separator.

    With dots as separators, a slash stands for a dot: net.ipv4.conf.eth0/1.rp_filter concerns interface eth0.1.
    """
    first = next((character for character in name if character in "./"), "/")
    return name if first == "/" else name.translate(str.maketrans("./", "/."))


@functools.lru_cache(maxsize=1024)
def name_of(path: str) -> str:
    """The dotted name of a path, with dots in it as slashes."""
    return path.translate(str.maketrans("./", "/."))


def of_interface(path: str, interface: str) -> str:
    """The path of a setting, with IFNAME replaced by an interface."""
    return path.replace("/IFNAME/", f"/{interface}/")


def by_name(values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Values by dotted name instead of path, for the user."""
    return {name_of(path): value for path, value in values.items()}


def settings(option: str, value: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    """The wanted values by path. Only settings below net are allowed, since others apply to the whole machine."""
    found: dict[str, str] = {}
    for name, wanted in (value or {}).items():
        path = _checked_path(option, str(name))
        if isinstance(wanted, bool) or not isinstance(wanted, (int, str)) or not str(wanted).strip():
            raise Invalid(f"{option}.{name}", wanted, "a number or a string; quote it")
        text = " ".join(str(wanted).split())
        if not text.isprintable():
            raise Invalid(f"{option}.{name}", wanted, "printable characters")
        found[path] = text
    return found


@functools.lru_cache(maxsize=1024)
def _checked_path(option: str, name: str) -> str:
    path = path_of(name)
    parts = path.split("/")
    if parts[0] != "net" or len(parts) < 3 or any(part in ("", ".", "..") for part in parts):
        raise Invalid(option, name, "a setting of the network, such as net.ipv4.ip_unprivileged_port_start")
    if not _NAME.fullmatch(name):
        raise Invalid(option, name, "a name of printable ASCII characters without blanks")
    return path


class Written(t.NamedTuple):
    """A setting that a step writes: the namespace, the path below /proc/sys, and the value."""

    netns: str | None
    path: str
    value: str


@t.runtime_checkable
class WritesSettings(t.Protocol):
    """A step that writes kernel settings."""

    @property
    def written(self) -> list[Written]: ...


def is_manifold(value: str) -> bool:
    """Whether the kernel may return a value in another form than was written."""
    return _MANIFOLD.fullmatch(value) is not None


def mean_the_same(one: str, other: str) -> bool:
    """Whether two values are certainly the same to the kernel, whatever the setting."""
    return one == other or (is_manifold(one) and is_manifold(other) and _meaning(one) == _meaning(other))


def _meaning(value: str) -> tuple[object, ...]:
    """A value in canonical form: numbers, addresses, lists and ranges are parsed, other words kept."""
    return tuple(_meaning_of_word(word) for word in value.split())


def _meaning_of_word(word: str) -> object:
    if _LIST.fullmatch(word):
        return _ranges(word)
    try:
        return ipaddress.ip_address(word)
    except ValueError:
        return _number(word) if _NUMBER.fullmatch(word) else word


def _number(text: str) -> int:
    """As the kernel parses it, where a leading zero means octal."""
    digits = text.lstrip("-").lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    return int(digits, base) * (-1 if text.startswith("-") else 1)


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    """The ranges of a list, merged where they touch."""
    found: list[tuple[int, int]] = []
    pairs = [part.partition("-") for part in text.split(",")]
    for first, last in sorted((_number(low), _number(high or low)) for low, _dash, high in pairs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def elsewhere(path: str) -> str:
    """The path at which the same setting can be read in any namespace."""
    parts = path.split("/")
    if len(parts) == 5 and parts[2] == "conf" and parts[3] != "all":
        parts[3] = "default"
    if len(parts) == 5 and parts[2] == "neigh":
        # Only the host's own namespace has defaults of these.
        parts[3] = "lo"
    return "/".join(parts)
