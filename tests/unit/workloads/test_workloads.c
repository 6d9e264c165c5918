// SPDX-License-Identifier: GPL-3.0-or-later
/* workloads: frames, digests, and that every workload runs and is timed. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/metric.h"
#include "runners/vmm/stamp.h"
#include "tests/unit/fixture/expect.h"
#include "workloads/guest/measure.h"
#include "workloads/region.h"
#include "workloads/sha256.h"
#include "workloads/stamp_port.h"
#include "workloads/wire.h"
#include "workloads/workload.h"

static void frames_survive_the_wire(void **state)
{
	char buf[128];
	struct wire_frame f;
	size_t len = wire_encode(WIRE_SAMPLE, 7, "hello", 5, buf);
	size_t i;

	(void)state;
	assert_int_equal(len, WIRE_HEADER_BYTES + 5);
	for (i = 0; i < len; i++)
		assert_int_equal(wire_decode(buf, i, &f), 0);
	assert_int_equal(wire_decode(buf, len, &f), (long)len);
	assert_int_equal(f.type, WIRE_SAMPLE);
	assert_int_equal(f.sequence, 7);
	assert_memory_equal(f.payload, "hello", 5);
}

static void every_flipped_bit_is_noticed(void **state)
{
	char buf[128];
	struct wire_frame f;
	size_t len = wire_encode(WIRE_SAMPLE, 7, "hello", 5, buf);
	size_t bit;

	(void)state;
	for (bit = 0; bit < len * 8; bit++) {
		buf[bit / 8] ^= (char)(1 << bit % 8);
		/* 0 is a length that now asks for more: never delivered. */
		assert_true(wire_decode(buf, len, &f) <= 0);
		buf[bit / 8] ^= (char)(1 << bit % 8);
	}
}

/* FIPS 180-4 examples, and one that crosses the padding boundary. */
static void sha256_known_answers(void **state)
{
	static const struct {
		const char *text;
		uint8_t first[4];
	} rows[] = {
		{"", {0xe3, 0xb0, 0xc4, 0x42}},
		{"abc", {0xba, 0x78, 0x16, 0xbf}},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 {0x24, 0x8d, 0x6a, 0x61}},
	};
	uint8_t digest[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		sha256(rows[i].text, strlen(rows[i].text), digest);
		assert_memory_equal(digest, rows[i].first, 4);
	}
}

struct seen {
	unsigned int series;
	unsigned int samples;
	double last;
};

static void on_series(void *arg, const struct workload *wl,
		      const struct wl_point *point, uint64_t iterations)
{
	struct seen *seen = arg;

	(void)wl;
	(void)point;
	assert_true(iterations > 0);
	seen->series++;
}

static bool on_sample(void *arg, const struct measure_sample *s)
{
	struct seen *seen = arg;

	assert_true(s->value >= 0);
	seen->samples++;
	seen->last = s->value;
	return seen->samples < 3;
}

static void every_workload_gives_samples(void **state)
{
	const struct measure_plan plan = {.warmup_count = 1,
					  .target_ns = 100000};
	const struct workload *const *wl;
	char reason[200];

	(void)state;
	for (wl = workloads; *wl; wl++) {
		struct seen seen = {0};
		const struct measure_sink sink = {
			.series = on_series, .sample = on_sample, .arg = &seen};
		enum wl_answer answer;

		if ((*wl)->flags & (WL_SELFTEST | WL_BY_HOST) || (*wl)->program)
			continue;
		answer = measure_run(*wl, &(*wl)->points[0], &plan, &sink,
				     reason, sizeof(reason));
		if (answer == WL_SKIP) {
			print_message("SKIP: %s: %s\n", (*wl)->name, reason);
			continue;
		}
		assert_int_equal(answer, WL_OK);
		assert_int_equal(seen.series, 1);
		assert_int_equal(seen.samples, 3);
	}
}

