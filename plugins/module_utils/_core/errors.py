# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Errors for the user, each one clear sentence."""

from __future__ import annotations

import typing as t

#: How many characters, elements and levels of a value to show at most.
_LONGEST, _MOST, _DEEPEST = 200, 10, 4
#: More digits than any meaningful number has.
_DIGITS = 40


class LinuxnetError(Exception):
    """Any error for the user; ``str(error)`` is the sentence."""


class Invalid(LinuxnetError):
    """A value that is invalid in any state of the host.

    :param option: the option's name as the user wrote it, with its path where it is nested
    :param value: what was given
    :param allowed: what would have been accepted
    """

    def __init__(self, option: str, value: object, allowed: str) -> None:
        self.option = option
        self.value = value
        self.allowed = allowed
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The error message."""
        return f"{self.option}: {shown(self.value)} is not allowed: {self.allowed}"

    def at(self, option: str) -> Invalid:
        """The same error for another path of the option."""
        return Invalid(option, self.value, self.allowed)


class Missing(Invalid):
    """An option that is required and was not given.

    :param what: what the option is for, in which cases it is required, or an example
    """

    def __init__(self, option: str, what: str) -> None:
        super().__init__(option, None, what)

    def sentence(self) -> str:
        return f"{self.option} is required: {self.allowed}"

    def at(self, option: str) -> Invalid:
        return Missing(option, self.allowed)


class Refused(LinuxnetError):
    """A conflict with what the host has: a foreign object, another owner, a missing namespace."""


class Unchangeable(Refused):
    """A conflict that no earlier step of a run can resolve."""


class KernelRefused(LinuxnetError):
    """A refusal by the kernel or one of its tools. The sentence names the step."""


def shown(value: object) -> str:
    """A value of any type as the user wrote it, shortened if it is long."""
    text = _shown(value, _DEEPEST)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _shown(value: object, levels: int) -> str:
    # Ansible passes types of its own, derived from these.
    if isinstance(value, str):
        return repr(str(value[:_LONGEST]))
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, int):
        return repr(int(value)) if abs(value) < 10**_DIGITS else f"a number of more than {_DIGITS} digits"
    if isinstance(value, t.Mapping):
        pairs = [f"{_shown(key, 1)}: {_shown(value[key], levels - 1)}" for key in list(value)[:_MOST] if levels]
        return "{" + ", ".join(pairs + ["..."] * (len(value) > len(pairs))) + "}"
    if isinstance(value, (list, tuple)):
        found = [_shown(element, levels - 1) for element in value[:_MOST] if levels]
        return "[" + ", ".join(found + ["..."] * (len(value) > len(found))) + "]"
    return str(value)[:_LONGEST]


def kind_of(value: object) -> str:
    """The type of a value in plain words, for messages."""
    kinds: tuple[tuple[t.Any, str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a string"),
        (t.Mapping, "a dictionary"),
        ((list, tuple), "a list"),
    )
    if value is None:
        return "nothing"
    return next((words for kind, words in kinds if isinstance(value, kind)), "a date or something else")
