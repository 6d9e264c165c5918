# l1vh-bench: one Makefile, no recursion. `make help` lists the targets.
# SPDX-License-Identifier: GPL-3.0-or-later
MAKEFLAGS += -r --no-print-directory
SHELL	= /bin/bash
CC	= gcc
B	?= build
Q	= $(if $(V),,@)
say	= $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

WARN	= -Wall -Wextra -Wshadow -Wundef -Wvla -Wformat=2 -Wwrite-strings \
	  -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	  -Wold-style-definition -Wdeclaration-after-statement \
	  -Wimplicit-fallthrough -Wcast-align -Wswitch-enum \
	  -Wno-format-nonliteral $(if $(filter 0,$(WERROR)),,-Werror)
# Fast to compile and link, for there are hundreds of programs: sanitized code is slow
# in any case, and what a sanitizer says has functions and lines with -g1 as well.
CFLAGS	?= $(if $(SANITIZE),-O1 -g1,-O2 -g)

# SANITIZE=address,undefined gets its own build folder.
comma	= ,
ifdef SANITIZE
SAN	= -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
	  $(if $(filter thread,$(SANITIZE)),-Wno-tsan)
override B := $(B)-$(subst $(comma),-,$(SANITIZE))
endif
# LIBFUZZER=1: clang counts edges, in a build folder of its own (ci/fuzz-long). It also
# takes NULL + 0 for undefined behaviour, which C2y (N3322) defines and GCC allows.
ifdef LIBFUZZER
CC	= clang
SAN	+= -fsanitize=fuzzer-no-link -fno-sanitize=pointer-overflow
WARN	= -w
override B := $(B)-libfuzzer
endif

LIBS	= sqlite3 libpq jansson hwloc libcrypto gsl libcyaml yaml-0.1 zlib libmicrohttpd libcurl
# Debian's Zydis has no pkg-config file. liburing is static: its few functions
# add no load time.
VMM_LIBS = -lZydis -l:liburing.a -lm -lpthread
# Bundles name it; not every linker writes one unasked.
BUILD_ID = -Wl,--build-id=sha1
CPPFLAGS = -I. -I$(B)/gen -D_GNU_SOURCE -include harness/base/banned.h
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SAN) $(CPPFLAGS) -MMD -MP

# Every source folder has a row here. Files with main() are listed apart.
SRC	= $(wildcard harness/*/*.c harness/*/*/*.c runners/*.c runners/*/*.c \
	  runners/vmm/*/*.c reports/*.c reports/*/*.c reports/*/*/*.c workloads/*.c workloads/micro/*.c \
	  mshv/*.c mshv/selftest/*.c mshv/trace/*.c) $(EMU_SRC)
MAIN	= harness/cli/main.c harness/cli/vmm_main.c harness/cli/seccomp_main.c
OBJ	= $(patsubst %.c,$(B)/%.o,$(filter-out $(MAIN) mshv/decoder_lazy.c,$(SRC)))
MSHV_SRC = $(wildcard mshv/*.c) mshv/trace/sys_trace.c $(EMU_SRC)
EMU_SRC	= $(filter-out %/preload.c,$(wildcard mshv/emu/*.c))
# The emulator for unmodified programs, without the backend.
PRELOAD_OBJ = $(patsubst %.c,$(B)/pic/%.o,$(filter-out %/emu_sys.c,$(EMU_SRC)) \
	  mshv/emu/preload.c mshv/features.c mshv/walk.c)
VMM_OBJ	= $(patsubst %.c,$(B)/%.o,$(wildcard runners/vmm/*.c runners/vmm/*/*.c) \
	  $(filter-out mshv/decoder_linked.c,$(MSHV_SRC))) \
	  $(addprefix $(B)/harness/,$(addprefix base/,err.o clock.o durable.o file.o output.o strbuf.o thread.o units.o xmalloc.o) \
	  $(addprefix cli/,option.o vmm_args.o vmm_options.o vmm_snapshot.o))