static void a_failing_workload_says_why(void **state)
{
	const struct measure_plan plan = {.target_ns = 1};
	struct seen seen = {0};
	const struct measure_sink sink = {
		.series = on_series, .sample = on_sample, .arg = &seen};
	const struct workload *wl = workload_find("selftest_fail");
	char reason[200];

	(void)state;
	assert_int_equal(measure_run(wl, &wl->points[0], &plan, &sink, reason,
				     sizeof(reason)),
			 WL_FAIL);
	assert_string_equal(reason, "failed because it was asked to");
	assert_int_equal(seen.samples, 0);
}

/* The chase must visit every line before it comes back (Hull-Dobell). */
static void chase_is_one_cycle(void **state)
{
	const struct workload *wl = workload_find("mem_latency");
	struct wl_ctx ctx = {.point = &wl->points[0]};
	uint64_t lines = wl->points[0].bytes / 64;
	struct {
		struct region region;
		void *at;
	} * chase;
	void **p, **start;
	uint64_t i;

	(void)state;
	assert_int_equal(wl->setup(&ctx), WL_OK);
	chase = ctx.state;
	start = p = chase->at;
	for (i = 1; i < lines; i++) {
		p = *p;
		assert_ptr_not_equal(p, start);
		assert_int_equal((uintptr_t)p % 64, 0);
	}
	assert_ptr_equal(*p, start);
	wl->teardown(&ctx);
}

static void names_are_unique_and_fit(void **state)
{
	const struct workload *const *a, *const *b;
	uint32_t i;

	(void)state;
	for (a = workloads; *a; a++) {
		assert_true(strlen((*a)->name) < 32);
		for (i = 0; i < (*a)->point_count; i++) {
			assert_true(strlen((*a)->points[i].name) < 32);
			assert_null(strchr((*a)->points[i].name, ' '));
		}
		for (b = a + 1; *b; b++)
			assert_string_not_equal((*a)->name, (*b)->name);
	}
}

static void both_sides_agree_on_the_stamp_port(void **state)
{
	(void)state;
	assert_int_equal(WL_STAMP_PORT, STAMP_PORT);
	assert_int_equal(WL_STAMP_BEGIN, STAMP_BEGIN);
	assert_int_equal(WL_STAMP_END, STAMP_END);
	assert_int_equal(WL_STAMP_PHASE, STAMP_PHASE);
	assert_int_equal(WL_STAMP_CALIBRATE, STAMP_CALIBRATE);
	assert_int_equal(WL_STAMP_PHASE_INIT, STAMP_PHASE_INIT);
	assert_int_equal(WL_STAMP_PHASE_AGENT_READY, STAMP_PHASE_AGENT_READY);
}

/* Of a program with many metrics one stands for it, and the harness knows it. */
static void main_metrics_are_metrics(void **state)
{
	const struct workload *const *wl;
	size_t count = 0;

	(void)state;
	for (wl = workloads; *wl; wl++) {
		const struct metric *m;

		if (!(*wl)->main_metric)
			continue;
		m = metric_find((*wl)->main_metric);
		assert_non_null(m);
		assert_true(metric_is_main(m, (*wl)->name));
		assert_false(metric_is_main(metric_find("loss"), (*wl)->name));
		count++;
	}
	assert_int_equal(count, 5);
	assert_false(metric_is_main(metric_find("iops"), "no such workload"));
}

/* --- workloads that cannot have what they need ------------------------------- */

static unsigned int descriptor_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* With room for so many more descriptors: both pipes need two. */
static void pipes_that_cannot_be_had(void **state)
{
	const struct workload *wl = workload_find("kernel_switch");
	unsigned int before = descriptor_count();
	struct rlimit limit, less;
	rlim_t spare;
	int lowest;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lowest = dup(0);
	close(lowest);
	for (spare = 0; spare < 4; spare++) {
		struct wl_ctx ctx = {.point = &wl->points[0]};
		enum wl_answer answer;

		less = limit;
		less.rlim_cur = (rlim_t)lowest + spare;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
		answer = wl->setup(&ctx);
		setrlimit(RLIMIT_NOFILE, &limit);
		assert_int_equal(answer, WL_FAIL);
		assert_contains(ctx.reason, "pipes");
		wl->teardown(&ctx);
		assert_int_equal(descriptor_count(), before);
	}
}

