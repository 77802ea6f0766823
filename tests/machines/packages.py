# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for machines without internet access: downloaded with this machine's apt, and offered as files.

Each release has a directory with a complete apt repository: the packages that the role may install, everything they
need that the root file system lacks, and an index.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from tests.machines import tools

_OFFERED = (
    "python3-pyroute2",
    "python3-netaddr",
    "iptables",
    "iproute2",
    "python3-apt",
    "firewalld",
    "ufw",
    "nftables",
    "nginx-light",
    "network-manager",
    "udev",
)
#: What a release has in addition: doas, the other package manager and what creates a repository for that, and what unit
#: tests need.
_ALSO = {
    "bookworm": ("dnf", "rpm", "createrepo-c", "opendoas"),
    "trixie": ("opendoas",),
    "forky": ("python3-pytest", "python3-pytest-xdist", "python3-hypothesis", "python3-jsonschema", "ansible-core"),
}
#: What cannot be installed on machines of a release: iptables, and what needs it.
_NOT = {"forky": ("iptables", "firewalld", "ufw")}
#: Where a machine finds its release's repository, and this one.
PLACE = "/srv/packages"
CHECKOUT = "/srv/linuxnet"
SOURCE = f"deb [trusted=yes] file:{PLACE} ./\n"
_SECONDS = 300


def offered(suite: str) -> tuple[str, ...]:
    """The packages that machines of a release may install."""
    without = _NOT.get(suite, ())
    return (*(name for name in _OFFERED if name not in without), *_ALSO.get(suite, ()))


def mirror() -> list[str]:
    """Debian's mirror according to this machine's apt; empty if it is not Debian, so that debootstrap chooses one."""
    format_ = "$(ORIGIN) $(LABEL) $(REPO_URI)"
    lines = tools.run(["apt-get", "indextargets", "--format", format_]).splitlines()
    found = [line.split()[2] for line in lines if line.startswith("Debian Debian ")]
    return found[:1]


def fetch(suite: str, root: Path, directory: Path) -> None:
    """Download what is offered and what it needs beyond the root, and write the index."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    home = directory / "apt"
    for part in ("lists/partial", "archives/partial"):
        (home / part).mkdir(parents=True)
    shutil.copy(root / "etc/apt/sources.list", home / "sources.list")
    options = {
        "Dir::State::Lists": home / "lists",
        "Dir::State::Status": root / "var/lib/dpkg/status",
        "Dir::Cache::Archives": home / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::SourceList": home / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::Etc::Preferences": "-",
        "Dir::Etc::PreferencesParts": "-",
        "Dir::Etc::TrustedParts": root / "etc/apt/trusted.gpg.d",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
    }
    apt = ["apt-get", "-q", "-y", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    tools.run([*apt, "update"], seconds=_SECONDS)
    tools.run([*apt, "install", "--download-only", "--reinstall", *offered(suite)], seconds=_SECONDS)
    for file in (home / "archives").glob("*.deb"):
        file.rename(directory / file.name)
    shutil.rmtree(home)
    stanzas = [_stanza(file) for file in sorted(directory.glob("*.deb"))]
    (directory / "Packages").write_text("\n".join(stanzas), encoding="utf-8")


def _stanza(file: Path) -> str:
    content = file.read_bytes()
    fields = tools.run(["dpkg-deb", "--field", str(file)])
    digest = hashlib.sha256(content).hexdigest()
    return f"{fields}Filename: ./{file.name}\nSize: {len(content)}\nSHA256: {digest}\n"
