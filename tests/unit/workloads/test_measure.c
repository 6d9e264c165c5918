// SPDX-License-Identifier: GPL-3.0-or-later
/* measure: what it calls of a workload, in which order, and what becomes of
 * its answers; and digests against another program's. */
#include "tests/unit/test.h"

#include <openssl/sha.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "tests/unit/fixture/expect.h"
#include "workloads/guest/measure.h"
#include "workloads/guest/waited.h"
#include "workloads/sha256.h"
#include "workloads/stamp_port.h"

#define MAX_RUNS 64

/* A workload of which each call is noted. */
static struct {
	int setups, teardowns, runs, fail_at; /* 1: the first run; 0: none */
	enum wl_answer setup_answer;
	uint64_t iterations[MAX_RUNS];
	uint64_t ops_count, bytes_count;
	uint64_t limit; /* iterations that take no time at all */
	char order[256];
} noted;

static void note(char what)
{
	size_t n = strlen(noted.order);

	if (n + 1 < sizeof(noted.order))
		noted.order[n] = what;
}

static enum wl_answer noted_setup(struct wl_ctx *ctx)
{
	noted.setups++;
	ctx->ops_count = noted.ops_count;
	ctx->bytes_count = noted.bytes_count;
	return noted.setup_answer == WL_OK
		       ? WL_OK
		       : wl_say(ctx, noted.setup_answer, "setup says no");
}

static enum wl_answer noted_run(struct wl_ctx *ctx, uint64_t iterations)
{
	struct timespec pause = {.tv_nsec = 1000000};

	note('r');
	if (noted.runs < MAX_RUNS)
		noted.iterations[noted.runs] = iterations;
	if (++noted.runs == noted.fail_at)
		return wl_say(ctx, WL_FAIL, "run %d failed", noted.fail_at);
	if (iterations > noted.limit)
		nanosleep(&pause, NULL);
	return WL_OK;
}

static void noted_teardown(struct wl_ctx *ctx)
{
	(void)ctx;
	noted.teardowns++;
}

static struct workload workload_of(uint32_t flags, enum wl_unit unit)
{
	memset(&noted, 0, sizeof(noted));
	return (struct workload){.name = "noted",
				 .unit = unit,
				 .flags = flags,
				 .points = &wl_no_point,
				 .point_count = 1,
				 .setup = noted_setup,
				 .run = noted_run,
				 .teardown = noted_teardown};
}

struct heard {
	unsigned int wanted, samples, series;
	uint64_t iterations;
	struct measure_sample last;
};

static void hear_series(void *arg, const struct workload *wl,
			const struct wl_point *point, uint64_t iterations)
{
	struct heard *heard = arg;

	(void)wl;
	(void)point;
	note('s');
	heard->series++;
	heard->iterations = iterations;
}

static bool hear_sample(void *arg, const struct measure_sample *sample)
{
	struct heard *heard = arg;

	note('v');
	heard->last = *sample;
	return ++heard->samples < heard->wanted;
}

static void hear_stamp(uint32_t value)
{
	note(value & WL_STAMP_END ? '>' : '<');
}

static char reason[64];

static enum wl_answer measure(const struct workload *wl, struct heard *heard,
			      uint32_t warmups, bool stamps)
{
	const struct measure_plan plan = {.warmup_count = warmups,
					  .target_ns = 1000000};
	const struct measure_sink sink = {.series = hear_series,
					  .sample = hear_sample,
					  .arg = heard,
					  .stamp = stamps ? hear_stamp : NULL};

	return measure_run(wl, &wl_no_point, &plan, &sink, reason,
			   sizeof(reason));
}

/* The series is told first; a warm-up is timed as a sample is, and no value. */
static void calls_are_in_order(void **state)
{
	struct workload wl = workload_of(WL_ONE_ITERATION, WL_UNIT_NS);
	struct heard heard = {.wanted = 3};
	uint32_t first;

	(void)state;
	assert_int_equal(measure(&wl, &heard, 2, true), WL_OK);
	assert_string_equal(noted.order, "s<r><r><r>v<r>v<r>v");
	assert_int_equal(noted.setups, 1);
	assert_int_equal(noted.teardowns, 1);
	assert_int_equal(heard.iterations, 1);
	assert_int_equal(heard.last.iterations, 1);
	assert_string_equal(reason, "");
	/* Sections count up, over one measurement and the next. */
	first = heard.last.section;
	heard = (struct heard){.wanted = 1};
	assert_int_equal(measure(&wl, &heard, 0, true), WL_OK);
	assert_int_equal(heard.last.section, first + 1);
}

/* Doubled while it takes no time, without a stamp: that is no section. */
static void iterations_are_found(void **state)
{
	struct workload wl = workload_of(0, WL_UNIT_NS);
	struct heard heard = {.wanted = 1};
	int i;

	(void)state;
	noted.limit = 500;
	assert_int_equal(measure(&wl, &heard, 0, true), WL_OK);
	for (i = 0; i < noted.runs - 1; i++)
		assert_int_equal(noted.iterations[i], 1 << i);
	/* 512 take longer than was wanted, if nothing before them did. */
	assert_in_range(noted.runs, 2, 11);
	assert_true(heard.iterations >= 1);
	assert_int_equal(noted.iterations[noted.runs - 1], heard.iterations);
	assert_int_equal(count_of(noted.order, "<"), 1);
}

