# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds and runs programs."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

_STANDARD = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")


def search_path() -> str:
    """PATH followed by the standard directories, without empty or relative entries, which depend on the directory."""
    given = [one for one in os.environ.get("PATH", "").split(":") if one.startswith("/")]
    return ":".join(dict.fromkeys((*given, *_STANDARD)))


def find(program: str) -> str | None:
    """The path of a program, None if it is not installed."""
    return shutil.which(program, path=search_path())


class Completed(Value):
    """The result of a command."""

    rc: int
    out: str
    err: str


class _Program(subprocess.Popen[str]):
    """A program that was started without a shell, with English messages.

    ``run_command`` of AnsibleModule would do the same, but is not available at boot, nor for a module with JSON
    arguments.
    """

    def __init__(self, argv: t.Sequence[str], with_input: bool) -> None:
        super().__init__(
            argv,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            env={**os.environ, "LC_ALL": "C", "PATH": search_path()},
        )


def run(argv: t.Sequence[str], stdin: str | None = None) -> Completed:
    """Run a program to its end; OSError if it cannot be started. For one that is missing no process is started."""
    if shutil.which(argv[0], os.F_OK, search_path()) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    with _Program(argv, stdin is not None) as program:
        out, err = program.communicate(stdin)
    return Completed(program.returncode, out, err)
