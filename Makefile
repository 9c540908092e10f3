# The only commands to know. All of them make and reuse .venv; nothing but Python 3.11+, make and a package index is needed.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROTOS = $(shell find proto -name '*.proto')
DASHBOARD := services/gateway/dashboard
BUILT := services/gateway/tunewright_gateway/dashboard/index.html
PAGES = $(shell find $(DASHBOARD) -path $(DASHBOARD)/node_modules -prune -o -path $(DASHBOARD)/src/generated -prune -o -type f -print)

.PHONY: help setup dashboard wheel up exports down demo test check proto bench bench-roundtrip bench-distributed bench-distributed-full bench-suggester bench-suggester-full bench-suggestion-service bench-scheduler bench-convergence bench-completion bench-metrics bench-gateway bench-trainer bench-functions bench-first-plot bench-dashboard bench-operate bench-operate-full drill soak docs screenshots clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | sort | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

setup: $(VENV)/.ready  ## Make .venv with everything that the other commands need

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docker,kafka,kubernetes,mongodb,otel,s3]' --group check --group test --group demo
	@touch $@

dashboard: setup $(BUILT)  ## Build the web pages that the gateway serves, with npm; without npm all else works

$(BUILT): $(DASHBOARD)/node_modules/.ready $(PAGES) $(PROTOS)
	@$(BIN)/python proto/generate.py --typescript
	@cd $(DASHBOARD) && npm run --silent build -- --logLevel warn

$(DASHBOARD)/node_modules/.ready: $(DASHBOARD)/package-lock.json | $(VENV)/.ready
	@command -v npm >/dev/null || { echo 'The dashboard is built with npm: install Node.js 20 or newer'; exit 1; }
	@echo "Installing into $(DASHBOARD)/node_modules …"
	@cd $(DASHBOARD) && npm ci --silent
	@touch $@

wheel: dashboard  ## Build a wheel with the dashboard in it, into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

# Needs Docker and its compose alone: no .venv, no npm.
COMPOSE ?= docker compose
KEPT ?= $(CURDIR)/.tunewright/compose

up:  ## Start all services on this machine with Docker compose; UP='--scale trainer=4' says more
	@$(COMPOSE) up --build --detach $(UP)
	@echo 'All services are up. In a shell that is to reach them: eval "$$(make exports)"'

exports:  ## Print what a shell needs to reach the services of `make up`; copies credentials and certificates for it
	@mkdir -p -m 700 $(KEPT)
	@for file in credentials authority.pem client.pem client-key.pem; do \
	    $(COMPOSE) exec -T scheduler cat /credentials/$$file >$(KEPT)/$$file && chmod 600 $(KEPT)/$$file || exit 1; done
	@echo "export TUNEWRIGHT_CREDENTIALS=$(KEPT)/credentials TUNEWRIGHT_TLS_CA=$(KEPT)/authority.pem"
	@echo "export TUNEWRIGHT_TLS_CLIENT_CERTIFICATE=$(KEPT)/client.pem TUNEWRIGHT_TLS_CLIENT_KEY=$(KEPT)/client-key.pem"
	@echo "export TUNEWRIGHT_ENDPOINT=$$($(COMPOSE) port scheduler 7070) TUNEWRIGHT_METRICS_ENDPOINT=$$($(COMPOSE) port metrics 7070)"
	@echo "export AWS_SHARED_CREDENTIALS_FILE=$(KEPT)/credentials AWS_CA_BUNDLE=$(KEPT)/authority.pem"
	@echo "export AWS_ENDPOINT_URL_SAGEMAKER=https://$$($(COMPOSE) port gateway 8080)  # the dashboard too"

down:  ## End what `make up` started, of any profile; volumes keep all data
	@$(COMPOSE) --profile gpu --profile docker --profile full down

demo: setup  ## Tune a real neural network: 24 trainings, Bayesian, in under three minutes
	@$(BIN)/python -m examples.digits.demo

test: setup dashboard  ## Run all tests
	@$(BIN)/python -m tests

soak: setup  ## Tell 20,000 simulated stories of failure on all cores (TUNEWRIGHT_SEEDS); goes on where it was stopped
	@$(BIN)/python -m tests.simulation --seeds $(or $(TUNEWRIGHT_SEEDS),20000)

