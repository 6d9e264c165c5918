// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend's instructions: a message of the hypervisor, the accesses
 * that come up for it, and the registers and the RAM that it leaves. Each case
 * runs with the register page and with hypercalls in its place.
 */
#include "tests/unit/test.h"

#include "runners/vmm/vcpu_regs.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/mshv/mshv_vp.h"

#define CR3 0x1000ULL
/* Virtual pages: two of RAM that are not neighbours, then none; two of a
 * device; two of code, then none. */
#define RAM 0x10000ULL
#define NOTHING 0x12000ULL
#define DEVICE 0x20000ULL
#define CODE 0x8000ULL
#define GPA_RAM 0x10000ULL
#define GPA_RAM_2 0x15000ULL
#define GPA_DEVICE 0xd0000000ULL
#define GPA_DEVICE_2 0xd0005000ULL
#define GPA_CODE 0x8000ULL
#define GPA_CODE_2 0xb000ULL

/* --- a VP ------------------------------------------------------------------ */

static void map_page(uint64_t va, uint64_t gpa)
{
	uint64_t pte = gpa | 1;

	memcpy(mshv_vp_ram + 0x4000 + va / 4096 * 8, &pte, sizeof(pte));
}

/* Each byte of RAM differs from its neighbours. */
static void ram_fill(void)
{
	static const uint64_t tables[] = {0x1000, 0x2000, 0x3000, 0x4000};
	uint64_t entry;
	size_t i;

	for (i = 0; i < MSHV_VP_RAM_BYTES; i++)
		mshv_vp_ram[i] = (uint8_t)(i * 7 + i / 4096);
	memset(mshv_vp_ram + CR3, 0, 4 * 4096);
	for (i = 0; i + 1 < ARRAY_SIZE(tables); i++) {
		entry = tables[i + 1] | 1;
		memcpy(mshv_vp_ram + tables[i], &entry, sizeof(entry));
	}
	map_page(RAM, GPA_RAM);
	map_page(RAM + 4096, GPA_RAM_2);
	map_page(DEVICE, GPA_DEVICE);
	map_page(DEVICE + 4096, GPA_DEVICE_2);
	map_page(CODE, GPA_CODE);
	map_page(CODE + 4096, GPA_CODE_2);
}

static void vp_create(struct mshv_vp *vp, bool has_page)
{
	struct mshv_register_page *p = &mshv_fake_state.page;

	mshv_vp_create(vp, has_page);
	ram_fill();
	/* 64-bit mode with paging, at CODE; RBX: the device. */
	p->rip = CODE;
	p->gpr[VCPU_RBX] = DEVICE;
	p->cr0 = 0x80000001;
	p->cr3 = CR3;
	p->cr4 = 0x20;
	p->efer = 0x500;
}

/* --- messages -------------------------------------------------------------- */

struct step {
	enum hv_exit_kind kind;
	uint64_t addr;
	uint8_t len;
	bool is_write;
	uint64_t data;    /* what is written, or what the device answers */
	const char *says; /* of an error */
};

#define READ(addr, len, data)                              \
	{                                                  \
		HV_EXIT_MMIO, addr, len, false, data, NULL \
	}
#define WRITE(addr, len, data)                            \
	{                                                 \
		HV_EXIT_MMIO, addr, len, true, data, NULL \
	}
#define IN(len, data)                                      \
	{                                                  \
		HV_EXIT_PIO, 0x1f0, len, false, data, NULL \
	}
#define OUT(len, data)                                    \
	{                                                 \
		HV_EXIT_PIO, 0x1f0, len, true, data, NULL \
	}
#define FAIL(words)                                  \
	{                                            \
		HV_EXIT_ERROR, 0, 0, false, 0, words \
	}

struct act {
	const char *name;
	uint8_t bytes[12];
	uint8_t io;       /* MSHV_IO_...; 0: a message about memory */
	uint8_t messages; /* the same, so many times */
	uint64_t rbx, rcx, rsi, rdi; /* RBX 0: the device */
	struct step steps[5];        /* then the VP is kicked, or has failed */
	uint8_t rip;                 /* bytes that it moves on by */
	uint64_t rax_after, rcx_after, rsi_after, rdi_after;
};

#define RAX 0x1122334455667788ULL