AGENT_SRC = $(wildcard workloads/*.c workloads/micro/*.c workloads/guest/*.c)
AGENT_OBJ = $(AGENT_SRC:%.c=$(B)/static/%.o)
HDR	= $(shell find harness runners $(wildcard mshv) reports workloads -name '*.h')
UNIT	= $(patsubst %.c,$(B)/%,$(shell find tests/unit -name 'test_*.c' | LC_ALL=C sort))
# TEST=test_store: only this unit test.
TEST	= $(notdir $(UNIT))
unit_of	= $(or $(filter %/$(1),$(UNIT)),$(error there is no unit test '$(1)'))
TEST_OBJ = $(OBJ) \
	  $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/fixture/*.c tests/unit/fixture/*/*.c)) \
	  $(addprefix $(B)/workloads/guest/,identity.o measure.o micro_native.o program.o system.o waited.o writer.o)
# Fixtures that do not use cmocka, for fuzzers and benchmarks as well.
FAKE_OBJ = $(addprefix $(B)/tests/unit/fixture/,hv_fake.o mshv_fake.o netns.o vdriver.o vfio_fake.o)
# Unit tests of code that several threads use.
THREAD_TESTS = $(addprefix test_,vm stamp kvm mshv mshv_emu blk net footprint serve http http_wire deadlines stores pruner cache)
GUEST	= $(B)/guest/manifest
# The micro guest has no libc and no room for vector registers in its traps;
# only one of its loops computes with doubles.
MICRO_OBJ = $(patsubst %.c,$(B)/micro/%.o,$(wildcard workloads/guest/micro/*.c) \
	  workloads/micro/micro_loops.c workloads/micro/micro_float.c workloads/wire.c) $(B)/micro/workloads/guest/micro/entry.o
MICRO_CFLAGS = -std=gnu11 $(WARN) -O2 -ffreestanding -fno-pic -fno-stack-protector \
	  -fcf-protection=none -fno-asynchronous-unwind-tables -mno-red-zone \
	  $(if $(findstring micro_float,$@),,-mgeneral-regs-only) $(CPPFLAGS)

# A guest that attacks its machine, made in the same way (tests/system/hostile).
HOSTILE	= $(B)/hostile.bz $(B)/tests/hostile/siege
HOSTILE_OBJ = $(patsubst %.c,$(B)/hostile/%.o,$(wildcard tests/hostile/guest/*.c) \
	  workloads/wire.c $(addprefix workloads/guest/micro/,cpu.c string.c text.c)) $(B)/micro/workloads/guest/micro/entry.o

all: $(B)/l1vh-bench $(B)/l1vh-vmm $(B)/libmshv-emu.so $(B)/guest-agent $(B)/micro.bin ## build the programs

$(B)/l1vh-bench: $(B)/harness/cli/main.o $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $(BUILD_ID) $^ $$(pkg-config --libs $(LIBS)) $(VMM_LIBS) -o $@

# libc alone: loading libraries is part of the measured start-up time and memory. Bound
# at once, or calls of a running guest's would bring back the loader and all symbols.
$(B)/l1vh-vmm: $(B)/harness/cli/vmm_main.o $(VMM_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(LDFLAGS) -Wl,-z,now $(BUILD_ID) $^ $(filter-out -lZydis,$(VMM_LIBS)) -o $@

$(B)/libmshv-emu.so: $(PRELOAD_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,-z,defs $(LDFLAGS) $^ $(VMM_LIBS) -o $@

$(B)/pic/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -fPIC $(CPPFLAGS) -MMD -MP -c $< -o $@

# The same bytes run natively and in every guest.
$(B)/guest-agent: $(AGENT_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) -static -s -Wl,--build-id=none $^ -lm -lpthread -o $@

$(B)/static/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 $(CPPFLAGS) -MMD -MP -c $< -o $@

$(B)/micro.bin: workloads/guest/micro/link.ld $(MICRO_OBJ)
	$(call say,MICRO,$@)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,--no-warn-rwx-segments -T $^ -o $(B)/micro/micro.elf
	$(Q)objcopy -O binary $(B)/micro/micro.elf $@

$(B)/hostile.bin: workloads/guest/micro/link.ld $(HOSTILE_OBJ)
	$(call say,MICRO,$@)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,--no-warn-rwx-segments -T $^ -o $(B)/hostile/hostile.elf
	$(Q)objcopy -O binary $(B)/hostile/hostile.elf $@

$(B)/hostile.bz: tests/hostile/guest/kernel.S $(B)/hostile.bin
	$(call say,AS,$<)
	$(Q)$(CC) -Wa,-I$(B) -c $< -o $(B)/hostile/kernel.o
	$(Q)objcopy -O binary -j .text $(B)/hostile/kernel.o $@

$(B)/tests/hostile/siege: $(patsubst %.c,$(B)/%.o,$(wildcard tests/hostile/*.c)) $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $^ $$(pkg-config --libs $(LIBS)) $(VMM_LIBS) -o $@

hostile: all $(HOSTILE) ## the guest that attacks its machine, and what lets it

# A guest with I/O under way, to be saved (tests/system/in-lab).
READER	= $(B)/tests/system/reader $(B)/reader.cpio
$(B)/tests/system/reader: $(addprefix $(B)/static/,tests/system/reader.o workloads/guest/system.o)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s $^ -o $@
$(B)/reader.cpio: $(B)/tests/system/reader ci/make-cpio
	$(Q)rm -rf $@.d && mkdir $@.d && cp $< $@.d && ci/make-cpio $@.d >$@.tmp && mv $@.tmp $@

reader: $(READER) ## the guest that keeps disks busy

# All ports are for ring 3 there.
$(B)/hostile/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(MICRO_CFLAGS) -DCPU_RING3_PORTS=0x10000 -MMD -MP -c $< -o $@

$(B)/micro/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(MICRO_CFLAGS) -MMD -MP -c $< -o $@

$(B)/micro/%.o: %.S Makefile
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -I. -MMD -MP -c $< -o $@

$(B)/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# The VMM's seccomp filters: neither made nor libseccomp loaded at its start.
SECCOMP_OBJ = $(addprefix $(B)/,harness/cli/seccomp_main.o runners/vmm/sandbox/rules.o \
	  runners/vmm/kvm_requests.o mshv/mshv_requests.o mshv/emu/emu_requests.o)
$(B)/gen/seccomp: $(SECCOMP_OBJ)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $^ -lseccomp -o $@
$(B)/gen/seccomp.inc: $(B)/gen/seccomp
	$(Q)./$< >$@.new && mv $@.new $@
$(B)/runners/vmm/sandbox/filter.o: $(B)/gen/seccomp.inc

$(B)/gen/dsdt.hex: runners/vmm/dsdt.asl
	@mkdir -p $(@D)
	$(Q)iasl -p $(@:.hex=) -tc $< >/dev/null
$(B)/runners/vmm/acpi.o: $(B)/gen/dsdt.hex
# Assets are files; the program embeds their bytes.
ASSETS	= $(B)/gen/page.css.hex $(B)/gen/live.js.hex $(B)/gen/fields.txt.hex \
	  $(B)/gen/common_types.txt.hex $(B)/gen/sbatch.sh.hex
$(B)/gen/page.css.hex: reports/html/page.css
$(B)/gen/live.js.hex: harness/serve/live.js
$(B)/gen/fields.txt.hex: harness/kubevirt/fields.txt
$(B)/gen/common_types.txt.hex: harness/kubevirt/common_types.txt
$(B)/gen/sbatch.sh.hex: harness/fleet/engine/sbatch.sh
$(ASSETS):
	$(call say,EMBED,$<)
	$(Q)mkdir -p $(@D) && od -An -v -tu1 $< | sed 's/\([0-9][0-9]*\)/\1,/g' >$@
$(B)/reports/html/html_page.o: $(B)/gen/page.css.hex
$(B)/harness/serve/live.o: $(B)/gen/live.js.hex
$(B)/harness/fleet/engine/sbatch.o: $(B)/gen/sbatch.sh.hex
$(B)/harness/kubevirt/fields.o: $(B)/gen/fields.txt.hex
$(B)/harness/kubevirt/instancetype.o: $(B)/gen/common_types.txt.hex

$(B)/gen/revision.h: FORCE
	@mkdir -p $(@D)
	@printf '#define L1VH_REVISION "%s"\n' \
		"$$(git describe --always --dirty 2>/dev/null || echo unknown)" >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/harness/core/envinfo.o $(B)/harness/cli/vmm_snapshot.o: $(B)/gen/revision.h
FORCE:

# --- guest and lab -------------------------------------------------------
$(B)/kernel/.done:
	$(Q)ci/fetch-kernel $(B)/kernel

$(GUEST): $(B)/guest-agent $(B)/kernel/.done workloads/guest/build-image workloads/guest/unpack-kernel ci/make-cpio ci/copy-modules
	$(call say,GUEST,$(@D))
	$(Q)workloads/guest/build-image $(B)/kernel $(B)/guest-agent $(@D)

# A newer QEMU, if the host's is too old for the lab.
$(B)/qemu/.done:
	$(Q)ci/fetch-qemu $(B)/qemu

$(B)/lab/hold-kvm: $(B)/static/ci/lab/hold-kvm.o
	@mkdir -p $(@D)
	$(Q)$(CC) -static $^ -o $@

$(B)/lab/initrd.cpio: $(B)/kernel/.done $(B)/lab/hold-kvm ci/lab/build ci/lab/init ci/make-cpio ci/copy-modules
	$(call say,LAB,$@)
	@mkdir -p $(@D)
	$(Q)ci/lab/build $(B)/kernel $(B)/lab/hold-kvm $@

guest: $(GUEST) ## build the guest image

lab: $(B)/lab/initrd.cpio $(B)/qemu/.done ## build the emulated host

packages: ## install missing Debian packages for the build and the demo
	$(Q)ci/install-packages ci/packages

packages-check: ## also install the packages that the tests need
	$(Q)ci/install-packages ci/packages ci/packages-unit ci/packages-check

# --- what people run -----------------------------------------------------
demo: ## install, build, run a short measurement, show one screen: three minutes
	$(Q)ci/demo

PREFIX	?= /usr/local

man: $(B)/l1vh-bench $(B)/l1vh-vmm ## make the manual pages
	$(Q)ci/man-pages $(B)/l1vh-bench $(B)/man

install: all guest lab man ## install everything below PREFIX (/usr/local), or DESTDIR
	$(Q)ci/install install $(B) $(PREFIX) $(DESTDIR)

uninstall: ## remove what `make install` installed
	$(Q)ci/install uninstall $(B) $(PREFIX) $(DESTDIR)

image: packages ## a container image below build/image, OCI and Docker (IMAGE_NAME=reference, IMAGE_QEMU=1)
	$(Q)ci/install-packages ci/packages-image && $(MAKE) -s all guest && ci/image/build $(B) $(B)/image

bench: bench-programs ## measure the speed bars in the lab (BARS=pattern: only matching groups)
	$(Q)ci/bench $(BARS)

bench-small: bench-programs ## try every group of speed bars, with small numbers
	$(Q)ci/bench --small $(BARS)

bench-programs: packages
	$(Q)ci/install-packages ci/packages-bench && $(MAKE) -j$$(nproc) all guest lab $(PERF) $(PVH) $(MAP_TIME)

check: packages-check ## install missing packages and run the tests, in 15 minutes
	$(Q)ci/check check

check-all: packages-check ## run every test, in an hour and a half
	$(Q)ci/install-packages ci/packages-bench ci/packages-image ci/packages-check-all && ci/check all

# --- tests ---------------------------------------------------------------
# A unit test links what it uses, and nothing else: there are many of them, which mold
# links in a third of ld's time.
UNIT_LD	= $(eval UNIT_LD := $(if $(shell $(CC) -fuse-ld=mold -Wl,--version 2>/dev/null | grep mold),-fuse-ld=mold))$(UNIT_LD)
$(B)/tests/unit.a: $(TEST_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsT $@ $^

$(UNIT): $(B)/%: $(B)/%.o $(B)/tests/unit.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(UNIT_LD) $(LDFLAGS) $(WRAP) $(filter %.o,$^) $(filter %.a,$^) $$(pkg-config --libs $(LIBS) cmocka) $(VMM_LIBS) -o $@

# These see what the product syncs and names (tests/unit/fixture/vfs_fault.h).
$(addprefix $(B)/tests/unit/harness/,store/test_storage base/test_durable): WRAP = -Wl,--wrap=fsync,--wrap=rename,--wrap=linkat

# These see what wakes a device's thread (tests/unit/fixture/write_count.h).
$(B)/tests/unit/runners/vmm/test_blk: WRAP = -Wl,--wrap=pwritev,--wrap=preadv,--wrap=write
$(B)/tests/unit/runners/vmm/test_net: WRAP = -Wl,--wrap=write
# This one refuses what a kernel may refuse.
$(B)/tests/unit/runners/vmm/virtio/test_blk_ring: WRAP = -Wl,--wrap=io_uring_queue_init_params,--wrap=io_uring_register_files,--wrap=io_uring_register_buffers,--wrap=io_uring_register_restrictions,--wrap=io_uring_enable_rings

# What l1vh-vmm has in place of the library.
$(B)/tests/unit/mshv/test_decoder: $(B)/mshv/decoder_lazy.o

# The library's calls in place of libc's, in this one program.
$(B)/tests/unit/mshv/emu/test_preload: $(B)/mshv/emu/preload.o

FUZZ_SRC = $(wildcard tests/fuzz/targets/*.c)
# tests/fuzz/files.c stands before these two functions.
FUZZ_WRAP = -Wl,--wrap=open,--wrap=fopen
FUZZ_DRIVER = $(addprefix $(B)/tests/fuzz/,main.o inputs.o files.o)
$(B)/tests/fuzz/fuzz: $(FUZZ_DRIVER) $(FUZZ_SRC:%.c=$(B)/%.o) $(FAKE_OBJ) $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(FUZZ_WRAP) $(LDFLAGS) $^ $$(pkg-config --libs $(LIBS)) $(VMM_LIBS) -o $@

# With LIBFUZZER=1: a program for each group, which has nothing that it does not use.
$(B)/tests/fuzz.a: $(FAKE_OBJ) $(OBJ)
	$(Q)rm -f $@ && ar rcsT $@ $^
FUZZERS	= $(FUZZ_SRC:tests/fuzz/targets/%.c=$(B)/fuzzers/%)
$(FUZZERS): $(B)/fuzzers/%: $(B)/tests/fuzz/targets/%.o $(B)/tests/fuzz/libfuzzer.o $(B)/tests/fuzz/files.o $(B)/tests/fuzz.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -fsanitize=fuzzer $(FUZZ_WRAP) -Wl,--defsym=fuzz_this_group=targets_$* $(LDFLAGS) $^ $$(pkg-config --libs $(LIBS)) $(VMM_LIBS) -o $@
fuzzers: $(FUZZERS)

PERF	= $(addprefix $(B)/tests/perf/,time_to_line bare_start chase bars exits io_bars devices \
	  big_store wide_store nights_store serve_store fleet_store flat sign spent)
# Four link no code of the project; the others use its objects.
PERF_LINK = -static -lm -lpthread
$(addprefix $(B)/tests/perf/,bars exits io_bars big_store wide_store nights_store serve_store fleet_store flat sign): PERF_LINK = $(OBJ) $$(pkg-config --libs $(LIBS)) $(VMM_LIBS)
MADE_UP	= $(B)/tests/perf/made_up.o
$(addprefix $(B)/tests/perf/,big_store wide_store): PERF_LINK += $(MADE_UP)
$(addprefix $(B)/tests/perf/,big_store wide_store): $(MADE_UP)
$(B)/tests/perf/exits: PERF_LINK += -Wl,--wrap=ioctl
# This benchmark drives devices in the same way as the unit tests.
$(B)/tests/perf/devices: $(FAKE_OBJ)
$(B)/tests/perf/devices: PERF_LINK = $(FAKE_OBJ) $(OBJ) $$(pkg-config --libs $(LIBS)) $(VMM_LIBS)
$(PERF): $(B)/%: $(B)/%.o $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $< $(PERF_LINK) -o $@

# Preloaded into VMMs.
MAP_TIME = $(B)/tests/perf/map_time.so
$(MAP_TIME): tests/perf/map_time.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -Werror -shared -fPIC $< -o $@ -ldl

# QEMU boots this; our VMM boots the micro guest.
PVH	= $(B)/tests/perf/pvh
$(PVH): tests/perf/pvh.S Makefile
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -c $< -o $@.o
	$(Q)ld -m elf_i386 -Ttext-segment=0x100000 --build-id=none -e start $@.o -o $@

# Answers system calls of other programs with errors.
FAULTS	= $(B)/tests/faults/fail-call
$(FAULTS): $(patsubst %.c,$(B)/%.o,$(wildcard tests/faults/*.c))
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $^ -o $@

perf: $(PERF) $(PVH) $(MAP_TIME) ## compile the benchmarks that tests use

everything: all hostile reader $(UNIT) $(PERF) $(PVH) $(MAP_TIME) $(FAULTS) $(B)/tests/fuzz/fuzz ## compile every program of the tree, tests and benchmarks too

lab-iommu: lab ## fetch the QEMU that a lab with devices for guests needs (run --lab --device)
	$(Q)ci/fetch-peers $(B)/peers

unit: $(foreach test,$(TEST),$(call unit_of,$(test))) ## unit tests (TEST=name: only this test; SANITIZE=address,undefined: sanitized)
	$(Q)ci/run-units $^

unit-threads: ## unit tests of multithreaded code, with the thread sanitizer
	$(Q)$(MAKE) unit SANITIZE=thread TEST="$(THREAD_TESTS)"

fuzz: $(B)/tests/fuzz/fuzz ## damaged input for a bounded time (FUZZ=rounds)
	$(Q)./$< $(FUZZ)

fuzz-long: ## fuzz guided by coverage (HOURS=n, FUZZ_TARGETS="insn wire")
	$(Q)ci/fuzz-long $(HOURS)

system: all guest lab hostile reader ## tests on this host and in the lab (TESTS=all: the long ones too)
	$(Q)tests/system/on-host && tests/system/with-lab

# 77: this machine cannot make the chroot; the script prints why.
debian13: ## try a clean clone on Debian 13, in a chroot
	$(Q)ci/install-packages ci/packages-check-all
	$(Q)ci/debian13 || [ $$? = 77 ]

# The browser driver, with the versions and hashes in its lock file.
$(B)/browser/.installed: tests/browser/package.json tests/browser/package-lock.json
	@mkdir -p $(@D)
	$(Q)cp $^ $(@D) && cd $(@D) && npm ci --prefer-offline --no-audit --no-fund \
		--ignore-scripts --loglevel=error --fetch-retries=1 >/dev/null && touch $(@F)

check-shape: check-layers check-headers check-format check-docs ## layers, headers, format, docs

check-layers: ## fail on an include that breaks the layer order, or a stray file
	$(Q)ci/check-layers . && ci/check-top

check-headers: $(HDR:%=$(B)/%.ok) ## check that every header compiles on its own
$(B)/%.h.ok: %.h
	@mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $< | $(CC) $(ALL_CFLAGS) -MT $@ -MF $@.d -x c -fsyntax-only - && touch $@

check-docs: man ## fail on a stale manual page or a broken link
	$(Q)ci/check-man $(B)/l1vh-bench $(B)/man && ci/check-links

check-format: ## fail if clang-format would change a source file
	$(Q)files=$$(git ls-files '*.c' '*.h') && [ -n "$$files" ] && \
		clang-format --dry-run --Werror $$files

format: ## format every source file with clang-format
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove all build output; results stay
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t16

.PHONY: all everything perf hostile guest lab lab-iommu man packages packages-check demo install uninstall image bench bench-small bench-programs check unit fuzz fuzz-long fuzzers system debian13 \
	check-shape check-layers check-headers check-format check-docs format clean help FORCE
.SECONDARY:
# A whole Debian lies below debian13 (ci/debian13).
-include $(shell find $(B) \( -path $(B)/debian13 -o -path "$(B)/peers*" \) -prune -o -type f -name '*.d' -print 2>/dev/null)
