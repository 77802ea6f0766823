# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How this machine gets packages, which a fresh machine on its network has to know: settings of apt and pip."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tools import pip_settings

_APT = re.compile(r'Acquire::(?:https?|Check-|Retries)\S* "[^"]+";')
_PATH = re.compile(r"(?:^|[\s=]|file://)(/[^\s'\"]+)")
_COPIED = ("/etc/resolv.conf", "/etc/hosts")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def files() -> dict[str, str]:
    """The contents of files by path."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    found = {
        "/etc/apt/apt.conf.d/99machine": "".join(f"{line}\n" for line in dumped.splitlines() if _APT.match(line)),
        "/etc/pip.conf": pip_settings.of(dict(os.environ)),
    }
    return found | {path: Path(path).read_text(encoding="utf-8") for path in _COPIED if Path(path).exists()}


def shown() -> list[str]:
    """The paths of this machine in these settings: certificates, directories of packages."""
    named = [Path(path) for path in _PATH.findall(pip_settings.of(dict(os.environ)))]
    # The files of an index are next to the pages that link to them.
    named = [path.parent if path.name == "simple" else path for path in named]
    return sorted({str(path) for path in named if path.exists()})


def environment() -> dict[str, str]:
    """The variables for proxies."""
    names = [name for proxy in _PROXIES for name in (proxy, proxy.upper())]
    return {name: os.environ[name] for name in names if name in os.environ}
