# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option that identifies an object is documented as required, and `aggregate` comes last."""

from __future__ import annotations

import importlib
import inspect

import pytest
import yaml

from docs.make import aggregate

MODULES = sorted(path.stem for path in (aggregate.PLUGINS / "modules").glob("[a-z]*.py"))
#: A module that only reads, one whose name is not required with `aggregate`, and one that runs on the controller.
NO_RESOURCE = ("bridge_network", "lab", "netns_info", "path_info")


@pytest.mark.parametrize("name", [name for name in MODULES if name not in NO_RESOURCE])
def test_what_identifies_an_object_is_documented_as_required(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.netplumb.linuxnet.plugins.modules.{name}")
    (resource,) = [
        value for value in vars(module).values() if inspect.isclass(value) and hasattr(value, "identified_by")
    ]
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    required = [option for option, text in options.items() if aggregate.REQUIRED in text["description"]]
    assert required == list(resource.identified_by)
    assert list(options)[-1] == "aggregate"
