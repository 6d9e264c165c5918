// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend's other exits: the guest's three modes, instructions that
 * a message does not carry in full, ports, MSRs, and what a VP cannot do.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "runners/vmm/vcpu_regs.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/mshv/mshv_vp.h"

#define GPA_DEVICE 0xd0000000ULL

/* One message of TYPE. */
static void vp_create(struct mshv_vp *vp, uint32_t type, bool has_page)
{
	mshv_vp_create(vp, has_page);
	vp->msg->type = type;
}

/* --- modes ---------------------------------------------------------------- */

#define ATTR_16 0x009b
#define ATTR_32 0xc09b
#define ATTR_64 0xa09b

/* Stores whose address and size depend on the mode. */
static const struct {
	const char *name;
	uint8_t bytes[8];
	uint16_t attr;
	bool is_long;
	uint8_t rip, len;
	uint64_t addr;
} modes[] = {
	{"mov %al,(%bx,%di)",
	 {0x88, 0x01},
	 ATTR_16,
	 false,
	 2,
	 1,
	 GPA_DEVICE + 0x5678 + 0x30},
	{"mov %al,(%ecx)",
	 {0x88, 0x01},
	 ATTR_32,
	 false,
	 2,
	 1,
	 GPA_DEVICE + 0x20},
	{"mov %ax,(%bx,%di)",
	 {0x89, 0x01},
	 ATTR_16,
	 false,
	 2,
	 2,
	 GPA_DEVICE + 0x5678 + 0x30},
	{"mov %eax,(%ecx)",
	 {0x66, 0x67, 0x89, 0x01},
	 ATTR_16,
	 false,
	 4,
	 4,
	 GPA_DEVICE + 0x20},
	{"mov %ax,(%bx,%di)",
	 {0x66, 0x67, 0x89, 0x01},
	 ATTR_32,
	 false,
	 4,
	 2,
	 GPA_DEVICE + 0x5678 + 0x30},
	/* The long bit of a CS means nothing before long mode is on. */
	{"mov %ax,(%bx,%di)",
	 {0x89, 0x01},
	 0x209b,
	 false,
	 2,
	 2,
	 GPA_DEVICE + 0x5678 + 0x30},
	/* 64-bit mode has no base but FS's and GS's, and wraps nothing. */
	{"mov %rax,(%r8)",
	 {0x49, 0x89, 0x00},
	 ATTR_64,
	 true,
	 3,
	 8,
	 GPA_DEVICE + 0x40},
	{"mov %al,%es:(%r8)",
	 {0x26, 0x41, 0x88, 0x00},
	 ATTR_64,
	 true,
	 4,
	 1,
	 GPA_DEVICE + 0x40},
	{"mov %al,%gs:(%rcx)",
	 {0x65, 0x88, 0x01},
	 ATTR_64,
	 true,
	 3,
	 1,
	 GPA_DEVICE + 0x1020},
	/* A compatibility segment of a 64-bit guest. */
	{"mov %al,%fs:(%ecx)",
	 {0x64, 0x88, 0x01},
	 ATTR_32,
	 true,
	 3,
	 1,
	 GPA_DEVICE + 0x2020},
	/* 4 GiB is where addresses begin again. */
	{"mov %al,-0x30000000(%edx)",
	 {0x88, 0x82, 0, 0, 0, 0xd0},
	 ATTR_32,
	 false,
	 6,
	 1,
	 (GPA_DEVICE + 0x10 - 0x30000000) & 0xffffffff},
};

static void registers_of_modes(struct mshv_register_page *p)
{
	int i;

	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		p->segments[i].base = GPA_DEVICE;
	p->segments[1].base = 0x100; /* CS */
	p->segments[4].base = GPA_DEVICE + 0x2000;
	p->segments[5].base = GPA_DEVICE + 0x1000;
	p->gpr[VCPU_RAX] = 0x1122334455667788;
	p->gpr[VCPU_RBX] = 0x12345678;
	p->gpr[VCPU_RCX] = 0x20;
	p->gpr[VCPU_RDX] = 0x10;
	p->gpr[VCPU_RDI] = 0x30;
	p->gpr[VCPU_R8] = GPA_DEVICE + 0x40;
	p->rip = 0x200;
}

