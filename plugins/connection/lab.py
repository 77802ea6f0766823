# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connects to a host of a lab: commands run in its namespaces with nsenter, files are copied with `cat`."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lab
short_description: Run tasks on hosts made of namespaces
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Enters the namespaces of a host that the module M(netplumb.linuxnet.lab) made, or the playbook
    C(netplumb.linuxnet.lab_create) by it. Tasks run there as root of a user namespace, so no root is needed outside.
options:
  directory:
    description: The directory of the lab. If omitted, C(lab) in Molecule's ephemeral directory.
    type: path
    vars:
      - name: ansible_lab_directory
      - name: lab_directory
    env:
      - name: ANSIBLE_LAB_DIRECTORY
  host:
    description: The name of the host in the lab.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_lab_host
  pid:
    description: The first process of the host, for whoever made it by other means.
    type: int
    vars:
      - name: ansible_lab_pid
  variables:
    description: Environment variables of every command, beside those that all have.
    type: dict
    default: {}
    vars:
      - name: ansible_lab_environment
extends_documentation_fragment:
  - connection_pipelining
notes:
  - The controller needs C(nsenter) and C(setpriv) of util-linux.
"""

import os
import shlex
import subprocess
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import members, standing


class Connection(ConnectionBase):
    """The connection to one host."""

    transport = "netplumb.linuxnet.lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        if not os.path.exists(f"/proc/{self._pid()}/ns/net"):
            raise AnsibleConnectionFailure(f"the host is off: it has no process {self._pid()}")
        self._connected = True
        return self

    def close(self) -> None:
        """Nothing has to be closed."""
        self._connected = False

    def _pid(self) -> int:
        if self.get_option("pid") is not None:
            return int(self.get_option("pid"))
        try:
            return standing.pid(Path(standing.directory(self.get_option("directory"))), self.get_option("host"))
        except members.LabError as error:
            raise AnsibleConnectionFailure(str(error)) from error

    def _run(self, script: str, stdin: bytes | None) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            members.Member(self._pid()).argv(["/bin/sh", "-c", script]),
            input=stdin or b"",
            env=members.environment() | self.get_option("variables"),
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a shell command line. Returns its exit code, standard output and standard error."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run(cmd, in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file to the host."""
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as source:
            self._checked(f"cat > {shlex.quote(out_path)}", source.read())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the host."""
        super().fetch_file(in_path, out_path)
        with open(out_path, "wb") as target:
            target.write(self._checked(f"cat {shlex.quote(in_path)}", None))

    def _checked(self, script: str, stdin: bytes | None) -> bytes:
        code, output, error = self._run(script, stdin)
        if code:
            raise AnsibleConnectionFailure(f"{script}: {error.decode(errors='replace')}")
        return output
