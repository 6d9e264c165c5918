// SPDX-License-Identifier: GPL-3.0-or-later
/* Starts of micro guests, with this program in the VMM's place: it says the
 * phases of a start, fails at some point, or tells the wrong time. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/machine.h"
#include "runners/machine/micro_guest.h"
#include "runners/machine/micro_start.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"

#define PHASE_GAP_NS 1000

static const struct micro_vmm on_kvm = {.hv = "kvm"};
static const struct micro_vmm on_emu = {.hv = "mshv-emu", .sandbox = "off"};

/* --- the VMM -------------------------------------------------------------- */

static void say(const char *text)
{
	if (write(MACHINE_EVENTS_FD, text, strlen(text)) < 0)
		_exit(9);
}

/* From FIRST on, a fixed time apart: START_NS is when the VMM began. */
static void say_phases(uint64_t start_ns, size_t first, size_t end)
{
	char line[128];
	size_t i;

	for (i = first; i < end; i++) {
		snprintf(line, sizeof(line), "phase %s %llu\n", micro_phases[i],
			 (unsigned long long)(start_ns + i * PHASE_GAP_NS));
		say(line);
	}
}

static void wait_for_end(void)
{
	char c;

	while (read(MACHINE_CHANNEL_FD, &c, 1) > 0)
		;
}

static void power_off(uint64_t ns)
{
	char line[64];

	snprintf(line, sizeof(line), "phase power_off %llu\n",
		 (unsigned long long)ns);
	say(line);
}

/* $L1VH_TEST_PLAY says what becomes of this start. */
static int play_vmm(const char *play)
{
	uint64_t now_ns = clock_mono_ns();
	char noise[1000];

	if (!strcmp(play, "dumb"))
		return 0;
	if (!strcmp(play, "error")) {
		say("error cannot open /dev/none\n");
		return 1;
	}
	if (!strcmp(play, "early_end")) {
		say_phases(now_ns, 0, 5);
		say("end triple_fault at rip 0x1000\n");
		return 11;
	}
	if (!strcmp(play, "noise")) {
		memset(noise, 'x', sizeof(noise));
		noise[sizeof(noise) - 1] = '\0';
		say(noise);
		say("\nphase\nphase vm_ready\nphase nothing 5\n\n\nlate 1\n");
	}
	/* Its child goes on where nobody can see its memory. */
	if (!strcmp(play, "hides")) {
		pid_t self = getpid();

		if (fork())
			_exit(0);
		while (getppid() == self)
			usleep(1000);
	}
	if (!strcmp(play, "ahead"))
		now_ns += 3600 * NS_PER_S;
	say_phases(now_ns, 0, MICRO_READY_PHASE + 1);
	wait_for_end();
	power_off(strcmp(play, "ahead") ? clock_mono_ns() : now_ns);
	return 0;
}

static void set_play(const char *play)
{
	setenv("L1VH_TEST_PLAY", play, 1);
	stage_script("l1vh-vmm", "echo \"$*\" >>\"$here/starts\"\n"
				 "exec \"$here/test\" vmm\n");
	stage_forget("starts");
}

/* --- one guest ------------------------------------------------------------ */

static const struct micro_shape small = {"64MiB", "64M", 1, false};

static void a_start_has_its_phases(void **state)
{
	static const struct micro_shape full = {"x", "1G", 4, true};
	struct micro_guest g;
	struct err err = {0};
	uint64_t gone_ns;
	char *starts;
	size_t i;

	(void)state;
	set_play("fine");
	assert_int_equal(micro_guest_start(&g, &on_emu, &full, &err), 0);
	assert_true(micro_guests_await(&g, 1));
	assert_true(g.phase_ns[0] > g.spawn_ns);
	for (i = 1; i <= MICRO_READY_PHASE; i++)
		assert_int_equal(g.phase_ns[i],
				 g.phase_ns[0] + i * PHASE_GAP_NS);
	assert_int_equal(g.phase_ns[MICRO_PHASE_COUNT - 1], 0);
	gone_ns = micro_guest_end(&g);
	assert_true(g.phase_ns[MICRO_PHASE_COUNT - 1] > g.phase_ns[0]);
	assert_true(gone_ns > g.phase_ns[MICRO_PHASE_COUNT - 1]);
	starts = stage_text("starts");
	assert_contains(starts, "--hv mshv-emu --sandbox off --micro ");
	assert_contains(starts, "/micro.bin --memory 1G --vcpus 4 --prefault "
				"--channel-fd 3 --events-fd 4\n");
	free(starts);
}

