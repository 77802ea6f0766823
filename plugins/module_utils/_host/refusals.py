# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Loads pyroute2 when it is first needed, and words the kernel's refusals."""

from __future__ import annotations

import errno
import functools
import importlib
import importlib.util
import os
import sys
import traceback
import types
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError

_WORDS = {
    errno.EPERM: "permission denied; this needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN (become: true)",
    errno.EACCES: "permission denied; this needs root (become: true)",
    errno.EXFULL: "the bridge is full; the kernel allows 1023 ports",
    errno.EOPNOTSUPP: "this kernel does not support it",
    errno.ENODEV: "no such interface",
    errno.EADDRNOTAVAIL: "no such address",
    errno.ENETUNREACH: "the gateway is not on a network of this interface",
}


class LibraryMissing(LinuxnetError):
    """A Python library that the target lacks."""

    def __init__(self, library: str, trace: str) -> None:
        super().__init__(f"{sys.executable} cannot load {library}: {trace.strip().splitlines()[-1]}")
        self.library = library
        self.trace = trace


@functools.cache
def _load() -> type:
    """Import IPRoute without the nine tenths of pyroute2 that its package imports but that are not needed here.

    An empty module object in place of the package allows importing single submodules, which halves the time. This
    relies on pyroute2's internal layout; if it fails, the package is imported as intended.
    """
    if "pyroute2" not in sys.modules:
        spec = importlib.util.find_spec("pyroute2")
        if spec is not None and spec.submodule_search_locations:
            package = types.ModuleType("pyroute2")
            package.__path__ = list(spec.submodule_search_locations)
            package.__spec__ = spec
            sys.modules["pyroute2"] = package
            try:
                return importlib.import_module("pyroute2.iproute.linux").IPRoute
            except (ImportError, AttributeError):
                for name in [name for name in sys.modules if name.partition(".")[0] == "pyroute2"]:
                    del sys.modules[name]
    return importlib.import_module("pyroute2").IPRoute


#: Message types come in groups of four: new, delete, get, set.
_FIRST, _KINDS, _DELETE = 16, 4, 1
#: The modifier flags of requests; deletions need none of them.
_MODIFIERS = 0xF00


def _mended(iproute: t.Any) -> t.Any:
    """Work around a bug of pyroute2 before 0.6.10, as in Debian 11 and Ubuntu 22.04.

    It sends deletions with the flags of creations, one of which means "bulk" since Linux 5.19 and is refused for most
    objects. Up to 0.8, where requests are generators, a subclass clears the flags; 0.9 and later are right.
    """
    import inspect  # expensive, and needed only with pyroute2

    if not inspect.isgeneratorfunction(getattr(iproute, "nlm_request", None)):
        return iproute

    def nlm_request(self: t.Any, msg: t.Any, msg_type: int, msg_flags: int, *more: t.Any, **named: t.Any) -> t.Any:
        if (msg_type - _FIRST) % _KINDS == _DELETE:
            msg_flags &= ~_MODIFIERS
        return iproute.nlm_request(self, msg, msg_type, msg_flags, *more, **named)

    return type("IPRoute", (iproute,), {"nlm_request": nlm_request})


def open_socket() -> t.Any:
    """An IPRoute socket in the calling thread's namespace."""
    try:
        iproute = _mended(_load())
    except ImportError:
        raise LibraryMissing("pyroute2", traceback.format_exc()) from None
    return iproute()


def errors() -> tuple[type[BaseException], ...]:
    """pyroute2's exceptions for refusals of the kernel; empty while it is not loaded."""
    module = sys.modules.get("pyroute2.netlink.exceptions")
    return (module.NetlinkError,) if module else ()


def refusals() -> tuple[type[BaseException], ...]:
    """All exceptions for refusals of the kernel, from netlink or system calls."""
    return (OSError, *errors())


def number(error: BaseException) -> int:
    """The error number of a NetlinkError or OSError, 0 if there is none."""
    return abs(getattr(error, "code", None) or getattr(error, "errno", None) or 0)


def reason(error: BaseException) -> str:
    """A refusal in words."""
    code = number(error)
    if not code:
        return str(error)
    return _WORDS.get(code) or f"{os.strerror(code)} ({errno.errorcode.get(code, code)})"
