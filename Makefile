# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make demo    see it work, in a throw-away host, without root
# make test    what every change must pass, in about eleven minutes on two processors; the parts are lint, sanity, unit,
#              integration, traffic (attacks and lawful traffic, packet by packet) and molecule, each a target of its own
#              too. Of integration and traffic each test but the long ones runs with one of its cases, and
#              sanity on one Python; ALL=--all: everything
# make fresh   demo and test on Debian 12 and 13 as debootstrap makes them, where nothing else helps; needs root
# make machines  the role on Debian 11, 12, 13 and testing as they are, booted and reached by SSH; needs root
# make newest  the engines of Debian's testing release beside the role, and their containers as endpoints; its firewalld
#              beside networks; needs root
# make here    what wants more than a fresh machine has: sanity with every Python, cores (sanity by each other
#              ansible-core that the collection supports), publish (the artifact, as Galaxy's importer sees it, and the
#              site of documentation), documents, interpreters (modules on one Python after another), machines and
#              newest; needs root
# make documents  tests of what measures for documents (scale, engines, versions), and that these say what was measured
# make docs    the site of documentation in build/site/build/html, built without a warning
# make test-matrix  the collection on many versions of Python, ansible-core, pyroute2 and iptables (tools/versions.py);
#              MATRIX=--short: a few combinations; MATRIX=--write: writes docs/versions.md; see tools/matrix.py for more
# make bench   networks of up to 1000 endpoints, built by the role and its rivals, and the role beside Ansible alone; writes
#              docs/scale.md (hours, on a machine that has nothing else to do); BENCH="--only beside": a part, in minutes;
#              BENCH="--budget 130 --enough": all in an hour; see benchmarks/scale
# make model   random operations against a model (tests/integration/model), MODEL="--seconds 600 --seed 7"
# make sweep   each system call of a network's life fails or is the last one, an hour (tests/sweep), SWEEP="--stage build"
# make engines the role beside Docker, CNI, netavark and Podman of two Debian releases, question by question; writes
#              docs/engines.md; needs root
#
# Each sets up what it needs in .venv first (and, as root on Debian or Ubuntu, the packages that are missing).

VENV := .venv
CHECK := $(VENV)/bin/python -m tools.check
PARTS := lint sanity unit integration traffic molecule

.PHONY: demo docs documents test test-matrix clean bench engines fresh machines newest here cores interpreters publish model sweep $(PARTS)

demo: $(VENV)/requirements.txt
	@$(VENV)/bin/python -m tests.demo

test: $(VENV)/requirements-dev.txt
	@$(CHECK) $(ALL) $(CUT) $(PARTS)

docs: $(VENV)/requirements-dev.txt
	@$(VENV)/bin/nox --non-interactive --reuse-venv=yes --session docs

test-matrix: $(VENV)/requirements-dev.txt
	@$(VENV)/bin/python -m tools.matrix $(MATRIX)

$(PARTS) cores documents interpreters publish fresh machines newest: $(VENV)/requirements-dev.txt
	@$(CHECK) $(ALL) $(WHOLE) $@

here: $(VENV)/requirements-dev.txt
	@$(CHECK) --whole sanity cores publish documents interpreters machines newest

engines: $(VENV)/requirements-dev.txt
	@$(VENV)/bin/python -m tests.engines --write

model: $(VENV)/requirements-dev.txt
	@$(VENV)/bin/python -m tests.integration.model $(MODEL)

sweep: $(VENV)/requirements-dev.txt
	@$(VENV)/bin/python -m tests.sweep $(SWEEP)

bench: $(VENV)/requirements-bench.txt
	@$(VENV)/bin/python -m benchmarks.scale --write $(BENCH)

$(VENV)/requirements-dev.txt: requirements.txt

$(VENV)/requirements-bench.txt: requirements-dev.txt requirements.txt

$(VENV)/%: % tools/setup.sh
	@tools/setup.sh $(VENV) $*

clean:
	rm -rf $(VENV) build .ansible .hypothesis .pytest_cache .ruff_cache
