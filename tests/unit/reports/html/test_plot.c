// SPDX-License-Identifier: GPL-3.0-or-later
/* plot: what gnuplot is asked to draw. One that draws its own script stands in
 * for it. */
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "reports/html/plot.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/run/shown.h"

#define JOB "randread-4k-qd1"

static char folder[SCRATCH_SIZE], places[256];

static void use_gnuplot(const char *script)
{
	struct err err = {0};
	char path[64];

	snprintf(path, sizeof(path), "%s/gnuplot", folder);
	assert_int_equal(file_write(path, script, strlen(script), &err), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static int setup_folder(void **state)
{
	(void)state;
	scratch_folder(folder, "plot");
	snprintf(places, sizeof(places), "%s:%s", folder, getenv("PATH"));
	return setenv("PATH", places, 1);
}

static int teardown_folder(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static int setup(void **state)
{
	use_gnuplot("#!/bin/sh\necho '<?xml?>\n<svg x=\"1\">'\ncat\n"
		    "echo '</svg>'\n");
	return shown_setup(state);
}

static void add_latency(struct shown *s, const char *runner, const char *point,
			double ns)
{
	shown_sample(s, runner, 0, "mem_latency", point, ns);
}

/* Of the run as it is now; valid until the next call. */
static const char *latency(struct shown *s, int want)
{
	struct err err = {0};

	strbuf_release(&s->out);
	assert_int_equal(plot_latency(&shown_find(s)->model, &s->out, &err),
			 want);
	if (want)
		strbuf_puts(&s->out, err.msg);
	return strbuf_str(&s->out);
}

static const char *cdf(struct shown *s, int want)
{
	struct err err = {0};

	strbuf_release(&s->out);
	assert_int_equal(
		plot_cdf(&shown_find(s)->model, "storage", JOB, &s->out, &err),
		want);
	if (want)
		strbuf_puts(&s->out, err.msg);
	return strbuf_str(&s->out);
}

static void a_curve_per_runner_and_page_size(void **state)
{
	struct shown *s = *state;
	const char *svg;

	add_latency(s, "native", "64MiB,4KiB-pages", 90);
	add_latency(s, "native", "16KiB,4KiB-pages", 1.25);
	add_latency(s, "native", "64MiB,2MiB-pages", 80);
	add_latency(s, "kvm", "64MiB,4KiB-pages", 100);
	shown_refuse(s, "kvm", 0, "mem_latency", "64MiB,2MiB-pages",
		     RUN_SKIPPED, "none");
	svg = latency(s, 0);
	assert_memory_equal(svg, "<svg class=\"plot\" role=\"img\" ", 29);
	assert_contains(svg, "\" x=\"1\">\nset terminal svg ");
	assert_null(strstr(svg, "<?xml"));
	/* By working set, in bytes. */
	assert_contains(svg, "$c0 << EOD\n16384 1.25\n67108864 90\nEOD\n");
	assert_contains(svg, "$c1 << EOD\n67108864 80\nEOD\n");
	assert_contains(svg, "$c2 << EOD\n67108864 100\nEOD\n");
	assert_null(strstr(svg, "$c3"));
	assert_int_equal(count_of(svg, "with linespoints"), 3);
	assert_contains(svg, "title 'native, 2 MiB pages', $c2 using");
	assert_contains(svg, "title 'kvm, 4 KiB pages'\n");
}

static void without_figures_nothing_is_drawn(void **state)
{
	struct shown *s = *state;
	uint64_t failures = plot_failure_count();

	assert_contains(latency(s, -1), "no memory latency was measured");
	assert_contains(cdf(s, -1), "no latencies were kept");
	/* All bins are empty. */
	shown_fio(s, "kvm", 0, JOB, "\"1000\": 0, \"2000\": 0");
	assert_contains(cdf(s, -1), "no latencies were kept");
	/* Nobody failed: a later attempt would draw no more. */
	assert_int_equal(plot_failure_count(), failures);
}

/* Microseconds, and the share of requests that took no longer. */
static void shares_add_up_to_one(void **state)
{
	struct shown *s = *state;
	const char *svg;

	shown_fio(s, "native", 0, JOB, "\"1000\": 5");
	shown_fio(s, "kvm", 0, JOB, "\"2000\": 6, \"500\": 2");
	shown_fio(s, "kvm", 1, JOB, "\"64000\": 8");
	svg = cdf(s, 0);
	assert_contains(svg, "$c0 << EOD\n1 1\nEOD\n");
	assert_contains(svg, "$c1 << EOD\n0.5 0.125\n2 0.5\n64 1\nEOD\n");
	assert_contains(svg, "title 'native', $c1 using 1:2 with steps");
	assert_contains(svg, "title 'kvm'\n");
	assert_contains(svg, "set title 'storage " JOB ": latency ");
	/* A name that gnuplot takes. */
	assert_contains(svg, " name 'cdf_storage_randread_4k_qd1'\n");
}

/* Nobody sees a step of a thousandth; the ends are drawn all the same. */
static void small_steps_are_left_out(void **state)
{
	struct shown *s = *state;

	shown_fio(s, "kvm", 0, JOB,
		  "\"1000\": 1, \"2000\": 1, \"3000\": 998, \"4000\": 998,"
		  " \"5000\": 1, \"6000\": 1");
	assert_contains(cdf(s, 0), "EOD\n1 0.0005\n3 0.5\n4 0.999\n6 1\nEOD");
}

static void a_broken_gnuplot_is_counted(void **state)
{
	static const char *const broken[] = {
		"#!/bin/sh\ncat >/dev/null\nexit 3\n",
		"#!/bin/sh\ncat >/dev/null\necho nothing\n",
	};
	struct shown *s = *state;
	uint64_t failures = plot_failure_count();
	struct err err = {0};
	size_t i;

	add_latency(s, "kvm", "16KiB,4KiB-pages", 1);
	shown_find(s);
	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		use_gnuplot(broken[i]);
		assert_true(plot_latency(&s->findings.model, &s->out, &err) <
			    0);
		assert_contains(err.msg, "gnuplot");
		assert_int_equal(s->out.len, 0);
		assert_int_equal(plot_failure_count(), failures + i + 1);
	}
}

#define WITH_RUN(test) \
	cmocka_unit_test_setup_teardown(test, setup, shown_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUN(a_curve_per_runner_and_page_size),
		WITH_RUN(without_figures_nothing_is_drawn),
		WITH_RUN(shares_add_up_to_one),
		WITH_RUN(small_steps_are_left_out),
		WITH_RUN(a_broken_gnuplot_is_counted),
	};

	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
