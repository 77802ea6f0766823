# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules with faults in the middle of their run; imported inside a host."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils import _converge
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import looks, namespaces, port_locking
from tests.lab import modules

_NS_GET_NSTYPE = 0xB703


def with_failing_open(name: str, options: dict[str, Any], path: str, code: int, number: int) -> dict[str, Any]:
    """Run a module in which the n-th open of a path fails, counted from 0. "opened" is how often it was tried."""
    real, opened = os.open, 0

    def failing(file: Any, *arguments: Any, **named: Any) -> int:
        nonlocal opened
        if file == path:
            opened += 1
            if opened == number + 1:
                raise OSError(code, os.strerror(code), path)
        return real(file, *arguments, **named)

    os.open = failing
    result = modules.run_main(name, options, check=False, diff=False)
    return {**result, "opened": opened}


def with_failing_ioctl(name: str, options: dict[str, Any], code: int, number: int) -> dict[str, Any]:
    """Run a module in which the n-th question for the type of a namespace fails, counted from 0.

    "asked" is how often the kernel was asked.
    """
    real, asked = fcntl.ioctl, 0

    def failing(fd: int, request: int, *arguments: Any) -> Any:
        nonlocal asked
        if request == _NS_GET_NSTYPE:
            asked += 1
            if asked == number + 1:
                raise OSError(code, os.strerror(code))
        return real(fd, request, *arguments)

    fcntl.ioctl = failing
    result = modules.run_main(name, options, check=False, diff=False)
    return {**result, "asked": asked}


def with_vanishing(name: str, options: dict[str, Any], script: str) -> dict[str, Any]:
    """Run a module and, after it has listed the namespaces and before it visits any, a shell script."""
    real = looks.whole

    def whole() -> Any:
        subprocess.run(["sh", "-ec", script], check=True, stdin=subprocess.DEVNULL)
        return real()

    looks.whole = whole
    return modules.run_main(name, options, check=False, diff=False)


def at_the_limit(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run a module while the kernel refuses to create another namespace."""

    def refuse(_result: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    namespaces._check = refuse
    return modules.run_main(name, options, check=False, diff=False)


def without_locks(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run a module as on a kernel that cannot lock bridge ports, older than Linux 5.18."""

    def known(*_arguments: Any) -> bool:
        return False

    port_locking.known = known
    return modules.run_main(name, options, check=False, diff=False)


def with_interference(name: str, options: dict[str, Any], script: str) -> dict[str, Any]:
    """Run a module and, after it has read the host and before it changes anything, a shell script."""
    real = _converge.Plan.__init__

    def interfere(*arguments: Any, **named: Any) -> None:
        subprocess.run(["sh", "-ec", script], check=True, stdin=subprocess.DEVNULL)
        real(*arguments, **named)

    _converge.Plan.__init__ = interfere  # type: ignore[method-assign]
    return modules.run_main(name, options, check=False, diff=False)
