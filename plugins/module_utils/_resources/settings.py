# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Kernel settings in the kernel's own form.

The kernel reads 8080,8081 back as 8080-8081, and 010 as 8. Writing a value in an unused namespace shows its form there.
So a value that only differs in form is not a change, and one that the kernel does not accept is refused before
anything is changed.
"""

from __future__ import annotations

import errno
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import refusals, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls

#: The value read back, by path and wanted value.
Forms = t.Mapping[tuple[str, str], str]


def forms(host: Host, differing: t.Iterable[tuple[str, str, str | None]]) -> Forms:
    """The kernel's words for wanted values that are not what was read.

    Where nothing can be tried, what was read are the words for values that mean the same beyond doubt.

    :param differing: paths below /proc/sys, wanted values, and what was read instead
    :raises Refused: the setting is read-only; Invalid: the kernel does not accept the value
    """
    if not sysctl.writable():
        return {(path, value): read for path, value, read in differing if read and sysctls.mean_the_same(value, read)}
    asked = sorted({(path, value) for path, value, read in differing if _can_be_tried(value, read)})
    return host.fresh(lambda: {(path, value): _tried(path, value) for path, value in asked}) if asked else {}


def _can_be_tried(value: str, read: str | None) -> bool:
    """To try a word may load a module of the kernel, but not for a setting that is made of numbers."""
    return sysctls.is_manifold(value) or not read or sysctls.is_manifold(read)


def read(paths: t.Iterable[str]) -> dict[str, str | None]:
    """Settings as they are in the namespace that is visited, None where it has no such setting."""
    return {path: sysctl.read(path) for path in paths}


def of_new(host: Host, paths: t.Iterable[str]) -> dict[str, str | None]:
    """Those of a new namespace. One is made for all that ask, since to make one takes long."""
    asked = tuple(paths)
    place = (__name__, asked)
    if place not in host.memory:
        host.memory[place] = host.fresh(lambda: read(asked))
    return dict(host.memory[place])


def _tried(path: str, value: str) -> str:
    """Called in an unused namespace."""
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
