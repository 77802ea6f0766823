# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can go wrong, each as one clear sentence."""

from __future__ import annotations


class LinuxnetError(Exception):
    """Any error that the user is told about; ``str(error)`` is the sentence."""


class Invalid(LinuxnetError):
    """A value that no state of the host could make right.

    :param option: the option's name as the user wrote it, with its path where it is nested
    :param value: what was given
    :param allowed: what would have been accepted
    """

    def __init__(self, option: str, value: object, allowed: str) -> None:
        super().__init__(f"{option}: {value!r} is not allowed: {allowed}")
        self.option = option
        self.value = value
        self.allowed = allowed


class Refused(LinuxnetError):
    """A wish that conflicts with what the host has: a foreign object, another owner, a missing namespace."""


class KernelRefused(LinuxnetError):
    """The kernel or one of its tools said no; the sentence tells what was being done."""
