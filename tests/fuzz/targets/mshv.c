// SPDX-License-Identifier: GPL-3.0-or-later
/* What Microsoft's hypervisor answers, live and from a trace. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "mshv/trace/replay.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/trace.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture/mshv_fake.h"

#define MEM_BYTES (32 * MIB)

static const uint32_t message_types[] = {
	MSHV_MSG_IO_PORT,      MSHV_MSG_UNMAPPED_GPA, MSHV_MSG_GPA_INTERCEPT,
	MSHV_MSG_MSR,          MSHV_MSG_CPUID,        MSHV_MSG_APIC_EOI,
	MSHV_MSG_UNRECOVERABLE};

/*
 * A hypervisor that says anything, to a guest whose registers, page tables
 * and memory are anything.
 */
static void fuzz_messages(const uint8_t *data, size_t size)
{
	const struct hv_vm_config cfg = {.vcpu_count = 1};
	struct mem_config mc = {.bytes = MEM_BYTES};
	struct mshv_fake_state *s = &mshv_fake_state;
	struct hv_vcpu *vcpu = NULL;
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};
	static struct mem mem;
	struct hv_vm *vm = NULL;
	struct err err;
	int i;

	if (size < sizeof(struct mshv_register_page) / 2)
		return;
	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memcpy(mem_ptr(&mem, 0x1000, size), data, size);
	mshv_fake_reset();
	if (hv_vm_create(&hv_mshv_fake, &cfg, &vm, &err) ||
	    mem_map_guest(&mem, vm, &err) || hv_vcpu_create(vm, 0, &vcpu, &err))
		abort();
	memcpy(&s->page, data, size < sizeof(s->page) ? size : sizeof(s->page));
	s->page.cr3 = 0x1000;
	for (i = 0; i < 4; i++) {
		size_t at = (size_t)data[i] % (size / 2);
		size_t len = size - at;

		memcpy(s->script[i].payload, data + at, len < 240 ? len : 240);
		s->script[i].type =
			message_types[data[4 + i] % ARRAY_SIZE(message_types)];
	}
	s->script_len = 4;
	for (i = 0; i < 64 && exit.kind != HV_EXIT_KICKED &&
		    exit.kind != HV_EXIT_ERROR;
	     i++) {
		hv_vcpu_run(vcpu, &exit);
		exit.access.data = data[i % size];
		if ((exit.kind == HV_EXIT_PIO || exit.kind == HV_EXIT_MMIO) &&
		    exit.access.len_bytes > 8)
			abort();
	}
	hv_vcpu_destroy(vcpu);
	hv_vm_destroy(vm);
	if (s->open_count)
		abort();
}

/* Half of them begin as a trace does. */
static void fuzz_trace(const uint8_t *data, size_t size)
{
	static const char head[] = "l1vh-trace 1\n1 1 S open = 9\n"
				   "2 1 S ioctl 9 4010b800 07*15; = 10 -\n";
	struct strbuf text = {0};
	struct replay_summary sum;
	struct err err;
	uint8_t back[64];
	size_t len;

	if (size && data[0] & 1)
		strbuf_puts(&text, head);
	strbuf_add(&text, data, size);
	replay_run(files_real(strbuf_str(&text), text.len), &sum, &err);
	trace_decode(strbuf_str(&text), back, sizeof(back), &len);
	strbuf_release(&text);
}

const struct fuzz_target targets_mshv[] = {
	{.name = "messages", .run = fuzz_messages, .max_bytes = 1024},
	{.name = "replay",
	 .run = fuzz_trace,
	 .max_bytes = 1024,
	 .dictionary = "trace"},
	{0},
};
