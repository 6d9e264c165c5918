// SPDX-License-Identifier: GPL-3.0-or-later
/* The trace of calls to a hypervisor: a line for each, and nothing changed. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/base/file.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/mshv_fake.h"
#include "tests/unit/fixture/scratch.h"

static char path[SCRATCH_SIZE];

static int setup(void **state)
{
	struct err err;

	(void)state;
	hv_fake_reset();
	scratch_file(path, "", 0);
	return trace_open(path, &err);
}

static int teardown(void **state)
{
	(void)state;
	trace_close();
	unlink(path);
	return 0;
}

/* The text so far; the next call adds to a file that is empty again. */
static char *take_trace(struct strbuf *text)
{
	struct err err;

	trace_close();
	assert_false(trace_is_on());
	assert_int_equal(file_read(path, MIB, text), 0);
	assert_int_equal(trace_open(path, &err), 0);
	assert_true(trace_is_on());
	return text->str;
}

/* The next line without its time and thread, in front of which AT is left;
 * times never go back. */
static char *next_line(char **at, unsigned int *thread)
{
	static unsigned long long before;
	unsigned long long ns;
	char *line = strsep(at, "\n");
	int len = 0;

	assert_non_null(line);
	assert_int_equal(sscanf(line, "%llu %u %n", &ns, thread, &len), 2);
	assert_true(ns >= before);
	before = ns;
	return line + len;
}

static void expect_lines(const char *const *lines, size_t count)
{
	struct strbuf text = {0};
	char *at = take_trace(&text);
	unsigned int thread;
	size_t i;

	assert_string_equal(strsep(&at, "\n"), "l1vh-trace 1");
	for (i = 0; i < count; i++)
		assert_string_equal(next_line(&at, &thread), lines[i]);
	assert_string_equal(at, "");
	strbuf_release(&text);
}

#define EXPECT(lines) expect_lines(lines, ARRAY_SIZE(lines))

static struct hv_vm *make_vm(void)
{
	const struct hv_vm_config cfg = {.vcpu_count = 2,
					 .paravirt = HV_PARAVIRT_BEST};
	struct hv_vm *vm = NULL;
	struct err err;

	assert_int_equal(hv_vm_create(trace_wrap(&hv_fake), &cfg, &vm, &err),
			 0);
	return vm;
}

static void calls_on_a_vm_are_written(void **state)
{
	static const char *const lines[] = {
		"H vm_create fake 2 1 = 0 2000000",
		"H mem_map 1000 200000 1 = 0",
		"H msi_send fee01000 c031 = 0",
		"H route_set 5 fee01000 c031 = 0",
		"H route_set 5 0 0 = 0",
		"H irqfd_set 7 9 1 fee01000 c031 = 0",
		"H irqfd_set 7 9 1 fee01000 c031 = -16",
		"H irqfd_set 7 9 0 0 0 = 0",
		"H doorbell_set d0000800 4 1 5 9 1 = 0",
		"H doorbell_set d0000800 4 1 5 9 0 = 0",
		"H doorbell_set d0000800 4 1 5 9 0 = -2",
		"H vm_destroy",
	};
	const struct hv_mem mem = {
		.gpa = 0x1000, .size_bytes = 0x200000, .readonly = true};
	const struct hv_msi msi = {.addr = 0xfee01000, .data = 0xc031};
	const struct hv_doorbell bell = {.gpa = 0xd0000800,
					 .len_bytes = 4,
					 .has_datamatch = true,
					 .datamatch = 5,
					 .fd = 9};
	struct hv_vm *vm = make_vm();
	struct err err;

	(void)state;
	assert_string_equal(vm->ops->name, "fake");
	assert_int_equal(vm->tsc_khz, 2000000);
	assert_int_equal(hv_mem_map(vm, &mem, &err), 0);
	assert_int_equal(hv_msi_send(vm, &msi), 0);
	assert_int_equal(hv_fake_state.sent[0].data, 0xc031);
	assert_int_equal(hv_route_set(vm, 5, &msi), 0);
	assert_int_equal(hv_route_set(vm, 5, NULL), 0);
	assert_int_equal(hv_irqfd_set(vm, 7, 9, &msi), 0);
	assert_int_equal(hv_irqfd_set(vm, 7, 9, &msi), -EBUSY);
	assert_int_equal(hv_irqfd_set(vm, 7, 9, NULL), 0);
	assert_int_equal(hv_doorbell_set(vm, &bell, true), 0);
	assert_int_equal(hv_doorbell_set(vm, &bell, false), 0);
	assert_int_equal(hv_doorbell_set(vm, &bell, false), -ENOENT);
	hv_vm_destroy(vm);
	assert_int_equal(hv_fake_state.live_objects, 0);
	EXPECT(lines);
}

