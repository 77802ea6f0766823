# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The layer between Ansible and the loop of all modules: argument specification, results and errors."""

from __future__ import annotations

import contextlib
import sys
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import (
    Resource,
    converge,
    sentence,
    unforeseen,
    wants_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable, printable_all
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import argument_spec, definitions
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import refusals, requirements
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


def module_for(
    options: Options, identified_by: t.Sequence[str], alone: t.Mapping[str, t.Any] | None = None
) -> AnsibleModule:
    """The AnsibleModule for objects with these options.

    :param identified_by: options that are required, outside or inside ``aggregate``, but not both
    :param alone: options that are mutually exclusive with ``aggregate``
    """
    return AnsibleModule(
        argument_spec={**argument_spec(options), **(alone or {})},
        mutually_exclusive=[[name, "aggregate"] for name in (*identified_by, *(alone or ()))],
        required_one_of=[[name, "aggregate"] for name in identified_by],
        supports_check_mode=True,
    )


def run(resource: Resource) -> None:
    """Apply every definition of the call and exit with what changed."""
    module = module_for(resource.options, resource.identified_by)
    host = Host(check_mode=module.check_mode, exclusive=True)
    with failing(module, host), host:
        outcome = converge(host, resource, wants_of(resource, definitions(module.params)))
    tell_warnings(module, host)
    told = {"diff": outcome.diff} if module._diff else {}
    module.exit_json(**printable_all({"changed": outcome.changed, "objects": outcome.objects, **told}))


@contextlib.contextmanager
def failing(module: AnsibleModule, host: Host) -> t.Iterator[None]:
    """Fail the module with a sentence if the input is invalid, or the host or its kernel refuses it."""
    try:
        yield
    except refusals.LibraryMissing as error:
        module.fail_json(msg=_lacks(error.library), exception=error.trace)
    except LinuxnetError as error:
        tell_warnings(module, host)
        module.fail_json(msg=printable(sentence(host, error)))
    except refusals.refusals() as error:
        tell_warnings(module, host)
        module.fail_json(msg=printable(sentence(host, unforeseen(host, error))))


def _lacks(library: str) -> str:
    """Ansible's usual message or, if another Python of the host has the library, the solution."""
    with Host(check_mode=True) as host:
        better = requirements.better_python(host, [library])
    if better is None:
        return missing_required_lib(library)
    return f"{sys.executable} lacks {library}, which {better} has; set ansible_python_interpreter: {better}"


def tell_warnings(module: AnsibleModule, host: Host) -> None:
    """Pass the host's warnings on to Ansible."""
    for warning in host.warnings:
        module.warn(printable(warning))
