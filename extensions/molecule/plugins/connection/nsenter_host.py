# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection to a host of tests/lab: commands run in its namespaces by nsenter, files go through `cat`."""

from __future__ import annotations

import os
import shlex
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

from tests.lab.place import Place

DOCUMENTATION = """
name: nsenter_host
short_description: Run tasks on a host of the lab
description:
  - Enters the namespaces of a host that C(tests/lab) made.
author: The netplumb.linuxnet authors
options:
  pid:
    description: The first process of the host.
    type: int
    required: true
    vars:
      - name: ansible_nsenter_pid
  variables:
    description: Environment variables of every command, beside those that all have.
    type: dict
    default: {}
    vars:
      - name: ansible_nsenter_environment
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(ConnectionBase):
    transport = "nsenter_host"
    has_pipelining = True

    def _connect(self) -> Connection:
        pid = self.get_option("pid")
        if not os.path.exists(f"/proc/{pid}/ns/net"):
            raise AnsibleConnectionFailure(f"the host is off: it has no process {pid}")
        self._connected = True
        return self

    def close(self) -> None:
        self._connected = False

    def _run(self, script: str, stdin: bytes | None) -> tuple[int, bytes, bytes]:
        place = Place(self.get_option("pid"))
        done = subprocess.run(
            place.argv(["/bin/sh", "-c", script]),
            input=stdin or b"",
            env=place.environment() | self.get_option("variables"),
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run(cmd, in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as source:
            self._checked(f"cat > {shlex.quote(out_path)}", source.read())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        with open(out_path, "wb") as target:
            target.write(self._checked(f"cat {shlex.quote(in_path)}", None))

    def _checked(self, script: str, stdin: bytes | None) -> bytes:
        code, output, error = self._run(script, stdin)
        if code:
            raise AnsibleConnectionFailure(f"{script}: {error.decode(errors='replace')}")
        return output