static void message_memory(struct mshv_message *msg, const struct act *act)
{
	struct mshv_msg_memory *m = (void *)msg->payload;

	msg->type = MSHV_MSG_UNMAPPED_GPA;
	m->header.exec_state = MSHV_EXEC_LMA;
	m->header.cs.attr = 0xa09b;
	m->header.rip = CODE;
	m->info = MSHV_MEM_GVA_GPA_VALID;
	m->gva = DEVICE;
	m->gpa = GPA_DEVICE;
	m->byte_count = 16;
	memcpy(m->bytes, act->bytes, sizeof(act->bytes));
}

static void message_io(struct mshv_message *msg, const struct act *act)
{
	struct mshv_msg_io *m = (void *)msg->payload;

	msg->type = MSHV_MSG_IO_PORT;
	m->header.exec_state = MSHV_EXEC_LMA;
	m->header.cs.attr = 0xa09b;
	m->port = 0x1f0;
	m->info = act->io;
	m->byte_count = 16;
	memcpy(m->bytes, act->bytes, sizeof(act->bytes));
}

static void act_prepare(struct mshv_vp *vp, const struct act *act,
			bool has_page)
{
	struct mshv_register_page *p = &mshv_fake_state.page;
	int i;

	vp_create(vp, has_page);
	for (i = 0; i < act->messages; i++)
		if (act->io)
			message_io(&mshv_fake_state.script[i], act);
		else
			message_memory(&mshv_fake_state.script[i], act);
	mshv_fake_state.script_len = act->messages;
	p->gpr[VCPU_RAX] = RAX;
	p->gpr[VCPU_RBX] = act->rbx ? act->rbx : DEVICE;
	p->gpr[VCPU_RCX] = act->rcx;
	p->gpr[VCPU_RSI] = act->rsi;
	p->gpr[VCPU_RDI] = act->rdi;
}

static void step_check(struct mshv_vp *vp, const struct act *act, size_t i)
{
	const struct step *step = &act->steps[i];
	const struct hv_exit *exit = &vp->exit;

	if (exit->kind != step->kind)
		fail_msg("%s: exit %zu is '%s', wanted '%s' (%s)", act->name, i,
			 hv_exit_kind_name(exit->kind),
			 hv_exit_kind_name(step->kind),
			 exit->kind == HV_EXIT_ERROR ? exit->detail : "");
	if (step->kind == HV_EXIT_ERROR) {
		assert_contains(exit->detail, step->says);
		return;
	}
	if (exit->access.addr != step->addr ||
	    exit->access.len_bytes != step->len ||
	    exit->access.is_write != step->is_write ||
	    (step->is_write && exit->access.data != step->data))
		fail_msg("%s: exit %zu is of %u bytes at 0x%llx, 0x%llx",
			 act->name, i, exit->access.len_bytes,
			 (unsigned long long)exit->access.addr,
			 (unsigned long long)exit->access.data);
	vp->exit.access.data = step->data;
}

static void registers_check(const struct act *act)
{
	const struct mshv_register_page *p = &mshv_fake_state.page;
	const uint64_t want[] = {act->rax_after ? act->rax_after : RAX,
				 act->rcx_after, act->rsi_after, act->rdi_after,
				 CODE + act->rip};
	const uint64_t got[] = {p->gpr[VCPU_RAX], p->gpr[VCPU_RCX],
				p->gpr[VCPU_RSI], p->gpr[VCPU_RDI], p->rip};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		if (want[i] != got[i])
			fail_msg("%s: register %zu is 0x%llx, wanted 0x%llx",
				 act->name, i, (unsigned long long)got[i],
				 (unsigned long long)want[i]);
}

static size_t step_count(const struct act *act)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(act->steps) &&
	       (act->steps[n].len || act->steps[n].says))
		n++;
	return n;
}

static void act_run(const struct act *act, bool has_page)
{
	struct mshv_vp vp;
	size_t i;

	act_prepare(&vp, act, has_page);
	for (i = 0; i < step_count(act); i++) {
		mshv_vp_run(&vp);
		step_check(&vp, act, i);
	}
	if (vp.exit.kind != HV_EXIT_ERROR) {
		mshv_vp_is_done(&vp);
		registers_check(act);
		if (has_page && act->rip)
			assert_true(mshv_fake_state.page.dirty &
				    MSHV_DIRTY_RIP);
	}
	mshv_vp_destroy(&vp);
}

#define RAM_END (RAM + 4096)
#define DEVICE_2 (DEVICE + 4096)

