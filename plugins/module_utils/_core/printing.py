# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Makes text safe for terminals and JSON.

Names of processes, interfaces, namespaces and aliases are chosen by whoever creates them, and may contain newlines,
terminal escape sequences and bytes that are not text.
"""

from __future__ import annotations

import typing as t


def printable(text: str) -> str:
    """The text with unprintable characters escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _spelled(char) for char in text)


def _spelled(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        # A byte that is not UTF-8, as Python stores it.
        return f"\\x{number - 0xDC00:02x}"
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def printable_all(value: t.Any) -> t.Any:
    """A value with all strings in it made printable, at any depth."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, t.Mapping):
        return {printable_all(key): printable_all(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_all(one) for one in value]
    return value