drill: setup  ## Two minutes of faults on real services, broker and database: 20 jobs must end exactly; DRILL='--seed 7' repeats
	@$(BIN)/python -m tests.drill $(DRILL)

check: setup dashboard  ## Lint, types, import rules, messages linted and compatible, generated code fresh, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/buf lint proto
	@$(BIN)/buf breaking proto --against $$(ls proto/released/*.binpb | sort -V | tail -1)
	@$(BIN)/python proto/generate.py --check
	@$(BIN)/python -m tests.audit
	@cd $(DASHBOARD) && npm run --silent check && npm run --silent test

proto: setup  ## Generate the message code from proto/
	@$(BIN)/python proto/generate.py

docs: setup  ## Write the pages that follow from the code: states, faults, sagemaker-members, reference/
	@$(BIN)/python -m docs.generate

bench: bench-roundtrip bench-scheduler bench-metrics bench-gateway bench-trainer bench-functions bench-dashboard bench-distributed bench-operate bench-suggester bench-suggestion-service  ## Run every benchmark; writes bench/latest.json

bench-roundtrip: setup  ## Turnaround between trainings, start-up and memory, each beside its floor
	@$(BIN)/python -m bench.roundtrip

bench-scheduler: setup  ## Messages folded a second, what training 10,000 costs, 1,000 jobs at once, and their recovery
	@$(BIN)/python -m bench.scheduler

bench-suggestion-service: setup  ## What the suggestion service adds to its core: transport, queueing, memory
	@$(BIN)/python -m bench.suggestion_service

bench-convergence: setup  ## What CompleteOnConvergence saves and costs, beside a blind stop of equal saving
	@$(BIN)/python -m bench.convergence

bench-completion: setup  ## Three jobs alike but for the completion criterion: trainings, time, cost, best
	@$(BIN)/python -m bench.completion

bench-metrics: setup  ## Lines parsed, points collected and read back, what early stopping saves, how good advice is
	@$(BIN)/python -m bench.metrics

bench-gateway: setup  ## The SageMaker door under boto3 clients, beside a bare HTTP server; 20,000 right and wrong requests
	@$(BIN)/python -m bench.gateway

bench-trainer: setup  ## From a grant to the first line, lines a second, 64 trainings at once, a broker that is away
	@$(BIN)/python -m bench.trainer

bench-functions: setup  ## What `minimize` costs a trial, beside a bare pool of processes, and importing the library
	@$(BIN)/python -m bench.functions

bench-first-plot: wheel  ## From an empty environment to the first plot: pip install, eight trainings, a picture
	@$(BIN)/python -m bench.first_plot

bench-dashboard: dashboard  ## A job of 10,000 trainings in Chromium: first paint, the plot drawn, the longest interactions
	@$(BIN)/python -m bench.dashboard

bench-distributed: setup  ## The circle on Kafka and MongoDB; bench-distributed-full adds 300 trainings at once
	@$(BIN)/python -m bench.distributed

bench-distributed-full: setup
	@$(BIN)/python -m bench.distributed --full

bench-operate: setup  ## 300 trainings at once, services killed, all restarted, a tenth of a busy day; -full has 1,000 and all of it
	@$(BIN)/python -m bench.operate

bench-operate-full: setup
	@$(BIN)/python -m bench.operate --full

bench-suggester: setup  ## The optimiser beside random search and the peers that are installed; -full takes hours
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group bench
	@$(BIN)/python -m bench.suggester
	@$(BIN)/python -m bench.suggester.latency

bench-suggester-full: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group bench
	@$(BIN)/python -m bench.suggester --full
	@$(BIN)/python -m bench.suggester.scaling
	@$(BIN)/python -m bench.suggester.curves
	@$(BIN)/python -m bench.suggester.warm_start
	@$(BIN)/python -m bench.suggester.latency

screenshots: setup dashboard  ## Take the pictures of the dashboard in docs/pictures, with Chromium
	@$(BIN)/python -m docs.screenshots

clean:  ## Remove what the commands made
	rm -rf $(VENV) build dist .drill .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf $(DASHBOARD)/node_modules $(DASHBOARD)/src/generated $(dir $(BUILT))
