// SPDX-License-Identifier: GPL-3.0-or-later
/* What an agent and a VMM send to the harness. */
#include <stdlib.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/agent_link.h"
#include "tests/fuzz/fuzz.h"
#include "workloads/wire.h"

static void fuzz_wire(const uint8_t *data, size_t size)
{
	struct wire_frame f;
	long used = wire_decode(data, size, &f);

	if (used > 0 && ((size_t)used > size || f.length > size))
		abort();
}

/* Valid frames with fuzzed payloads, so that the checksum is passed. */
static void fuzz_link(const uint8_t *data, size_t size)
{
	struct bench_case bc = {.sample_count = 2};
	struct agent_link link;
	struct result res;
	char buf[WIRE_HEADER_BYTES + 256];
	uint32_t sequence = 0;

	bench_case_add(&bc, "null", "");
	bench_case_add(&bc, "mem_latency", "16KiB,4KiB-pages");
	bench_case_add(&bc, "micro_exit", "cpuid,ring3");
	result_init(&res);
	agent_link_init(&link, &bc, &res);
	link.has_stamps = true;
	link.channel_fd = -1;
	while (size > 2) {
		uint32_t type = data[0] % WIRE_TYPE_COUNT;
		uint32_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = (uint32_t)size;
		agent_link_channel(
			&link, buf,
			wire_encode(type, sequence++, data, len, buf));
		agent_link_events(&link, data, len);
		data += len;
		size -= len;
	}
	agent_link_finish(&link);
	agent_link_release(&link);
	result_release(&res);
	bench_case_release(&bc);
}

const struct fuzz_target targets_link[] = {
	{.name = "wire", .run = fuzz_wire, .max_bytes = 256},
	{.name = "link",
	 .run = fuzz_link,
	 .max_bytes = 512,
	 .dictionary = "link"},
	{0},
};