/* Values are per operation, or bytes per second, from one sample's time. */
static void values_have_their_unit(void **state)
{
	struct workload wl = workload_of(WL_ONE_ITERATION, WL_UNIT_NS);
	struct heard heard = {.wanted = 1};

	(void)state;
	noted.ops_count = 8;
	assert_int_equal(measure(&wl, &heard, 0, false), WL_OK);
	assert_true(heard.last.elapsed_ns >= 1000000);
	assert_close(heard.last.value, (double)heard.last.elapsed_ns / 8, 1e-6);

	wl = workload_of(WL_ONE_ITERATION, WL_UNIT_NS);
	assert_int_equal(measure(&wl, &heard, 0, false), WL_OK);
	assert_close(heard.last.value, (double)heard.last.elapsed_ns, 1e-6);

	wl = workload_of(WL_ONE_ITERATION, WL_UNIT_BYTES_PER_S);
	noted.bytes_count = 1000000;
	assert_int_equal(measure(&wl, &heard, 0, false), WL_OK);
	assert_close(heard.last.value, 1e15 / (double)heard.last.elapsed_ns,
		     1e-3);
}

/* Whichever run it is: no value of it, and what was set up is taken down. */
static void each_run_may_fail(void **state)
{
	static const struct {
		uint32_t flags;
		int fail_at;
		unsigned int series, samples;
	} cases[] = {
		{WL_ONE_ITERATION, 1, 1, 0}, /* the warm-up */
		{WL_ONE_ITERATION, 2, 1, 0},
		{WL_ONE_ITERATION, 4, 1, 2},
		{0, 1, 0, 0}, /* while its iterations are looked for */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct workload wl = workload_of(cases[i].flags, WL_UNIT_NS);
		struct heard heard = {.wanted = 9};

		noted.fail_at = cases[i].fail_at;
		assert_int_equal(measure(&wl, &heard, 1, true), WL_FAIL);
		assert_int_equal(heard.series, cases[i].series);
		assert_int_equal(heard.samples, cases[i].samples);
		assert_int_equal(noted.runs, cases[i].fail_at);
		assert_int_equal(noted.teardowns, 1);
		assert_contains(reason, "failed");
		/* A section that was begun has ended. */
		assert_int_equal(count_of(noted.order, "<"),
				 count_of(noted.order, ">"));
	}
}

static void a_setup_may_refuse(void **state)
{
	static const enum wl_answer answers[] = {WL_SKIP, WL_FAIL};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		struct workload wl = workload_of(0, WL_UNIT_NS);
		struct heard heard = {.wanted = 1};

		noted.setup_answer = answers[i];
		assert_int_equal(measure(&wl, &heard, 0, true), answers[i]);
		assert_int_equal(noted.runs, 0);
		assert_int_equal(heard.series, 0);
		assert_int_equal(noted.teardowns, 1);
		assert_string_equal(reason, "setup says no");
		wl.setup = NULL; /* both are optional */
		wl.teardown = NULL;
		assert_int_equal(measure(&wl, &heard, 0, true), WL_OK);
	}
}

/* --- digests ------------------------------------------------------------------- */

/* Each length around the padding's edges, and blocks of many. */
static void digests_are_those_of_openssl(void **state)
{
	uint8_t text[1025], ours[32], theirs[32];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++)
		text[len] = (uint8_t)(len * 131 + len / 256);
	for (len = 0; len <= sizeof(text); len += len < 300 ? 1 : 29) {
		sha256(text, len, ours);
		SHA256(text, len, theirs);
		assert_memory_equal(ours, theirs, sizeof(ours));
	}
}

/* --- the table ------------------------------------------------------------------- */

static void ranks_follow_the_table(void **state)
{
	const struct workload *const *wl;
	uint32_t i, next = 0;

	(void)state;
	for (wl = workloads; *wl; wl++) {
		assert_ptr_equal(workload_find((*wl)->name), *wl);
		for (i = 0; i < (*wl)->point_count; i++, next++)
			assert_int_equal(workload_rank((*wl)->name,
						       (*wl)->points[i].name),
					 next);
	}
	/* What nobody knows is last. */
	assert_int_equal(workload_rank("nobody", ""), next);
	assert_int_equal(workload_rank("null", "no such point"), next);
	assert_null(workload_find("nobody"));
	assert_null(workload_point(NULL, ""));
	assert_null(workload_point(workload_find("null"), "no such point"));
	assert_string_equal(wl_unit_name(WL_UNIT_BYTES_PER_S), "bytes_per_s");
	assert_string_equal(wl_better_name(WL_LOWER_IS_BETTER), "lower");
	assert_string_equal(wl_better_name(WL_HIGHER_IS_BETTER), "higher");
}

/* Runs first: the file stays open. */
static void a_wait_that_cannot_be_read_is_not_zero(void **state)
{
	struct rlimit limit, none;
	uint64_t ns;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	ns = waited_read_ns();
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_true(ns == WAITED_UNKNOWN);
	assert_int_equal(waited_since_ns(ns, 5), 5);
	/* It is tried again. */
	ns = waited_read_ns();
	assert_true(ns != WAITED_UNKNOWN);
	assert_true(waited_since_ns(ns, 1) < NS_PER_S);
	assert_int_equal(waited_since_ns(WAITED_UNKNOWN - 1, 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_that_cannot_be_read_is_not_zero),
		cmocka_unit_test(calls_are_in_order),
		cmocka_unit_test(iterations_are_found),
		cmocka_unit_test(values_have_their_unit),
		cmocka_unit_test(each_run_may_fail),
		cmocka_unit_test(a_setup_may_refuse),
		cmocka_unit_test(digests_are_those_of_openssl),
		cmocka_unit_test(ranks_follow_the_table),
	};

	return RUN_TESTS(tests);
}