static void each_mode(bool has_page, size_t bytes_in_message)
{
	const uint64_t rax = 0x1122334455667788;
	struct mshv_msg_memory *m;
	struct mshv_vp vp;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		vp_create(&vp, MSHV_MSG_UNMAPPED_GPA, has_page);
		registers_of_modes(&mshv_fake_state.page);
		m = (void *)vp.msg->payload;
		m->header.cs.attr = modes[i].attr;
		m->header.exec_state = modes[i].is_long ? MSHV_EXEC_LMA : 0;
		m->gpa = GPA_DEVICE;
		m->byte_count = (uint8_t)bytes_in_message;
		memcpy(m->bytes, modes[i].bytes, bytes_in_message);
		/* 64-bit mode knows no base of CS. */
		memcpy(mshv_vp_ram + (modes[i].attr == ATTR_64 ? 0x200 : 0x300),
		       modes[i].bytes, sizeof(modes[i].bytes));
		print_message("%s\n", modes[i].name);
		assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_MMIO);
		assert_int_equal(vp.exit.access.addr, modes[i].addr);
		assert_int_equal(vp.exit.access.len_bytes, modes[i].len);
		assert_int_equal(vp.exit.access.data,
				 rax & (~0ULL >> (64 - 8 * modes[i].len)));
		assert_int_equal(mshv_fake_state.page.rip,
				 0x200 + modes[i].rip);
		mshv_vp_destroy(&vp);
	}
}

static void modes_and_segments(void **state)
{
	(void)state;
	each_mode(true, 8);
	each_mode(false, 8);
}

/* As some hosts: the message has a part of the instruction, or none. */
static void an_instruction_is_fetched(void **state)
{
	(void)state;
	each_mode(true, 1);
	each_mode(true, 0);
	each_mode(false, 0);
}

/* The bytes alone do not say what an instruction is. */
static void kept_instructions_have_a_mode(void **state)
{
	static const uint16_t attrs[] = {ATTR_32, ATTR_16, ATTR_32};
	static const uint8_t lens[] = {4, 2, 4};
	struct mshv_msg_memory *m;
	struct mshv_vp vp;
	size_t i;

	(void)state;
	vp_create(&vp, MSHV_MSG_UNMAPPED_GPA, true);
	registers_of_modes(&mshv_fake_state.page);
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		vp.msg[i].type = MSHV_MSG_UNMAPPED_GPA;
		m = (void *)vp.msg[i].payload;
		m->header.cs.attr = attrs[i];
		m->gpa = GPA_DEVICE;
		m->byte_count = 16;
		m->bytes[0] = 0x89;
		m->bytes[1] = 0x01;
	}
	mshv_fake_state.script_len = ARRAY_SIZE(attrs);
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_MMIO);
		assert_int_equal(vp.exit.access.len_bytes, lens[i]);
	}
	mshv_vp_destroy(&vp);
}

/* At the end of RAM: what lies behind is only missed if it is needed. */
static void an_instruction_at_an_end(void **state)
{
	static const struct {
		uint64_t rip;
		const char *says; /* NULL: it is decoded */
	} cases[] = {{MSHV_VP_RAM_BYTES - 2, NULL},
		     {MSHV_VP_RAM_BYTES - 1, "decode"},
		     {MSHV_VP_RAM_BYTES, "cannot fetch"},
		     {0xffffffff, "cannot fetch"}};
	struct mshv_msg_memory *m;
	struct mshv_vp vp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vp_create(&vp, MSHV_MSG_UNMAPPED_GPA, true);
		m = (void *)vp.msg->payload;
		m->header.cs.attr = ATTR_32;
		m->gpa = GPA_DEVICE;
		mshv_fake_state.page.rip = cases[i].rip;
		mshv_fake_state.page.gpr[VCPU_RBX] = GPA_DEVICE;
		memcpy(mshv_vp_ram + MSHV_VP_RAM_BYTES - 2, "\x89\x03", 2);
		if (cases[i].rip == MSHV_VP_RAM_BYTES - 1)
			mshv_vp_ram[MSHV_VP_RAM_BYTES - 1] = 0x89;
		if (cases[i].says)
			mshv_vp_fails(&vp, cases[i].says);
		else
			assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_MMIO);
		mshv_vp_destroy(&vp);
	}
}

