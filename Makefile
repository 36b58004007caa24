# dirtyscope: two commands for newcomers, a few more for those who work on it.
#
#   make run      builds and opens the terminal interface on a recorded real program
#   make test     builds and passes the tests

SWIFT   ?= swift
DEMO    ?= Demos/recorded/gdbm.demo
CONFIG  ?= release
SCOPE    = .build/$(CONFIG)/dirtyscope

PREFIX  ?= /usr/local
DESTDIR ?=
BIN      = $(DESTDIR)$(PREFIX)/bin
SHARE    = $(DESTDIR)$(PREFIX)/share
INSTALLED = $(BIN)/dirtyscope $(SHARE)/dirtyscope $(SHARE)/man/man1/dirtyscope.1 \
	$(SHARE)/bash-completion/completions/dirtyscope $(SHARE)/zsh/site-functions/_dirtyscope \
	$(SHARE)/fish/vendor_completions.d/dirtyscope.fish

.PHONY: install uninstall pictures help run test check build demos bench clean needs needs-test

help:
	@echo 'make run              open the terminal interface on $(DEMO)'
	@echo 'make run DEMO=FILE    … on another scenario'
	@echo 'make test             build and run the tests'
	@echo 'make demos            run every shipped scenario headless'
	@echo 'make build            build the program: $(SCOPE)'
	@echo 'make bench            measure'
	@echo 'make install          install below PREFIX ($(PREFIX)), in DESTDIR if that is set'
	@echo 'make uninstall        remove what that installed'
	@echo 'make pictures         make the pictures of the README anew'
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
	@$(SWIFT) build -c release --product dirtyscope
	@$(SWIFT) build -c release --product dirtyscope-bench
	@.build/release/dirtyscope-bench

# The program finds its demos in share/dirtyscope/Demos beside its bin.
install: build
	@for folder in $(dir $(INSTALLED)); do install -d "$$folder"; done
	@install -m 755 $(SCOPE) $(BIN)/dirtyscope
	@rm -rf $(SHARE)/dirtyscope
	@for demo in Demos/*/*.demo; do install -D -m 644 $$demo $(SHARE)/dirtyscope/$$demo || exit 1; done
	@$(SCOPE) manual page > $(SHARE)/man/man1/dirtyscope.1
	@$(SCOPE) --generate-completion-script bash > $(SHARE)/bash-completion/completions/dirtyscope
	@$(SCOPE) --generate-completion-script zsh > $(SHARE)/zsh/site-functions/_dirtyscope
	@$(SCOPE) --generate-completion-script fish > $(SHARE)/fish/vendor_completions.d/dirtyscope.fish

uninstall:
	rm -rf $(INSTALLED)

# Every picture is an export of a shipped scenario.
pictures: build
	@$(SCOPE) export Demos/basics/first-store.demo --svg docs/screen.svg --at 27
	@$(SCOPE) export Demos/bugs/b01-december-2006.demo --svg docs/lost.svg --size 80x24
	@$(SCOPE) export Demos/recorded/gdbm.demo --svg docs/wide.svg --size 200x60 --at 900

clean:
	rm -rf .build

# What is missing is installed through apt, with sudo when that is needed; where that cannot be
# done, one line says what to install.
needs:
	@sh ./.ci/needs ncurses

needs-test:
	@sh ./.ci/needs ncurses tmux
