# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill in the suboptions of `aggregate` in the modules' documentation: python -m docs.make aggregate

Each suboption refers to the module's option of the same name, so that no text has to be written twice. Run by itself,
this only checks: the exit code is 1 if a module would change.
"""

from __future__ import annotations

import re
import runpy
import typing as t
from pathlib import Path

import yaml

PLUGINS = Path(__file__).parents[2] / "plugins"
COMMAND = "python -m docs.make aggregate"

#: What the documentation says about options that every element needs, or that elements cannot have.
REQUIRED = "Required unless O(aggregate) is given."
ALONE = "Mutually exclusive with O(aggregate)."

_DOCUMENTATION = re.compile(r'^DOCUMENTATION = r"""\n(.*?)^"""$', re.MULTILINE | re.DOTALL)
_SUBOPTIONS = re.compile(r"(^  aggregate:\n(?:    .*\n)*?    suboptions:\n)((?:      .*\n)*)", re.MULTILINE)

Options = t.Mapping[str, t.Mapping[str, t.Any]]


def filled_in(text: str) -> str:
    """The text of a module with the suboptions of its `aggregate`, if it has that option."""
    documentation = _DOCUMENTATION.search(text)
    if documentation is None or not _SUBOPTIONS.search(text):
        return text
    lines = "".join(_lines(_options(documentation[1])))
    return _SUBOPTIONS.sub(lambda found: found[1] + lines, text, count=1)


def _options(documentation: str) -> dict[str, t.Any]:
    """A module's options, including those from fragments, without any that elements do not have."""
    loaded = yaml.safe_load(documentation)
    options: dict[str, t.Any] = dict(loaded["options"])
    del options["aggregate"]
    for name in loaded["extends_documentation_fragment"]:
        file, part = (*name.split(".")[2:], "documentation")[:2]
        fragment = runpy.run_path(str(PLUGINS / "doc_fragments" / f"{file}.py"))["ModuleDocFragment"]
        options |= yaml.safe_load(getattr(fragment, part.upper()))["options"]
    return {name: option for name, option in options.items() if ALONE not in option["description"]}


def _lines(options: Options, path: str = "", indent: str = " " * 6) -> t.Iterator[str]:
    for name, option in options.items():
        yield f"{indent}{name}:\n"
        required = " Required in each element." if REQUIRED in option["description"] else ""
        yield f"{indent}  description: See O({path}{name}).{required}\n"
        # The suboptions have no defaults, since what an element omits is taken from the module's options.
        words = ("type", "elements", "choices") + (("required", "default") if path else ())
        for word in words:
            if word in option:
                yield f"{indent}  {word}: {_flow(option[word])}\n"
        if "suboptions" in option:
            yield f"{indent}  suboptions:\n"
            yield from _lines(option["suboptions"], f"{path}{name}[].", f"{indent}    ")


def _flow(value: t.Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()


def _changed() -> dict[Path, str]:
    """The modules whose text would change, with the new text."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PLUGINS.glob("modules/*.py"))}
    return {path: new for path, text in texts.items() if (new := filled_in(text)) != text}


def write() -> None:
    for path, text in _changed().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if changed := _changed():
        raise SystemExit(f"{COMMAND} would change {', '.join(path.name for path in changed)}")
