# make run      start the hotline (PORT=12333, data in VAR_DIR=./var)
# make test     run all tests
# make dial     ring the running system from this terminal
# make sandbox  the made-up business systems alone (make run starts them in a demo)
# make lint     style and types
# make bench    speed of a menu step; make soak: a long run under load
# make charts   the charts and the map of the province's pages (make run and make test fetch them when they are missing)
# make voice-sdk  the browser telephone of consultants, needed only with Twilio as the carrier
# make clean    remove caches; never the data in ./var

# The first of these that is new enough is used; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
SDK := dashboards/static/vendor/twilio.min.js

# What is compiled once is kept: a start is ten processes, and the tests start the system some forty times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test dial sandbox lint bench soak clean browser charts charts-if-possible voice-sdk sdk-if-possible
.DELETE_ON_ERROR:

run: $(INSTALLED) charts-if-possible
	@exec $(BIN)/python app.py run

test: $(INSTALLED_DEV) browser charts-if-possible sdk-if-possible
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests

dial: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.dial

sandbox: $(INSTALLED)
	@exec $(BIN)/python app.py sandbox

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED_DEV)
	$(BIN)/python -m tests.bench

soak: $(INSTALLED_DEV)
	$(BIN)/python -m tests.soak

charts: | $(MADE)
	@$(BIN)/python tools/fetch_charts.py

# Without them the pages show tables.
charts-if-possible: | $(MADE)
	@$(BIN)/python tools/fetch_charts.py || true

voice-sdk: $(SDK)

$(SDK): package-lock.json | $(MADE)
	@$(BIN)/python tools/fetch_voice_sdk.py

# Tests look whether Twilio's bundle loads under our own rules; without npm they say that they could not.
sdk-if-possible: | $(MADE)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(SDK) || true; fi

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The journeys look at the pages in a real browser, which comes from the system and not from pip.
BROWSER := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
browser:
ifeq ($(BROWSER),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "正在安装测试用的浏览器 chromium（只需一次）…"; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium fonts-noto-cjk; \
	else \
		echo "网页测试要用 Chromium 浏览器，请先安装（Debian/Ubuntu：sudo apt install chromium fonts-noto-cjk）。" >&2; exit 2; \
	fi
endif

# Stamps are written last, so an interrupted installation is taken up again.
$(MADE):
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高版本，请先安装（例如 python3.11），再执行一次。" >&2; exit 2; }
	@echo "正在创建虚拟环境 $(VENV)（$(PYTHON)）…"
	@$(PYTHON) -m venv $(VENV) || { echo "无法创建虚拟环境，请安装 Python 的 venv 组件（Debian/Ubuntu：apt install python3-venv）。" >&2; exit 2; }
	@touch $@

$(INSTALLED): requirements.txt | $(MADE)
	@echo "正在安装依赖（首次需要几分钟）…"
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "正在安装测试工具…"
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@
