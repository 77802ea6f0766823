# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`Host`: a machine of the lab, on which modules and playbooks run."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab import bytecode, dumps, files, modules, playbooks, target
from tests.lab.errors import LabError, ModuleFailed
from tests.lab.paths import COLLECTION
from tests.lab.place import Place, Result

if TYPE_CHECKING:
    from tests.lab.lab import Lab


class Host(Place):
    """Created by `Lab.host` and `Segment.neighbour`."""

    def __init__(self, lab: Lab, name: str, pid: int) -> None:
        super().__init__(pid)
        self.lab = lab
        self.name = name
        #: The firewall that networks of this host ask for in tests.
        self.firewall = "auto"

    def inside(self, netns: str) -> Place:
        """A named network namespace of this host (or one given by a path on this host)."""
        place = Place(self.pid, netns)
        place.endings = self.endings
        return place

    def stop(self) -> None:
        """Pull the plug: everything on this host ends."""
        self.lab.stop(self)

    def forget(self) -> None:
        """Called by the lab when the host ends, so that late use is an error rather than an access to another PID.

        Processes that a failed test left running are ended here. Left to the garbage collector, they would fail another
        test with a ResourceWarning.
        """
        self.pid = 0
        while self.endings:
            self.endings.pop()()

    # Files

    def write(self, path: str, text: str) -> None:
        self.call(files.write, path, text)

    def read(self, path: str) -> str:
        return str(self.call(files.read, path))

    def exists(self, path: str) -> bool:
        return bool(self.call(files.exists, path))

    def remove(self, path: str) -> None:
        self.call(files.remove, path)

    def sysctl(self, key: str, value: int | str | None = None) -> str:
        """Read a file under /proc/sys, after writing a value if given. The key has slashes: net/ipv4/ip_forward."""
        path = f"/proc/sys/{key}"
        if value is not None:
            self.write(path, str(value))
        return self.read(path).strip()

    def dump(self, counters: bool = False) -> dumps.Dump:
        """Everything about this host's network, for comparison with another dump (see dumps.py)."""
        return dumps.Dump(self.call(dumps.collect, counters))

    def use_iptables(self, backend: str) -> None:
        """Switch iptables to one backend, nft or legacy, like update-alternatives; the host has its own /etc."""
        names = [f"{program}{suffix}" for program in ("iptables", "ip6tables") for suffix in ("", "-save", "-restore")]
        self.sh("\n".join(f"ln -sfn /usr/sbin/{_of(name, backend)} /etc/alternatives/{name}" for name in names))

    # Processes

    def spawn(self, argv: list[str], netns: str | None = None, unshare_net: bool = False) -> Process:
        """Leave a command running. `.pid` is its PID inside the host. unshare_net: in a new, unnamed namespace."""
        return Process(self.inside(netns) if netns else self, argv, unshare_net)

    # Ansible

    def module(
        self,
        name: str,
        options: dict[str, Any] | None = None,
        check: bool = False,
        diff: bool = True,
        fails: bool = False,
        how: str = "fork",
    ) -> dict[str, Any]:
        """Run a module and return its result without `invocation`.

        A result with failed=true raises ModuleFailed. With fails=True it is returned, and success is an error.
        how: "fork" (some 20 ms), "exec" (a separate Python reads JSON), "ansible" (ad hoc, with AnsiballZ).
        """
        if how == "fork":
            preload = (*modules.COMMON, modules.code_of(name))
            given = (name, options or {}, check, diff)
            result = self.call(modules.run_main, *given, preload=preload, python=target.PYTHON)
        elif how == "exec":
            result = modules.parse(self.run(self.module_argv(name, options or {}, check, diff), check=False).out)
        else:
            result = self._ad_hoc(name, options or {}, check, diff)
        if bool(result.get("failed")) != fails:
            raise ModuleFailed(name, result) if not fails else AssertionError(f"{name} did not fail: {result}")
        return result

    def module_argv(self, name: str, options: dict[str, Any], check: bool = False, diff: bool = True) -> list[str]:
        """The command that runs a module in a separate Python and prints its result as JSON."""
        whole = name == modules.WHOLE
        given = json.dumps(modules.call(options, check, diff) if whole else modules.arguments(options, check, diff))
        path = ":".join(target.search_path())
        return ["env", f"PYTHONPATH={path}", target.PYTHON, "-m", modules.code_of(name), given]

    def _ad_hoc(self, name: str, options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
        task = {"name": name, f"{COLLECTION}.{name.removeprefix(COLLECTION + '.')}": options, "diff": diff}
        run = self.playbook([task], check=check, fails=None)
        last = run.tasks[-1]
        return {**last.result, "failed": True} if run.failed else last.result

    def playbook(
        self,
        play: str | Path | list[Any],
        *,
        variables: dict[str, Any] | None = None,
        check: bool = False,
        diff: bool = True,
        fails: bool | None = False,
        inventory: str = "",
        arguments: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
    ) -> playbooks.Run:
        """Run ansible-playbook on this host, with this host as `localhost` and a local connection.

        play: a file, an FQCN such as netplumb.linuxnet.bridge_network, a list of plays, or a list of tasks.
        variables: extra variables. inventory: the text of a YAML inventory to use instead of localhost.
        fails: False: a failure raises AssertionError; True: success does; None: neither.
        """
        argv = ["ansible-playbook", self._play_file(play), *arguments]
        if inventory:
            self.write("/tmp/inventory.yml", inventory)
        argv += ["--inventory", "/tmp/inventory.yml" if inventory else "localhost,", "--connection", "local"]
        argv += ["--check"] * check + ["--diff"] * diff
        if variables:
            self.write("/tmp/variables.json", json.dumps(variables))
            argv += ["--extra-vars", "@/tmp/variables.json"]
        report = {
            "LAB_REPORT": playbooks.REPORT,
            "ANSIBLE_CALLBACK_PLUGINS": str(playbooks.CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "lab_report",
        }
        self.write(playbooks.REPORT, "")
        done = self.run(argv, check=False, timeout=timeout, env={**report, **bytecode.environment(), **(env or {})})
        return _checked(argv, playbooks.read(done.rc, done.out + done.err, self.read(playbooks.REPORT)), fails)

    def _play_file(self, play: str | Path | list[Any]) -> str:
        if not isinstance(play, list):
            return str(play)
        self.write("/tmp/playbook.yml", playbooks.text(play))
        return "/tmp/playbook.yml"

    def ansible(self, *arguments: str, check: bool = True) -> Result:
        """Run the `ansible` command, with this host as localhost."""
        return self.run(["ansible", *arguments], check=check)


def _of(name: str, backend: str) -> str:
    program, dash, rest = name.partition("-")
    return f"{program}-{backend}{dash}{rest}"


class Process:
    """A command that runs on a host until it or the host is stopped."""

    def __init__(self, place: Place, argv: list[str], unshare_net: bool) -> None:
        self._place = place
        number = ["sh", "-c", 'echo $$; exec "$@"', "sh", *argv]
        if unshare_net:
            number = ["unshare", "--net", *number]
        self._process: subprocess.Popen[str] = place.popen(number, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if self._process.stdout is None:
            raise LabError("no output to read the PID from")
        line = self._process.stdout.readline()
        if not line.strip().isdecimal():
            raise LabError(f"{shlex.join(argv)}: {line}{self._process.stdout.read()}")
        self.pid = int(line)

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Kill the command. Returns when it has ended."""
        if self.running():
            # From the host's own namespace, since the other one may have lost its name.
            Place(self._place.pid).run(["kill", "-KILL", str(self.pid)], check=False)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _checked(argv: list[str], run: playbooks.Run, fails: bool | None) -> playbooks.Run:
    if fails is not None and bool(run.rc) != fails:
        expected = "did not fail" if fails else f"exit {run.rc}"
        raise AssertionError(f"{shlex.join(argv)}: {expected}\n{run.output}")
    return run
