# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Execute a page of docs/docsite/rst as it stands, and compare what is printed with what it shows.

A code block with a caption is a file of that name. In a console block, a prompt says where a command runs:
`root@server#` or another host of the town (tests/lab/town.py), or `you@laptop$`, the machine that the tests run on,
where only hosts of namespaces may be made. In an output, a line `...` stands for any lines. What differs from run to
run, such as indexes and times, may differ from what the page shows. Every page has the inventory of the tutorial. A
YAML block without a caption that is a task of one of our modules is a mistake: the next block of text has the sentence
that it fails with.

    python -m tests.integration.docsite tutorial    write into a page what its commands print
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.lab import bytecode, town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import COLLECTION, COLLECTIONS, REPOSITORY, import_collection

PAGES = REPOSITORY / "docs/docsite/rst"
#: Where a reader works, on every host.
_DESK = "/run/home/network"
_BLOCK = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n(?: {4}:caption: (?P<caption>\S+)\n)?\n(?P<text>(?:(?: {4}.*)?\n)+)",
    re.MULTILINE,
)
_PROMPT = re.compile(r"(?:root@(?P<host>\w+)#|you@(?P<own>\w+)\$) (?P<command>.*)")
#: The machine that the tests run on.
_OWN = "laptop"
#: What differs between runs or machines, with what stands for it.
_VARIES = (
    (re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"), "MAC"),
    (re.compile(r"fe80::[0-9a-f:]+"), "LINK-LOCAL"),
    (re.compile(r"@if\d+ *"), "@ifN "),
    (re.compile(r"^\d+: ", re.MULTILINE), "N: "),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|milliseconds)\b"), "N ms"),
    (re.compile(r"\bprocess \d+"), "process N"),
    (re.compile(r"Could not connect"), "Couldn't connect"),  # curl 8
    (re.compile(r" +$", re.MULTILINE), ""),
)


@dataclass
class Command:
    """A command of a page, or a mistake (which has no host), with what the page shows below it."""

    host: str
    text: str
    shown: list[str] = field(default_factory=list)

    def lines(self, printed: list[str]) -> list[str]:
        if not self.host:
            return printed
        first, *more = self.text.split("\n")
        prompt = f"you@{_OWN}$" if self.host == _OWN else f"root@{self.host}#"
        return [f"{prompt} {first}", *more, *printed]


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    language: str
    caption: str
    text: str
    start: int
    end: int

    def commands(self) -> list[Command]:
        found: list[Command] = []
        for line in self.text.rstrip("\n").split("\n"):
            if prompt := _PROMPT.fullmatch(line):
                found.append(Command(prompt["host"] or prompt["own"], prompt["command"]))
            elif not found[-1].shown and found[-1].text.endswith("\\"):
                found[-1].text += f"\n{line}"
            else:
                found[-1].shown.append(line)
        return found


def blocks(page: str) -> list[Block]:
    """The code blocks of a page, in order."""
    return [
        Block(found["language"], found["caption"] or "", _text(found["text"]), found.start("text"), found.end("text"))
        for found in _BLOCK.finditer(page)
    ]


def _text(indented: str) -> str:
    return re.sub(r"^ {4}", "", indented, flags=re.MULTILINE).rstrip() + "\n"


def read(name: str) -> str:
    return (PAGES / f"{name}.rst").read_text(encoding="utf-8")


def _task(text: str) -> dict[str, Any] | None:
    """The one task of ours that a block is, if it is one."""
    content = yaml.safe_load(text)
    if isinstance(content, list) and len(content) == 1 and any(key.startswith(COLLECTION) for key in content[0]):
        return dict(content[0])
    return None