/* As kernel.c has it. */
struct switch_state {
	int to_child[2];
	int to_parent[2];
	pid_t child;
};

/* Whoever kills it, an out-of-memory killer say: no run waits for ever. */
static void an_echo_that_is_gone(void **state)
{
	const struct workload *wl = workload_find("kernel_switch");
	struct wl_ctx ctx = {.point = &wl->points[0]};
	unsigned int before = descriptor_count();
	struct switch_state *s;

	(void)state;
	assert_int_equal(wl->setup(&ctx), WL_OK);
	assert_int_equal(wl->run(&ctx, 3), WL_OK);
	s = ctx.state;
	assert_int_equal(kill(s->child, SIGKILL), 0);
	assert_int_equal(waitpid(s->child, NULL, 0), s->child);
	s->child = 0;
	alarm(20);
	assert_int_equal(wl->run(&ctx, 3), WL_FAIL);
	alarm(0);
	assert_contains(ctx.reason, "gone");
	wl->teardown(&ctx);
	assert_int_equal(descriptor_count(), before);
}

/* The agent ends at once when it is called so; here, main() does. */
static void a_program_is_run_again(void **state)
{
	const struct workload *wl = workload_find("kernel_forkexec");
	struct wl_ctx ctx = {.point = &wl->points[0]};

	(void)state;
	assert_int_equal(wl->run(&ctx, 2), WL_OK);
	setenv("L1VH_TEST_EXIT", "1", 1);
	assert_int_equal(wl->run(&ctx, 2), WL_FAIL);
	unsetenv("L1VH_TEST_EXIT");
	assert_contains(ctx.reason, "exec");
}

static void memory_that_cannot_be_had(void **state)
{
	const struct wl_point huge = {.name = "huge", .bytes = 1ULL << 60};
	const struct workload *wl = workload_find("mem_latency");
	struct wl_ctx ctx = {.point = &huge};
	struct region region = {0};

	(void)state;
	assert_int_equal(wl->setup(&ctx), WL_FAIL);
	assert_contains(ctx.reason, "1099511627776 MiB");
	wl->teardown(&ctx);
	assert_int_equal(region_map(&region, &ctx, 1ULL << 60, 0), WL_FAIL);
	assert_null(region.mapping);
	region_unmap(&region); /* of nothing */
	/* Pages that nothing is known of are not of the right size. */
	region = (struct region){.page_bytes = 2 * MIB};
	assert_int_equal(region_check(&region, &ctx), WL_SKIP);
	/* Two MiB, aligned to them, of small pages. */
	assert_int_equal(region_map(&region, &ctx, 5000, 4096), WL_OK);
	assert_int_equal((uintptr_t)region.base % (2ULL << 20), 0);
	memset(region.base, 1, 2 << 20);
	assert_int_equal(region_check(&region, &ctx), WL_OK);
	region_unmap(&region);
	assert_null(region.mapping);
	region_unmap(&region);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_survive_the_wire),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(sha256_known_answers),
		cmocka_unit_test(every_workload_gives_samples),
		cmocka_unit_test(a_failing_workload_says_why),
		cmocka_unit_test(chase_is_one_cycle),
		cmocka_unit_test(pipes_that_cannot_be_had),
		cmocka_unit_test(an_echo_that_is_gone),
		cmocka_unit_test(a_program_is_run_again),
		cmocka_unit_test(memory_that_cannot_be_had),
		cmocka_unit_test(names_are_unique_and_fit),
		cmocka_unit_test(main_metrics_are_metrics),
		cmocka_unit_test(both_sides_agree_on_the_stamp_port),
	};

	/* a_program_is_run_again() */
	if (argc > 1 && !strcmp(argv[1], "--exit"))
		return getenv("L1VH_TEST_EXIT") != NULL;
	return RUN_TESTS(tests);
}
