# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The argument specification that all modules share: one object by its options, or many by ``aggregate``."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

Options = dict[str, dict[str, t.Any]]

STATE: dict[str, t.Any] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
NETNS: Options = {"netns": {"type": "str"}}
OWNER: Options = {"owner": {"type": "str", "default": "default"}}


def argument_spec(options: Options) -> Options:
    """The options and ``aggregate``, a list of elements with the same options.

    An element's options have neither defaults nor requirements: what is not given there is taken from beside it.
    """
    elements = {
        name: {word: value for word, value in option.items() if word not in ("default", "required")}
        for name, option in options.items()
    }
    return {**options, "aggregate": {"type": "list", "elements": "dict", "options": elements}}


def module_for(
    options: Options, key: t.Sequence[str], required: t.Sequence[str] | None = None, **more: t.Any
) -> AnsibleModule:
    """The AnsibleModule for an object whose key is made of the options ``key``.

    :param key: given either beside or inside ``aggregate``, never both
    :param required: the part of the key that cannot be left out; all of it unless said otherwise
    """
    return AnsibleModule(
        argument_spec=argument_spec(options),
        mutually_exclusive=[[name, "aggregate"] for name in key],
        required_one_of=[[name, "aggregate"] for name in (key if required is None else required)],
        supports_check_mode=True,
        **more,
    )


def definitions(module: AnsibleModule) -> list[tuple[str, dict[str, t.Any]]]:
    """The wished objects in the order given, each with the prefix that names it in messages."""
    common = {name: value for name, value in module.params.items() if name != "aggregate"}
    if module.params["aggregate"] is None:
        return [("", common)]
    return [
        (f"aggregate[{number}].", {**common, **{name: value for name, value in element.items() if value is not None}})
        for number, element in enumerate(module.params["aggregate"])
    ]
