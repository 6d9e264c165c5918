// SPDX-License-Identifier: GPL-3.0-or-later
/* runners: what the link believes of an agent, and what it does not. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "runners/machine/machine.h"
#include "runners/measure/guard.h"
#include "runners/worker.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/talk.h"

static int setup(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	t->bc.sample_count = 2;
	bench_case_add(&t->bc, "boot", "");
	bench_case_add(&t->bc, "null", "");
	bench_case_add(&t->bc, "cpu_aes", "");
	*state = t;
	return talk_open(t);
}

static void good_series(struct talk *t)
{
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 100000 100000.5");
	talk_say(t, WIRE_SAMPLE, "2 200000 200000");
	talk_say(t, WIRE_END, "2");
}

static void a_whole_talk_is_kept(void **state)
{
	struct talk *t = *state;
	char buf[256];

	talk_say(t, WIRE_HELLO, "kernel.release=6.1\n");
	assert_true(read(t->fds[1], buf, sizeof(buf)) > WIRE_HEADER_BYTES);
	good_series(t);
	talk_say(t, WIRE_SKIP, "cpu_aes - no AES here");
	talk_say(t, WIRE_DONE, "");
	assert_int_equal(t->link.state, LINK_SHUTTING_DOWN);
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series_count, 2);
	assert_true(t->res.series[0].samples[0].value == 100000.5);
	assert_int_equal(t->res.series[0].samples[0].disturbances, 0);
	assert_int_equal(t->res.series[1].status, RUN_SKIPPED);
	assert_string_equal(t->res.series[1].reason, "no AES here");
	assert_string_equal(t->res.series[1].unit, "bytes_per_s");
	assert_string_equal(t->res.identity, "kernel.release=6.1\n");
}

/* A sample and its stamp are there at once: the sample takes the stamp, and
 * nothing is left to wait for where poll() had said that there was. */
static void a_stamp_that_is_taken_is_not_waited_for(void **state)
{
	static const char stamp[] = "stamp 1 1000 101000\n";
	struct talk *t = *state;
	int events[2];
	char buf[512];
	size_t len;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	assert_int_equal(pipe(events), 0);
	t->link.events_fd = events[0];
	t->link.has_stamps = true;
	len = wire_encode(WIRE_SAMPLE, t->sequence++, "1 100000 100000",
			  strlen("1 100000 100000"), buf);
	assert_int_equal(write(t->fds[1], buf, len), len);
	assert_int_equal(write(events[1], stamp, sizeof(stamp) - 1),
			 sizeof(stamp) - 1);
	/* Ends the test where it would block for ever. */
	alarm(10);
	assert_int_equal(
		agent_link_run(&t->link, clock_mono_ns() + 50 * NS_PER_MS),
		-ETIMEDOUT);
	alarm(0);
	assert_int_equal(t->link.stamp_count, 1);
	close(events[0]);
	close(events[1]);
}

static void short_series_are_not_passed_on(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 1 1");
	talk_say(t, WIRE_END, "1");
	talk_expect_broken(t,
			   "a series ended with the wrong number of samples");
}

static void missing_frames_are_noticed(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	t->sequence++;
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_expect_broken(t, "a frame is missing");
}

static void order_is_checked(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_SAMPLE, "1 1 1");
	talk_expect_broken(t, "a frame came out of order");
}

static void unasked_series_are_refused(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "`reboot` - ns 1");
	talk_expect_broken(t, "a series came that was not requested");
}

static void a_series_comes_once(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	good_series(t);
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_expect_broken(t, "a series came that was not requested");
}

static void done_means_everything(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	good_series(t);
	talk_say(t, WIRE_DONE, "");
	talk_expect_broken(t, "the agent was done too early");
}

static void values_are_numbers(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 1 nan");
	talk_expect_broken(t, "a sample came out of order or is not a number");
}

static void samples_need_a_series(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SAMPLE, "1 1 1");
	talk_expect_broken(t, "a sample came out of order or is not a number");
}

static void noise_on_the_channel_is_noticed(void **state)
{
	struct talk *t = *state;

	agent_link_channel(&t->link, "login: root\n", 12);
	talk_expect_broken(t, "a damaged frame came");
}

static void a_series_cut_short_has_no_numbers(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 1 1");
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series[0].status, RUN_RUNNER_FAILED);
	assert_int_equal(t->res.series[0].sample_count, 0);
}

/* What the agent is told after a sample. */
static char answer(struct talk *t)
{
	char text[8];

	assert_int_equal(talk_hear(t, text, sizeof(text)), WIRE_GO);
	assert_int_equal(strlen(text), 1);
	return text[0];
}

