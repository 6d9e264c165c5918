// SPDX-License-Identifier: GPL-3.0-or-later
/* The mshv backend on a fake device: its instructions, faults and traces. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "mshv/insn.h"
#include "mshv/trace/replay.h"
#include "mshv/walk.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/mshv_fake.h"

#define TRACE "tests/data/mshv-emu-boot.trace"

/* --- instructions --------------------------------------------------------- */

#define CF 1u
#define ZF 0x40u
#define SF 0x80u
#define OF 0x800u
#define FLAGS (CF | ZF | SF | OF)

struct insn_case {
	const char *name;
	uint8_t bytes[12];
	uint8_t len;
	uint64_t rax, rbx, mem; /* before */
	uint64_t rax_after;
	uint64_t mem_after; /* what is written */
	bool is_read, is_written;
	uint32_t flags_after;
};

#define B(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define R true, false
#define W false, true
#define RW true, true

/* Expected values from the Intel SDM's descriptions, worked by hand. */
static const struct insn_case insn_cases[] = {
	{"mov (%rbx),%eax", B(0x8b, 0x03), ~0ULL, 0, 0x80000001, 0x80000001, 0,
	 R, 0},
	{"mov (%rbx),%rax", B(0x48, 0x8b, 0x03), 0, 0, ~0ULL, ~0ULL, 0, R, 0},
	{"mov (%rbx),%al", B(0x8a, 0x03), 0x1122, 0, 0xff, 0x11ff, 0, R, 0},
	{"mov (%rbx),%ah", B(0x8a, 0x23), 0x1122, 0, 0xff, 0xff22, 0, R, 0},
	{"movzbl (%rbx),%eax", B(0x0f, 0xb6, 0x03), ~0ULL, 0, 0x80, 0x80, 0, R,
	 0},
	{"movsbq (%rbx),%rax", B(0x48, 0x0f, 0xbe, 0x03), 0, 0, 0x80,
	 0xffffffffffffff80, 0, R, 0},
	{"movslq (%rbx),%rax", B(0x48, 0x63, 0x03), 0, 0, 0x80000000,
	 0xffffffff80000000, 0, R, 0},
	{"mov %eax,(%rbx)", B(0x89, 0x03), 0x123456789, 0, 0, 0x123456789,
	 0x23456789, W, 0},
	{"movl $-1,(%rbx)", B(0xc7, 0x03, 0xff, 0xff, 0xff, 0xff), 0, 0, 0, 0,
	 0xffffffff, W, 0},
	{"movq $-1,(%rbx)", B(0x48, 0xc7, 0x03, 0xff, 0xff, 0xff, 0xff), 0, 0,
	 0, 0, ~0ULL, W, 0},
	{"movnti %eax,(%rbx)", B(0x0f, 0xc3, 0x03), 7, 0, 0, 7, 7, W, 0},
	{"orl $0x80000000,(%rbx)", B(0x81, 0x0b, 0, 0, 0, 0x80), 0, 0, 1, 0,
	 0x80000001, RW, SF},
	{"andl $-2,(%rbx)", B(0x83, 0x23, 0xfe), 0, 0, 1, 0, 0, RW, ZF},
	{"xor (%rbx),%eax", B(0x33, 0x03), 5, 0, 5, 0, 0, R, ZF},
	{"add %eax,(%rbx)", B(0x01, 0x03), 1, 0, 0xffffffff, 1, 0, RW, CF | ZF},
	{"sub %eax,(%rbx)", B(0x29, 0x03), 1, 0, 0, 1, 0xffffffff, RW, CF | SF},
	{"cmp %eax,(%rbx)", B(0x39, 0x03), 2, 0, 1, 2, 0, R, CF | SF},
	{"cmp (%rbx),%eax", B(0x3b, 0x03), 2, 0, 1, 2, 0, R, 0},
	{"cmpb $0x80,(%rbx)", B(0x80, 0x3b, 0x80), 0, 0, 0x7f, 0, 0, R,
	 CF | SF | OF},
	{"testl $4,(%rbx)", B(0xf7, 0x03, 4, 0, 0, 0), 0, 0, 4, 0, 0, R, 0},
	{"test %al,(%rbx)", B(0x84, 0x03), 1, 0, 2, 1, 0, R, ZF},
	{"btl $31,(%rbx)", B(0x0f, 0xba, 0x23, 31), 0, 0, 0x80000000, 0, 0, R,
	 CF},
	{"lock btsl $0,(%rbx)", B(0xf0, 0x0f, 0xba, 0x2b, 0), 0, 0, 0, 0, 1, RW,
	 0},
	{"btrl $1,(%rbx)", B(0x0f, 0xba, 0x33, 1), 0, 0, 3, 0, 1, RW, CF},
	{"btcl $1,(%rbx)", B(0x0f, 0xba, 0x3b, 1), 0, 0, 1, 0, 3, RW, 0},
	{"xchg %eax,(%rbx)", B(0x87, 0x03), 5, 0, 9, 9, 5, RW, 0},
	{"xadd %eax,(%rbx)", B(0x0f, 0xc1, 0x03), 5, 0, 9, 9, 14, RW, 0},
	{"cmpxchg %ecx,(%rbx)", B(0x0f, 0xb1, 0x0b), 9, 0, 9, 9, 0, RW, ZF},
	{"cmpxchg %ecx,(%rbx)", B(0x0f, 0xb1, 0x0b), 8, 0, 9, 9, 9, RW,
	 CF | SF},
	{"incl (%rbx)", B(0xff, 0x03), 0, 0, 0x7fffffff, 0, 0x80000000, RW,
	 SF | OF},
	{"decl (%rbx)", B(0xff, 0x0b), 0, 0, 1, 0, 0, RW, ZF},
	{"notl (%rbx)", B(0xf7, 0x13), 0, 0, 0, 0, 0xffffffff, RW, 0},
	{"negl (%rbx)", B(0xf7, 0x1b), 0, 0, 1, 0, 0xffffffff, RW, CF | SF},
};

