// SPDX-License-Identifier: GPL-3.0-or-later
/* hang: what a guest that never says hello, or never ends, is said to do. */
#include "tests/unit/test.h"

#include <signal.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/hang.h"
#include "runners/machine/machine.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"

static void a_place_in_words(void **state)
{
	static const struct {
		struct hang hang;
		const char *words[3];
	} rows[] = {
		{{.first = {true, 0xfd1d2, true, 0},
		  .last = {true, 0xfd1d2, true, 0},
		  .has_vmm = true,
		  .knows_cpu = true,
		  .line = "SeaBIOS",
		  .cpu_ratio = 0.67},
		 {"stands still at 0xfd1d2 (firmware", ", 0 disk requests",
		  "busy (67 % of a CPU); last console line: SeaBIOS"}},
		{{.first = {true, 0xffffffff81000000, true, 9},
		  .last = {true, 0xffffffff81000000, true, 9},
		  .has_vmm = true,
		  .knows_cpu = true,
		  .cpu_ratio = 0.01},
		 {"(the kernel)", ", 9 disk requests",
		  "waits (1 % of a CPU); no console line"}},
		{{.first = {true, 0x1000, false, 0},
		  .last = {true, 0x2000, false, 0},
		  .has_vmm = true,
		  .knows_cpu = true,
		  .cpu_ratio = 1},
		 {"moves, from 0x1000 to 0x2000", "boot code", "busy (100 %"}},
		{{.first = {true, 0x7f0000000000, false, 0},
		  .last = {true, 0x7f0000000000, false, 0},
		  .has_vmm = true},
		 {"(a program)", "CPU use is not measurable", ""}},
		{{.knows_cpu = false}, {"no VMM has been started", "", ""}},
		{{.first = {true, 1, false, 0},
		  .has_vmm = true,
		  .knows_cpu = true},
		 {"does not say where", "waits (0 %", ""}},
	};
	char text[320];
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		hang_text(&rows[i].hang, text, sizeof(text));
		for (k = 0; k < ARRAY_SIZE(rows[i].words); k++)
			assert_contains(text, rows[i].words[k]);
	}
	/* Cut, and never beyond its end. */
	for (k = 1; k < sizeof(text) - 1; k++) {
		memset(text, '#', sizeof(text));
		hang_text(&rows[0].hang, text, k);
		assert_true(strlen(text) < k);
		assert_true(text[k] == '#');
	}
}

static pid_t ask_by_signal(void *arg, pid_t pid)
{
	(void)arg;
	kill(pid, SIGUSR2);
	return pid;
}

/* A VMM, played by the shell, that answers each question with SCRIPT. */
static void run_vmm(const char *script, uint32_t items, struct result *res)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct machine_spec spec = {.argv = argv,
					  .events = MACHINE_EVENTS_VMM,
					  .ask_place = ask_by_signal};
	struct bench_case bc = {.sample_count = items,
				.timeout_ns = 200 * NS_PER_MS};

	result_init(res);
	machine_run(&spec, &bc, res);
}

static void a_vmm_is_asked_twice(void **state)
{
	static const struct {
		const char *script;
		const char *words[2];
	} rows[] = {
		{"echo SeaBIOS 1.16; trap 'echo place 0x10 3 >&4' USR2; "
		 "while :; do sleep 0.01; done",
		 {"stands still at 0x10 ", "last console line: SeaBIOS 1.16"}},
		{"n=0; trap 'n=$((n+1)); echo place 0x1$n 0 >&4' USR2; "
		 "while :; do sleep 0.01; done",
		 {"moves, from 0x11 to 0x12", "no console line"}},
		{"trap '' USR2; while :; do sleep 0.01; done",
		 {"does not say where", "no console line"}},
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		run_vmm(rows[i].script, 1, &res);
		assert_int_equal(res.status, RUN_TIMEOUT);
		assert_contains(res.reason, "no hello after 0.2 s");
		assert_contains(res.reason, rows[i].words[0]);
		assert_contains(res.reason, rows[i].words[1]);
		result_release(&res);
	}
}

#define HANGS                                               \
	"cat '%s' >&3; trap 'echo place 0x10 3 >&4' USR2; " \
	"while :; do sleep 0.01; done"

/* COUNT frames of an agent, and then silence. */
static void run_agent(size_t count, struct result *res)
{
	char script[512];
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct machine_spec spec = {.argv = argv,
					  .events = MACHINE_EVENTS_VMM,
					  .ask_place = ask_by_signal};
	struct bench_case bc = {.vcpu_count = 1, .timeout_ns = NS_PER_S};

	stage_agent("frames", count);
	snprintf(script, sizeof(script), HANGS, stage_path("frames"));
	bench_case_add(&bc, "null", "");
	result_init(res);
	machine_run(&spec, &bc, res);
	bench_case_release(&bc);
}

static void a_guest_hangs_after_its_hello(void **state)
{
	static const struct {
		size_t frames;
		const char *words;
	} rows[] = {
		{1, "no end after 1.0 s, in 'null': RIP stands still at 0x10 "},
		{3, "no end after 1.0 s, at its power-off: RIP stands still "},
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		run_agent(rows[i].frames, &res);
		assert_int_equal(res.status, RUN_TIMEOUT);
		assert_contains(res.reason, rows[i].words);
		result_release(&res);
	}
}

static int all_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_in_words),
		cmocka_unit_test(a_guest_hangs_after_its_hello),
		cmocka_unit_test(a_vmm_is_asked_twice),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