class Reader:
    """Does what a page says, on hosts of the lab."""

    def __init__(self, lab: Lab, desk: Path) -> None:
        """Use this lab, and this directory on the machine itself."""
        self._desk = desk
        server = lab.host("server")
        segment = town.join(lab, server)
        self.hosts = {"server": server, "neighbour": town.add_neighbour(segment), "outside": town.add_outside(segment)}
        for host in self.hosts.values():
            host.sh(f"mkdir -p {_DESK}")
        self._mistake: tuple[str, str] | None = None
        (inventory,) = [block.text for block in blocks(read("tutorial")) if block.caption == "inventory.yml"]
        server.write(f"{_DESK}/inventory.yml", inventory)

    def take(self, block: Block) -> list[tuple[Command, list[str]]]:
        """Write the file, or run the commands: each with the lines that it printed."""
        if block.caption:
            self.hosts["server"].write(f"{_DESK}/{block.caption}", block.text)
            own = self._desk / block.caption
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_text(block.text, encoding="utf-8")
        elif block.language == "yaml" and (task := _task(block.text)):
            (module,) = [key for key in task if key.startswith(COLLECTION)]
            name = module.removeprefix(f"{COLLECTION}.")
            # Whether the role or a task of its own calls a module shows in what is printed.
            result = self.hosts["server"].module(name, task[module], fails=True, how="ansible")
            self._mistake = task["name"], result["msg"]
        if block.language == "text" and self._mistake:
            (name, message), self._mistake = self._mistake, None
            return [(Command("", name, block.text.rstrip("\n").split("\n")), [message])]
        if block.language != "console":
            return []
        return [(command, self._do(command)) for command in block.commands()]

    def _do(self, command: Command) -> list[str]:
        if command.host != _OWN:
            return self._run(self.hosts[command.host], command.text)
        done = subprocess.run(
            ["bash", "-c", command.text], cwd=self._desk, env=self._own_environment(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.stdout.rstrip("\n").split("\n") if done.stdout.strip("\n") else []

    def _own_environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_"))}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(self._desk),
            "ANSIBLE_HOME": str(self._desk / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "NO_COLOR": "1",
        }

    def _run(self, host: Host, text: str) -> list[str]:
        if text.endswith("&"):
            self._leave(host, text.removesuffix("&"))
            return []
        script = f"cd {_DESK}\n{text}\n"
        words = ["bash", "-c", f"exec 2>&1\n{script}"]
        done = host.run(words, check=False, timeout=300, env=_ENVIRONMENT)
        if text.startswith("ip ") and ("DOWN" in done.out or "UNKNOWN" in done.out):
            # The kernel tells of a new carrier up to a second late.
            time.sleep(1.5)
            done = host.run(words, check=False, timeout=300, env=_ENVIRONMENT)
        return done.out.rstrip("\n").split("\n") if done.out.strip("\n") else []

    def _leave(self, host: Host, text: str) -> None:
        """Leave a server running. Returns when it listens."""
        quiet = ["bash", "-c", f"cd {_DESK}; exec {text} >/dev/null 2>&1"]
        process = host.spawn(quiet)
        listens = f"nsenter --net=/proc/{process.pid}/ns/net ss -Hltunp | grep -q pid={process.pid},"
        end = time.monotonic() + 30
        while host.run(["sh", "-c", listens], check=False).rc:
            if time.monotonic() > end:
                raise AssertionError(f"{text} does not listen")
            time.sleep(0.1)


_ENVIRONMENT = {**bytecode.environment(), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}


@contextmanager
def reader() -> Iterator[Reader]:
    from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import standing

    with Lab() as lab, tempfile.TemporaryDirectory() as desk:
        try:
            yield Reader(lab, Path(desk))
        finally:
            standing.down(Path(desk, "lab"))  # if a page that makes hosts was left before its end


def differs(shown: list[str], printed: list[str]) -> str:
    """What of an output is not as shown, or nothing."""
    lines = _same("\n".join(shown)).split("\n") if shown else []
    pattern = "".join(map(_pattern, lines))
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in _same("\n".join(printed)).split("\n")) if printed else ""):
        return ""
    return "shown:\n" + "\n".join(shown) + "\nprinted:\n" + "\n".join(printed)


def _pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*?"
    if line.endswith(" ..."):
        return re.escape(line.removesuffix("...")) + r".*\n"
    return re.escape(line) + r"\n"


def _same(text: str) -> str:
    for what, name in _VARIES:
        text = what.sub(name, text)
    return text


def filled_in(page: str) -> str:
    """The page with what its commands print, except for outputs with `...` that are right."""
    with reader() as someone:
        parts, last = [], 0
        for block in blocks(page):
            done = someone.take(block)
            if done:
                lines = [
                    line
                    for command, printed in done
                    for line in command.lines(printed if differs(command.shown, printed) else command.shown)
                ]
                indented = "".join(f"    {line}".rstrip() + "\n" for line in lines)
                parts += [page[last : block.start], indented, "\n"]
                last = block.end
        return "".join([*parts, page[last:]])


if __name__ == "__main__":
    import_collection()
    for named in sys.argv[1:]:
        target: Path = PAGES / f"{named}.rst"
        target.write_text(filled_in(read(named)), encoding="utf-8")
