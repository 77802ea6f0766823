# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A hosts file with a marked block for each owner, among lines of others, which stay as they are. Pure."""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

#: What a new file starts as a copy of.
SOURCE = "/etc/hosts"
_OURS = b"netplumb.linuxnet"
_MARK = re.compile(rb"^# (BEGIN|END) netplumb\.linuxnet ([A-Za-z0-9_.-]+)[ \t]*(?:\n|\Z)", re.MULTILINE)
_ORIGIN = re.compile(
    rb"^# Made( with its directory)? by netplumb\.linuxnet from /etc/hosts, SHA-256 ([0-9a-f]{64})[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
#: Separates the lines of one namespace from those that all have.
_COMMON = b"# in every namespace:\n"


class Origin(Value):
    """Records that this collection created a file, maybe with its directory, and the checksum of its first content."""

    with_directory: bool
    checksum: bytes

    @property
    def line(self) -> bytes:
        directory = b" with its directory" if self.with_directory else b""
        return b"# Made%s by %s from %s, SHA-256 %s\n" % (directory, _OURS, SOURCE.encode(), self.checksum)


class Block(Value):
    """The lines of an owner: those of this namespace only, then those that all of the owner's namespaces have."""

    own: tuple[str, ...] = ()
    common: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        return self.own + self.common

    @functools.cached_property
    def names(self) -> t.Collection[bytes]:
        return {name.lower().encode() for line in self.lines for name in line.split()[1:]}

    @functools.cached_property
    def content(self) -> bytes:
        own, common = ("".join(f"{line}\n" for line in lines).encode() for lines in (self.own, self.common))
        return own + _COMMON + common if own else common


class HostsFile(Value):
    """A file in pieces, each with its owner, None for lines of others. If damaged, a mark lacks its counterpart."""

    pieces: tuple[tuple[str | None, bytes], ...]
    origin: Origin | None = None
    damaged: bool = False

    @functools.cached_property
    def owners(self) -> t.Collection[str]:
        return {owner for owner, _text in self.pieces if owner is not None}

    @functools.cached_property
    def content(self) -> bytes:
        parts = [self.origin.line] if self.origin else []
        for owner, text in self.pieces:
            name = owner.encode() if owner else b""
            parts.append(b"# BEGIN %s %s\n%s# END %s %s\n" % (_OURS, name, text, _OURS, name) if owner else text)
        return b"".join(parts)

    @functools.cached_property
    def blocks(self) -> t.Mapping[str, Block]:
        """The blocks by owner. If there are several, the first one counts."""
        found: dict[str, Block] = {}
        for owner, text in self.pieces:
            if owner is not None and owner not in found:
                found[owner] = _block(text)
        return found

    @property
    def rest(self) -> bytes:
        """The lines of others, and those that the file started with."""
        return b"".join(text for owner, text in self.pieces if owner is None)

    def with_block(self, owner: str, block: Block) -> HostsFile:
        """The file with this block in place of the owner's, or else among the others in the order of owners.

        In a new file, blocks come first, since the first line with a name counts.
        """
        places = [place for place, (other, _text) in enumerate(self.pieces) if other == owner]
        kept = [piece for place, piece in enumerate(self.pieces) if piece[0] != owner or place == places[0]]
        new = (owner, block.content)
        if places:
            kept[places[0]] = new
        else:
            kept.insert(_place(kept, owner), new)
        return self.but(pieces=tuple(kept), damaged=False)._yielding(block.names)

    def _yielding(self, names: t.Collection[bytes]) -> HostsFile:
        """Remove these names from the lines that the file started with, provided that nobody has changed those.

        A host often has the name of one of its namespaces. The C library may return the addresses of all lines with a
        name, and loopback addresses first.
        """
        if self.origin is None or self.origin.checksum != _checksum(self.rest):
            return self
        pieces = tuple((owner, text if owner else _without_names(text, names)) for owner, text in self.pieces)
        if pieces == self.pieces:
            return self
        kept = tuple(piece for piece in pieces if piece[1])
        checksum = _checksum(b"".join(text for owner, text in kept if owner is None))
        return self.but(pieces=kept, origin=self.origin.but(checksum=checksum))

    def without(self, owner: str) -> HostsFile | None:
        """The file without the owner's block; None if only content that this collection created is left."""
        pieces = tuple(piece for piece in self.pieces if piece[0] != owner)
        left = self.but(pieces=pieces, damaged=False)
        if left.origin is None or left.owners:
            return left
        if left.origin.checksum == _checksum(left.rest):
            return None
        return left.but(origin=None)


def started(source: bytes, with_directory: bool) -> HostsFile:
    """A new file with the lines of the host's own file, without any blocks in it."""
    lines = parse(source).rest
    return HostsFile(((None, lines),) if lines else (), Origin(with_directory, _checksum(lines)))


def parse(content: bytes) -> HostsFile:
    """Parse a file. A mark without its counterpart is not a block and is left out."""
    made = _ORIGIN.search(content)
    origin = Origin(made[1] is not None, made[2]) if made else None
    text = content[: made.start()] + content[made.end() :] if made else content
    pieces: list[tuple[str | None, bytes]] = []
    marks = list(_MARK.finditer(text))
    place = number = 0
    while number < len(marks):
        mark, after = marks[number], marks[number + 1] if number + 1 < len(marks) else None
        _add(pieces, text[place : mark.start()])
        place = mark.end()
        if mark[1] == b"BEGIN" and after and (after[1], after[2]) == (b"END", mark[2]):
            pieces.append((mark[2].decode(), text[place : after.start()]))
            place = after.end()
            number += 1
        number += 1
    _add(pieces, text[place:])
    found = HostsFile(tuple(pieces), origin)
    return found if found.content == content else found.but(damaged=True)


def _without_names(text: bytes, names: t.Collection[bytes]) -> bytes:
    return b"".join(filter(None, (_without(line, names) for line in text.splitlines(keepends=True))))


def _without(line: bytes, names: t.Collection[bytes]) -> bytes:
    """A line without these names; empty if it has no other."""
    words = line.partition(b"#")[0].split()
    kept = [word for word in words[1:] if word.lower() not in names]
    if len(kept) == len(words[1:]):
        return line
    return b" ".join([words[0], *kept]) + b"\n" if kept else b""


def _add(pieces: list[tuple[str | None, bytes]], text: bytes) -> None:
    if text:
        pieces.append((None, text))


def _place(pieces: t.Sequence[tuple[str | None, bytes]], owner: str) -> int:
    ours = [(place, other) for place, (other, _text) in enumerate(pieces) if other is not None]
    later = [place for place, other in ours if other > owner]
    return later[0] if later else ours[-1][0] + 1 if ours else 0


def _block(text: bytes) -> Block:
    own, mark, common = text.partition(_COMMON)
    if not mark:
        own, common = b"", text
    return Block(_lines(own), _lines(common))


@functools.lru_cache(maxsize=8)
def _lines(text: bytes) -> tuple[str, ...]:
    return tuple(text.decode("utf-8", "surrogateescape").splitlines())


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
