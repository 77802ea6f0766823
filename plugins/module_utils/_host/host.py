# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The access to the system: everything that reads or changes the host goes through here, namespace by namespace.

A separate thread enters the namespaces with setns, so that the main thread never leaves its own and no return can
fail. In that thread, sockets, /proc/sys/net and child processes are those of the namespace. The netlink socket is
opened, used and closed during one visit, since newer pyroute2 binds it to the thread and namespace of its creation.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import resource
import types
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import (
    KernelRefused,
    LinuxnetError,
    Refused,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    lock,
    namespaces,
    programs,
    promoting,
    refusals,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

T = t.TypeVar("T")
Identity = t.Union[tuple[int, int], str]


class Host:
    """The machine the module runs on, or the namespace it was started in.

    A namespace is given by name, by absolute path, or as None for the host's own.
    """

    def __init__(self, check_mode: bool, exclusive: bool = False) -> None:
        """:param exclusive: nobody else of us changes anything meanwhile; for what changes the host itself"""
        self.check_mode = check_mode
        self._exclusive = exclusive and not check_mode
        self._lock: int | None = None
        self.warnings: list[str] = []
        #: What was done so far, for the message of a later failure.
        self.done: list[str] = []
        #: What was read and has not been changed by this process, if a call needs it more than once.
        self.memory: dict[t.Hashable, t.Any] = {}
        self._known: dict[Identity, Contents] = {}
        self._foretold: dict[Identity, Links] = {}
        #: Whether other kinds follow in this process, to which check mode foretells what they would find.
        self.goes_on = False
        #: In check mode the namespaces that would be no more by now.
        self.ended: set[Identity] = set()
        #: References to those of them whose names are others' by then.
        self.replaced: list[str] = []
        #: How the user sets the policy of FORWARD to DROP, for warnings.
        self.drop_option = "netplumb.linuxnet.bridge_forward with forward_policy: drop"
        #: The maximum of bytes to read from a namespace; the host itself has no limit.
        self.limit: int | None = None
        self._fds: dict[str | None, int] = {}
        self._identities: dict[int, Identity] = {}
        self._missing: list[str] = []
        self._visitor: _Visitor | None = None

    def __enter__(self) -> Host:
        _allow_many_descriptors()
        if self._exclusive:
            self._lock = lock.take()
            with self.trying("undo what an interrupted run had switched on"):
                promoting.end(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        if self._visitor:
            self._visitor.stop()
        for fd in set(self._fds.values()):
            os.close(fd)
        self._fds.clear()
        self.unlock()
        if self._missing:
            names = ", ".join(self._missing)
            self.warn(f"check mode: namespaces that do not exist yet are treated as just created: {names}")

    def rehearsal(self) -> Host:
        """The same host in check mode, to find out what a call would encounter."""
        return Host(check_mode=True)

    def unlock(self) -> None:
        """Let others change the host; what they do must not matter from now on."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def warn(self, text: str) -> None:
        """Add a warning for the user, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    @contextlib.contextmanager
    def trying(self, what: str) -> t.Iterator[None]:
        """Turn a refusal of the kernel into a sentence: ``what`` ("lock /run/netns") completes "cannot ..."."""
        try:
            yield
        except LinuxnetError:
            raise
        except refusals.refusals() as error:
            raise KernelRefused(f"cannot {what}: {refusals.reason(error)}") from error

    @contextlib.contextmanager
    def doing(self, what: str) -> t.Iterator[None]:
        """The same for a step that changes something, to be listed in the message of a later failure."""
        with self.trying(what):
            yield
        self.done.append(what)

    def known(self, identity: Identity) -> Contents | None:
        """The interfaces, addresses and routes of a namespace as they were read last, None where something was changed
        since."""
        return self._known.get(identity)

    def known_links(self, identity: Identity) -> Links | None:
        """The interfaces alone, in check mode as they would be by now."""
        known = self._known.get(identity)
        return self._foretold.get(identity) or (known.links if known else None)

    def foretold_links(self, identity: Identity) -> Links | None:
        """In check mode the interfaces as they would be by now, where they would be others than they are."""
        return self._foretold.get(identity)

    def foretell(
        self, links: t.Mapping[Identity, Links], ended: t.Iterable[Identity], given: t.Mapping[str, str]
    ) -> None:
        """That these are the interfaces of some namespaces from now on, that others are no more, and that names are
        those of others, given by their files."""
        self._foretold.update(links)
        self.ended.update(ended)
        for name, path in given.items():
            before = f"before/{name}"
            if before not in self.replaced:
                self._fds[before] = self.fd(name)
                self.replaced.append(before)
                self._fds[name] = self.fd(path)

    def learn(self, identity: Identity, contents: Contents) -> None:
        """Keep what was read for the next kind of objects."""
        # This is not worth it for substitutes of namespaces that do not exist yet.
        if contents.complete and not contents.trouble and not isinstance(identity, str):
            self._known[identity] = contents

    def unlearn(self) -> None:
        """Something is changed that may be part of it."""
        self._known.clear()

    def exists(self, ref: str | None) -> bool:
        """Whether the namespace exists and is alive."""
        if ref is None or (ref in self._fds and ref not in self._missing):
            return True
        return namespaces.alive(ref)

    def hold(self, ref: str) -> bool:
        """Keep the namespace open, so that it cannot disappear; false if it does not exist."""
        if ref not in self._fds:
            fd = namespaces.open_live(ref)
            if fd is None:
                return False
            self._fds[ref] = fd
        return ref not in self._missing

    def forget(self, ref: str) -> None:
        """Look the namespace up again next time, since it was created, removed or replaced."""
        fd = self._fds.pop(ref, None)
        if fd is not None and fd not in self._fds.values():
            if self._visitor:
                self._visitor.leave(fd)
            os.close(fd)
            self._identities.pop(fd, None)

    def identity(self, ref: str | None) -> Identity:
        """The same for all references to one namespace."""
        fd = self.fd(ref)
        if ref in self._missing:
            return f"missing: {ref}"
        if fd not in self._identities:
            found = os.fstat(fd)
            self._identities[fd] = (found.st_dev, found.st_ino)
        return self._identities[fd]

    def fd(self, ref: str | None) -> int:
        """An open file of the namespace, kept until the end of the call."""
        if ref not in self._fds:
            self._fds[ref] = self._open(ref)
        return self._fds[ref]

    def _open(self, ref: str | None) -> int:
        if ref is None:
            return namespaces.open_own()
        fd = namespaces.open_live(ref)
        if fd is not None:
            return fd
        if not self.check_mode:
            raise Refused(f"namespace {ref} does not exist, or its file is dead")
        # A real new namespace stands in for it, so that reading yields this kernel's own defaults. It has
        # no name and goes with the last descriptor.
        first = next((self._fds[other] for other in self._missing), None)
        self._missing.append(ref)
        return first if first is not None else namespaces.open_throw_away()

    def run(self, ref: str | None, work: t.Callable[[], T]) -> T:
        """Call ``work`` in a thread that is inside the namespace."""
        return self._visit().run(self.fd(ref), work)

    def tour(self, stops: t.Iterable[tuple[str | None, t.Callable[[], T]]]) -> list[T]:
        """The same for many namespaces in turn, without returning to the calling thread in between.

        On a busy machine, every switch of threads has to wait.
        """
        found = [(self.fd(ref), work) for ref, work in stops]
        return self._visit().tour(found) if found else []

    def socket(self) -> t.Any:
        """An IPRoute of pyroute2 in the namespace that is visited; called inside ``run``, which loads it."""
        return self._visit().socket()

    def fresh(self, work: t.Callable[[], T]) -> T:
        """Call ``work`` in a new namespace, which ends with the next visit unless ``work`` names it."""
        return self._visit().run_in_new(work)

    def command(self, ref: str | None, argv: t.Sequence[str], stdin: str | None = None) -> programs.Completed:
        """Run a program in the namespace, without a shell and with English messages."""
        return self.run(ref, lambda: programs.run(argv, stdin))

    def _visit(self) -> _Visitor:
        if self._visitor is None:
            # This makes the host's own namespace accessible from inside any other.
            self.fd(None)
            self._visitor = _Visitor()
        return self._visitor


def _allow_many_descriptors() -> None:
    """A call may need one per namespace, more than the default limit of 1024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Visitor:
    """The thread that enters namespaces and executes the work it is given."""

    def __init__(self) -> None:
        self._where: int | None = None
        self._socket: t.Any = None
        self._thread = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="namespace visitor")

    def run(self, fd: int, work: t.Callable[[], T]) -> T:
        """Call ``work`` in the namespace of ``fd``, and return or raise what it does."""
        return self.tour([(fd, work)])[0]

    def tour(self, stops: t.Sequence[tuple[int, t.Callable[[], T]]]) -> list[T]:
        """The same for each stop; an exception ends the tour."""

        def visit(fd: int, work: t.Callable[[], T]) -> T:
            self._enter(fd)
            return work()

        return self._call(lambda: [visit(fd, work) for fd, work in stops])

    def run_in_new(self, work: t.Callable[[], T]) -> T:
        """The same in a new namespace."""

        def visit() -> T:
            self._close()
            self._where = None
            namespaces.unshare()
            return work()

        return self._call(visit)

    def _call(self, work: t.Callable[[], T]) -> T:
        try:
            waiting = self._thread.submit(work)
        except RuntimeError as error:  # the first call starts the thread, for which memory may be lacking
            raise KernelRefused(f"cannot enter namespaces: {error}") from error
        return waiting.result()

    def socket(self) -> t.Any:
        """The netlink socket of this visit; called in the thread alone."""
        if self._socket is None:
            self._socket = refusals.open_socket()
        return self._socket

    def leave(self, fd: int) -> None:
        """Forget a namespace whose descriptor is about to be closed and reused."""
        if self._where == fd:
            self._call(self._close)
            self._where = None

    def stop(self) -> None:
        """End the thread, whatever namespace it is in."""
        self._call(self._close)
        self._thread.shutdown()

    def _enter(self, fd: int) -> None:
        if self._where == fd:
            return
        self._close()
        self._where = None
        namespaces.enter(fd)
        self._where = fd

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
