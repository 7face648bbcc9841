# Every target sets up what it needs by itself; a second run is quick.
.DEFAULT_GOAL := help
.PHONY: help images install setup demo up test chaos chaos-gateways cluster-test check audit fuzz bench lint format translations lock clean

siaga := .venv/bin/siaga
prettier := web/node_modules/.bin/prettier
pages := siaga web
styles := "{siaga,web}/**/*.{css,js}"
# Two on two cores: a third takes longer, since sieges and stacks that start starve each other.
workers := --numprocesses 2 --dist loadscope --no-loadscope-reorder

help:
	@echo "make demo [EXIT=1]             set up, start everything, send a real ShakeMap, print the link"
	@echo "make up                        set up, start everything, keep it alive until Ctrl-C"
	@echo "make test                      set up, run all tests"
	@echo "make test T=tests/test_keys.py run these files or node ids: T='tests/test_web.py tests/test_keys.py::NAME'"
	@echo "make chaos N=2000 [SEED=…]     uploads while parts are killed and lied to; MINUTES=15, FIGURES=1: no reports"
	@echo "make chaos-gateways N=200      uploads while either of two gateways on one PostgreSQL is killed"
	@echo "make cluster-test [N=40]       the chart on a real Kubernetes, from nothing to reports, killed under uploads"
	@echo "make check                     lint, and every test that needs no QGIS, store, browser or process"
	@echo "make audit                     known holes of the pinned packages, and secrets in files; says where nobody answers"
	@echo "make fuzz [SECONDS=60]         what strangers send, made up by a fuzzer, a minute for each reader"
	@echo "make lint                      what is badly formatted, wrongly typed or suspect; changes nothing"
	@echo "make format                    format everything, mend what can be mended"
	@echo "make translations              add the sentences that the catalogues lack, to be translated there"
	@echo "make bench                     how long a report takes here"
	@echo "make images [ONLY=core]        images of functions, of gateway, door and web, of the store: podman or docker"
	@echo "make install [DESTDIR=…]       install below PREFIX=/opt/siaga with units for systemd; starts nothing"
	@echo "make lock                      pin all Python packages anew"
	@echo "make setup | clean             prepare this machine | remove what set-up and tests left in the checkout"

setup:
	@deployment/local/setup.sh run

demo: setup
	@$(siaga) demo $(if $(EXIT),--exit)

up: setup
	@$(siaga) up

test:
	@deployment/local/setup.sh test
	@.venv/bin/python -m pytest $(or $(T),$(workers))

chaos:
	@deployment/local/setup.sh test
	@PYTHONPATH=tests .venv/bin/python -m chaos $(or $(N),200) $(if $(SEED),--seed $(SEED)) \
	    $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FIGURES),--figures)

chaos-gateways:
	@deployment/local/setup.sh test
	@PYTHONPATH=tests .venv/bin/python -m chaos.pair $(or $(N),200) $(if $(SEED),--seed $(SEED))

cluster-test:
	@deployment/local/setup.sh test
	@PYTHONPATH=tests .venv/bin/python -m chaos.cluster $(or $(N),40) $(if $(SEED),--seed $(SEED))

check: lint
	@.venv/bin/python -m pytest --quick $(workers)

audit:
	@deployment/local/setup.sh test
	@.venv/bin/python tests/audit.py

fuzz:
	@deployment/local/setup.sh test
	@.venv/bin/python tests/fuzz.py $(or $(SECONDS),60)

bench:
	@deployment/local/setup.sh test
	@.venv/bin/python -m bench

lint:
	@deployment/local/setup.sh test
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/djangofmt --check --quiet $(pages)
	@$(prettier) --check --log-level warn $(styles)
	@.venv/bin/mypy

format:
	@deployment/local/setup.sh test
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .
	@.venv/bin/djangofmt --quiet $(pages)
	@$(prettier) --write --log-level warn $(styles)

translations:
	@deployment/local/setup.sh test
	@.venv/bin/python tests/translations.py

# Resolved in an empty environment, so that the lock names everything, Debian's packages too.
lock:
	@/usr/bin/python3 -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	@cd deployment/local && for name in requirements requirements-dev requirements-go requirements-uv; do \
	    ../../.venv-lock/bin/uv pip compile --quiet --python-version 3.11 --python /usr/bin/python3 \
	        --generate-hashes --no-header $$name.in --output-file $$name.lock || exit 1; done
	@for part in "template/python3-qgis/requirements.in template/python3-qgis/requirements.txt" \
	    "deployment/images/core.in deployment/images/core.lock"; do set -- $$part; \
	    .venv-lock/bin/uv pip compile --quiet --python-version 3.11 --python /usr/bin/python3 --generate-hashes \
	        --no-header --no-annotate -c deployment/local/requirements.lock $$1 --output-file $$2 || exit 1; done
	@rm -rf .venv-lock

images: setup
	@deployment/images/build.sh

install: setup
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" deployment/systemd/install.sh

clean:
	rm -rf .venv .siaga build web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