static void what_others_took_is_marked(void **state)
{
	static const struct {
		const char *stamp, *sample;
		char more;
	} steps[] = {
		{"stamp 1 1000000 1100000 0\n", "1 100000 100000 900", '1'},
		{"stamp 2 2000000 2100000 0\n", "2 100000 100000 1100", '1'},
		{"stamp 3 3000000 3100000 5000\n", "3 100000 100000 0", '1'},
		/* Twice as many as were wanted is the end of patience. */
		{"stamp 4 4000000 4100000 0\n", "4 100000 100000 5000", '0'},
	};
	struct talk *t = *state;
	const struct sample *s;
	char buf[256];
	size_t i;

	t->link.has_stamps = true;
	talk_say(t, WIRE_HELLO, "");
	assert_true(read(t->fds[1], buf, sizeof(buf)) > 0);
	talk_events(t, "exit_cost 20000\n");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		talk_events(t, steps[i].stamp);
		talk_say(t, WIRE_SAMPLE, steps[i].sample);
		assert_int_equal(answer(t), steps[i].more);
	}
	talk_say(t, WIRE_END, "4");
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series[0].sample_count, 4);
	s = t->res.series[0].samples;
	assert_int_equal(s[0].disturbances, 0);
	assert_int_equal(s[1].disturbances, DISTURBED_CPU);
	assert_int_equal(s[2].disturbances, DISTURBED_CPU);
	assert_int_equal(s[2].waited_ns, 5000);
	assert_string_equal(t->res.documents[0].workload, GUARD_DOCUMENT);
}

/* Two good ones are enough; a third would be one that nobody asked for. */
static void enough_is_enough(void **state)
{
	struct talk *t = *state;
	char buf[256];

	talk_say(t, WIRE_HELLO, "");
	assert_true(read(t->fds[1], buf, sizeof(buf)) > 0);
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 100000 100000 0");
	assert_int_equal(answer(t), '1');
	talk_say(t, WIRE_SAMPLE, "2 100000 100000 0");
	assert_int_equal(answer(t), '0');
	talk_say(t, WIRE_SAMPLE, "3 100000 100000 0");
	talk_expect_broken(t, "a sample came out of order or is not a number");
}