static void instructions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(insn_cases); i++) {
		const struct insn_case *t = &insn_cases[i];
		uint64_t gpr[16] = {0};
		struct insn_cpu cpu = {
			.mode = INSN_MODE_64, .rflags = 2, .gpr = gpr};
		struct insn insn;
		uint64_t written;

		cpu.gpr[VCPU_RAX] = t->rax;
		cpu.gpr[VCPU_RBX] = 0xd0000000;
		print_message("%s\n", t->name);
		assert_int_equal(insn_decode(t->bytes, t->len, cpu.mode, &insn),
				 0);
		assert_int_equal(insn.length_bytes, t->len);
		assert_int_equal(insn_address(&insn, &cpu), 0xd0000000);
		assert_int_equal(insn.mem_is_read, t->is_read);
		assert_int_equal(insn.mem_is_written, t->is_written);
		written = insn_execute(&insn, &cpu, t->mem);
		if (t->is_written)
			assert_int_equal(written, t->mem_after);
		assert_int_equal(cpu.gpr[VCPU_RAX], t->rax_after);
		assert_int_equal(cpu.rflags & FLAGS, t->flags_after);
	}
}

static void addresses(void **state)
{
	static const struct {
		uint8_t bytes[9];
		uint64_t address;
	} cases[] = {
		{{0x8b, 0x44, 0x8b, 0x10}, 0x1000 + 4 * 0x20 + 0x10},
		{{0x8b, 0x05, 0x10, 0, 0, 0}, 0x7000 + 6 + 0x10}, /* rip */
		{{0x65, 0x8b, 0x03}, 0x1000 + 0x50000},           /* gs */
		{{0x67, 0x8b, 0x43, 0xff}, 0xfff},                /* ebx */
		{{0x8b, 0x04, 0x25, 0, 0, 0, 0xd0}, 0xffffffffd0000000},
		/* bts %ecx,(%rbx): bit 32 is in the next doubleword */
		{{0x0f, 0xab, 0x0b}, 0x1004},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t gpr[16] = {0};
		struct insn_cpu cpu = {
			.mode = INSN_MODE_64, .rip = 0x7000, .gpr = gpr};
		struct insn insn;

		cpu.gpr[VCPU_RBX] = 0x1000;
		cpu.gpr[VCPU_RCX] = 0x20;
		cpu.segment_base[5] = 0x50000;
		assert_int_equal(
			insn_decode(cases[i].bytes, 9, cpu.mode, &insn), 0);
		assert_int_equal(insn_address(&insn, &cpu), cases[i].address);
	}
}

