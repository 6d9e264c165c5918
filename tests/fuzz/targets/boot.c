// SPDX-License-Identifier: GPL-3.0-or-later
/* Kernel files. */
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vcpu_regs.h"
#include "tests/fuzz/fuzz.h"

#define MEM_BYTES (32 * MIB)

static void fuzz_bzimage(const uint8_t *data, size_t size)
{
	struct mem_config mc = {.bytes = MEM_BYTES};
	static char path[] = "/tmp/l1vh-fuzz-XXXXXX";
	static struct mem mem;
	static int fd = -1;
	struct boot_config cfg = {
		.kernel_path = path, .initrd_path = path, .cmdline = "x"};
	struct vcpu_regs regs;
	struct err err;

	if (fd < 0) {
		fd = mkstemp(path);
		if (fd < 0 || mem_init(&mem, &mc, &err))
			abort();
	}
	/* Mostly a header that passes its own first checks. */
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0x1f1) < 0 ||
	    (size && data[0] & 3 &&
	     (pwrite(fd, "\x55\xaa", 2, 0x1fe) < 0 ||
	      pwrite(fd, "HdrS\x0f\x02", 6, 0x202) < 0 ||
	      pwrite(fd, "\x01", 1, 0x236) < 0)))
		abort();
	boot_load(&mem, &cfg, &regs, &err);
}

const struct fuzz_target targets_boot[] = {
	{.name = "bzimage", .run = fuzz_bzimage, .max_bytes = 512},
	{0},
};