/* A host of our own: what it says of itself is what is judged. */
static void write_host(const char *root, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void the_host_is_watched(void **state)
{
	static const char *const folders[] = {
		"/proc",
		"/proc/pressure",
		"/sys",
		"/sys/devices",
		"/sys/devices/system",
		"/sys/devices/system/cpu",
		"/sys/devices/system/cpu/cpu0",
		"/sys/devices/system/cpu/cpu0/cpufreq"};
	static const char freq[] =
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";
	static const char psi[] = "/proc/pressure/memory";
	char root[SCRATCH_SIZE], path[200], why[64];
	struct guard g = {.root = root};
	json_t *json;
	size_t i;

	(void)state;
	scratch_folder(root, "guard");
	/* A host that says nothing is not judged. */
	guard_begin(&g);
	assert_int_equal(guard_next(&g), 0);
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", root, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	write_host(root, "/proc/stat", "cpu 10 0 10 99 0 1 1 50 0 0\n");
	write_host(root, psi,
		   "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	write_host(root, freq, "3000000\n");
	guard_begin(&g);
	assert_int_equal(guard_next(&g), 0);
	write_host(root, "/proc/stat", "cpu 20 0 10 99 0 1 1 51 0 0\n");
	assert_int_equal(guard_next(&g), DISTURBED_STEAL);
	write_host(root, psi,
		   "some avg10=0.00 avg60=0.00 avg300=0.00 total=99999\n");
	write_host(root, freq, "3050000\n");
	assert_int_equal(guard_next(&g), DISTURBED_MEMORY);
	write_host(root, freq, "2900000\n");
	assert_int_equal(guard_next(&g), DISTURBED_FREQUENCY);
	assert_string_equal(
		disturbances_text(DISTURBED_STEAL | DISTURBED_FREQUENCY, why,
				  sizeof(why)),
		"steal, frequency");
	json = guard_to_json(&g, 0);
	assert_int_equal(json_integer_value(json_object_get(json, "khz_min")),
			 2900000);
	assert_int_equal(
		json_integer_value(json_object_get(json, "disturbed_count")),
		3);
	json_decref(json);
	scratch_remove(root);
}

static uint64_t guard_number(const struct guard *g, const char *key)
{
	json_t *json = guard_to_json(g, 0);
	json_t *value = json_object_get(json, key);
	uint64_t number =
		value ? (uint64_t)json_integer_value(value) : UINT64_MAX;

	json_decref(json);
	return number;
}

/* A failed reading is no reading of zero: it rules nothing out, and what it hid
 * is in the next window. */
static void a_host_that_falls_silent_is_not_believed(void **state)
{
	static const char *const folders[] = {"/proc", "/proc/pressure"};
	static const char psi[] = "/proc/pressure/memory";
	static const char calm[] = "cpu 10 0 10 99 0 1 1 50 0 0\n";
	char root[SCRATCH_SIZE], path[200];
	struct guard g = {.root = root};
	size_t i;

	(void)state;
	scratch_folder(root, "silent");
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", root, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	guard_begin(&g);
	assert_int_equal(guard_next(&g), 0);
	assert_true(guard_number(&g, "steal_ns") == UINT64_MAX);
	assert_true(guard_number(&g, "memory_stall_ns") == UINT64_MAX);
	write_host(root, "/proc/stat", calm);
	write_host(root, psi, "some avg10=0.00 total=7\n");
	g = (struct guard){.root = root};
	guard_begin(&g);
	write_host(root, "/proc/stat", "");
	assert_int_equal(guard_next(&g), DISTURBED_STEAL);
	assert_int_equal(guard_number(&g, "steal_ns"), 0);
	write_host(root, "/proc/stat", calm);
	assert_int_equal(guard_next(&g), 0);
	write_host(root, psi, "");
	assert_int_equal(guard_next(&g), DISTURBED_MEMORY);
	write_host(root, psi, "some avg10=0.00 total=999999\n");
	assert_int_equal(guard_next(&g), DISTURBED_MEMORY);
	assert_int_equal(guard_number(&g, "memory_stall_ns"), 999992000);
	scratch_remove(root);
}

/* A VMM that has gone mad is no reason for the harness to run out of memory. */
static void an_event_has_an_end(void **state)
{
	struct talk *t = *state;
	char text[1024];
	int i;

	memset(text, 'x', sizeof(text));
	agent_link_events(&t->link, "phase init 5\n", 13);
	for (i = 0; i < 1000; i++)
		agent_link_events(&t->link, text, sizeof(text));
	assert_int_equal(t->link.state, LINK_BROKEN);
	assert_string_equal(t->link.error, "an event of the VMM has no end");
	assert_true(t->link.events_in.capacity < 64 * 1024);
	assert_int_equal(result_phase_ns(&t->res, "init"), 5);
}

/*
 * Sections of 100 us and 200 us; one exit costs 20 us. The first is seen
 * by the host as 119 us: fine. The second as 230 us: the clocks disagree.
 */
static void lying_clocks_are_marked(void **state)
{
	struct talk *t = *state;

	t->link.has_stamps = true; /* there is a host with a clock */
	talk_say(t, WIRE_HELLO, "");
	talk_events(t, "exit_cost 20000\nstamp 1 1000000 1119000\n"
		       "stamp 2 2000000 2230000\nstamp 3 3000000 3100000\n"
		       "phase init 5\n");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	talk_say(t, WIRE_SAMPLE, "1 100000 100000");
	talk_say(t, WIRE_SAMPLE, "2 200000 200000");
	talk_say(t, WIRE_SAMPLE, "3 100000 100000");
	talk_say(t, WIRE_END, "3");
	talk_events(t, "ledger 0 pio 12 3400\nend power_off\nnonsense\n");
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series[0].status, RUN_OK);
	assert_int_equal(t->res.series[0].samples[0].host_elapsed_ns, 119000);
	assert_int_equal(t->res.series[0].samples[0].disturbances, 0);
	assert_int_equal(t->res.series[0].samples[1].disturbances,
			 DISTURBED_CLOCKS);
	assert_int_equal(result_phase_ns(&t->res, "init"), 5);
	assert_int_equal(t->res.exits[0].count, 12);
	assert_string_equal(t->link.end, "power_off");
}

/* A guest that never stamped cannot be trusted with its own clock. */
static void samples_without_a_stamp_are_disturbed(void **state)
{
	struct talk *t = *state;

	size_t i;

	t->link.has_stamps = true;
	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "null - ns 1");
	for (i = 0; i < 4; i++)
		talk_say(t, WIRE_SAMPLE, "1 100000 100000");
	talk_say(t, WIRE_END, "4");
	agent_link_finish(&t->link);
	assert_int_equal(t->res.series[0].sample_count, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(t->res.series[0].samples[i].disturbances,
				 DISTURBED_CLOCKS);
}

/* --- the time of one point ---------------------------------------------- */

static int setup_points(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	bench_case_add(&t->bc, "micro_exit", "cpuid,ring0");
	bench_case_add(&t->bc, "micro_start", "");
	bench_case_add(&t->bc, "micro_clock", "tsc-host-60s,ring0");
	*state = t;
	if (talk_open(t))
		return -1;
	t->link.point_limit_ns = 1;
	return 0;
}

static int run_for(struct talk *t, uint64_t ns)
{
	return agent_link_run(&t->link, clock_mono_ns() + ns);
}

static void a_point_has_a_time_of_its_own(void **state)
{
	struct talk *t = *state;

	/* Nobody knows how long a guest takes to start. */
	assert_int_equal(run_for(t, NS_PER_MS), -ETIMEDOUT);
	assert_false(t->link.is_point_late);
	talk_say(t, WIRE_HELLO, "");
	assert_int_equal(run_for(t, 60 * NS_PER_S), -ETIMEDOUT);
	assert_true(t->link.is_point_late);
	assert_int_equal(agent_link_item(&t->link), 0);
	/* From then on the machine is only heard out. */
	assert_int_equal(write(t->fds[1], "late", 4), 4);
	assert_int_equal(run_for(t, NS_PER_MS), 0);
	assert_int_equal(t->link.state, LINK_RUNNING);
}

static void what_is_begun_has_its_time_too(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SERIES, "micro_exit cpuid,ring0 document 1");
	assert_int_equal(agent_link_item(&t->link), 0);
	assert_int_equal(run_for(t, 60 * NS_PER_S), -ETIMEDOUT);
	assert_true(t->link.is_point_late);
}

