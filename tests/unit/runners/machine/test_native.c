// SPDX-License-Identifier: GPL-3.0-or-later
/* The native runner, with this program in the agent's place: its limits, its
 * job, and what becomes of its answers. */
#include "tests/unit/test.h"

#include <sched.h>
#include <unistd.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/native.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"
#include "workloads/wire.h"

/* --- the agent ------------------------------------------------------------ */

static bool say(int fd, enum wire_type type, const char *text)
{
	static uint32_t sequence;
	char buf[512];
	size_t len = wire_encode(type, sequence++, text, (uint32_t)strlen(text),
				 buf);

	return write(fd, buf, len) == (ssize_t)len;
}

/* The next frame's text, in a static buffer; NULL at the end. */
static const char *hear(int fd, enum wire_type *type)
{
	static char buf[4096];
	struct wire_frame frame;
	size_t len = 0;
	ssize_t n;

	while (wire_decode(buf, len, &frame) == 0) {
		n = read(fd, buf + len, 1);
		if (n <= 0 || ++len == sizeof(buf) - 1)
			return NULL;
	}
	buf[len] = '\0';
	*type = (enum wire_type)frame.type;
	return buf + WIRE_HEADER_BYTES;
}

/* A series of two samples and one that is skipped; the job goes to a file. */
static int play_agent(int fd)
{
	enum wire_type type;
	const char *text;
	FILE *f;

	/* What is the VMM's to say a guest may not. */
	if (!say(fd, WIRE_HELLO,
		 "vmm.placement=cores, kept\nvmm.sandbox=all\nkernel.release=0") ||
	    !(text = hear(fd, &type)) || type != WIRE_JOB)
		return 3;
	f = fopen(stage_path("job"), "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		return 4;
	say(fd, WIRE_SERIES, "null - ns 7");
	say(fd, WIRE_SAMPLE, "1 1000 10.5 0");
	text = hear(fd, &type);
	if (!text || type != WIRE_GO || *text != '1')
		return 5;
	say(fd, WIRE_SAMPLE, "2 1000 11.5 0");
	text = hear(fd, &type);
	if (!text || type != WIRE_GO || *text != '0')
		return 6;
	say(fd, WIRE_END, "2");
	say(fd, WIRE_SKIP, "storage randread-4k-qd1 no disk");
	say(fd, WIRE_DONE, "");
	text = hear(fd, &type);
	return text && type == WIRE_SHUTDOWN ? 0 : 7;
}

/* --- the runner ----------------------------------------------------------- */

static struct bench_case some_case(uint32_t vcpus, uint64_t ram_bytes)
{
	struct bench_case bc = {.vcpu_count = vcpus,
				.ram_bytes = ram_bytes,
				.sample_count = 2,
				.target_ns = 5000,
				.timeout_ns = 20 * NS_PER_S,
				.io = {.disk = "null:1M", .io_ns = 9}};

	bench_case_add(&bc, "boot", "");
	bench_case_add(&bc, "null", "");
	return bc;
}

/* Which function an agent is told of, when WORKLOAD is measured. */
static void expect_device(const char *workload, uint32_t device_count,
			  const char *device)
{
	struct bench_case bc = {.vcpu_count = 1,
				.ram_bytes = 1ull << 60,
				.timeout_ns = 20 * NS_PER_S,
				.io = {.devices = {"ff99:99:1f.7"},
				       .device_count = device_count}};
	struct result res;
	char *said;

	bench_case_add(&bc, workload, "");
	stage_script("guest-agent",
		     "echo \"=$l1vh_device=\" >\"$here/device\"\n"
		     "exit 3\n");
	result_init(&res);
	runner_native.run(&bc, &res);
	said = stage_text("device");
	assert_non_null(said);
	assert_string_equal(said, device);
	free(said);
	result_release(&res);
	bench_case_release(&bc);
}

/* One that cannot be had is not touched, nor one that the plan does not name. */
static void only_a_function_that_can_be_had_is_named(void **state)
{
	(void)state;
	setenv("l1vh_device", "0000:00:00.0", 1);
	expect_device("null", 1, "=ff99:99:1f.7=\n");
	expect_device("null", 0, "==\n");
	expect_device("passthrough_mmio", 0, "==\n");
	/* This host has no such function. */
	expect_device("passthrough_mmio", 1, "==\n");
	unsetenv("l1vh_device");
}

static void an_agent_s_answers_are_kept(void **state)
{
	/* More address space than any sanitizer takes. */
	struct bench_case bc = some_case(1, 1ull << 60);
	const struct series *s = NULL;
	struct result res;
	char *job;
	size_t i;

	(void)state;
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	stage_script("guest-agent", "exec \"$here/test\" agent \"$2\"\n");
	result_init(&res);
	runner_native.run(&bc, &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_int_equal(res.grade, grade_of_host());
	assert_string_equal(res.identity, "kernel.release=0");
	for (i = 0; i < res.series_count; i++)
		if (!strcmp(res.series[i].workload, "null"))
			s = &res.series[i];
	assert_non_null(s);
	assert_int_equal(s->sample_count, 2);
	assert_int_equal(s->iterations, 7);
	assert_true(s->samples[1].value == 11.5);
	assert_int_equal(s->samples[1].host_elapsed_ns, 0); /* no host */
	assert_true(result_phase_ns(&res, "hello") > 0);
	/* The host itself has no null disk, and says so before it tries. */
	job = stage_text("job");
	assert_contains(job, "=disk_refusal the host itself");
	assert_contains(job, "=io_ns 9\n");
	assert_contains(job, "null - 0 5000\n");
	assert_null(strstr(job, "boot"));
	free(job);
	result_release(&res);
	bench_case_release(&bc);
}

/* hwloc is told what host this is: with cores enough, and without. */
static void a_pinned_agent_s_core_is_kept(void **state)
{
	struct bench_case bc = some_case(1, 1ull << 60);
	struct result res;
	cpu_set_t ours;

	(void)state;
	sched_getaffinity(0, sizeof(ours), &ours);
	if (!CPU_ISSET(1, &ours)) {
		print_message("# skipped: this process may not use CPU 1\n");
		skip();
	}
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	snprintf(bc.pinning, sizeof(bc.pinning), "cores");
	stage_script("guest-agent", "exec \"$here/test\" agent \"$2\"\n");
	setenv("HWLOC_SYNTHETIC", "numa:1 core:2 pu:1", 1);
	result_init(&res);
	runner_native.run(&bc, &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_string_equal(res.identity,
			    "kernel.release=0\nvmm.placement=cores, kept");
	assert_string_equal(res.documents[res.document_count - 1].workload,
			    PLACEMENT_DOCUMENT);
	assert_contains(
		res.documents[res.document_count - 1].text,
		"\"agent\":{\"threads\":1,\"cpus\":\"1\",\"seen_on\":\"1\"}");
	result_release(&res);

	setenv("HWLOC_SYNTHETIC", "numa:1 core:1 pu:2", 1);
	result_init(&res);
	runner_native.run(&bc, &res);
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_contains(res.reason, "pinning needs 2 cores");
	result_release(&res);
	bench_case_release(&bc);
}

/* The agent's start and end are series like those of a guest. */
static void start_and_end_are_timed(void **state)
{
	struct bench_case bc = some_case(1, 1ull << 60);
	struct result res;
	size_t i, ready = 0, off = 0;

	(void)state;
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	result_init(&res);
	runner_native_again.run(&bc, &res);
	for (i = 0; i < res.series_count; i++) {
		const struct series *s = &res.series[i];

		if (strcmp(s->workload, "boot"))
			continue;
		assert_int_equal(s->sample_count, 1);
		assert_true(s->samples[0].value > 0);
		assert_true(s->samples[0].elapsed_ns < res.elapsed_ns);
		ready += !strcmp(s->point, "agent_ready");
		off += !strcmp(s->point, "power_off");
	}
	assert_int_equal(ready, 1);
	assert_int_equal(off, 1);
	result_release(&res);
	bench_case_release(&bc);
}

/* As many CPUs as the guest has, of those that we may use, and as much
 * memory. */
static void limits_are_those_of_a_guest(void **state)
{
	cpu_set_t ours;
	struct bench_case bc;
	struct result res;
	char *text, want[64];
	int have, rows[] = {1, 100000}, i;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(ours), &ours), 0);
	have = CPU_COUNT(&ours);
	stage_script("guest-agent", "unset OMP_NUM_THREADS OMP_THREAD_LIMIT\n"
				    "echo \"$(nproc) $(ulimit -v) $*\" "
				    ">\"$here/limits\"; exit 5\n");
	for (i = 0; i < 2; i++) {
		bc = some_case((uint32_t)rows[i], 512 * MIB);
		result_init(&res);
		runner_native.run(&bc, &res);
		assert_int_equal(res.status, RUN_RUNNER_FAILED);
		assert_contains(res.reason, "guest-agent exited with status 5");
		text = stage_text("limits");
		snprintf(want, sizeof(want), "%d 524288 --channel-fd 3\n",
			 rows[i] < have ? rows[i] : have);
		assert_string_equal(text, want);
		free(text);
		result_release(&res);
		bench_case_release(&bc);
	}
}

/* An agent that starts and is not one. */
static void bad_agents_are_told_apart(void **state)
{
	static const struct {
		const char *script;
		enum run_status status;
		const char *words;
	} rows[] = {
		{"exit 0\n", RUN_RUNNER_FAILED, "exited with status 0"},
		{"echo hello >&3\n", RUN_RUNNER_FAILED, "damaged frame"},
		{"kill -11 $$\n", RUN_RUNNER_FAILED, "signal 11"},
		{"echo its last words; exit 1\n", RUN_RUNNER_FAILED,
		 "its last words"},
	};
	struct bench_case bc = some_case(1, 1ull << 60);
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		stage_script("guest-agent", rows[i].script);
		result_init(&res);
		runner_native.run(&bc, &res);
		assert_int_equal(res.status, rows[i].status);
		assert_contains(res.reason, rows[i].words);
		result_release(&res);
	}
	stage_forget("guest-agent");
	result_init(&res);
	runner_native.run(&bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "/guest-agent");
	result_release(&res);
	bench_case_release(&bc);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_function_that_can_be_had_is_named),
		cmocka_unit_test(an_agent_s_answers_are_kept),
		cmocka_unit_test(a_pinned_agent_s_core_is_kept),
		cmocka_unit_test(start_and_end_are_timed),
		cmocka_unit_test(limits_are_those_of_a_guest),
		cmocka_unit_test(bad_agents_are_told_apart),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "agent"))
		return play_agent((int)strtol(argv[2], NULL, 10));
	return stage_main(all_tests);
}
