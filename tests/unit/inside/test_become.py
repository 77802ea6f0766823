# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell code of the become plugin: every name and every command arrives exactly as given."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.become.netns import DOCUMENTATION, BecomeModule

#: Prints its name and arguments, and then runs the rest, as the real one does.
_IP = """#!/bin/sh
[ "$4" = true ] && exit 0
printf '%s\\0' ip "$1" "$2" "$3" >>"$CALLS"
shift 3
exec "$@"
"""
_SU = """#!/bin/sh
printf '%s\\0' su "$5" >>"$CALLS"
exec "$2" "$3" "$4"
"""
_SUDO = """#!/bin/sh
printf '%s\\0' sudo "$1" "$2" "$3" >>"$CALLS"
shift 3
exec "$@"
"""
_DOAS = """#!/bin/sh
printf '%s\\0' doas "$1" >>"$CALLS"
shift
exec "$@"
"""
_NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")), min_size=1).filter(
    lambda name: "/" not in name and name not in (".", "..") and len(name.encode()) < 256
)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=60)


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("programs")
    for name, text in (("ip", _IP), ("su", _SU), ("sudo", _SUDO), ("doas", _DOAS)):
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
    yield place


class _Given(BecomeModule):
    """The plugin with options from here and from its documentation only."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__()
        rows = yaml.safe_load(DOCUMENTATION)["options"]
        self._options = {name: row.get("default") for name, row in rows.items()} | options


def _built(command: str, **options: str) -> str:
    return _Given(options).build_become_command(command, SimpleNamespace(executable="/bin/sh"))


def _run(place: Path, line: str) -> tuple[str, list[str]]:
    """The output after the word that reports success, and the programs that ran, with their arguments."""
    calls = place / "calls"
    calls.write_bytes(b"")
    environment = {"PATH": f"{place}:{os.environ['PATH']}", "CALLS": str(calls)}
    done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, check=True)
    word, _end, rest = done.stdout.partition(b"\n")
    assert word.startswith(b"BECOME-SUCCESS-")
    return rest.decode(), calls.read_bytes().decode().split("\0")[:-1]


@settings(deadline=None)  # each is a few processes
@given(name=_NAMES, text=_TEXTS)
def test_names_and_commands_pass_the_shells_unchanged(place: Path, name: str, text: str) -> None:
    line = _built(f"printf %s {shlex.quote(text)}", netns=name)
    assert _run(place, line) == (text, ["ip", "netns", "exec", name])


@pytest.mark.parametrize("via", [("sudo", "-H", "-S", "-n"), ("doas", "-n")], ids=["sudo", "doas"])
@settings(deadline=None)  # each is a few processes
@given(name=_NAMES, text=_TEXTS)
def test_so_they_do_by_way_of_sudo_or_doas_and_su(place: Path, via: tuple[str, ...], name: str, text: str) -> None:
    line = _built(f"printf %s {shlex.quote(text)}", netns=name, via=via[0], become_user="daemon")
    told = [*via, "ip", "netns", "exec", name, "su", "daemon"]
    assert _run(place, line) == (text, told)


def test_options_of_the_programs_are_passed_on(place: Path) -> None:
    root = {"via": "sudo", "via_exe": f"{place}/sudo", "via_flags": "-a -b -c"}
    line = _built("echo done", netns="web", become_exe=f"{place}/ip", **root)
    assert _run(place, line) == ("done\n", ["sudo", "-a", "-b", "-c", "ip", "netns", "exec", "web"])


def test_a_password_is_asked_for_where_there_is_one() -> None:
    line = _built("true", netns="web", via="sudo", via_flags="-HSn --non-interactive --login", become_pass="secret")
    assert line.startswith("sudo -HS --login -p '[sudo via ansible, key=")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"netns": "a/b"}, "netns: 'a/b' is not allowed"),
        ({"netns": ".."}, "netns: '..' is not allowed"),
        ({"netns": "a\nb"}, "netns: 'a\\nb' is not allowed"),
        ({"netns": "web", "become_user": "-x"}, "become_user: '-x' is not allowed"),
        ({"netns": "web", "via": "doas", "become_pass": "x"}, "doas reads no password"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(AnsibleError) as told:
        _built("true", **options)
    assert sentence in str(told.value)