static const struct act acts[] = {
	{"mov (%rbx),%eax",
	 {0x8b, 0x03},
	 .messages = 1,
	 .steps = {READ(GPA_DEVICE, 4, 0x89abcdef)},
	 .rip = 2,
	 .rax_after = 0x89abcdef},
	{"mov %rax,(%rbx)",
	 {0x48, 0x89, 0x03},
	 .messages = 1,
	 .steps = {WRITE(GPA_DEVICE, 8, RAX)},
	 .rip = 3},
	/* Not on the page that the message is about. */
	{"mov %ax,(%rbx)",
	 {0x66, 0x89, 0x03},
	 .messages = 1,
	 .rbx = DEVICE_2 + 8,
	 .steps = {WRITE(GPA_DEVICE_2 + 8, 2, 0x7788)},
	 .rip = 3},
	{"addb $1,(%rbx)",
	 {0x80, 0x03, 1},
	 .messages = 1,
	 .steps = {READ(GPA_DEVICE, 1, 0xff), WRITE(GPA_DEVICE, 1, 0)},
	 .rip = 3},
	{"across pages",
	 {0x8b, 0x03},
	 .messages = 1,
	 .rbx = DEVICE_2 - 2,
	 .steps = {FAIL("across pages")}},
	{"the last of a page",
	 {0x8b, 0x03},
	 .messages = 1,
	 .rbx = DEVICE_2 - 4,
	 .steps = {READ(GPA_DEVICE + 0xffc, 4, 7)},
	 .rip = 2,
	 .rax_after = 7},
	{"read of nothing",
	 {0x8b, 0x03},
	 .messages = 1,
	 .rbx = NOTHING,
	 .steps = {FAIL("not mapped")}},
	{"write of nothing",
	 {0x89, 0x03},
	 .messages = 1,
	 .rbx = NOTHING,
	 .steps = {FAIL("not mapped")}},
	{"ins without a port",
	 {0x6c},
	 .messages = 1,
	 .steps = {FAIL("emulate")}},
	/* --- strings */
	{"rep movsb",
	 {0xf3, 0xa4},
	 .messages = 2,
	 .rcx = 2,
	 .rsi = DEVICE,
	 .rdi = DEVICE_2 + 16,
	 .steps = {READ(GPA_DEVICE, 1, 0xaa), WRITE(GPA_DEVICE_2 + 16, 1, 0xaa),
		   READ(GPA_DEVICE + 1, 1, 0xbb),
		   WRITE(GPA_DEVICE_2 + 17, 1, 0xbb)},
	 .rip = 2,
	 .rsi_after = DEVICE + 2,
	 .rdi_after = DEVICE_2 + 18},
	{"rep movsb, half",
	 {0xf3, 0xa4},
	 .messages = 1,
	 .rcx = 2,
	 .rsi = DEVICE,
	 .rdi = RAM,
	 .steps = {READ(GPA_DEVICE, 1, 0xaa)},
	 .rcx_after = 1,
	 .rsi_after = DEVICE + 1,
	 .rdi_after = RAM + 1},
	{"movsb to nothing",
	 {0xa4},
	 .messages = 1,
	 .rsi = DEVICE,
	 .rdi = NOTHING,
	 .steps = {READ(GPA_DEVICE, 1, 0xaa), FAIL("not mapped")}},
	{"movsl to RAM and nothing",
	 {0xa5},
	 .messages = 1,
	 .rsi = DEVICE,
	 .rdi = NOTHING - 2,
	 .steps = {READ(GPA_DEVICE, 4, 0xaa), FAIL("not mapped")}},
	{"movsb from nothing",
	 {0xa4},
	 .messages = 1,
	 .rsi = NOTHING,
	 .rdi = DEVICE,
	 .steps = {FAIL("not mapped")}},
	{"movsl from RAM and nothing",
	 {0xa5},
	 .messages = 1,
	 .rsi = NOTHING - 2,
	 .rdi = DEVICE,
	 .steps = {FAIL("cannot read")}},
	{"lodsw",
	 {0x66, 0xad},
	 .messages = 1,
	 .rsi = DEVICE + 2,
	 .steps = {READ(GPA_DEVICE + 2, 2, 0xbeef)},
	 .rip = 2,
	 .rax_after = (RAX & ~0xffffULL) | 0xbeef,
	 .rsi_after = DEVICE + 4},
	{"stosb",
	 {0xaa},
	 .messages = 1,
	 .rdi = DEVICE,
	 .steps = {WRITE(GPA_DEVICE, 1, 0x88)},
	 .rip = 1,
	 .rdi_after = DEVICE + 1},
	{"stosl",
	 {0xab},
	 .messages = 1,
	 .rdi = DEVICE_2,
	 .steps = {WRITE(GPA_DEVICE_2, 4, 0x55667788)},
	 .rip = 1,
	 .rdi_after = DEVICE_2 + 4},
	{"stosq",
	 {0x48, 0xab},
	 .messages = 1,
	 .rdi = DEVICE,
	 .steps = {WRITE(GPA_DEVICE, 8, RAX)},
	 .rip = 2,
	 .rdi_after = DEVICE + 8},
	{"stosb to nothing",
	 {0xaa},
	 .messages = 1,
	 .rdi = NOTHING,
	 .steps = {FAIL("not mapped")}},
	{"rep stosb of none",
	 {0xf3, 0xaa},
	 .messages = 1,
	 .rdi = DEVICE,
	 .rip = 2,
	 .rdi_after = DEVICE},
	/* --- ports */
	{"outsb",
	 {0x6e},
	 1 | MSHV_IO_STRING,
	 .messages = 1,
	 .rsi = RAM + 1,
	 .steps = {OUT(1, (uint8_t)((GPA_RAM + 1) * 7 + GPA_RAM / 4096))},
	 .rip = 1,
	 .rsi_after = RAM + 2},
	{"rep insb",
	 {0xf3, 0x6c},
	 1 | MSHV_IO_STRING | MSHV_IO_REP,
	 .messages = 2,
	 .rcx = 2,
	 .rdi = RAM,
	 .steps = {IN(1, 0xaa), IN(1, 0xbb)},
	 .rip = 2,
	 .rdi_after = RAM + 2},
	{"rep outsb of none",
	 {0xf3, 0x6e},
	 1 | MSHV_IO_STRING | MSHV_IO_REP,
	 .messages = 1,
	 .rsi = RAM,
	 .rip = 2,
	 .rsi_after = RAM},
	{"outsb from a device",
	 {0x6e},
	 1 | MSHV_IO_STRING,
	 .messages = 1,
	 .rsi = DEVICE,
	 .steps = {FAIL("not RAM")}},
	{"insb to a device",
	 {0x6c},
	 1 | MSHV_IO_STRING,
	 .messages = 1,
	 .rdi = DEVICE,
	 .steps = {IN(1, 0xaa), FAIL("not RAM")}},
	{"outsb of two bytes",
	 {0x6e},
	 2 | MSHV_IO_STRING,
	 .messages = 1,
	 .rsi = RAM,
	 .steps = {FAIL("emulate")}},
	{"a string that is none",
	 {0x88, 0x03},
	 1 | MSHV_IO_STRING,
	 .messages = 1,
	 .steps = {FAIL("emulate")}},
	{"a string of no instruction",
	 {0x06},
	 1 | MSHV_IO_STRING,
	 .messages = 1,
	 .steps = {FAIL("decode")}},
};

