// SPDX-License-Identifier: GPL-3.0-or-later
/* run_curves: lines through the figures of a run, where they are. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "reports/html/pictures/run_curves.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define JOB "randread-4k-qd1"

static bool is_drawn;

static void latency_into(const struct findings *f, struct strbuf *out)
{
	is_drawn = run_curves_latency(&f->model, out);
}

static void shares_into(const struct findings *f, struct strbuf *out)
{
	struct model_group g;
	size_t at = 0;

	is_drawn = false;
	while (model_next_group(&f->model, &at, &g))
		is_drawn |= run_curves_shares(&f->model, &g, out);
}

static void add_latency(struct shown *s, const char *runner, const char *point,
			double ns)
{
	struct series *series =
		shown_series(s, runner, 0, "mem_latency", point);

	shown_sample(s, runner, 0, "mem_latency", point, ns);
	series->set_bytes = strstr(point, "64MiB") ? 64 << 20 : 16 << 10;
	series->page_bytes = strstr(point, "2MiB-") ? 2 << 20 : 4 << 10;
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
	svg = shown_write(s, latency_into);
	assert_true(is_drawn);
	assert_int_equal(count_of(svg, "<path class=\"curve r0\""), 1);
	assert_int_equal(count_of(svg, "<path class=\"curve dashed r0\""), 1);
	assert_int_equal(count_of(svg, "<path class=\"curve r1\""), 1);
	assert_int_equal(count_of(svg, "class=\"curve"), 3);
	/* Each point says what it is and rests on. */
	assert_contains(svg, "under native: 1.25 ns, 1 boot, 1 sample, hardware"
			     "</title>");
	assert_contains(svg, ">hardware</text>");
	assert_contains(svg, "lower is better");
	assert_contains(svg, ">64 MiB</text>");
	assert_null(strstr(svg, "nan"));
}

static void without_figures_nothing_is_drawn(void **state)
{
	struct shown *s = *state;

	assert_string_equal(shown_write(s, latency_into), "");
	assert_false(is_drawn);
	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 1);
	/* All bins are empty. */
	shown_fio(s, "kvm", 0, JOB, "\"1000\": 0, \"2000\": 0");
	assert_string_equal(shown_write(s, shares_into), "");
	assert_false(is_drawn);
}

/* Where the first curve of LOOK begins, and its last point. */
static void ends_of(const char *svg, const char *look, double *x, double *y,
		    double *last_y)
{
	char begin[64];
	const char *at, *stop, *v;

	snprintf(begin, sizeof(begin), "class=\"curve %s\" d=\"M", look);
	at = strstr(svg, begin);
	if (!at || sscanf(at + strlen(begin), "%lf %lf", x, y) != 2)
		fail_msg("no curve of %s in %s", look, svg);
	*last_y = *y;
	stop = strchr(at + strlen(begin), '"');
	for (v = at; (v = strchr(v + 1, 'V')) && v < stop;)
		*last_y = strtod(v + 1, NULL);
}

/* Shares of requests that took no longer, from the bottom up to the top. */
static void shares_add_up_to_one(void **state)
{
	struct shown *s = *state;
	double x, y, top, other_x, other_y, other_top;
	const char *svg;

	shown_sample(s, "native", 0, "storage", JOB "/iops", 1000);
	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 500);
	shown_sample(s, "kvm", 1, "storage", JOB "/iops", 500);
	shown_fio(s, "native", 0, JOB, "\"1000\": 5, \"2000\": 5");
	shown_fio(s, "kvm", 0, JOB, "\"2000\": 6, \"500\": 2");
	shown_fio(s, "kvm", 1, JOB, "\"64000\": 8");
	svg = shown_write(s, shares_into);
	assert_true(is_drawn);
	ends_of(svg, "r0", &x, &y, &top);
	ends_of(svg, "r1", &other_x, &other_y, &other_top);
	assert_true(other_x < x);
	assert_true(other_y > y); /* an eighth is below a half */
	assert_close(top, other_top, .01);
	assert_contains(svg, "kvm: 50 % of 16 requests within 2.00 us, 2 boots,"
			     " hardware</title>");
	assert_contains(svg, "kvm: 99 % of 16 requests within 64.0 us");
	assert_contains(svg, ">100 %</text>");
	assert_contains(svg, JOB ": share within a latency; left is better");
}

/* Nobody sees a step of a thousandth; marks and ends are drawn all the same. */
static void small_steps_are_left_out(void **state)
{
	struct shown *s = *state;
	const char *svg, *path, *end;
	struct strbuf line = {0};

	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 500);
	shown_fio(s, "kvm", 0, JOB,
		  "\"1000\": 1, \"2000\": 1, \"3000\": 998, \"4000\": 998,"
		  " \"5000\": 1, \"6000\": 1");
	svg = shown_write(s, shares_into);
	path = strstr(svg, "class=\"curve r1\"");
	assert_non_null(path);
	end = strstr(path, "\"/>");
	strbuf_add(&line, path, (size_t)(end - path));
	assert_int_equal(count_of(line.str, "V"), 3);
	strbuf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_curve_per_runner_and_page_size),
		WITH_SHOWN(without_figures_nothing_is_drawn),
		WITH_SHOWN(shares_add_up_to_one),
		WITH_SHOWN(small_steps_are_left_out),
	};

	return RUN_TESTS(tests);
}
