// SPDX-License-Identifier: GPL-3.0-or-later
/* Kernel files. */
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

const struct fuzz_target targets_boot[] = {
	{.name = "bzimage", .run = fuzz_bzimage, .max_bytes = MAX_BYTES},
	{0},
};
