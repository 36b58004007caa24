# dirtyscope: two commands for newcomers, a few more for those who work on it.
#
#   make run      builds and opens the terminal interface on a recorded real program
#   make test     builds and passes the tests

SWIFT   ?= swift
DEMO    ?= Demos/recorded/gdbm.demo
CONFIG  ?= release
SCOPE    = .build/$(CONFIG)/dirtyscope

.PHONY: help run test check build demos bench clean needs needs-test

help:
	@echo 'make run              open the terminal interface on $(DEMO)'
	@echo 'make run DEMO=FILE    … on another scenario'
	@echo 'make test             build and run the tests'
	@echo 'make demos            run every shipped scenario headless'
	@echo 'make build            build the program: $(SCOPE)'
	@echo 'make bench            measure'
	@echo 'make clean            remove what was built'

run: build
	@$(SCOPE) play $(DEMO)

build: needs
	@$(SWIFT) build -c $(CONFIG) --product dirtyscope

test: needs-test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

demos: build
	@for demo in Demos/*/*.demo; do $(SCOPE) run $$demo > /dev/null \
	    && echo "ok    $$demo" || { echo "FAIL  $$demo"; failed=1; }; done; test -z "$$failed"

bench: needs
	@$(SWIFT) build -c release --product dirtyscope-bench
	@.build/release/dirtyscope-bench

clean:
	rm -rf .build

# What is missing is installed through apt, with sudo when that is needed; where that cannot be
# done, one line says what to install.
needs:
	@sh ./.ci/needs ncurses

needs-test:
	@sh ./.ci/needs ncurses tmux
