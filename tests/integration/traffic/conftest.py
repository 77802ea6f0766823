# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attacked host per backend of iptables, shared by all tests in this folder; a failed test replaces it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.traffic.combinations import PAIRWISE, Combination
from tests.integration.traffic.siege import Siege, besieged


class Sieges:
    """The hosts, created when first needed."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Siege, ExitStack]] = {}

    def of(self, backend: str) -> Siege:
        if backend not in self._made:
            with ExitStack() as stack:
                siege = stack.enter_context(besieged(backend))
                self._made[backend] = siege, stack.pop_all()
        return self._made[backend][0]

    def drop(self, backend: str) -> None:
        self._made.pop(backend)[1].close()

    def close(self) -> None:
        for backend in list(self._made):
            self.drop(backend)


@pytest.fixture(scope="session")
def sieges() -> Iterator[Sieges]:
    made = Sieges()
    yield made
    made.close()


@pytest.fixture
def siege(sieges: Sieges, request: pytest.FixtureRequest) -> Iterator[Siege]:
    """A sound host. Indirect parameter: the backend, nft by default."""
    yield from _lent(sieges, request, getattr(request, "param", "nft"))


@pytest.fixture(scope="session", params=[one.param() for one in PAIRWISE])
def combination(request: pytest.FixtureRequest) -> Combination:
    """One combination of the whole session, so that tests with the same one run in a row."""
    made: Combination = request.param
    return made


@pytest.fixture
def each_siege(sieges: Sieges, combination: Combination, request: pytest.FixtureRequest) -> Iterator[Siege]:
    """A sound host of each kind, one after the other."""
    backend, *settings = combination
    for siege in _lent(sieges, request, backend):
        siege.configure(*settings)
        yield siege


def _lent(sieges: Sieges, request: pytest.FixtureRequest, backend: str) -> Iterator[Siege]:
    failed = request.session.testsfailed
    yield sieges.of(backend)
    if request.session.testsfailed > failed:
        sieges.drop(backend)
