# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run parts of the checks, and summarise what ran: python -m tools.check [--all] [--cut] [--whole] lint sanity ...

Every part runs even if an earlier one failed. build/summary.txt keeps the summary; its last line is the total. By
default, each test that needs the kernel (integration, traffic) runs with one of its cases, except for those marked as
long.

--all    every test with all of its cases, and sanity on every Python
--cut    only the files that together start every kind of test, with all of their cases
--whole  what cannot run completely on this machine is a failure rather than a note
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.paths import COLLECTIONS, REPOSITORY, link_collection
from tests.machines import roots, standing, tools
from tests.machines.errors import Missing, Stuck
from tools import environments, fresh, pip_settings, sanity, versions
from tools.outcome import Outcome

BUILD = REPOSITORY / "build"
BIN = Path(sys.prefix, "bin")


def environment() -> dict[str, str]:
    """This environment, with the virtual environment's tools first in PATH and build/ as their home."""
    return os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": str(_made(BUILD / "home")),
        "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL", str(Path.home() / ".gitconfig")),
        "TMPDIR": str(_own_temporary()),
        "XDG_CACHE_HOME": str(BUILD / "cache"),
        "ANSIBLE_REMOTE_TMP": str(_own_temporary() / "ansible"),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(BUILD / "cache" / "pip")),
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "NO_COLOR": "1",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }


