// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Traces of the mshv backend: what is written can be replayed, whatever call
 * failed; each line of it counts; and no trace brings the replay down.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdalign.h>
#include <unistd.h>

#include "mshv/mshv_priv.h"
#include "mshv/trace/replay.h"
#include "mshv/trace/sys_trace.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/scratch.h"

#define RAM_BYTES 0x10000ULL
#define EXIT_MSR 0x1234

static alignas(4096) uint8_t ram[RAM_BYTES];
static char trace_path[SCRATCH_SIZE], copy_path[SCRATCH_SIZE];

static int paths_make(void **state)
{
	(void)state;
	scratch_file(trace_path, "", 0);
	scratch_file(copy_path, "", 0);
	return 0;
}

static int paths_remove(void **state)
{
	(void)state;
	return unlink(trace_path) | unlink(copy_path);
}

/* --- a run to be recorded --------------------------------------------------- */

/* A port, a device, a string from RAM and one to it, and more. */
static void script_write(void)
{
	struct mshv_message *script = mshv_fake_state.script;
	struct mshv_msg_memory *m = (void *)script[1].payload;
	struct mshv_msg_msr *msr = (void *)script[6].payload;
	struct mshv_msg_io *io[] = {(void *)script[0].payload,
				    (void *)script[2].payload,
				    (void *)script[3].payload};

	script[0].type = script[2].type = script[3].type = MSHV_MSG_IO_PORT;
	io[0]->info = 1; /* in */
	io[0]->header.length_cr8 = 1;
	io[1]->info = io[2]->info = 1 | MSHV_IO_STRING;
	io[1]->byte_count = io[2]->byte_count = 16;
	io[1]->header.cs.attr = io[2]->header.cs.attr = 0xc09b;
	io[1]->bytes[0] = 0x6e; /* outsb */
	io[2]->bytes[0] = 0x6c; /* insb */
	script[1].type = MSHV_MSG_UNMAPPED_GPA;
	m->header.cs.attr = 0xc09b;
	m->gpa = 0xd0000000;
	m->byte_count = 16;
	m->bytes[0] = 0x8b; /* mov (%ebx),%eax */
	m->bytes[1] = 0x03;
	script[4].type = MSHV_MSG_APIC_EOI;
	script[5].type = MSHV_MSG_HALT;
	script[6].type = MSHV_MSG_MSR;
	msr->msr = EXIT_MSR;
	mshv_fake_state.script_len = 7;
}

static void vcpu_use(struct hv_vcpu *vcpu)
{
	struct vcpu_regs regs = {.rip = 0x1000, .rflags = 2, .cr0 = 1};
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};

	regs.gpr[VCPU_RBX] = 0xd0000000;
	regs.gpr[VCPU_RSI] = 0x2000;
	regs.gpr[VCPU_RDI] = 0x3000;
	if (hv_vcpu_regs_set(vcpu, &regs) || hv_vcpu_regs_get(vcpu, &regs))
		return;
	do {
		if (hv_vcpu_run(vcpu, &exit) || exit.kind == HV_EXIT_ERROR)
			return;
		exit.access.data = 0x5a;
	} while (exit.kind != HV_EXIT_KICKED);
}

static void vm_use(struct hv_vm *vm)
{
	const struct hv_mem mem = {.size_bytes = RAM_BYTES, .host = ram};
	const struct hv_msi msi = {.addr = 0xfee01000, .data = 0x41};
	const struct hv_doorbell bell = {
		.gpa = 0xd0001000, .len_bytes = 4, .fd = 9};
	struct hv_vcpu *vcpus[2] = {NULL, NULL};
	struct err err = {0};

	if (hv_mem_map(vm, &mem, &err))
		return;
	hv_route_set(vm, 4, &msi);
	hv_msi_send(vm, &msi);
	hv_irqfd_set(vm, 3, 7, &msi);
	hv_doorbell_set(vm, &bell, true);
	if (!hv_vcpu_create(vm, 0, &vcpus[0], &err) &&
	    !hv_vcpu_create(vm, 1, &vcpus[1], &err))
		vcpu_use(vcpus[0]);
	hv_doorbell_set(vm, &bell, false);
	hv_irqfd_set(vm, 3, 7, NULL);
	hv_vcpu_destroy(vcpus[1]);
	hv_vcpu_destroy(vcpus[0]);
}

