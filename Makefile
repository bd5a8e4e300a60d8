# Every command a newcomer needs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help ready run test needs lint bench chaos shots vendor lock clean

# The first Python that is new enough; PYTHON=... names another.
FIND_PYTHON = for each in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$each && break; done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup

help: ## list these commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

# The lock is compared by content, so a second `make run` starts at once.
ready:
	@cmp -s requirements.txt .venv/requirements.txt || { \
		echo "Installing what the portal needs into .venv (once, about half a minute)."; \
		[ -x $(BIN)/pip ] || { $(FIND_PYTHON); $$python -m venv .venv || \
			{ echo "This Python cannot make a virtual environment; install python3-venv."; exit 1; }; }; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
			--require-hashes -r requirements.txt && cp requirements.txt .venv/requirements.txt; }

run: ready ## start the portal with everything it needs; Ctrl-C stops it
	@exec $(BIN)/python run.py $(ARGS)

test: ready needs ## run the whole suite; ARGS="-k till" picks
	@$(PYTEST) $(ARGS)

# The suite says at its end what it had to leave out where this could not help.
needs:
	@missing=""; \
	PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || missing="mosquitto"; \
	command -v mosquitto_pub >/dev/null || missing="$$missing mosquitto-clients"; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $$missing for the tests."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing >/dev/null || true; \
	fi

lint: ready ## ruff, mypy, the import contracts, unused parts
	@$(BIN)/ruff check --quiet . && $(BIN)/mypy --no-error-summary && $(BIN)/deptry --no-ansi . >.import_linter.log 2>&1 && $(BIN)/lint-imports >.import_linter.log 2>&1 \
		|| { cat .import_linter.log 2>/dev/null; rm -f .import_linter.log; exit 1; }
	@rm -f .import_linter.log

bench: ready ## measure against bare references; prints ratios
	@$(BIN)/python -m bench $(ARGS)

chaos: ready needs ## long runs with faults: kill, cut, fill, restart
	@$(BIN)/python -m pytest -m chaos $(ARGS)

shots: ready needs ## take the README's pictures of every screen
	@$(BIN)/python scripts/shots.py $(ARGS)

vendor: ready ## fetch the pinned browser libraries again and check their sums
	@$(BIN)/python scripts/vendor.py $(ARGS)

lock: ## compile requirements.in into requirements.txt, with hashes
	@$(FIND_PYTHON); tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $$python -m venv "$$tools" \
		&& "$$tools/bin/pip" install --quiet --disable-pip-version-check uv \
		&& "$$tools/bin/uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS) \
			requirements.in --output-file requirements.txt

clean: ## remove caches and pressed files; the data in var/ stays
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	@find static -name '*.gz' -delete 2>/dev/null || true
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