/* What the VMM answers to a read stands in the line of the next entry. */
static void runs_are_written_with_their_answers(void **state)
{
	static const struct hv_exit script[] = {
		{.kind = HV_EXIT_PIO,
		 .access = {0x604, 0x34, 1, .is_write = true}},
		{.kind = HV_EXIT_MMIO, .access = {0xfec00010, 0x99, 4}},
		{.kind = HV_EXIT_EOI, .vector = 0x25},
		{.kind = HV_EXIT_MSR,
		 .access = {0x400000e0, 7, 8, .is_write = true}},
	};
	static const char *const lines[] = {
		"H vm_create fake 2 1 = 0 2000000",
		"H vcpu_create 0 = 0",
		"H vcpu_run 0 0 = 0 pio 604 1 1 34 0",
		"H vcpu_run 0 34 = 0 mmio fec00010 4 0 0 0",
		"H vcpu_run 0 1234 = 0 eoi 0 0 0 0 37",
		"H vcpu_run 0 0 = 0 msr 400000e0 8 1 7 0",
		"H vcpu_kick 0",
		"H vcpu_run 0 7 = 0 kicked 0 0 0 0 0",
		"H vcpu_destroy 0",
		"H vm_destroy",
	};
	struct hv_vm *vm = make_vm();
	struct hv_exit exit = {.kind = HV_EXIT_HALT};
	struct hv_vcpu *vcpu;
	struct err err;
	size_t i;

	(void)state;
	hv_fake_state.script = script;
	hv_fake_state.script_len = ARRAY_SIZE(script);
	assert_int_equal(hv_vcpu_create(vm, 0, &vcpu, &err), 0);
	for (i = 0; i < ARRAY_SIZE(script); i++) {
		assert_int_equal(hv_vcpu_run(vcpu, &exit), 0);
		assert_int_equal(exit.kind, script[i].kind);
		if (exit.kind == HV_EXIT_MMIO)
			exit.access.data = 0x1234;
	}
	assert_int_equal(hv_fake_state.reads[0], 0x1234);
	hv_vcpu_kick(vcpu);
	assert_int_equal(hv_vcpu_run(vcpu, &exit), 0);
	assert_int_equal(exit.kind, HV_EXIT_KICKED);
	hv_vcpu_destroy(vcpu);
	hv_vm_destroy(vm);
	EXPECT(lines);
}

/* The registers of a line, which is to begin with WORDS. */
static void read_regs(const char *line, const char *words, const char *end,
		      struct vcpu_regs *regs)
{
	char text[TRACE_TEXT_MAX(sizeof(*regs)) + 1];
	size_t len;

	assert_memory_equal(line, words, strlen(words));
	line += strlen(words);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, " "), line);
	assert_string_equal(line + strlen(text), end);
	assert_int_equal(trace_decode(text, regs, sizeof(*regs), &len), 0);
	assert_int_equal(len, sizeof(*regs));
}

static void registers_come_back_from_their_text(void **state)
{
	struct vcpu_regs set = {.rip = 0x100000, .cr4 = 0x20}, got, seen;
	struct hv_vm *vm = make_vm();
	struct strbuf text = {0};
	struct hv_vcpu *vcpu;
	unsigned int thread;
	struct err err;
	char *at;

	(void)state;
	set.gpr[VCPU_R15] = UINT64_MAX;
	set.gdt_limit = 0x1f;
	assert_int_equal(hv_vcpu_create(vm, 1, &vcpu, &err), 0);
	assert_int_equal(hv_vcpu_regs_get(vcpu, &got), 0);
	assert_int_equal(got.rip, 0x1234);
	assert_int_equal(hv_vcpu_regs_set(vcpu, &set), 0);
	hv_fake_state.fail_at = hv_fake_state.calls + 1;
	assert_int_equal(hv_vcpu_regs_set(vcpu, &set), -EIO);
	hv_vcpu_destroy(vcpu);
	hv_vm_destroy(vm);
	at = take_trace(&text);
	strsep(&at, "\n");
	next_line(&at, &thread);
	next_line(&at, &thread);
	read_regs(next_line(&at, &thread), "H vcpu_regs_get 1 = 0 ", "", &seen);
	assert_memory_equal(&seen, &got, sizeof(got));
	read_regs(next_line(&at, &thread), "H vcpu_regs_set 1 ", " = 0", &seen);
	assert_memory_equal(&seen, &set, sizeof(set));
	read_regs(next_line(&at, &thread), "H vcpu_regs_set 1 ", " = -5",
		  &seen);
	strbuf_release(&text);
}

/* A machine over the trace is built and undone as it is without. */
static void what_fails_is_written_and_undone(void **state)
{
	const struct vm_config cfg = {.mem = {.bytes = 32 * MIB},
				      .vcpu_count = 3,
				      .serial_fd = -1,
				      .channel_fd = -1,
				      .input_fd = -1};
	const struct hv_ops *ops[] = {&hv_fake, trace_wrap(&hv_fake)};
	int ret = -1, plain, n;
	struct err err = {0};
	struct vm *vm = NULL;

	(void)state;
	for (n = 1; ret; n++) {
		hv_fake_reset();
		hv_fake_state.fail_at = n;
		plain = vm_create(ops[0], &cfg, &vm, &err);
		vm_destroy(vm);
		hv_fake_reset();
		hv_fake_state.fail_at = n;
		vm = NULL;
		ret = vm_create(ops[1], &cfg, &vm, &err);
		assert_int_equal(ret, plain);
		if (ret)
			assert_int_equal(hv_fake_state.live_objects, 0);
	}
	assert_true(n > 4);
	vm_destroy(vm);
	assert_int_equal(hv_fake_state.live_objects, 0);
}