/* With the N-th call of the device failing; returns how many there were. */
static int record(int n, bool has_page)
{
	const struct hv_vm_config cfg = {.vcpu_count = 2,
					 .paravirt = HV_PARAVIRT_BEST,
					 .exit_msr = EXIT_MSR};
	struct hv_vm *vm = NULL;
	struct err err = {0};

	mshv_fake_reset();
	mshv_fake_state.has_no_page = !has_page;
	mshv_fake_state.hvcall = mshv_fake_registers;
	mshv_fake_state.fail_at = n;
	script_write();
	memset(ram, 0x33, sizeof(ram));
	assert_int_equal(trace_open(trace_path, &err), 0);
	if (!hv_vm_create(trace_wrap(&hv_mshv_fake), &cfg, &vm, &err)) {
		vm_use(vm);
		hv_vm_destroy(vm);
	}
	trace_close();
	assert_int_equal(mshv_fake_state.open_count, 0);
	return mshv_fake_state.calls;
}

static int replay(const char *path, struct err *err)
{
	struct replay_summary sum;

	memset(err, 0, sizeof(*err));
	return replay_run(path, &sum, err);
}

static void what_is_recorded_is_replayed(void **state)
{
	struct replay_summary sum;
	struct err err = {0};
	int has_page;

	(void)state;
	for (has_page = 0; has_page < 2; has_page++) {
		record(0, has_page);
		/* The guest's: IN, MOV and INSB, and what OUTSB has read. */
		assert_int_equal(mshv_fake_state.page.gpr[VCPU_RAX], 0x5a);
		assert_int_equal(ram[0x3000], 0x5a);
		if (replay_run(trace_path, &sum, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(sum.runs, 8);
	}
}

/* A failure is a result as well: the backend answers it as it did then. */
static void failed_calls_are_replayed(void **state)
{
	struct err err;
	int n, calls;
	int has_page;

	(void)state;
	for (has_page = 0; has_page < 2; has_page++) {
		calls = record(0, has_page);
		for (n = 1; n <= calls; n++) {
			record(n, has_page);
			if (replay(trace_path, &err))
				fail_msg("call %d of %d: %s", n, calls,
					 err.msg);
		}
	}
}

/* --- damage ----------------------------------------------------------------- */

static char *lines[1024];
static size_t line_count;

static void lines_read(void)
{
	FILE *file = fopen(trace_path, "re");
	size_t cap = 0;

	assert_non_null(file);
	for (line_count = 0; line_count < ARRAY_SIZE(lines); line_count++) {
		lines[line_count] = NULL;
		cap = 0;
		if (getline(&lines[line_count], &cap, file) <= 0)
			break;
	}
	free(lines[line_count]);
	fclose(file);
	assert_true(line_count > 40 && line_count < ARRAY_SIZE(lines));
}

static void lines_free(void)
{
	while (line_count)
		free(lines[--line_count]);
}

/* All lines but AT, in whose place TEXT stands. */
static int replay_with(size_t at, const char *text, struct err *err)
{
	FILE *file = fopen(copy_path, "we");
	size_t i;

	assert_non_null(file);
	for (i = 0; i < line_count; i++)
		fputs(i == at ? text : lines[i], file);
	fclose(file);
	return replay(copy_path, err);
}

/* Nothing tells a run that was kicked from one that did not get there. */
static bool has_effect(const char *line)
{
	return !strstr(line, " H route_set") && !strstr(line, " H vcpu_kick") &&
	       !strstr(line, " = -4 - -");
}

static void no_line_can_be_missing(void **state)
{
	struct err err;
	size_t i;
	int ret;

	(void)state;
	record(0, true);
	lines_read();
	/* The last one leaves nothing behind that would miss it. */
	for (i = 1; i + 1 < line_count; i++) {
		ret = replay_with(i, "", &err);
		if (has_effect(lines[i]) ? ret != -EBADMSG : ret != 0)
			fail_msg("%d without: %s", ret, lines[i]);
	}
	lines_free();
}

/* The first digit behind WORD is another one. */
static char *changed(const char *line, const char *word)
{
	const char *at = strstr(line, word);
	char *copy;

	if (!at)
		return NULL;
	copy = strdup(line);
	at += strlen(word);
	copy[at - line] = *at == '5' ? '6' : '5';
	return copy;
}

static void no_result_can_be_another(void **state)
{
	struct err err;
	char *line;
	size_t i;

	(void)state;
	record(0, true);
	lines_read();
	for (i = 1; i < line_count; i++) {
		line = strstr(lines[i], " H ") && has_effect(lines[i])
			       ? changed(lines[i], " = ")
			       : NULL;
		if (line && replay_with(i, line, &err) != -EBADMSG)
			fail_msg("taken for the same: %s%s", lines[i], line);
		free(line);
	}
	lines_free();
}

/* A byte of a call's input, of what is written to RAM, of a register page. */
static void no_argument_can_be_another(void **state)
{
	static const char *const calls[] = {" S ioctl 1", " S write ",
					    " S page_map 1", " S close 1"};
	size_t i, k, tried = 0;
	struct err err;
	char *line;

	(void)state;
	record(0, true);
	lines_read();
	for (i = 1; i < line_count; i++)
		for (k = 0; k < ARRAY_SIZE(calls); k++) {
			line = changed(lines[i], calls[k]);
			if (line && replay_with(i, line, &err) != -EBADMSG)
				fail_msg("taken for the same: %s%s", lines[i],
					 line);
			tried += line != NULL;
			free(line);
		}
	assert_true(tried > 30);
	lines_free();
}

/* Wherever it ends, and whatever one of its bytes is. */
static void damage_is_no_crash(void **state)
{
	struct err err;
	size_t i, at;
	char *line;

	(void)state;
	record(0, true);
	lines_read();
	for (i = 1; i < line_count; i++)
		for (at = 0; at < strlen(lines[i]);
		     at += 1 + strlen(lines[i]) / 8) {
			line = strdup(lines[i]);
			line[at] = '\n';
			line[at + 1] = '\0';
			replay_with(i, line, &err);
			line[at] = "*;-~% z9"[(i + at) % 8];
			replay_with(i, line, &err);
			free(line);
		}
	lines_free();
}

static void hostile_lines(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "no call"},
		{"nothing", "not a line"},
		{"1 128 H vm_destroy", "not a line"},
		{"1 1 X vm_destroy", "layer"},
		{"1 1 H frobnicate", "unknown call"},
		{"1 1 H vm_destroy", "before vm_create"},
		{"1 1 H mem_map 0 1000 0 = 0", "before vm_create"},
		{"1 1 H vm_create kvm 1 0 = 0 0", "not mshv"},
		{"1 1 H vm_create mshv", "no such vm_create"},
		{"1 1 H vm_create mshv 1 0 = 0 0", "not recorded"},
		{"1 1 S close 5\n1 1 H vm_create mshv 1 0 = 0 0", "calls open"},
		{"1 1 S open\n1 1 H vm_create mshv 1 0 = 0 0", "returned"},
		{"1 1 S open = -2\n1 1 H vm_create mshv 1 0 = -2 0\n"
		 "1 1 H vm_create mshv 1 0 = 0 0",
		 "not recorded"},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *file = fopen(copy_path, "we");

		assert_non_null(file);
		fprintf(file, "l1vh-trace 1\n%s\n", cases[i].text);
		fclose(file);
		assert_int_equal(replay(copy_path, &err), -EBADMSG);
		if (cases[i].text[0])
			assert_contains(err.msg, cases[i].says);
	}
}