static void accesses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		act_run(&acts[i], true);
		act_run(&acts[i], false);
	}
}

/* Whatever call fails, the guest goes on as it should or not at all. */
static void fail_call(const struct act *act, int n)
{
	size_t i = 0;
	struct mshv_vp vp;

	act_prepare(&vp, act, false);
	mshv_fake_state.failing_register_call = n;
	for (mshv_vp_run(&vp); vp.exit.kind != HV_EXIT_ERROR;
	     mshv_vp_run(&vp)) {
		if (vp.exit.kind == HV_EXIT_KICKED) {
			assert_int_equal(i, step_count(act));
			registers_check(act);
			break;
		}
		assert_true(i < step_count(act));
		step_check(&vp, act, i++);
	}
	mshv_vp_destroy(&vp);
}

static void a_failing_call_is_no_other_access(void **state)
{
	int n, total;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		act_run(&acts[i], false);
		total = mshv_fake_state.register_calls;
		assert_true(total > 0);
		for (n = 1; n <= total; n++)
			fail_call(&acts[i], n);
	}
}

static void an_event_through_no_memory(void **state)
{
	static const struct act none = {.messages = 1};
	struct mshv_msg_memory *m;
	struct mshv_vp vp;

	(void)state;
	act_prepare(&vp, &none, true);
	m = (void *)mshv_fake_state.script[0].payload;
	m->header.access = MSHV_ACCESS_WRITE;
	m->header.exec_state |= MSHV_EXEC_INTERRUPTION;
	mshv_vp_fails(&vp, "event");
	mshv_vp_destroy(&vp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accesses),
		cmocka_unit_test(a_failing_call_is_no_other_access),
		cmocka_unit_test(an_event_through_no_memory),
	};

	return RUN_TESTS(tests);
}