static void a_guest_that_ends_is_not_ready(void **state)
{
	static const struct {
		const char *play, *cause;
	} rows[] = {
		{"dumb", ""},
		{"error", "error cannot open /dev/none"},
		{"early_end", "end triple_fault at rip 0x1000"},
	};
	struct micro_guest g;
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set_play(rows[i].play);
		assert_int_equal(micro_guest_start(&g, &on_kvm, &small, &err),
				 0);
		assert_false(micro_guests_await(&g, 1));
		micro_guest_end(&g);
		assert_string_equal(g.cause, rows[i].cause);
		assert_int_equal(g.phase_ns[MICRO_READY_PHASE], 0);
	}
	/* What it had reached before is known. */
	assert_true(g.phase_ns[4] > 0);
	assert_int_equal(g.phase_ns[5], 0);
}

/* Lines without end and lines of nothing do not hide the good ones. */
static void noise_is_passed_over(void **state)
{
	struct micro_guest g;
	struct err err = {0};

	(void)state;
	set_play("noise");
	assert_int_equal(micro_guest_start(&g, &on_kvm, &small, &err), 0);
	assert_true(micro_guests_await(&g, 1));
	micro_guest_end(&g);
	assert_int_equal(g.phase_ns[5], g.phase_ns[0] + 5 * PHASE_GAP_NS);
	assert_string_equal(g.cause, "");
}

static void a_vmm_that_is_not_there(void **state)
{
	struct micro_guest g;
	struct err err = {0};

	(void)state;
	stage_forget("l1vh-vmm");
	assert_true(micro_guest_start(&g, &on_kvm, &small, &err) < 0);
	assert_contains(err.msg, "/l1vh-vmm");
	assert_true(g.pid <= 0);
	micro_guest_end(&g);
}

/* --- the workload --------------------------------------------------------- */

static const struct series *find(const struct result *res, const char *point)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (!strcmp(res->series[i].point, point))
			return &res->series[i];
	return NULL;
}

static const struct series *series_at(const struct result *res,
				      const char *point)
{
	const struct series *s = find(res, point);

	if (!s)
		fail_msg("no series %s", point);
	return s;
}

static void run(const char *play, struct result *res)
{
	struct bench_case bc = {.vcpu_count = 1};
	size_t i;

	set_play(play);
	bench_case_add(&bc, "micro_start", "");
	result_init(res);
	micro_start_run("kvm", &bc, res);
	bench_case_release(&bc);
	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		assert_string_equal(s->workload, "micro_start");
		/* Numbers, or a reason why there are none. */
		assert_int_equal(s->status == RUN_OK, s->sample_count > 0);
		assert_int_equal(s->status == RUN_OK, !s->reason[0]);
	}
}

static void times_count_from_the_start(void **state)
{
	const struct series *main, *ready, *gone;
	struct result res;
	size_t i;

	(void)state;
	run("fine", &res);
	main = series_at(&res, "64MiB/vmm_main");
	ready = series_at(&res, "64MiB/agent_ready");
	gone = series_at(&res, "64MiB/gone");
	assert_in_range(ready->sample_count, 1, 5);
	assert_int_equal(main->sample_count, ready->sample_count);
	assert_int_equal(gone->sample_count, ready->sample_count);
	for (i = 0; i < ready->sample_count; i++) {
		assert_int_equal(ready->samples[i].section, i);
		assert_int_equal(ready->samples[i].elapsed_ns -
					 main->samples[i].elapsed_ns,
				 MICRO_READY_PHASE * PHASE_GAP_NS);
		assert_true(ready->samples[i].value ==
			    (double)ready->samples[i].elapsed_ns);
		assert_true(gone->samples[i].value < 20.0 * NS_PER_S);
	}
	assert_null(find(&res, "64MiB/power_off"));
	result_release(&res);
}

