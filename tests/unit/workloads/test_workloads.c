// SPDX-License-Identifier: GPL-3.0-or-later
/* workloads: frames, digests, and that every workload runs and is timed. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/core/metric.h"
#include "runners/vmm/stamp.h"
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

/* forkexec runs the agent; here /proc/self/exe is this test. */
static int skipped_here(const struct workload *wl)
{
	return (wl->flags & (WL_SELFTEST | WL_BY_HOST)) ||
	       !strcmp(wl->name, "kernel_forkexec");
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

		if (skipped_here(*wl) || (*wl)->program)
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
	assert_int_equal(count, 3);
	assert_false(metric_is_main(metric_find("iops"), "no such workload"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_survive_the_wire),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(sha256_known_answers),
		cmocka_unit_test(every_workload_gives_samples),
		cmocka_unit_test(a_failing_workload_says_why),
		cmocka_unit_test(chase_is_one_cycle),
		cmocka_unit_test(names_are_unique_and_fit),
		cmocka_unit_test(main_metrics_are_metrics),
		cmocka_unit_test(both_sides_agree_on_the_stamp_port),
	};

	return RUN_TESTS(tests);
}
