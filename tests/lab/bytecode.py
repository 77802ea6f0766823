# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bytecode cache for what Ansible sends to a host.

Ansible sends each module as a zip file of sources, which Python compiles for every task: more than half of a task's
time. The host still runs the sources that were sent; the cache identifies them by a hash of their text and the version
of Python. site/sitecustomize.py reads it.
"""

from __future__ import annotations

import functools
import importlib.util
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lab import target
from tests.lab.paths import COLLECTIONS, REPOSITORY

_CACHE = REPOSITORY / "build" / "bytecode"
_SITE = Path(__file__).with_name("site")


def environment() -> dict[str, str]:
    """The variables with which a Python on a host finds the cache. Fills it first."""
    _fill()
    return {"PYTHONPATH": str(_SITE), "LAB_BYTECODE": str(_CACHE)}


@functools.cache
def _fill() -> None:
    """Let the Python that will read the cache fill it, since bytecode is only valid for one version."""
    if sys.executable == target.PYTHON:
        compile_all()
    else:
        path = {"PYTHONPATH": ":".join(target.search_path())}
        subprocess.run([target.PYTHON, "-m", __name__], cwd=REPOSITORY, env={**os.environ, **path}, check=True)


def compile_all() -> None:
    """Compile what is not in the cache yet. Several processes may do this at the same time."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    for path in _sources():
        source = path.read_bytes()
        cached = _CACHE / importlib.util.source_hash(source).hex()
        if not cached.exists():
            temporary = cached.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(marshal.dumps(compile(source, path.name, "exec", dont_inherit=True)))
            temporary.replace(cached)


def _sources() -> Iterator[Path]:
    import ansible

    yield from Path(ansible.__path__[0], "module_utils").rglob("*.py")
    for part in ("module_utils", "modules"):
        yield from (COLLECTIONS / "ansible_collections/netplumb/linuxnet/plugins" / part).rglob("*.py")


if __name__ == "__main__":
    compile_all()
