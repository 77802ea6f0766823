# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run before `runc create`: remove from a container's config.json what needs several user IDs or cgroups.

That is a group for terminals, a view of the cgroups, and limits. Nothing about the network is changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def fit(config: dict[str, Any]) -> None:
    config["mounts"] = [mount for mount in config["mounts"] if mount["type"] != "cgroup"]
    for limits in ("cgroupsPath", "resources"):
        config["linux"].pop(limits, None)
    for mount in config["mounts"]:
        mount["options"] = [option for option in mount.get("options", []) if not option.startswith("gid=")]


def main(words: list[str]) -> None:
    """words: the command line. Without --bundle, the current directory is the bundle."""
    bundle = words[words.index("--bundle") + 1] if "--bundle" in words else "."
    path = Path(bundle, "config.json")
    if path.exists():
        config = json.loads(path.read_text(encoding="utf-8"))
        fit(config)
        path.write_text(json.dumps(config), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