/* --- ports ---------------------------------------------------------------- */

/* IN of 4 bytes clears the upper half, fewer leave the rest (SDM 3.4.1.1). */
static void ports(bool has_page)
{
	static const struct {
		uint8_t size;
		bool is_write;
		uint64_t data; /* what is written, or the device's answer */
		uint64_t rax;  /* after */
	} cases[] = {
		{1, true, 0x88, 0x1122334455667788},
		{2, true, 0x7788, 0x1122334455667788},
		{4, true, 0x55667788, 0x1122334455667788},
		{1, false, ~0x5aULL, 0x11223344556677a5},
		{2, false, 0x9abc, 0x1122334455669abc},
		{4, false, 0xdeadbeef, 0xdeadbeef},
	};
	struct mshv_msg_io *io;
	struct mshv_vp vp;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vp_create(&vp, MSHV_MSG_IO_PORT, has_page);
		mshv_fake_state.page.gpr[VCPU_RAX] = 0x1122334455667788;
		io = (void *)vp.msg->payload;
		io->header.access = cases[i].is_write ? MSHV_ACCESS_WRITE
						      : MSHV_ACCESS_READ;
		io->header.rip = 0x5000;
		io->header.length_cr8 = 0xf3; /* CR8 is 15 */
		io->info = cases[i].size;
		io->port = 0xcf8;
		io->rax = 0x1122334455667788;
		assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_PIO);
		assert_int_equal(vp.exit.access.addr, 0xcf8);
		assert_int_equal(vp.exit.access.len_bytes, cases[i].size);
		assert_int_equal(vp.exit.access.is_write, cases[i].is_write);
		if (cases[i].is_write)
			assert_int_equal(vp.exit.access.data, cases[i].data);
		vp.exit.access.data = cases[i].data;
		mshv_vp_is_done(&vp);
		assert_int_equal(mshv_fake_state.page.rip, 0x5003);
		assert_int_equal(mshv_fake_state.page.gpr[VCPU_RAX],
				 cases[i].rax);
		mshv_vp_destroy(&vp);
	}
}

static void ports_with_and_without_a_page(void **state)
{
	(void)state;
	ports(true);
	ports(false);
}

static void a_port_access_of_no_size(void **state)
{
	static const uint8_t sizes[] = {0, 3, 5, 6, 7};
	struct mshv_vp vp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		vp_create(&vp, MSHV_MSG_IO_PORT, true);
		((struct mshv_msg_io *)vp.msg->payload)->info = sizes[i];
		mshv_vp_fails(&vp, "port access");
		mshv_vp_destroy(&vp);
	}
}

/* --- MSRs ----------------------------------------------------------------- */

static struct mshv_msg_msr *msr_message(struct mshv_vp *vp, uint32_t msr,
					bool is_write)
{
	struct mshv_msg_msr *m = (void *)vp->msg->payload;

	m->msr = msr;
	m->header.access = is_write ? MSHV_ACCESS_WRITE : MSHV_ACCESS_READ;
	m->header.rip = 0x5000;
	m->rax = 0xaaaaaaaa11223344; /* upper halves are not part of it */
	m->rdx = 0x99;
	mshv_fake_state.page.gpr[VCPU_RAX] = m->rax;
	mshv_fake_state.page.gpr[VCPU_RDX] = m->rdx;
	return m;
}

