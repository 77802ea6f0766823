# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps for the files of a network's service, and for systemd."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, service_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, Session, Step


class WriteFile(Value, Aside):
    path: pathlib.Path
    content: bytes
    mode: int

    def __str__(self) -> str:
        return f"write {self.path}"

    def do(self, _session: Session) -> None:
        atomic_files.write(str(self.path), self.content, self.mode)


class RemoveFile(Value, Aside):
    path: pathlib.Path

    def __str__(self) -> str:
        return f"remove {self.path}"

    def do(self, _session: Session) -> None:
        service_files.remove(self.path)


class Enable(Value, Aside):
    """Enable a unit."""

    unit: str
    others: tuple[str, ...]

    def __str__(self) -> str:
        return f"enable {self.unit}"

    def do(self, _session: Session) -> None:
        service_files.enable(self.unit, self.others)


class Reload(Aside):
    def __str__(self) -> str:
        return "have systemd reload its units"

    def do(self, session: Session) -> None:
        service_files.systemctl(session.host, "daemon-reload")


class Forget(Value, Aside):
    """Stop a unit that has no file any more, and nothing else."""

    unit: str

    def __str__(self) -> str:
        return f"have systemd forget {self.unit}"

    def do(self, session: Session) -> None:
        service_files.systemctl(session.host, "stop", "--job-mode=ignore-dependencies", self.unit)


class Start(Value, Aside):
    """Start a service. It changes the host itself, so the lock is released first."""

    unit: str

    def __str__(self) -> str:
        return f"start {self.unit}"

    def do(self, session: Session) -> None:
        session.host.unlock()
        service_files.systemctl(session.host, "start", self.unit)


def in_order(steps: t.Sequence[Step]) -> list[Step]:
    """Start services only after the files of all networks are written."""
    return sorted(steps, key=lambda step: isinstance(step, Start))
