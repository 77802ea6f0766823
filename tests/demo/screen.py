# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output for people: numbered steps, one line per fact, colours on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap


class Screen:
    """The output of the demo. Without a terminal, or with NO_COLOR, it is plain text."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._width = min(shutil.get_terminal_size().columns, 100)
        self._step = 0
        self.failed = 0

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def _line(self, text: str = "") -> None:
        print(text, flush=True)

    def title(self, text: str) -> None:
        self._line(self._paint("1", text))

    def step(self, text: str) -> None:
        self._step += 1
        self._line(f"\n{self._paint('1;36', f'{self._step}. {text}')}")

    def text(self, text: str) -> None:
        for line in textwrap.wrap(text, self._width - 3):
            self._line(f"   {line}")

    def picture(self, text: str) -> None:
        for line in textwrap.dedent(text).strip("\n").splitlines():
            self._line(f"   {self._paint('2', line)}")

    def command(self, text: str) -> None:
        self._line(f"   {self._paint('33', '$ ' + text)}")

    def output(self, text: str) -> None:
        for line in text.splitlines():
            colour = {"+": "32", "-": "31"}.get(line[:1], "0")
            shortened = line if len(line) <= self._width - 5 else line[: self._width - 6] + "…"
            self._line(f"     {self._paint(colour, shortened)}")

    def fact(self, good: bool, text: str) -> None:
        """A fact that must hold; otherwise the demo fails."""
        self.failed += not good
        mark = self._paint("32", "ok") if good else self._paint("1;31", "NO")
        self._line(f"   {mark} {text}")
