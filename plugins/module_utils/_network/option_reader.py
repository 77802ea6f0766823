# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads raw values of the user's options, with errors that name their paths."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

#: How many leading zeros a number may have.
_ZEROS = 20
#: Ansible's spellings of booleans.
_SWITCHES = {
    **dict.fromkeys(("y", "yes", "on", "1", "true", "t", "1.0"), True),
    **dict.fromkeys(("n", "no", "off", "0", "false", "f", "0.0"), False),
}


class Section:
    """A dictionary of options as the user wrote it. An option that is null counts as not given.

    :param prefix: the prefix of options in errors, such as ``bridge_network_endpoints[0].``
    :param raw: what the user gave
    :param known: all valid options; any other is refused
    """

    def __init__(self, prefix: str, raw: object, known: Sequence[str]) -> None:
        self.prefix, self._known = prefix, known
        if not isinstance(raw, Mapping):
            raise Invalid(prefix.rstrip("._"), raw, f"a dictionary with the options {', '.join(known)}")
        for name in raw:
            if name not in known:
                raise Invalid(f"{prefix}{name}", raw[name], f"there is no such option, there are {', '.join(known)}")
        self._raw = dict(raw)

    def extended(self, name: str, elements: Sequence[t.Any]) -> Section:
        """The section with elements appended to a list."""
        given = [element for _path, element in self.elements(name)]
        return Section(self.prefix, {**self._raw, name: [*given, *elements]}, self._known)

    def path(self, name: str) -> str:
        """The path of an option in messages."""
        return f"{self.prefix}{name}"

    def raw(self, name: str) -> t.Any:
        """The value as given, None if it was not."""
        return self._raw.get(name)

    def given(self, name: str) -> bool:
        """Whether there is a value. An empty string counts as none, since an inventory cannot unset a variable."""
        return self.raw(name) is not None and self.raw(name) != ""

    def given_or_none(self, name: str) -> t.Any:
        """The value as given, None if there is none."""
        return self.raw(name) if self.given(name) else None

    def read(self, name: str, parse: t.Callable[[str, object], t.Any]) -> t.Any:
        """The parsed value of an option, or None; ``parse`` gets the path and the value."""
        return parse(self.path(name), self.raw(name)) if self.given(name) else None

    def flag(self, name: str, default: bool) -> bool:
        """A boolean, in any spelling that Ansible accepts."""
        value = self.raw(name)
        if not self.given(name):
            return default
        if isinstance(value, str):
            value = _SWITCHES.get(value.strip().lower())
        if isinstance(value, (bool, int, float)) and value in (0, 1):
            return bool(value)
        raise Invalid(self.path(name), self.raw(name), "true or false")

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of several words."""
        value = self.raw(name) if self.given(name) else default
        if not isinstance(value, str) or value not in choices:
            raise Invalid(self.path(name), value, f"one of {', '.join(choices)}")
        return str(value)

    def elements(self, name: str) -> list[tuple[str, t.Any]]:
        """The elements of a list, each with its path; empty if it was not given."""
        value = self.raw(name)
        if not self.given(name):
            return []
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Invalid(self.path(name), value, "a list")
        return [(f"{self.path(name)}[{number}]", element) for number, element in enumerate(value)]

    def pairs(self, name: str) -> list[tuple[str, str, t.Any]]:
        """The entries of a dictionary as (path, key, value); empty if it was not given."""
        value = self.raw(name)
        if not self.given(name):
            return []
        if not isinstance(value, Mapping):
            raise Invalid(self.path(name), value, "a dictionary")
        for key in value:
            if not isinstance(key, str):
                raise Invalid(self.path(name), key, "the keys are strings; quote them")
        return [(f"{self.path(name)}.{key}", str(key), entry) for key, entry in value.items()]


def number(low: int, high: int) -> t.Callable[[str, object], int]:
    """A parser of whole numbers from ``low`` to ``high``, unquoted or quoted."""

    def parse(option: str, value: t.Any) -> int:
        short = isinstance(value, str) and len(value) <= len(str(high)) + _ZEROS
        digits = short and str(value).isascii() and str(value).isdigit()
        if not (digits or (isinstance(value, int) and not isinstance(value, bool))) or not low <= int(value) <= high:
            raise Invalid(option, value, f"a whole number from {low} to {high}")
        return int(value)

    return parse