static void a_vm_that_fails_is_written(void **state)
{
	static const char *const lines[] = {"H vm_create fake 1 0 = -5 0"};
	const struct hv_vm_config cfg = {.vcpu_count = 1};
	struct hv_vm *vm = NULL;
	struct err err;

	(void)state;
	hv_fake_state.fail_at = 1;
	assert_int_equal(hv_vm_create(trace_wrap(&hv_fake), &cfg, &vm, &err),
			 -EIO);
	EXPECT(lines);
}

/* Who said what CPUID shows is known once there is a vCPU. */
static void the_source_of_cpuid_is_passed_on(void **state)
{
	const struct vm_config cfg = {.mem = {.bytes = 32 * MIB},
				      .vcpu_count = 1,
				      .serial_fd = -1,
				      .channel_fd = -1,
				      .input_fd = -1};
	struct err err = {0};
	struct vm *plain, *traced;

	(void)state;
	mshv_fake_reset();
	assert_int_equal(vm_create(&hv_mshv_fake, &cfg, &plain, &err), 0);
	mshv_fake_reset();
	assert_int_equal(
		vm_create(trace_wrap(&hv_mshv_fake), &cfg, &traced, &err), 0);
	assert_non_null(plain->hv->cpuid_source);
	assert_non_null(traced->hv->cpuid_source);
	assert_string_equal(traced->hv->cpuid_source, plain->hv->cpuid_source);
	vm_destroy(traced);
	vm_destroy(plain);
}

static void *write_a_line(void *arg)
{
	trace_line("T %s", (const char *)arg);
	return NULL;
}

static void threads_are_told_apart(void **state)
{
	struct strbuf text = {0};
	unsigned int ours, other, again;
	pthread_t thread;
	char *at;

	(void)state;
	trace_line("T %d", 1);
	assert_int_equal(
		pthread_create(&thread, NULL, write_a_line, (void *)"2"), 0);
	pthread_join(thread, NULL);
	write_a_line((void *)"3");
	at = take_trace(&text);
	strsep(&at, "\n");
	assert_string_equal(next_line(&at, &ours), "T 1");
	assert_string_equal(next_line(&at, &other), "T 2");
	assert_string_equal(next_line(&at, &again), "T 3");
	assert_int_equal(ours, again);
	assert_int_not_equal(ours, other);
	strbuf_release(&text);
}

static void without_a_trace_nothing_is_written(void **state)
{
	struct err err = {0};

	(void)state;
	trace_close();
	trace_line("T %d", 1);
	hv_vm_destroy(make_vm());
	trace_close();
	assert_int_equal(trace_open("/nonexistent/trace", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/trace"));
	assert_false(trace_is_on());
}

/* Bytes over 65536 zeros, and texts that are cut short. */
static void bytes_become_text_and_back(void **state)
{
	static uint8_t zeros[70000], back[70000];
	static char text[TRACE_TEXT_MAX(sizeof(zeros))];
	static const char *const bad[] = {"0",  "0g",  "G0",   "*",
					  "*5", "*x;", "00*3", "0 "};
	uint8_t byte;
	size_t len, i;

	(void)state;
	zeros[69999] = 1;
	assert_string_equal(trace_encode(zeros, sizeof(zeros), text),
			    "*65536;*4463;01");
	memset(back, 0xff, sizeof(back));
	assert_int_equal(trace_decode(text, back, sizeof(back), &len), 0);
	assert_int_equal(len, sizeof(back));
	assert_memory_equal(back, zeros, sizeof(back));
	assert_int_equal(trace_decode(text, back, sizeof(back) - 1, &len),
			 -E2BIG);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(trace_decode(bad[i], back, 16, &len), -EINVAL);
	assert_int_equal(trace_decode("0102", &byte, 1, &len), -E2BIG);
	assert_int_equal(trace_decode("*99999999999999999999;", back, 16, &len),
			 -E2BIG);
	/* Three zeros are no shorter as a number. */
	assert_string_equal(trace_encode(zeros, 3, text), "000000");
	assert_string_equal(trace_encode(zeros, 4, text), "*4;");
}

#define TRACED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACED(calls_on_a_vm_are_written),
		TRACED(runs_are_written_with_their_answers),
		TRACED(registers_come_back_from_their_text),
		TRACED(what_fails_is_written_and_undone),
		TRACED(a_vm_that_fails_is_written),
		TRACED(the_source_of_cpuid_is_passed_on),
		TRACED(threads_are_told_apart),
		TRACED(without_a_trace_nothing_is_written),
		cmocka_unit_test(bytes_become_text_and_back),
	};

	return RUN_TESTS(tests);
}
