# xfelx: one static binary. `make demo` shows it at work, `make check` tests it; CONTRIBUTING.md lists the other targets.
VERSION := 0.1.0
BUILD   ?= build
SYSROOT ?= build/sysroot
SAN     ?=
JOBS    ?= $(shell nproc)
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/sh
comma := ,
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# ---- flavours: the product (musl, static, vendored libraries) and the second build (glibc, Debian's -dev packages, sanitizers)
FLAVOUR ?= product
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Werror
BASE := -std=gnu11 -g -fno-omit-frame-pointer -fstack-protector-strong -ffp-contract=off -fopenmp -ffile-prefix-map=$(CURDIR)=.
ifeq ($(FLAVOUR),product)
CC      := $(SYSROOT)/bin/xcc
AR      := gcc-ar
BASE    += -isystem $(SYSROOT)/include/mariadb
OPT     := -O3 -fPIE -fno-plt -ffunction-sections -fdata-sections -fno-math-errno -D_FORTIFY_SOURCE=2
LDFLAGS := -Wl,--gc-sections -Wl,-z,noexecstack -Wl,-z,relro,-z,now -Wl,-z,stack-size=4194304 -L$(SYSROOT)/lib
LIBS    := -lmpi -lhdf5 -lsqlite3 -lcjson -lcurl -lmariadb -lmicrohttpd -lbearssl -ldeflate -lbz2 -lz -llz4 -lm
ALLOC   := $(SYSROOT)/lib/mimalloc.o
READY   := $(SYSROOT)/.ready
else
CC      := gcc
MULTIARCH := $(shell gcc -print-multiarch)
AR      := gcc-ar
OPT     := -O1 -D_FORTIFY_SOURCE=2 $(if $(SAN),-fsanitize=$(SAN)) $(if $(findstring undefined,$(SAN)),-fno-sanitize-recover=undefined)
BASE    += -isystem /usr/include/hdf5/serial -isystem /usr/include/cjson -isystem /usr/include/$(MULTIARCH)/mpich -isystem /usr/include/mariadb -Wno-format-truncation -Wno-maybe-uninitialized
LDFLAGS := $(if $(SAN),-fsanitize=$(SAN)) -L/usr/lib/x86_64-linux-gnu/hdf5/serial
LIBS    := -lmpich -lhdf5 -lsqlite3 -lcjson -lcurl -lmariadb -lmicrohttpd -lbearssl -ldeflate -lbz2 -lz -llz4 -lm
ALLOC   :=
READY   :=
endif
CFLAGS  := $(BASE) $(OPT) $(WARN)
V       ?= 0
Q       := $(if $(filter 0,$(V)),@)
say      = $(if $(filter 0,$(V)),@printf '  %-5s %s\n' $(1) $(2))
CPPFLAGS := -D_GNU_SOURCE -Iinternal -I. -I$(BUILD)/gen