/* What comes when there is a VM, in place of its memory's second line. */
static void hostile_calls(void **state)
{
	static const char *const calls[] = {
		"vcpu_run 0 0 = 0 halt 0 0 0 0 0",
		"vcpu_run 4294967295 0 = 0 halt 0 0 0 0 0",
		"vcpu_run 0 0 = 0 halt",
		"vcpu_regs_get 64 = 0",
		"vcpu_regs_set 0 - = 0",
		"vcpu_create 64 = 0",
		"vcpu_destroy 7",
		"vm_create mshv 1 0 = 0 0",
		"mem_map 0 0 0 = 0",
		"mem_map 0 ffffffffffffffff 0 = 0",
		"mem_map 0",
		"irqfd_set 256 5 1 0 0 = 0",
		"irqfd_set",
		"doorbell_set 1",
		"msi_send 1",
	};
	struct err err;
	char line[128];
	size_t i, at;

	(void)state;
	record(0, true);
	lines_read();
	for (at = 1; at < line_count && !strstr(lines[at], " H route_set");
	     at++)
		;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		snprintf(line, sizeof(line), "1 1 H %s\n", calls[i]);
		if (replay_with(at, line, &err) != -EBADMSG)
			fail_msg("'%s' is taken", calls[i]);
		snprintf(line, sizeof(line), "line %zu:", at + 1);
		assert_contains(err.msg, line);
	}
	lines_free();
}