static void refusals(void **state)
{
	const uint8_t movaps[] = {0x0f, 0x28, 0x03};
	const uint8_t shl[] = {0xd1, 0x23};
	const uint8_t reg[] = {0x89, 0xd8};
	const uint8_t nothing[15] = {0x0f, 0xff, 0x06};
	const uint8_t half[] = {0x48, 0x8b};
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode(movaps, 3, INSN_MODE_64, &insn), -ENOTSUP);
	assert_int_equal(insn_decode(shl, 2, INSN_MODE_64, &insn), -ENOTSUP);
	assert_int_equal(insn_decode(reg, 2, INSN_MODE_64, &insn), -ENOTSUP);
	assert_true(insn_decode(nothing, 15, INSN_MODE_64, &insn) < 0);
	assert_int_equal(insn_decode(half, 2, INSN_MODE_64, &insn), -ENODATA);
	assert_int_equal(insn_decode(half, 0, INSN_MODE_64, &insn), -ENODATA);
}

static void strings_move_on(void **state)
{
	const uint8_t rep_movsl[] = {0xf3, 0xa5};
	const uint8_t stosb[] = {0xaa};
	uint64_t gpr[16] = {0};
	struct insn_cpu cpu = {.mode = INSN_MODE_64, .rip = 0x100, .gpr = gpr};
	struct insn insn;

	(void)state;
	cpu.gpr[VCPU_RCX] = 2;
	cpu.gpr[VCPU_RSI] = 0x1000;
	cpu.gpr[VCPU_RDI] = 0x2000;
	assert_int_equal(insn_decode(rep_movsl, 2, cpu.mode, &insn), 0);
	assert_int_equal(insn_string_count(&insn, &cpu), 2);
	insn_string_advance(&insn, &cpu);
	assert_int_equal(cpu.gpr[VCPU_RSI], 0x1004);
	assert_int_equal(cpu.gpr[VCPU_RDI], 0x2004);
	assert_int_equal(cpu.rip, 0x100);
	insn_string_advance(&insn, &cpu);
	assert_int_equal(cpu.gpr[VCPU_RCX], 0);
	assert_int_equal(cpu.rip, 0x102);
	cpu.rflags = 0x400; /* downwards */
	assert_int_equal(insn_decode(stosb, 1, cpu.mode, &insn), 0);
	insn_string_advance(&insn, &cpu);
	assert_int_equal(cpu.gpr[VCPU_RDI], 0x2007);
	assert_int_equal(cpu.gpr[VCPU_RSI], 0x1008);
	assert_int_equal(cpu.rip, 0x103);
}

/* --- page walks ----------------------------------------------------------- */

static uint64_t tables[4][512];

static int table_read(void *arg, uint64_t gpa, uint64_t *value)
{
	(void)arg;
	if (gpa >= sizeof(tables))
		return -EFAULT;
	*value = tables[gpa / 4096][gpa % 4096 / 8];
	return 0;
}

static void walks(void **state)
{
	struct walk walk = {.cr0 = 1u << 31,
			    .cr4 = 0x20,
			    .efer = 0x500,
			    .read = table_read};
	uint64_t gpa = 0;

	(void)state;
	memset(tables, 0, sizeof(tables));
	tables[0][1] = 0x1001; /* 0x8000000000: level 4 */
	tables[1][2] = 0x2001;
	tables[2][3] = 0x3001;
	tables[3][4] = 0x12345001;
	tables[2][5] = 0x40000081;         /* 2 MiB */
	tables[1][6] = 0xc0000081;         /* 1 GiB */
	tables[2][7] = 0x7fffffff00000001; /* out of all memory */
	assert_int_equal(walk_translate(&walk, 0x8080604abcULL, &gpa), 0);
	assert_int_equal(gpa, 0x12345abc);
	assert_int_equal(walk_translate(&walk, 0x8080a12345ULL, &gpa), 0);
	assert_int_equal(gpa, 0x40012345);
	assert_int_equal(walk_translate(&walk, 0x8180000123ULL, &gpa), 0);
	assert_int_equal(gpa, 0xc0000123);
	assert_int_equal(walk_translate(&walk, 0, &gpa), -EFAULT);
	assert_int_equal(walk_translate(&walk, 0x8080e00000ULL, &gpa), -EFAULT);
	walk.cr3 = 0x100000000;
	assert_int_equal(walk_translate(&walk, 0x8080604abcULL, &gpa), -EFAULT);
	walk.cr0 = 1;
	assert_int_equal(walk_translate(&walk, 0x1234567890ULL, &gpa), 0);
	assert_int_equal(gpa, 0x34567890);
}