static void the_exit_msr(bool has_page)
{
	const uint64_t *gpr = mshv_fake_state.page.gpr;
	struct mshv_vp vp;

	vp_create(&vp, MSHV_MSG_MSR, has_page);
	msr_message(&vp, MSHV_VP_EXIT_MSR, true);
	assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_MSR);
	assert_int_equal(vp.exit.access.addr, MSHV_VP_EXIT_MSR);
	assert_true(vp.exit.access.is_write);
	assert_int_equal(vp.exit.access.data, 0x9911223344);
	mshv_vp_is_done(&vp);
	assert_int_equal(mshv_fake_state.page.rip, 0x5002);
	assert_int_equal(gpr[VCPU_RDX], 0x99);
	mshv_vp_destroy(&vp);

	vp_create(&vp, MSHV_MSG_MSR, has_page);
	msr_message(&vp, MSHV_VP_EXIT_MSR, false);
	assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_MSR);
	assert_false(vp.exit.access.is_write);
	vp.exit.access.data = 0xfedcba9876543210;
	mshv_vp_is_done(&vp);
	assert_int_equal(gpr[VCPU_RAX], 0x76543210);
	assert_int_equal(gpr[VCPU_RDX], 0xfedcba98);
	assert_int_equal(mshv_fake_state.page.rip, 0x5002);
	mshv_vp_destroy(&vp);
}

/* Reads as 0, ignores writes, and nobody hears of it. */
static void another_msr(bool has_page)
{
	const uint64_t *gpr = mshv_fake_state.page.gpr;
	struct mshv_vp vp;
	int is_write;

	for (is_write = 0; is_write < 2; is_write++) {
		vp_create(&vp, MSHV_MSG_MSR, has_page);
		msr_message(&vp, MSHV_VP_EXIT_MSR + 1, is_write);
		mshv_vp_is_done(&vp);
		assert_int_equal(mshv_fake_state.page.rip, 0x5002);
		assert_int_equal(gpr[VCPU_RAX],
				 is_write ? 0xaaaaaaaa11223344 : 0);
		assert_int_equal(gpr[VCPU_RDX], is_write ? 0x99 : 0);
		mshv_vp_destroy(&vp);
	}
}

static void msrs(void **state)
{
	(void)state;
	the_exit_msr(true);
	the_exit_msr(false);
	another_msr(true);
	another_msr(false);
}

/* --- the rest ------------------------------------------------------------- */

static void messages_without_a_header(void **state)
{
	struct mshv_msg_unsupported *unsupported;
	struct mshv_msg_eoi *eoi;
	struct mshv_vp vp;

	(void)state;
	vp_create(&vp, MSHV_MSG_APIC_EOI, true);
	eoi = (void *)vp.msg->payload;
	eoi->vector = 0xef;
	assert_int_equal(mshv_vp_run(&vp)->kind, HV_EXIT_EOI);
	assert_int_equal(vp.exit.vector, 0xef);
	assert_int_equal(vp.exit.raw_reason, MSHV_MSG_APIC_EOI);
	mshv_vp_destroy(&vp);

	vp_create(&vp, MSHV_MSG_UNSUPPORTED_FEATURE, true);
	unsupported = (void *)vp.msg->payload;
	unsupported->code = 77;
	unsupported->parameter = 0xabcdef;
	mshv_vp_fails(&vp, "77");
	assert_contains(vp.exit.detail, "0xabcdef");
	mshv_vp_destroy(&vp);
}

/* CPUID's answers are the message's, all of them. */
static void cpuid_by_hypercall(void **state)
{
	struct mshv_msg_cpuid *m;
	struct mshv_vp vp;

	(void)state;
	vp_create(&vp, MSHV_MSG_CPUID, false);
	m = (void *)vp.msg->payload;
	m->header.rip = 0x5000;
	m->default_rax = 1;
	m->default_rbx = 2;
	m->default_rcx = 3;
	m->default_rdx = 4;
	mshv_vp_is_done(&vp);
	assert_int_equal(mshv_fake_state.page.gpr[VCPU_RAX], 1);
	assert_int_equal(mshv_fake_state.page.gpr[VCPU_RBX], 2);
	assert_int_equal(mshv_fake_state.page.gpr[VCPU_RCX], 3);
	assert_int_equal(mshv_fake_state.page.gpr[VCPU_RDX], 4);
	assert_int_equal(mshv_fake_state.page.rip, 0x5002);
	mshv_vp_destroy(&vp);
}

