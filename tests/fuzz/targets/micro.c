// SPDX-License-Identifier: GPL-3.0-or-later
/* What the micro guest sends. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "runners/vmm/dev/micro.h"
#include "runners/vmm/hv.h"
#include "runners/vmm/mem.h"
#include "tests/fuzz/fuzz.h"
#include "workloads/guest/micro/abi.h"

/* Any length of a frame, at any register. */
static void fuzz_micro(const uint8_t *data, size_t size)
{
	const struct mem_config cfg = {.bytes = MEM_MIN_BYTES};
	_Atomic(int) end = 1;
	struct micro micro = {.channel_fd = -1, .end = &end};
	struct hv_access access = {.is_write = size && data[0] & 1};
	static struct mem mem;
	struct err err;

	if (size < 12)
		return;
	if (!mem.host && mem_init(&mem, &cfg, &err))
		abort();
	micro.mem = &mem;
	access.addr = data[1] % MICRO_PORT_COUNT;
	access.len_bytes = (uint8_t)(1 << data[2] % 3);
	memcpy(&access.data, data + 4, sizeof(access.data));
	micro_port_access(&micro, &access);
	micro_nop_access(&micro, &access);
}

const struct fuzz_target targets_micro[] = {
	{.name = "micro", .run = fuzz_micro, .max_bytes = 64},
	{0},
};
