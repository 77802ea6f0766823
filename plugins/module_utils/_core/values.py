# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Immutable objects with a few named fields, compared by content.

Frozen dataclasses would do, but for each, Python compiles six functions on import. For the hundred in this collection,
that takes longer than building a network with one endpoint.
"""

from __future__ import annotations

import operator
import types
import typing as t

T = t.TypeVar("T")
V = t.TypeVar("V", bound="Value")

if t.TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_words: t.Any) -> t.Callable[[T], T]:
        """Known to type checkers, and to Python since 3.11."""
        return lambda decorated: decorated


#: The default for fields that are mappings.
NOTHING: t.Mapping[t.Any, t.Any] = types.MappingProxyType({})


def _first(self: Value, *given: t.Any, **named: t.Any) -> None:
    """Makes the first instance of a class, and what makes all others."""
    initialise = _compiled(self._names, self._defaults)
    type.__setattr__(type(self), "__init__", initialise)
    initialise(self, *given, **named)


def _compiled(names: t.Iterable[str], defaults: t.Mapping[str, t.Any]) -> t.Callable[..., None]:
    """A method that sets these fields."""
    parameters = [f"{name}=defaults[{name!r}]" if name in defaults else name for name in names]
    lines = [f"def __init__({', '.join(('self', *parameters))}):", *(f" self.{name} = {name}" for name in names)]
    found: dict[str, t.Any] = {"defaults": defaults}
    exec("\n".join(lines), found)
    return t.cast("t.Callable[..., None]", found["__init__"])


@dataclass_transform(frozen_default=True)
class Value:
    """Base of classes whose annotations define the fields of their instances, as in a dataclass."""

    #: Fields that are ignored in comparisons.
    beside_the_point: t.ClassVar[tuple[str, ...]] = ()

    _names: t.ClassVar[tuple[str, ...]] = ()
    _defaults: t.ClassVar[dict[str, t.Any]] = {}
    #: Returns the compared fields of an instance; not a method.
    _essence: t.ClassVar[t.Any] = None

    def __init_subclass__(cls, **words: t.Any) -> None:
        super().__init_subclass__(**words)
        own = [name for name, kind in cls.__annotations__.items() if "ClassVar" not in kind]
        cls._names = tuple(dict.fromkeys((*cls._names, *own)))
        cls._defaults = {**cls._defaults, **{name: vars(cls)[name] for name in own if name in vars(cls)}}
        cls._essence = operator.attrgetter(*(name for name in cls._names if name not in cls.beside_the_point))
        type.__setattr__(cls, "__init__", _first)

    def but(self: V, **changed: t.Any) -> V:
        """A copy with some fields changed."""
        fields = self.__dict__
        return type(self)(**{**{name: fields[name] for name in self._names}, **changed})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._essence(self) == self._essence(other)

    def __hash__(self) -> int:
        return hash(self._essence(self))

    def __repr__(self) -> str:
        fields = (f"{name}={getattr(self, name)!r}" for name in self._names)
        return f"{type(self).__name__}({', '.join(fields)})"