static void walks_of_older_kinds(void **state)
{
	struct walk walk = {
		.cr0 = 1u << 31, .cr4 = 0x20, .cr3 = 0x20, .read = table_read};
	uint64_t gpa = 0;

	(void)state;
	memset(tables, 0, sizeof(tables));
	tables[0][4 + 3] = 0x1001; /* PAE, the fourth gigabyte */
	tables[1][0] = 0x2001;
	tables[2][1] = 0x55555001;
	assert_int_equal(walk_translate(&walk, 0xc0001abc, &gpa), 0);
	assert_int_equal(gpa, 0x55555abc);
	walk.cr3 = 0x3000;
	walk.cr4 = 0x10;
	tables[3][0] = 0x66600083ULL << 32 | 0x1001; /* a table, and 4 MiB */
	tables[1][1] = 0x77777001;
	assert_int_equal(walk_translate(&walk, 0x2abc, &gpa), 0);
	assert_int_equal(gpa, 0x77777abc);
	assert_int_equal(walk_translate(&walk, 0x412345, &gpa), 0);
	assert_int_equal(gpa, 0x66412345);
}

/* --- faults of the device ------------------------------------------------- */

static void every_failure_leaves_nothing(void **state)
{
	struct err err;
	struct vm *vm;
	int n, calls, failures = 0;

	(void)state;
	mshv_fake_reset();
	assert_int_equal(mshv_fake_create(&vm, 2, HV_PARAVIRT_IDENTICAL, &err),
			 0);
	vm_destroy(vm);
	calls = mshv_fake_state.calls;
	assert_int_equal(mshv_fake_state.open_count, 0);
	for (n = 1; n <= calls; n++) {
		mshv_fake_reset();
		mshv_fake_state.fail_at = n;
		if (mshv_fake_create(&vm, 2, HV_PARAVIRT_IDENTICAL, &err)) {
			assert_true(err.msg[0]);
			failures++;
		}
		vm_destroy(vm);
		assert_int_equal(mshv_fake_state.open_count, 0);
	}
	/* Some calls are for properties that old hypervisors lack. */
	assert_true(failures > 6);
}

static void a_device_that_cannot_be_had(void **state)
{
	static const struct {
		int open_error;
		unsigned long request;
		int code;
		const char *says;
	} cases[] = {
		{-ENOENT, 0, 0, "mshv_root"},
		{-EACCES, 0, 0, "permission denied"},
		{-EBUSY, 0, 0, "/dev/mshv"},
		{0, MSHV_CREATE_PARTITION, -ENOTTY, "another ABI"},
		{0, MSHV_CREATE_PARTITION, -EIO, "refuses a partition"},
		{0, MSHV_CREATE_PARTITION, -ENOMEM, "no memory left"},
		{0, MSHV_INITIALIZE_PARTITION, -ENOMEM, "no memory left"},
		{0, MSHV_SET_GUEST_MEMORY, -ENOMEM, "to map guest RAM"},
		{0, MSHV_CREATE_VP, -ENOMEM, "no memory left for vCPU 0"},
		{0, MSHV_GET_VP_STATE, -EINVAL, "local APIC"},
	};
	struct err err;
	struct vm *vm;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mshv_fake_reset();
		mshv_fake_state.open_error = cases[i].open_error;
		mshv_fake_state.failing_request = cases[i].request;
		mshv_fake_state.failing_code = cases[i].code;
		mshv_fake_state.failing_times = -1;
		assert_true(mshv_fake_create(&vm, 2, HV_PARAVIRT_IDENTICAL,
					     &err) < 0);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("'%s' says nothing of '%s'", err.msg,
				 cases[i].says);
		assert_int_equal(mshv_fake_state.open_count, 0);
	}
}