def _made(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    return place


def _own_temporary() -> Path:
    """A private directory below /tmp, since the path of a socket has to be short."""
    place = Path(f"/tmp/netplumb-linuxnet-{os.getuid()}")
    place.mkdir(mode=0o700, exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.getuid():
        raise SystemExit(f"{place} is somebody else's; it has to be yours, or not to be there")
    return place


#: Sessions of noxfile.py, and those that work only in an environment of their own.
LINTERS = (
    *("ruff", "types", "ansible-lint", "plugin-docs", "aggregate-docs", "changelog"),
    *("yamllint", "antsibull-nox-config", "license-check", "extra-checks"),
)
PUBLISH = ("docs-check", "build-import-check", "docs")
#: What a session prints that has not checked anything, since it has no environment of its own.
_HOLLOW = "Skip preparing collections"


def lint() -> Outcome:
    """Each session of nox counts as one test, run in this environment. Silent unless it finds something."""
    return _nox(LINTERS, "--no-venv")


def publish() -> Outcome:
    """Check what is committed as Galaxy and docs.ansible.com see it, and build the site, each in an own environment."""
    return _nox(PUBLISH, "--reuse-venv=yes")


def _nox(sessions: Iterable[str], *options: str) -> Outcome:
    outcome = Outcome(notes=list(sessions))
    for name in outcome.notes:
        command = [sys.executable, "-m", "nox", "--non-interactive", *options, "--session", name]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False)
        if done.returncode or _HOLLOW in done.stdout + done.stderr:
            outcome.failed += 1
            outcome.failures.append(name)
            print(f"--- {name}\n{done.stdout}{done.stderr}", flush=True)
        else:
            outcome.passed += 1
    return outcome


def run_sanity() -> Outcome:
    """`ansible-test sanity`, where each test counts once for each Python that it runs on.

    By default only this Python.
    """
    tests = _SANITY_CUT if CUT in sys.argv else ()
    python = "" if _every_python() else f"{sys.version_info[0]}.{sys.version_info[1]}"
    ansible = sanity.Ansible(Path(sys.prefix), python=python)
    result = sanity.run(BUILD, environment(), pip_settings.of(dict(os.environ)), tests, ansible)
    alone = [f"on Python {python} alone, on every one with {ALL}"] if python else []
    outcome = Outcome(result.passed, result.failed, 0, [*alone, *tests, *result.notes], result.errors)
    if result.lacking:
        outcome.notes.insert(0, f"partial: {'; '.join(result.lacking)}")
        if WHOLE in sys.argv:
            outcome.failed += 1
            outcome.failures.append("sanity is not whole on this machine")
    return outcome


def _every_python() -> bool:
    return ALL in sys.argv or WHOLE in sys.argv


def cores() -> Outcome:
    """All of `ansible-test sanity` with each other ansible-core that the collection supports, on one Python each."""
    outcome = Outcome()
    for core in versions.other_cores():
        start = time.monotonic()
        try:
            python = environments.ansible(core, versions.first_here(core))
        except environments.Missing as error:
            outcome.notes.append(f"partial: not by ansible-core {core}: {error}")
            if WHOLE in sys.argv:
                outcome.failed += 1
                outcome.failures.append(f"sanity by ansible-core {core}: {error}")
            continue
        ansible = sanity.Ansible(python.parent.parent, f"sanity-{core}", versions.first_here(core))
        sanity.take_from_index(ansible)
        result = sanity.run(BUILD, environment(), pip_settings.of(dict(os.environ)), (), ansible)
        name = f"ansible-core {environments.version(python, 'ansible-core')} on Python {ansible.python}"
        outcome.passed += result.passed
        outcome.failed += result.failed
        outcome.failures += [f"{name}: {error}" for error in result.errors]
        more = [f"{name}: {note}" for note in (*result.lacking, *result.notes)]
        outcome.notes += [f"{name}: {result.passed} tests, {time.monotonic() - start:.0f} s", *more]
    return outcome


ALL, WHOLE, CUT = "--all", "--whole", "--cut"
#: The parts that take too long to run every case for each change.
SAMPLED = ("integration", "traffic")
#: Files that together start every kind of thing: processes, daemons, ansible-playbook, modules, a boot, raw frames.
_CUTS = {
    "integration": ("container", "ip_forward", "lab", "network_files", "story", "target"),
    "traffic": ("beside_docker", "redirects", "sctp"),
}
_FOLDERS = {"traffic": "integration/traffic"}
_SANITY_CUT = ("import", "validate-modules")


def _files(name: str) -> list[str]:
    """The arguments of pytest for a part."""
    folder = f"tests/{_FOLDERS.get(name, name)}"
    names = _CUTS.get(name, ()) if CUT in sys.argv else ()
    return [f"{folder}/test_{part}.py" for part in names] or [folder]


def _is_sampled(name: str) -> bool:
    return name in SAMPLED and ALL not in sys.argv and CUT not in sys.argv


def _pytest(name: str, *options: str, files: Sequence[str] = ()) -> Outcome:
    report, others = (BUILD / f"{name}.{kind}" for kind in ("xml", "others"))
    for old in (report, others):
        old.unlink(missing_ok=True)
    sample = [f"--one-case={others}"] if _is_sampled(name) else []
    command = ["pytest", *(files or _files(name)), "--quiet", f"--junit-xml={report}", *sample, *options]
    code = subprocess.run(command, cwd=REPOSITORY, env=environment(), check=False).returncode
    if not report.exists():
        return Outcome(failed=1, notes=[f"pytest ended with {code}"])
    suite = ET.parse(report).getroot()[0]
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    notes = (
        [f"one case of each test, {others.read_text(encoding='utf-8')} others and long ones with {ALL}"]
        if sample
        else []
    )
    if code and not failed:
        failed, notes = 1, [*notes, f"pytest ended with {code}"]
    failures = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return Outcome(max(total - failed - skipped, 0), failed, skipped, notes, failures)


#: One more worker than processors, since tests wait for packets that do not come.
PARALLEL = (f"--numprocesses={(os.cpu_count() or 1) + 1}", "--dist=worksteal")


def unit() -> Outcome:
    return _pytest("unit", *PARALLEL)


def integration() -> Outcome:
    """Tests on the real kernel, in labs that are independent of each other."""
    return _pytest("integration", *PARALLEL, "--dist=loadscope", "--ignore=tests/integration/traffic")


def traffic() -> Outcome:
    """Attacks and legitimate traffic, packet by packet. Tests share attacked hosts, so neighbours run together."""
    return _pytest("traffic", *PARALLEL)


def interpreters() -> Outcome:
    """Tests that need several Pythons, which a fresh machine does not have."""
    return _pytest("interpreters", files=["tests/integration/test_interpreters.py"])


def documents() -> Outcome:
    """Tests of what measures and compares for documents (scale, engines, versions), and of what these say."""
    return _pytest("documents")


#: Molecule colours failures, even when told not to.
_MOLECULE_STEP = re.compile(r"\[(?P<scenario>[\w-]+) > (?P<step>[\w-]+)\] (?:\x1b\[\d+m)*Executed: (?P<end>\w+)")


def newest() -> Outcome:
    """The role and the engines of Debian's testing release, in a root file system of it, one test after the other."""
    return _pytest("newest")


#: Ends what a killed Molecule would leave running.
_APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _molecule(name: str, wrapper: list[str], scenarios: list[str], seconds: float | None = None) -> Outcome:
    """Each step of each scenario counts as one test."""
    log = BUILD / f"{name}.log"
    code: int | str
    with log.open("w", encoding="utf-8") as output:
        try:
            code = subprocess.run(
                [*wrapper, "molecule", "test", *scenarios],
                cwd=REPOSITORY, env=environment(), stdout=output, stderr=subprocess.STDOUT, check=False,
                timeout=seconds,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = f"not done within {seconds} s"
    text = log.read_text(encoding="utf-8")
    steps = [match.group("scenario", "step", "end") for match in _MOLECULE_STEP.finditer(text)]
    failures = [f"{scenario} > {step}: {end}" for scenario, step, end in steps if end != "Successful"]
    passed = len(steps) - len(failures)
    if code:
        print(text[-20000:], code, flush=True)
        failures = failures or [f"molecule: {code}"]
    names = sorted({scenario for scenario, _step, _end in steps})
    return Outcome(passed, len(failures), 0, [f"scenario {name}" for name in names], failures)


#: The scenarios on complete systems. All others run on hosts of the lab.
ON_MACHINES = ("machines", "reboot")


def molecule() -> Outcome:
    """The scenarios on hosts of the lab, which need no root."""
    others = ["--all", *(word for name in ON_MACHINES for word in ("--exclude", name))]
    return _molecule("molecule", [*_APART, "--user", "--map-root-user"], others)


#: For the scenarios alone: creating the machines' file systems for the first time has a limit of its own.
_MACHINES_SECONDS = 1500


def machines() -> Outcome:
    """The scenarios on complete Debian systems, as root."""
    try:
        tools.provide()
        roots.make_all()
    except Missing as error:
        # As for tests: in continuous integration, what the machine lacks is a skip rather than a failure.
        forced = "CI" in os.environ
        return Outcome(failed=not forced, skipped=forced, notes=[str(error)])
    except Stuck as error:
        return Outcome(failed=1, notes=[str(error)])
    standing.down()  # machines that were started by hand
    try:
        names = [word for name in ON_MACHINES for word in ("--scenario-name", name)]
        return _molecule("machines", _APART, names, _MACHINES_SECONDS)
    finally:
        standing.down()


PARTS: dict[str, Callable[[], Outcome]] = {
    "lint": lint,
    "sanity": run_sanity,
    "cores": cores,
    "unit": unit,
    "integration": integration,
    "traffic": traffic,
    "molecule": molecule,
    "interpreters": interpreters,
    "publish": publish,
    "documents": documents,
    "fresh": fresh.run,
    "machines": machines,
    "newest": newest,
}


#: Rows that run at the same time: the first mostly waits or uses one CPU. Parts in no row run afterwards.
SIDE_BY_SIDE = (
    ("sanity", "cores", "lint", "publish", "documents", "molecule"),
    ("unit", "integration", "traffic", "interpreters", "machines", "newest"),
)


def _run(names: Iterable[str]) -> dict[str, Outcome]:
    outcomes = {}
    for name in names:
        print(f"=== {name}", flush=True)
        start = time.monotonic()
        outcomes[name] = PARTS[name]()
        outcomes[name].seconds = time.monotonic() - start
        print(f"=== {name} took {outcomes[name].seconds:.0f} s", flush=True)
    return outcomes


def _run_all(names: list[str]) -> dict[str, Outcome]:
    lanes = [[name for name in lane if name in names] for lane in SIDE_BY_SIDE]
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor() as executor:
        for lane in executor.map(_run, lanes):
            outcomes |= lane
    return outcomes | _run(name for name in names if name not in outcomes)


#: How long the parts take, and those of SAMPLED with all of their cases, on two idle processors.
_MINUTES = {
    "lint": 0.5, "sanity": 4.5, "unit": 1.0, "integration": 7.5, "traffic": 2.5, "molecule": 0.6,
    "publish": 1.2, "documents": 0.2, "machines": 10.6, "newest": 8.0,
}  # fmt: skip
_ALL_MINUTES = {"sanity": 11, "integration": 23, "traffic": 13}


def minutes(names: Sequence[str]) -> float | None:
    """How long it takes, where that is known of all of the parts; lanes run side by side."""
    complete = {name: _every_python() if name == "sanity" else not _is_sampled(name) for name in _ALL_MINUTES}
    times = _MINUTES | {name: spent for name, spent in _ALL_MINUTES.items() if complete[name]}
    if CUT in sys.argv or not times.keys() >= set(names):
        return None
    return max(sum(times[name] for name in lane if name in names) for lane in SIDE_BY_SIDE)


def intention(names: Sequence[str]) -> str:
    """What will run, and what will not."""
    time_needed = minutes(names)
    about = f" It takes about {max(round(time_needed), 1)} min on two idle processors." if time_needed else ""
    lines = [f"To be run: {', '.join(names)}.{about}"]
    if sampled := [name for name in names if _is_sampled(name)]:
        lines.append(f"Of {' and '.join(sampled)}, one case of each test but the long ones.")
    if "sanity" in names and not _every_python():
        lines.append("Of sanity, this Python alone.")
    if CUT in sys.argv:
        lines.append(f"Cut short: a few files of {' and '.join(_CUTS)}, and of sanity {' and '.join(_SANITY_CUT)}.")
    if len(lines) > 1:
        lines.append(f"All of them: make test ALL={ALL}.")
    if len(names) > 1:
        lines.append(f"Not to be run: {', '.join(name for name in PARTS if name not in names)}.")
    return "\n".join(lines)


def main(names: list[str]) -> int:
    BUILD.mkdir(exist_ok=True)
    print(intention(names), flush=True)
    link_collection()
    start = time.monotonic()
    outcomes = _run_all(names)
    total = [sum(getattr(outcome, what) for outcome in outcomes.values()) for what in ("passed", "failed", "skipped")]
    lines = [outcomes[name].line(name) for name in names]
    lines += [f"failed: {failure}" for name in names for failure in outcomes[name].failures]
    lines.append(f"{total[2]} skipped; all of it took {time.monotonic() - start:.0f} s on {os.cpu_count()} processors")
    lines.append(f"{total[0]} passed, {total[1]} failed")
    text = "\n".join(lines) + "\n"
    (BUILD / "summary.txt").write_text(text, encoding="utf-8")
    print(f"\n{text}", end="", flush=True)
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main([word for word in sys.argv[1:] if word not in (ALL, CUT, WHOLE)]))
