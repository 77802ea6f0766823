# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as users get it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def install(place: Path, checkout: Path) -> Path:
    """Build the artifact of a checkout and install it in a folder. Returns the collection's own folder there."""
    galaxy = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection"]
    environment = os.environ | {"ANSIBLE_HOME": str(place / "home")}
    build = [*galaxy, "build", "--output-path", str(place), str(checkout)]
    subprocess.run(build, env=environment, check=True, capture_output=True)
    built = str(next(place.glob("*.tar.gz")))
    install = [*galaxy, "install", "--force", "--offline", "--collections-path", str(place), built]
    subprocess.run(install, env=environment, check=True, capture_output=True)
    return place / "ansible_collections/netplumb/linuxnet"