/* Kernels before 6.19 deposit a page and say EAGAIN; signals say EINTR. */
static void what_can_be_repeated_is(void **state)
{
	static const unsigned long requests[] = {
		MSHV_CREATE_PARTITION, MSHV_INITIALIZE_PARTITION,
		MSHV_CREATE_VP,        MSHV_SET_GUEST_MEMORY,
		MSHV_ROOT_HVCALL,      MSHV_GET_VP_STATE,
		MSHV_SET_VP_STATE};
	struct err err;
	struct vm *vm;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		mshv_fake_reset();
		mshv_fake_state.failing_request = requests[i];
		mshv_fake_state.failing_code = i % 2 ? -EINTR : -EAGAIN;
		mshv_fake_state.failing_times = 20;
		assert_int_equal(
			mshv_fake_create(&vm, 2, HV_PARAVIRT_IDENTICAL, &err),
			0);
		assert_int_equal(mshv_fake_state.failing_times, 0);
		vm_destroy(vm);
	}
}

/* --- messages ------------------------------------------------------------- */

static struct hv_exit run_script(struct vm **vm)
{
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};
	struct err err;

	if (mshv_fake_create(vm, 2, HV_PARAVIRT_IDENTICAL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(hv_vcpu_run((*vm)->vcpus[0].hv, &exit), 0);
	return exit;
}

static void script_message(uint32_t type)
{
	mshv_fake_reset();
	mshv_fake_state.script[0].type = type;
	mshv_fake_state.script_len = 1;
}

static void messages(void **state)
{
	static const struct {
		uint32_t type;
		enum hv_exit_kind kind;
		const char *says;
	} cases[] = {
		{MSHV_MSG_UNRECOVERABLE, HV_EXIT_SHUTDOWN, ""},
		{MSHV_MSG_HALT, HV_EXIT_HALT, ""},
		{MSHV_MSG_APIC_EOI, HV_EXIT_EOI, ""},
		{MSHV_MSG_INVALID_REGISTER, HV_EXIT_ERROR, "register invalid"},
		{MSHV_MSG_UNSUPPORTED_FEATURE, HV_EXIT_ERROR, "unsupported"},
		{0x80010006, HV_EXIT_ERROR,
		 "unknown hypervisor message 0x80010006"},
		{MSHV_MSG_NONE, HV_EXIT_ERROR,
		 "unknown hypervisor message 0x0"},
	};
	struct hv_exit exit;
	struct vm *vm;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		script_message(cases[i].type);
		exit = run_script(&vm);
		assert_int_equal(exit.kind, cases[i].kind);
		if (exit.kind == HV_EXIT_ERROR)
			assert_non_null(strstr(exit.detail, cases[i].says));
		vm_destroy(vm);
	}
}

/* Nobody asks for them; should they come, the guest goes on behind them. */
static void msr_and_cpuid_messages(void **state)
{
	struct mshv_msg_cpuid *cpuid;
	struct hv_exit exit;
	struct vm *vm;

	(void)state;
	script_message(MSHV_MSG_CPUID);
	cpuid = (void *)mshv_fake_state.script[0].payload;
	cpuid->header.rip = 0x100;
	cpuid->default_rbx = 7;
	mshv_fake_state.script[1].type = MSHV_MSG_MSR;
	mshv_fake_state.script[2].type = MSHV_MSG_HALT;
	mshv_fake_state.script_len = 3;
	exit = run_script(&vm);
	assert_int_equal(exit.kind, HV_EXIT_HALT);
	assert_int_equal(mshv_fake_state.at_run[1].gpr[VCPU_RBX], 7);
	assert_int_equal(mshv_fake_state.at_run[1].rip, 0x102);
	assert_true(mshv_fake_state.at_run[1].dirty & MSHV_DIRTY_GPR);
	vm_destroy(vm);
}

