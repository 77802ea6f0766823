# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks as sessions of nox: those of every collection (antsibull-nox.toml), and those that only this one has.

`make` runs the same ones, in the environment that it has set up (`nox --no-venv`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import antsibull_nox
import nox

sys.path.append(str(Path(__file__).parent))

from tests.lab import paths
from tools import versions

nox.options.envdir = "build/nox"

antsibull_nox.load_antsibull_nox_toml()


def _needs(session: nox.Session) -> None:
    """Install what the tests and linters need, unless the session runs in an environment that has it."""
    if session.virtualenv.is_sandboxed:
        session.install("--requirement", "requirements-dev.txt")


@nox.session
def ruff(session: nox.Session) -> None:
    """Check all Python files with ruff."""
    _needs(session)
    session.run("ruff", "check", "--quiet")


@nox.session(name="ansible-lint")
def ansible_lint(session: nox.Session) -> None:
    """Check roles, playbooks and scenarios with ansible-lint."""
    _needs(session)
    session.run("ansible-lint", "--offline", "--strict")


@nox.session(name="plugin-docs")
def plugin_docs(session: nox.Session) -> None:
    """Check the documentation of modules, plugins and roles, as docs-check does with what is committed."""
    _needs(session)
    session.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the plugins, the lab, the tools and the benchmarks with mypy."""
    _needs(session)
    paths.link_collection()
    session.run("mypy")


@nox.session(name="aggregate-docs")
def aggregate_docs(session: nox.Session) -> None:
    """Check that the documentation of aggregate repeats the options of its module."""
    _needs(session)
    session.run("python", "-m", "docs.make.aggregate")


@nox.session
def changelog(session: nox.Session) -> None:
    """Check the changelog fragments."""
    _needs(session)
    session.run("antsibull-changelog", "lint")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site of documentation in build/site, where warnings are errors. Needs an environment of its own."""
    session.install("--requirement", "requirements-docs.txt")
    session.run("python", "-m", "docs.make.site")


@nox.session(default=False)
def documents(session: nox.Session) -> None:
    """Test what measures and compares for documents (scale, engines, versions), and what they say of it."""
    _needs(session)
    session.run("pytest", "--quiet", "tests/documents")


@nox.session(default=False)
@nox.parametrize("part", [nox.param(name, id=name) for name in ("unit", "integration", "traffic", "molecule")])
def tests(session: nox.Session, part: str) -> None:
    """Run the tests of one part, as `make PART` does. Arguments: --all, --cut."""
    _needs(session)
    session.run("python", "-m", "tools.check", *session.posargs, part)


@nox.session(default=False)
@nox.parametrize("row", [nox.param(row.name, id=row.name) for row in versions.rows()])
def matrix(session: nox.Session, row: str) -> None:
    """Run the tests that depend on a version, with one combination of versions."""
    _needs(session)
    session.run("python", "-m", "tools.matrix", row)


if __name__ == "__main__":
    nox.main()
