# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium as Debian packages it: this machine's, or else downloaded and unpacked below build/, but not installed."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.paths import REPOSITORY

PACKAGE = "chromium-headless-shell"
_DIRECTORY = REPOSITORY / "build" / "browser"
_ROOT = _DIRECTORY / "root"
_PROGRAMS = (PACKAGE, "chromium", "chromium-browser", "google-chrome")
_SECONDS = 300
_FONTS = _DIRECTORY / "fonts.conf"
_FONT_PLACES = f"""\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{_ROOT}/usr/share/fonts</dir>
  <include ignore_missing="yes">{_ROOT}/usr/share/fontconfig/conf.avail/60-latin.conf</include>
  <cachedir>{_DIRECTORY}/fonts</cachedir>
</fontconfig>
"""


class Missing(Exception):
    """There is no browser and none can be had; the text says why."""


@functools.cache
def command() -> tuple[list[str], dict[str, str]]:
    """The program, and the variables with which it finds its libraries and fonts."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return [found], {}
    _DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (_DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = _ROOT / ".unpacked"
        if not done.exists():
            _unpack()
            _FONTS.write_text(_FONT_PLACES, encoding="utf-8")
            done.touch()
    libraries = [place for lib in ("lib", "usr/lib") for place in (_ROOT / lib).glob("*-linux-gnu*")]
    libraries += [place / name for place in libraries for name in ("nss", "pulseaudio")]
    variables = {"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}
    if not Path("/etc/fonts/fonts.conf").exists():
        variables["FONTCONFIG_FILE"] = str(_FONTS)
    return [str(_ROOT / "usr/lib/chromium" / PACKAGE)], variables


def _unpack() -> None:
    """What the package needs beyond this machine's packages comes along. Neither root nor apt's own cache is needed."""
    packages = _DIRECTORY / "packages"
    (packages / "partial").mkdir(parents=True, exist_ok=True)
    options = {"Debug::NoLocking": "1", "Dir::Cache::archives": str(packages), "APT::Sandbox::User": "root"}
    apt = ["apt-get", "-q", "-y", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    download = [*apt, "--download-only", "--no-install-recommends", "install", PACKAGE]
    _run(download, f"apt-get cannot download Debian's package {PACKAGE}")
    for file in sorted(packages.glob("*.deb")):
        _run(["dpkg", "-x", str(file), str(_ROOT)], f"dpkg cannot unpack {file.name}")
        file.unlink()


def _run(argv: list[str], sentence: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise Missing(f"{sentence}: there is no {argv[0]} on this machine") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{sentence}: not done within {_SECONDS} s") from None
    if done.returncode:
        raise Missing(f"{sentence}: {' '.join(done.stderr.split())}")