# ---- sources
SOURCES := $(wildcard cmd/*.c internal/*/*.c kernels/*.c)
GENERATED := $(BUILD)/gen/licenses.c $(BUILD)/gen/templates.c $(BUILD)/gen/pages.c
# Modules of the pages that come from npm; both flavours take them from where the product's libraries are.
MODULES := $(addprefix $(SYSROOT)/share/pages/,uplot.js uplot.css preact.js hooks.js htm.js signals-core.js signals.js)
LIBRARY := $(filter-out $(BUILD)/obj/cmd/main.o,$(SOURCES:%.c=$(BUILD)/obj/%.o)) $(GENERATED:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o)
TESTS   := $(patsubst %.c,$(BUILD)/%,$(wildcard test/unit/*/*_test.c test/laws/*_test.c $(if $(READY),test/vendor/*_test.c)))

all: $(BUILD)/xfelx

$(BUILD)/xfelx: $(BUILD)/obj/cmd/main.o $(BUILD)/libxfelx.a $(ALLOC)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-Map,$@.map -o $@.all $(BUILD)/obj/cmd/main.o $(ALLOC) $(BUILD)/libxfelx.a $(LIBS)
	@scripts/finish-binary $(FLAVOUR) $@.all $@

$(BUILD)/libxfelx.a: $(LIBRARY)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIBRARY)

$(BUILD)/obj/%.o: %.c $(READY)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Kernels lie together in a section of their own: a signal inside it can be left (parallel/guard.h).
$(BUILD)/obj/kernels/%.o: kernels/%.c $(READY)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fno-function-sections $(if $(findstring clang,$(CC)),,-fno-reorder-blocks-and-partition) -MMD -MP -c -o $@ $<
	@objcopy --rename-section .text=kernel_text $@

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(READY)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(BASE) $(OPT) -MMD -MP -c -o $@ $<

# The commit and version, rewritten only when they change.
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@scripts/version-header '$(VERSION)' $(if $(READY),$(LIBS)) >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/obj/cmd/version.o: $(BUILD)/gen/version.h

$(BUILD)/gen/licenses.c: scripts/embed-licenses LICENSE vendor/manifest $(READY)
	@mkdir -p $(@D)
	@scripts/embed-licenses '$(if $(READY),$(SYSROOT)/share/licenses)' >$@

$(BUILD)/gen/templates.c: scripts/embed $(wildcard templates/*)
	@mkdir -p $(@D)
	@scripts/embed embedded_templates templates/* >$@

$(BUILD)/gen/pages.c: scripts/embed $(wildcard internal/web/pages/*) $(SYSROOT)/.ready
	@mkdir -p $(@D)
	@scripts/embed embedded_pages internal/web/pages/* $(MODULES) >$@

$(SYSROOT)/.ready: vendor/build vendor/fetch vendor/manifest $(wildcard vendor/recipes/* vendor/files/*/*)
	@scripts/ci-deps build --print
	@JOBS=$(JOBS) vendor/build -o $(SYSROOT)
	@touch $@
$(SYSROOT)/lib/mimalloc.o: $(SYSROOT)/.ready ;

# ---- tests
$(BUILD)/test/%: test/%.c $(BUILD)/libxfelx.a $(ALLOC)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itest -Itest/unit $(BASE) $(OPT) $(WARN) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(ALLOC) $(BUILD)/libxfelx.a -lcmocka $(LIBS)

# The vendored libraries that nothing links yet (product only).
$(BUILD)/test/vendor/libraries_test: LIBS := -lmpi -lmicrohttpd -lcurl -lmariadb -lbearssl -llz4 -lz -lm

tests: $(TESTS)

# Everything: checks of the shape, unit tests of the product and (where Debian's packages are there) of the sanitizer build,
# laws, fuzz corpora, command lines, peers.
check: all tests
	@scripts/check-all $(BUILD)

demo:
	@scripts/ci-deps build
	@$(MAKE) --no-print-directory all
	@scripts/demo $(BUILD)/xfelx

debug:
	@$(MAKE) --no-print-directory FLAVOUR=debug BUILD=build/debug$(if $(SAN),-$(subst $(comma),-,$(SAN))) all tests

# The container image, without a container engine: an OCI archive, the same bytes from the same commit.
image: $(BUILD)/xfelx
	@scripts/make-image $< '$(VERSION)' $(BUILD)/xfelx-$(VERSION).oci.tar
	$(call say,IMAGE,$(BUILD)/xfelx-$(VERSION).oci.tar)

# Manual pages, made by the program from its tables.
man: $(BUILD)/xfelx
	@mkdir -p $(BUILD)/man && $< --man >$(BUILD)/man/xfelx.1
	@for c in $$($< --commands); do $< --man $$c >$(BUILD)/man/xfelx-$$c.1; done

clean:
	@rm -rf $(filter-out build,$(BUILD))
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name sysroot -exec rm -rf {} +

vendor-bump:
	@vendor/bump $(NAME)

vendor-clean:
	find $${XFELX_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/xfelx}/vendor/built -name '*.tar' -atime +60 -delete

# Fuzzing: the corpus is replayed by `make check`; `make soak` runs each target for SOAK seconds (an hour a target before a release),
# after the long forms of the fault tests.
FUZZERS := $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c))
SOAK ?= 3600
soak: $(BUILD)/xfelx
	@scripts/soak $(SOAK) $(FUZZERS)

.PHONY: all tests check demo debug image man vendor-bump vendor-clean soak clean FORCE
FORCE:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
