# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The argument specification of all modules: one object by its options, or several by ``aggregate``."""

from __future__ import annotations

import collections.abc
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options

Parameters = t.Mapping[str, t.Any]

#: The JSON types of each option type; ``raw`` accepts anything.
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "int": (int,),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "raw": (object,),
}


def argument_spec(options: Options) -> Options:
    """The options and ``aggregate``, a list of elements with the same options.

    The options of an element have no defaults and requirements: those next to ``aggregate`` are its defaults.
    """
    elements = {
        name: {word: value for word, value in option.items() if word not in ("default", "required")}
        for name, option in options.items()
    }
    return {**options, "aggregate": {"type": "list", "elements": "dict", "options": elements}}


def definitions(parameters: Parameters) -> list[tuple[str, dict[str, t.Any]]]:
    """The definitions of a validated call in the given order, each with its prefix in messages."""
    common = {name: value for name, value in parameters.items() if name != "aggregate"}
    if parameters["aggregate"] is None:
        return [("", common)]
    return [
        (f"aggregate[{number}].", {**common, **{name: value for name, value in element.items() if value is not None}})
        for number, element in enumerate(parameters["aggregate"])
    ]


def complete(options: Options, definition: object, where: str) -> dict[str, t.Any]:
    """One definition of a plan, validated and completed with defaults. Does not need Ansible, which may be absent.

    :param where: the prefix that names the definition in messages
    :raises Invalid: for an unknown option, a missing required option, or a value of another type
    """
    if not isinstance(definition, collections.abc.Mapping):
        raise Invalid(where.rstrip("."), definition, "a dictionary of options")
    for name in definition:
        if name not in options:
            raise Invalid(f"{where}{name}", definition[name], f"one of the options {', '.join(sorted(options))}")
    found = {name: option.get("default") for name, option in options.items()}
    found.update(
        (name, _value(options[name], given, where + name)) for name, given in definition.items() if given is not None
    )
    for name, option in options.items():
        if found[name] is None and option.get("required"):
            raise Missing(where + name, f"a value of type {option['type']}")
    return found


def _value(option: t.Mapping[str, t.Any], given: t.Any, where: str) -> t.Any:
    kind: str = option["type"]
    if not isinstance(given, _JSON_TYPES[kind]) or (kind == "int" and isinstance(given, bool)):
        raise Invalid(where, given, f"a value of type {kind}")
    if "choices" in option and given not in option["choices"]:
        raise Invalid(where, given, f"one of {', '.join(option['choices'])}")
    if kind == "list" and "elements" in option:
        return _elements(option, t.cast("list[t.Any]", given), where)
    return given


def _elements(option: t.Mapping[str, t.Any], given: t.Sequence[t.Any], where: str) -> list[t.Any]:
    if "options" in option:
        return [complete(option["options"], one, f"{where}[{number}].") for number, one in enumerate(given)]
    return [_value({"type": option["elements"]}, one, f"{where}[{number}]") for number, one in enumerate(given)]
