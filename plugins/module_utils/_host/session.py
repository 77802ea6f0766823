# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Applies steps in order; consecutive steps in the same namespace share one visit."""

from __future__ import annotations

import contextlib
import enum
import functools
import itertools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer


class Outside(enum.Enum):
    """Marks a step that runs outside of visits, since it starts programs, creates namespaces or visits them itself."""

    OUTSIDE = "outside"


class Step(t.Protocol):
    """One action on the host. Its ``str`` completes "cannot ..." and is reported as done, or is empty."""

    @property
    def netns(self) -> str | Outside | None:
        """The namespace of the action, or None for the host's own."""

    def do(self, session: Session) -> None:
        """Apply it; called inside the namespace."""


class LinksStay:
    """A step after which all interfaces are as before, with their addresses and routes."""


class Aside:
    """A step outside visits."""

    @property
    def netns(self) -> Outside:
        return Outside.OUTSIDE


class Silent(Aside):
    """A step that reports for itself, or is not worth reporting."""

    def __str__(self) -> str:
        return ""


class Joinable:
    """A step that a later one of its kind can be carried out with, at once."""

    def joined(self, _later: Step) -> Step | None:
        """One step that does what both do; None if there is none."""
        return None


def is_joinable(steps: t.Sequence[Step]) -> bool:
    """Whether one step can be carried out with a later one, and no other starts a program, so that the order of the
    others does not matter."""
    others = [step for step in steps if not isinstance(step, Joinable)]
    return len(others) == len(steps) - 1 and _are_free(others)


def _are_free(steps: t.Iterable[Step]) -> bool:
    return all(isinstance(step, Silent) or not isinstance(step, Aside) for step in steps)


def joined(earlier: t.Sequence[Step], later: t.Sequence[Step]) -> list[Step] | None:
    """The steps of both, with the joinable ones carried out as one; None if they have to follow each other.

    What comes before any of the two stays before, and what comes after any of them stays after.
    """
    if _are_free(later):
        return [*earlier, *later]
    if not is_joinable(later):
        return None
    first, second = (
        next(number for number, step in enumerate(steps) if isinstance(step, Joinable)) for steps in (earlier, later)
    )
    one = t.cast(Joinable, earlier[first]).joined(later[second])
    if one is None:
        return None
    return [*earlier[:first], *later[:second], one, *earlier[first + 1 :], *later[second + 1 :]]


class Session:
    """What steps work with while they are applied."""

    def __init__(self, host: Host, apart: bool = False) -> None:
        """:param apart: whether the other namespaces continue after a failure in one"""
        self.host = host
        #: With ``apart``, the first failure in each namespace, after which nothing more is done there.
        self.failed: dict[str | None, LinuxnetError] = {}
        self._apart = apart
        self._writer: Writer | None = None

    @property
    def writer(self) -> Writer:
        """A socket for plain netlink messages, one per visit."""
        if self._writer is None:
            self._writer = Writer()
        return self._writer

    @property
    def route(self) -> t.Any:
        """An IPRoute of pyroute2 for each visit that needs one."""
        return self.host.socket()

    def execute(self, steps: t.Iterable[Step]) -> None:
        """Apply steps in order, with one tour for consecutive steps inside namespaces."""
        for aside, group in itertools.groupby(steps, key=lambda step: step.netns is Outside.OUTSIDE):
            if aside:
                for step in group:
                    self._do(step)
            else:
                self._tour(group)

    def _tour(self, steps: t.Iterable[Step]) -> None:
        visits = [(netns, tuple(group)) for netns, group in itertools.groupby(steps, key=_place)]
        self.host.tour((netns, functools.partial(self._visit, netns, group)) for netns, group in visits)

    def _visit(self, netns: str | None, steps: t.Sequence[Step]) -> None:
        if netns in self.failed:
            return
        try:
            for step in steps:
                self._do(step)
        except LinuxnetError as error:
            if not self._apart:
                raise
            self.failed[netns] = error
        finally:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _do(self, step: Step) -> None:
        if not isinstance(step, LinksStay):
            self.host.unlearn()
        words = str(step)
        with self.host.doing(words) if words else contextlib.nullcontext():
            step.do(self)


def _place(step: Step) -> str | None:
    return t.cast("str | None", step.netns)