/* The same bytes twice, and FS moved in between, as a thread's switch does. */
static void a_kept_instruction_has_the_segments_of_now(void **state)
{
	static const uint8_t load[] = {0x64, 0x8b, 0x07}; /* mov %fs:(%rdi) */
	struct mshv_register_page *page = &mshv_fake_state.page;
	struct mshv_msg_memory *m;
	struct hv_exit exit;
	struct vm *vm;
	int i;

	(void)state;
	script_message(MSHV_MSG_UNMAPPED_GPA);
	for (i = 0; i < 2; i++) {
		mshv_fake_state.script[i].type = MSHV_MSG_UNMAPPED_GPA;
		m = (void *)mshv_fake_state.script[i].payload;
		m->header.exec_state = MSHV_EXEC_LMA;
		m->header.cs.attr = 0xa09b;
		m->info = MSHV_MEM_GVA_GPA_VALID;
		m->gva = 0x10000;
		m->gpa = 0xd0000000;
		m->byte_count = 16;
		memcpy(m->bytes, load, sizeof(load));
	}
	mshv_fake_state.script_len = 2;
	page->segments[4].base = 0x10000;
	page->gpr[VCPU_RDI] = 0x40;
	exit = run_script(&vm);
	assert_int_equal(exit.kind, HV_EXIT_MMIO);
	assert_int_equal(exit.access.addr, 0xd0000040);
	page->segments[4].base = 0x10008;
	page->gpr[VCPU_RDI] = 0x40;
	assert_int_equal(hv_vcpu_run(vm->vcpus[0].hv, &exit), 0);
	assert_int_equal(exit.kind, HV_EXIT_MMIO);
	assert_int_equal(exit.access.addr, 0xd0000048);
	vm_destroy(vm);
}

static void an_undecodable_instruction_names_its_bytes(void **state)
{
	struct mshv_msg_memory *m;
	struct hv_exit exit;
	struct vm *vm;

	(void)state;
	script_message(MSHV_MSG_UNMAPPED_GPA);
	m = (void *)mshv_fake_state.script[0].payload;
	m->gpa = 0xd0000000;
	m->header.exec_state = MSHV_EXEC_LMA;
	m->header.cs.attr = 0xa09b;
	m->byte_count = 16;
	memset(m->bytes, 0x06, 16); /* push %es, which 64-bit mode lacks */
	exit = run_script(&vm);
	assert_int_equal(exit.kind, HV_EXIT_ERROR);
	assert_non_null(strstr(exit.detail, "060606"));
	vm_destroy(vm);
	m->header.access = MSHV_ACCESS_EXECUTE;
	mshv_fake_state.script_at = 0;
	exit = run_script(&vm);
	assert_non_null(strstr(exit.detail, "executes"));
	vm_destroy(vm);
}

static void a_run_that_fails(void **state)
{
	struct hv_exit exit;
	struct vm *vm;

	(void)state;
	mshv_fake_reset();
	mshv_fake_state.failing_request = MSHV_RUN_VP;
	mshv_fake_state.failing_code = -ENOMEM;
	mshv_fake_state.failing_times = 1;
	exit = run_script(&vm);
	assert_int_equal(exit.kind, HV_EXIT_ERROR);
	assert_non_null(strstr(exit.detail, "no memory left"));
	exit.kind = HV_EXIT_KIND_COUNT;
	assert_int_equal(hv_vcpu_run(vm->vcpus[0].hv, &exit), 0);
	assert_int_equal(exit.kind, HV_EXIT_KICKED);
	vm_destroy(vm);
}

static void on_kick(int sig)
{
	(void)sig;
}

static void *stop_soon(void *vm)
{
	usleep(20000);
	vm_stop(vm);
	return NULL;
}

/* The hypervisor keeps it: said so, and nothing is freed under its feet. */
static void a_stuck_vcpu_is_an_end(void **state)
{
	struct sigaction kick = {.sa_handler = on_kick};
	enum vm_end end = VM_END_NONE;
	pthread_t stopper;
	struct err err;
	struct vm *vm;
	uint32_t i;

	(void)state;
	sigaction(SIGUSR1, &kick, NULL);
	mshv_fake_reset();
	mshv_fake_state.run_blocks = true;
	assert_int_equal(mshv_fake_create(&vm, 2, HV_PARAVIRT_IDENTICAL, &err),
			 0);
	pthread_create(&stopper, NULL, stop_soon, vm);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	pthread_join(stopper, NULL);
	assert_int_equal(end, VM_END_HV_ERROR);
	assert_non_null(strstr(vm->end_detail, "is stuck in the hypervisor"));
	vm_destroy(vm); /* leaves it alone */
	mshv_fake_state.run_blocks = false;
	for (i = 0; i < vm->vcpu_count; i++)
		pthread_join(vm->vcpus[i].thread, NULL);
	vm->is_stuck = false;
	vm_destroy(vm);
}

