# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Kernel settings as the kernel prints them.

It returns 8080,8081 as 8080-8081, and 010 as 8. Writing a value in a temporary namespace shows what it returns. So a
value that is only written differently is not a change, and one that the kernel refuses is an error before the first
change.
"""

from __future__ import annotations

import contextlib
import errno
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import refusals, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls

#: The value as the kernel returns it, by path and wanted value.
Forms = t.Mapping[tuple[str, str], str]


def forms(host: Host, differing: t.Iterable[tuple[str, str, str | None]]) -> Forms:
    """How the kernel prints wanted values that differ from what was read.

    If nothing can be written, values that certainly mean the same count as printed like what was read.

    :param differing: paths below /proc/sys, wanted values, and what was read
    :raises Refused: the setting is read-only
    :raises Invalid: the kernel does not accept the value
    """
    if not sysctl.writable():
        return {(path, value): read for path, value, read in differing if read and sysctls.mean_the_same(value, read)}
    asked = sorted({(path, value) for path, value, read in differing if _can_be_tried(value, read)})
    return host.fresh(lambda: {(path, value): _tried(path, value) for path, value in asked}) if asked else {}


def _can_be_tried(value: str, read: str | None) -> bool:
    """Writing a word may make the kernel load a module, except where the setting is a number."""
    return sysctls.is_manifold(value) or not read or sysctls.is_manifold(read)


def read(paths: t.Iterable[str]) -> dict[str, str | None]:
    """Settings in the current namespace, None for those that do not exist there."""
    return {path: sysctl.read(path) for path in paths}


def of_new(host: Host, paths: t.Iterable[str]) -> dict[str, str | None]:
    """Settings in a new namespace. It is created once for all callers, since that takes long."""
    asked = tuple(paths)
    place = (__name__, asked)
    if place not in host.memory:
        host.memory[place] = host.fresh(lambda: read(asked))
    return dict(host.memory[place])


def refuse(host: Host, groups: t.Sequence[t.Mapping[str, tuple[str, str]]]) -> None:
    """Refuse values that the kernel does not accept in a new namespace.

    :param groups: the settings of each namespace, which may depend on each other: values and options by path
    :raises Refused: the setting is read-only
    :raises Invalid: the kernel does not accept the value
    """

    def try_all() -> None:
        for group in groups:
            _refuse_group(group)

    host.fresh(try_all)


def _refuse_group(group: t.Mapping[str, tuple[str, str]]) -> None:
    """Write all of them in the given order, and then what was there before, for the next group."""
    before: dict[str, str] = {}
    for path, (value, option) in group.items():
        place = sysctls.elsewhere(path)
        read = sysctl.read(place)
        if read is None or not _can_be_tried(value, read):
            continue
        before[place] = read
        try:
            _tried(path, value)
        except Invalid as error:
            raise error.at(option) from error
    for place, read in reversed(before.items()):
        with contextlib.suppress(OSError):
            sysctl.write(place, read)


def _tried(path: str, value: str) -> str:
    """Write a value in a temporary namespace, and return what the kernel made of it."""
    place = sysctls.elsewhere(path)
    if sysctl.read(place) is None:
        return value
    try:
        sysctl.write(place, value)
        return sysctl.read(place) or value
    except OSError as error:
        name = sysctls.name_of(path)
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Refused(f"sysctls: {sysctl.unwritable(path)}") from error
        raise Invalid(
            f"sysctls.{name}", value, f"a value that the kernel accepts, but it reports: {refusals.reason(error)}"
        ) from error
