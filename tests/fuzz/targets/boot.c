// SPDX-License-Identifier: GPL-3.0-or-later
/* Kernel files. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vcpu_regs.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

#define MEM_BYTES (32 * MIB)
#define HEADER_AT 0x1f1
#define MAX_BYTES 4096

static void fuzz_bzimage(const uint8_t *data, size_t size)
{
	const struct mem_config mc = {.bytes = MEM_BYTES};
	static uint8_t file[HEADER_AT + MAX_BYTES];
	static struct mem mem;
	struct boot_config cfg = {.cmdline = "x"};
	struct vcpu_regs regs;
	struct err err;

	if (size > MAX_BYTES)
		return;
	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memset(file, 0, sizeof(file));
	memcpy(file + HEADER_AT, data, size);
	/* Mostly a header that passes its own first checks. */
	if (size && data[0] & 3) {
		memcpy(file + 0x1fe, "\x55\xaa", 2);
		memcpy(file + 0x202, "HdrS\x0f\x02", 6);
		file[0x236] = 1;
	}
	cfg.kernel_path = cfg.initrd_path = files_real(file, HEADER_AT + size);
	boot_load(&mem, &cfg, &regs, &err);
}

/* A header and a first program header that pass their own checks, mostly. */
static void mend_elf(uint8_t *file)
{
	Elf64_Ehdr *elf = (Elf64_Ehdr *)file;

	memcpy(elf->e_ident, ELFMAG, SELFMAG);
	elf->e_ident[EI_CLASS] = ELFCLASS64;
	elf->e_ident[EI_DATA] = ELFDATA2LSB;
	elf->e_machine = EM_X86_64;
	elf->e_phoff = sizeof(*elf);
	elf->e_phentsize = sizeof(Elf64_Phdr);
	elf->e_phnum &= 7;
}

/* Notes and segments; what has come into RAM is inside of it, or this crashes. */
static void fuzz_elf(const uint8_t *data, size_t size)
{
	const struct mem_config mc = {.bytes = MEM_BYTES};
	static uint8_t file[MAX_BYTES] __attribute__((aligned(8)));
	static struct mem mem;
	struct boot_config cfg = {.cmdline = "x"};
	struct vcpu_regs regs;
	struct err err;

	if (size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) || size > MAX_BYTES)
		return;
	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memcpy(file, data, size);
	memcpy(file, ELFMAG, SELFMAG);
	if (data[0] & 7)
		mend_elf(file);
	cfg.kernel_path = files_real(file, size);
	if (!boot_load(&mem, &cfg, &regs, &err) &&
	    !mem_ptr(&mem, regs.gpr[VCPU_RBX], 1))
		abort();
}

const struct fuzz_target targets_boot[] = {
	{.name = "bzimage", .run = fuzz_bzimage, .max_bytes = MAX_BYTES},
	{.name = "elf", .run = fuzz_elf, .max_bytes = MAX_BYTES},
	{0},
};