/* Each message that needs registers, with its n-th call for them failing. */
static void registers_that_cannot_be_had(void **state)
{
	static const struct {
		uint32_t type;
		int call;
		const char *says;
	} cases[] = {
		{MSHV_MSG_IO_PORT, 1, "set registers"},
		{MSHV_MSG_MSR, 1, "read registers"},
		{MSHV_MSG_MSR, 2, "set registers"},
		{MSHV_MSG_CPUID, 1, "read registers"},
		{MSHV_MSG_CPUID, 2, "set registers"},
		{MSHV_MSG_UNMAPPED_GPA, 1, "read registers"},
	};
	struct mshv_msg_io *io;
	struct mshv_vp vp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vp_create(&vp, cases[i].type, false);
		mshv_fake_state.failing_register_call = cases[i].call;
		io = (void *)vp.msg->payload;
		if (cases[i].type == MSHV_MSG_UNMAPPED_GPA)
			((struct mshv_msg_memory *)vp.msg->payload)->gpa =
				GPA_DEVICE;
		else if (cases[i].type == MSHV_MSG_IO_PORT)
			io->info = 1;
		io->header.access = cases[i].type == MSHV_MSG_IO_PORT;
		mshv_vp_fails(&vp, cases[i].says);
		mshv_vp_destroy(&vp);
	}
}

static void registers_as_a_whole(void **state)
{
	struct vcpu_regs set = {.rip = 0x1000,
				.rflags = 2,
				.cr0 = 0x11,
				.cr3 = 0x2000,
				.cr4 = 0x20,
				.efer = 0x500};
	struct vcpu_regs got = {0};
	struct mshv_vp vp;
	int i;

	(void)state;
	vp_create(&vp, MSHV_MSG_HALT, false);
	for (i = 0; i < VCPU_GPR_COUNT; i++)
		set.gpr[i] = 0x100u + (unsigned int)i;
	set.cs = (struct vcpu_segment){8, 0xffff, 0x10, 0xa09b};
	set.data = (struct vcpu_segment){16, 0xfffff, 0x18, 0xc093};
	assert_int_equal(hv_vcpu_regs_set(vp.vcpu, &set), 0);
	/* ES, SS, DS, FS and GS alike. */
	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		assert_int_equal(mshv_fake_state.page.segments[i].selector,
				 i == 1 ? 0x10 : 0x18);
	assert_int_equal(hv_vcpu_regs_get(vp.vcpu, &got), 0);
	assert_memory_equal(got.gpr, set.gpr, sizeof(set.gpr));
	assert_int_equal(got.rip, set.rip);
	assert_int_equal(got.cr3, set.cr3);
	assert_int_equal(got.efer, set.efer);
	assert_memory_equal(&got.cs, &set.cs, sizeof(set.cs));
	assert_memory_equal(&got.data, &set.data, sizeof(set.data));
	mshv_fake_state.failing_register_call =
		mshv_fake_state.register_calls + 1;
	assert_int_equal(hv_vcpu_regs_get(vp.vcpu, &got), -EIO);
	mshv_fake_state.failing_register_call =
		mshv_fake_state.register_calls + 1;
	assert_int_equal(hv_vcpu_regs_set(vp.vcpu, &set), -EIO);
	mshv_vp_destroy(&vp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_and_segments),
		cmocka_unit_test(an_instruction_is_fetched),
		cmocka_unit_test(kept_instructions_have_a_mode),
		cmocka_unit_test(an_instruction_at_an_end),
		cmocka_unit_test(ports_with_and_without_a_page),
		cmocka_unit_test(a_port_access_of_no_size),
		cmocka_unit_test(msrs),
		cmocka_unit_test(messages_without_a_header),
		cmocka_unit_test(cpuid_by_hypercall),
		cmocka_unit_test(registers_that_cannot_be_had),
		cmocka_unit_test(registers_as_a_whole),
	};

	return RUN_TESTS(tests);
}