/* One and two guests are always measured, more of them as time allows; what
 * was left out says so. */
static void several_guests_have_one_time(void **state)
{
	static const char *const many[] = {"guests-4", "guests-8", "guests-16",
					   "guests-32", "guests-64"};
	const struct series *ready, *pss;
	struct result res;
	char point[32];
	size_t i;

	(void)state;
	run("fine", &res);
	ready = series_at(&res, "guests-2/all_ready");
	pss = series_at(&res, "guests-2/pss_each");
	assert_int_equal(ready->sample_count, 1);
	assert_int_equal(series_at(&res, "guests-1/all_ready")->status, RUN_OK);
	assert_string_equal(pss->unit, "bytes");
	/* A page at least, and less than this machine has. */
	assert_true(pss->samples[0].value > 4096);
	assert_true(pss->samples[0].value < 64.0 * GIB);
	assert_int_equal(pss->samples[0].elapsed_ns, 0);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(point, sizeof(point), "%s/all_ready", many[i]);
		ready = series_at(&res, point);
		assert_true(ready->status == RUN_OK ||
			    ready->status == RUN_SKIPPED);
	}
	result_release(&res);
}

/* Memory that cannot be read is no memory of zero bytes. */
static void unread_memory_has_a_reason(void **state)
{
	const struct series *pss;
	struct result res;

	(void)state;
	run("hides", &res);
	assert_int_equal(series_at(&res, "guests-2/all_ready")->status, RUN_OK);
	pss = series_at(&res, "guests-2/pss_each");
	assert_int_equal(pss->status, RUN_RUNNER_FAILED);
	assert_string_equal(pss->unit, "bytes");
	assert_contains(pss->reason, "cannot be read");
	result_release(&res);
}

static void a_failed_start_is_said_once(void **state)
{
	const struct series *s;
	struct result res;

	(void)state;
	run("error", &res);
	s = series_at(&res, "64MiB/agent_ready");
	assert_int_equal(s->status, RUN_RUNNER_FAILED);
	assert_string_equal(s->reason, "error cannot open /dev/none");
	assert_null(find(&res, "64MiB/vmm_main"));
	s = series_at(&res, "guests-1/all_ready");
	assert_int_equal(s->status, RUN_RUNNER_FAILED);
	/* Where one guest fails, two need not be tried. */
	assert_null(find(&res, "guests-2/all_ready"));
	result_release(&res);
	run("dumb", &res);
	s = series_at(&res, "vcpus-16/agent_ready");
	assert_contains(s->reason, "not ready in time");
	result_release(&res);
}

/* A VMM whose clock runs ahead has not powered off yet, and a time below zero
 * is none. */
static void a_time_below_zero_is_no_sample(void **state)
{
	struct result res;

	(void)state;
	run("ahead", &res);
	assert_int_equal(series_at(&res, "64MiB/agent_ready")->status, RUN_OK);
	assert_null(find(&res, "64MiB/gone"));
	result_release(&res);
}

static void it_runs_only_where_it_is_wanted(void **state)
{
	struct bench_case bc = {.vcpu_count = 1};
	struct result res;

	(void)state;
	set_play("fine");
	bench_case_add(&bc, "micro_exit", "cpuid,ring0");
	result_init(&res);
	micro_start_run("kvm", &bc, &res);
	assert_int_equal(res.series_count, 0);
	assert_null(stage_text("starts"));
	result_release(&res);
	bench_case_release(&bc);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_has_its_phases),
		cmocka_unit_test(a_guest_that_ends_is_not_ready),
		cmocka_unit_test(noise_is_passed_over),
		cmocka_unit_test(a_vmm_that_is_not_there),
		cmocka_unit_test(times_count_from_the_start),
		cmocka_unit_test(several_guests_have_one_time),
		cmocka_unit_test(unread_memory_has_a_reason),
		cmocka_unit_test(a_failed_start_is_said_once),
		cmocka_unit_test(a_time_below_zero_is_no_sample),
		cmocka_unit_test(it_runs_only_where_it_is_wanted),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "vmm"))
		return play_vmm(getenv("L1VH_TEST_PLAY"));
	return stage_main(all_tests);
}
