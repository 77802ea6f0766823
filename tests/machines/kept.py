# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of Debian releases: created by debootstrap once, kept, and created again if the recipe changes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.machines import packages, tools

_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
_NOWHERE = (*_APART, "--net", "--uts", "--ipc")
_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS = 900


def keep(roots: Path, suite: str, recipe: str, make: Callable[[Path], None]) -> Path:
    """The root of a release below a directory. Concurrent callers for the same one wait."""
    roots.mkdir(parents=True, exist_ok=True)
    os.chmod(roots, 0o700)  # there are programs with the set-uid bit in it
    root, stamp = roots / suite, roots / f"{suite}.recipe"
    with (roots / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != recipe:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(root, ignore_errors=True)
            make(root)
            stamp.write_text(recipe, encoding="utf-8")
    return root


def debootstrap(suite: str, root: Path, included: Sequence[str], *options: str) -> None:
    """Run debootstrap in a mount namespace: what it leaves mounted after a failure would get in the way of rmtree."""
    words = [*options, "--variant=minbase", f"--include={','.join(included)}", suite, str(root)]
    tools.run([*_APART, "debootstrap", *words, *packages.mirror(), *_script(suite)], seconds=_SECONDS)


def debootstrap_apart(suite: str, root: Path, included: Sequence[str]) -> None:
    """The same for packages with services, which are installed where no network can reach them."""
    debootstrap(suite, root, included, "--foreign")
    second = ["chroot", str(root), "env", _PATH, "/debootstrap/debootstrap", "--second-stage"]
    tools.run([*_NOWHERE, *second], seconds=_SECONDS)
    for file in (root / "var/cache/apt/archives").glob("*.deb"):
        file.unlink()


def _script(suite: str) -> list[str]:
    """A debootstrap older than the release needs to be told the script to use."""
    return [] if (_SCRIPTS / suite).exists() or not packages.mirror() else [str(_SCRIPTS / "sid")]