static void what_takes_long_by_definition_has_no_limit(void **state)
{
	struct talk *t = *state;

	talk_say(t, WIRE_HELLO, "");
	talk_say(t, WIRE_SKIP, "micro_exit cpuid,ring0 it is late");
	/* What the host measures is not the agent's. */
	assert_int_equal(agent_link_item(&t->link), 2);
	assert_int_equal(run_for(t, NS_PER_MS), -ETIMEDOUT);
	assert_false(t->link.is_point_late);
	talk_say(t, WIRE_SKIP, "micro_clock tsc-host-60s,ring0 it is late");
	assert_int_equal(agent_link_item(&t->link), t->bc.item_count);
}

/* --- whole machines, played by the shell ------------------------------ */

static void run_shell(const char *script, struct result *res)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct machine_spec spec = {.argv = argv,
					  .events = MACHINE_EVENTS_VMM};
	struct bench_case bc = {.sample_count = 1, .timeout_ns = 2 * NS_PER_S};

	result_init(res);
	machine_run(&spec, &bc, res);
}

static void the_end_is_told_apart(void **state)
{
	static const struct {
		const char *script;
		enum machine_end end;
		const char *detail;
	} rows[] = {
		{"echo end hypervisor_error KVM, suberror 1 >&4; exit 12",
		 MACHINE_END_HYPERVISOR, "KVM, suberror 1"},
		{"echo end triple_fault at rip >&4; exit 11", MACHINE_END_DIED,
		 "triple_fault at rip"},
		{"kill -9 $$", MACHINE_END_DIED, ""},
		{"echo noise >&3; sleep 100", MACHINE_END_BROKEN, ""},
		{"trap 'echo end stopped at rip >&4; exit' TERM; sleep 100 & wait",
		 MACHINE_END_LATE, "stopped at rip"},
	};
	struct machine_outcome out;
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const argv[] = {"sh", "-c", rows[i].script, NULL};
		const struct machine_spec spec = {.argv = argv,
						  .events = MACHINE_EVENTS_VMM,
						  .outcome = &out};
		struct bench_case bc = {.timeout_ns = NS_PER_S};

		result_init(&res);
		machine_run(&spec, &bc, &res);
		assert_int_equal(out.end, rows[i].end);
		assert_string_equal(out.detail, rows[i].detail);
		result_release(&res);
	}
}