/* --- one call's bytes -------------------------------------------------------- */

static void calls_without_their_addresses(void **state)
{
	uint64_t in[2][2] = {{1, 2}, {1, 2}}, out[2] = {0};
	uint8_t bytes[2][SYS_CALL_MAX_BYTES];
	struct mshv_hvcall call = {.code = 0x44,
				   .in_bytes = sizeof(in[0]),
				   .out_bytes = sizeof(out),
				   .out_ptr = (uintptr_t)out};
	size_t len[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		call.in_ptr = (uintptr_t)in[i];
		len[i] = sys_call_input(SYS_PARTITION, MSHV_ROOT_HVCALL, &call,
					bytes[i]);
	}
	assert_int_equal(len[0], sizeof(call) + sizeof(in[0]));
	assert_int_equal(len[1], len[0]);
	assert_memory_equal(bytes[0], bytes[1], len[0]);
	in[1][1] = 3;
	sys_call_input(SYS_PARTITION, MSHV_ROOT_HVCALL, &call, bytes[1]);
	assert_memory_not_equal(bytes[0], bytes[1], len[0]);
	/* The largest that the kernel takes has room. */
	call.in_bytes = MSHV_PAGE_BYTES;
	call.in_ptr = (uintptr_t)ram;
	assert_int_equal(sys_call_input(SYS_PARTITION, MSHV_ROOT_HVCALL, &call,
					bytes[0]),
			 sizeof(call) + MSHV_PAGE_BYTES);
	call.in_bytes = SYS_CALL_MAX_BYTES;
	assert_int_equal(sys_call_input(SYS_PARTITION, MSHV_ROOT_HVCALL, &call,
					bytes[0]),
			 sizeof(call));
}

static void output_goes_where_it_came_from(void **state)
{
	uint8_t bytes[SYS_CALL_MAX_BYTES];
	uint64_t out[3] = {11, 22, 33}, got[3] = {0};
	struct mshv_hvcall call = {.reps = 2,
				   .status = 5,
				   .out_bytes = sizeof(out),
				   .out_ptr = (uintptr_t)out};
	struct mshv_vp_state vp = {.buf_bytes = 16, .buf_ptr = (uintptr_t)out};
	size_t len = sys_call_output(SYS_VP, MSHV_ROOT_HVCALL, &call, bytes);

	(void)state;
	call = (struct mshv_hvcall){.out_bytes = 16, .out_ptr = (uintptr_t)got};
	sys_call_deliver(SYS_VP, MSHV_ROOT_HVCALL, &call, bytes, len);
	assert_int_equal(call.status, 5);
	assert_int_equal(call.reps, 2);
	assert_int_equal(got[0], 11);
	assert_int_equal(got[1], 22);
	assert_int_equal(got[2], 0); /* as much as the caller has room for */
	call = (struct mshv_hvcall){.out_bytes = 16};
	sys_call_deliver(SYS_VP, MSHV_ROOT_HVCALL, &call, bytes, len);
	sys_call_deliver(SYS_VP, MSHV_ROOT_HVCALL, &call, bytes, 3);
	assert_int_equal(call.reps, 2);

	len = sys_call_output(SYS_VP, MSHV_GET_VP_STATE, &vp, bytes);
	assert_int_equal(len, sizeof(vp) + 16);
	memset(got, 0, sizeof(got));
	vp.buf_ptr = (uintptr_t)got;
	sys_call_deliver(SYS_VP, MSHV_SET_VP_STATE, &vp, bytes, len);
	assert_int_equal(got[0], 0);
	sys_call_deliver(SYS_VP, MSHV_GET_VP_STATE, &vp, bytes, len);
	assert_int_equal(got[1], 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_recorded_is_replayed),
		cmocka_unit_test(failed_calls_are_replayed),
		cmocka_unit_test(no_line_can_be_missing),
		cmocka_unit_test(no_result_can_be_another),
		cmocka_unit_test(no_argument_can_be_another),
		cmocka_unit_test(damage_is_no_crash),
		cmocka_unit_test(hostile_lines),
		cmocka_unit_test(hostile_calls),
		cmocka_unit_test(calls_without_their_addresses),
		cmocka_unit_test(output_goes_where_it_came_from),
	};

	return cmocka_run_group_tests(tests, paths_make, paths_remove);
}