/* --- traces --------------------------------------------------------------- */

static void trace_text(void **state)
{
	const uint8_t bytes[] = {1, 0, 0, 0, 0, 0, 0xff, 0, 0};
	char text[TRACE_TEXT_MAX(sizeof(bytes))];
	uint8_t back[16];
	size_t len;

	(void)state;
	assert_string_equal(trace_encode(bytes, sizeof(bytes), text),
			    "01*5;ff0000");
	assert_int_equal(trace_decode(text, back, sizeof(back), &len), 0);
	assert_int_equal(len, sizeof(bytes));
	assert_memory_equal(back, bytes, len);
	assert_string_equal(trace_encode(bytes, 0, text), "-");
	assert_int_equal(trace_decode("0", back, 16, &len), -EINVAL);
	assert_int_equal(trace_decode("*;", back, 16, &len), -EINVAL);
	assert_int_equal(trace_decode("*17;", back, 16, &len), -E2BIG);
	assert_int_equal(trace_decode("zz", back, 16, &len), -EINVAL);
}

static void the_shipped_trace_is_replayed(void **state)
{
	struct replay_summary sum;
	struct err err = {0};

	(void)state;
	if (replay_run(TRACE, &sum, &err))
		fail_msg("%s", err.msg);
	assert_true(sum.runs > 1000);
}

/* Copies the trace with FROM of its line LINE replaced. */
static void damaged_copy(const char *path, unsigned int line, const char *from,
			 const char *to)
{
	FILE *in = fopen(TRACE, "re"), *out = fopen(path, "we");
	char *text = NULL, *at;
	unsigned int n = 0;
	bool done = false;
	size_t cap = 0;

	assert_non_null(in);
	assert_non_null(out);
	while (getline(&text, &cap, in) > 0) {
		at = ++n >= line && !done ? strstr(text, from) : NULL;
		if (at) {
			fprintf(out, "%.*s%s%s", (int)(at - text), text, to,
				at + strlen(from));
			done = true;
		} else {
			fputs(text, out);
		}
	}
	assert_true(done);
	free(text);
	fclose(in);
	fclose(out);
}

static void a_difference_is_found(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"pio 3f8 1 1", "pio 3f9 1 1"}, /* another port */
		{"mmio c", "pio c"},            /* another kind */
		{" S run ", " S close "},       /* another call */
		{"8a07", "8b07"}, /* another instruction: byte for word */
	};
	char path[] = "/tmp/l1vh-trace-XXXXXX";
	struct replay_summary sum;
	struct err err = {0};
	size_t i;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		damaged_copy(path, 300, cases[i].from, cases[i].to);
		assert_int_equal(replay_run(path, &sum, &err), -EBADMSG);
		assert_non_null(strstr(err.msg, "line "));
	}
	unlink(path);
	assert_int_equal(replay_run("/dev/null", &sum, &err), -EINVAL);
	assert_int_equal(replay_run("/nonexistent", &sum, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions),
		cmocka_unit_test(addresses),
		cmocka_unit_test(refusals),
		cmocka_unit_test(strings_move_on),
		cmocka_unit_test(walks),
		cmocka_unit_test(walks_of_older_kinds),
		cmocka_unit_test(every_failure_leaves_nothing),
		cmocka_unit_test(a_device_that_cannot_be_had),
		cmocka_unit_test(what_can_be_repeated_is),
		cmocka_unit_test(messages),
		cmocka_unit_test(msr_and_cpuid_messages),
		cmocka_unit_test(a_kept_instruction_has_the_segments_of_now),
		cmocka_unit_test(an_undecodable_instruction_names_its_bytes),
		cmocka_unit_test(a_run_that_fails),
		cmocka_unit_test(a_stuck_vcpu_is_an_end),
		cmocka_unit_test(trace_text),
		cmocka_unit_test(the_shipped_trace_is_replayed),
		cmocka_unit_test(a_difference_is_found),
	};

	return RUN_TESTS(tests);
}