static void a_machine_that_dies_tells_how(void **state)
{
	static const struct {
		const char *script;
		enum run_status status;
		const char *words;
	} rows[] = {
		{"exit 3", RUN_RUNNER_FAILED, "exited with status 3"},
		{"kill -9 $$", RUN_RUNNER_FAILED, "was killed by signal 9"},
		{"echo end triple_fault at rip >&4; exit 11", RUN_RUNNER_FAILED,
		 "triple_fault at rip"},
		{"echo 'Kernel panic - not syncing: oh no'; exit 10",
		 RUN_RUNNER_FAILED, "guest kernel panic: oh no"},
		{"echo noise >&3; sleep 100", RUN_RUNNER_FAILED,
		 "damaged frame"},
		{"echo last words; sleep 100", RUN_TIMEOUT,
		 "no hello after 2.0 s: the VMM does not say where it is"},
		{"exit 0", RUN_RUNNER_FAILED, "exited with status 0"},
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		run_shell(rows[i].script, &res);
		assert_int_equal(res.status, rows[i].status);
		assert_non_null(strstr(res.reason, rows[i].words));
		result_release(&res);
	}
}

static void a_missing_program_is_a_result(void **state)
{
	const char *const argv[] = {"/nonexistent/vmm", NULL};
	const struct machine_spec spec = {.argv = argv};
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	result_init(&res);
	machine_run(&spec, &bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_non_null(strstr(res.reason, "/nonexistent/vmm"));
	result_release(&res);
}

static json_t *some_node(void)
{
	return json_pack("{s:s}", "found", "nothing");
}

/* What KubeVirt would find is part of the probe, where somebody asks. */
static void hello_says_what_the_node_has(void **state)
{
	static const char requests[] =
		"{\"op\":\"hello\"}\n{\"op\":\"quit\"}\n";
	static char text[65536];
	int in[2], out[2];
	json_t *reply;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(in) | pipe(out), 0);
	assert_int_equal(write(in[1], requests, sizeof(requests) - 1),
			 (ssize_t)sizeof(requests) - 1);
	assert_int_equal(worker_serve(in[0], out[1], some_node), 0);
	n = read(out[0], text, sizeof(text));
	reply = json_loadb(text, n > 0 ? (size_t)n : 0, 0, NULL);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(
				json_object_get(json_object_get(reply, "hello"),
						"probe"),
				"kubevirt"),
			"found")),
		"nothing");
	json_decref(reply);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

static void worker_answers_and_refuses(void **state)
{
	static const char requests[] =
		"{\"op\":\"run\",\"case\":{\"bad\":1}}\n{\"op\":\"quit\"}\n";
	int in[2], out[2];
	char text[4096];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(in) | pipe(out), 0);
	assert_int_equal(write(in[1], requests, sizeof(requests) - 1),
			 (ssize_t)sizeof(requests) - 1);
	assert_int_equal(worker_serve(in[0], out[1], NULL), 0);
	n = read(out[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "runner_failed"));
	assert_non_null(strstr(text, "not well formed"));
	assert_int_equal(write(in[1], "GET / HTTP/1.0\n", 15), 15);
	assert_int_equal(worker_serve(in[0], out[1], NULL), -EPROTO);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

#define TALK(test) cmocka_unit_test_setup_teardown(test, setup, talk_teardown)
#define POINTS(test) \
	cmocka_unit_test_setup_teardown(test, setup_points, talk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TALK(a_whole_talk_is_kept),
		TALK(a_stamp_that_is_taken_is_not_waited_for),
		TALK(short_series_are_not_passed_on),
		TALK(missing_frames_are_noticed),
		TALK(order_is_checked),
		TALK(unasked_series_are_refused),
		TALK(a_series_comes_once),
		TALK(done_means_everything),
		TALK(values_are_numbers),
		TALK(samples_need_a_series),
		TALK(noise_on_the_channel_is_noticed),
		TALK(a_series_cut_short_has_no_numbers),
		TALK(what_others_took_is_marked),
		TALK(enough_is_enough),
		cmocka_unit_test(the_host_is_watched),
		cmocka_unit_test(a_host_that_falls_silent_is_not_believed),
		TALK(an_event_has_an_end),
		TALK(lying_clocks_are_marked),
		TALK(samples_without_a_stamp_are_disturbed),
		POINTS(a_point_has_a_time_of_its_own),
		POINTS(what_is_begun_has_its_time_too),
		POINTS(what_takes_long_by_definition_has_no_limit),
		cmocka_unit_test(the_end_is_told_apart),
		cmocka_unit_test(a_machine_that_dies_tells_how),
		cmocka_unit_test(a_missing_program_is_a_result),
		cmocka_unit_test(hello_says_what_the_node_has),
		cmocka_unit_test(worker_answers_and_refuses),
	};

	return RUN_TESTS(tests);
}
