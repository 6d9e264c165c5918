// SPDX-License-Identifier: GPL-3.0-or-later
/* run_stacks, walk_map: parts as long as their figures, one behind the other. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "reports/html/pictures/run_stacks.h"
#include "reports/html/pictures/walk_map.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static size_t drawn;

static void start_into(const struct findings *f, struct strbuf *out)
{
	drawn = run_stacks_start(&f->model, out);
}

static void explained_into(const struct findings *f, struct strbuf *out)
{
	drawn = run_stacks_explained(&f->model, "storage", out);
}

static void walks_into(const struct findings *f, struct strbuf *out)
{
	drawn = walk_map_write(&f->model, out);
}

static void footprint_into(const struct findings *f, struct strbuf *out)
{
	drawn = run_stacks_footprint(&f->model, &f->footprints, out);
}

/* Where the part behind WORDS begins, and how long it is. */
static void part_of(const char *svg, const char *words, double *x,
		    double *width)
{
	const char *at = strstr(svg, words);

	at = at ? strstr(at, " x=\"") : NULL;
	if (!at ||
	    sscanf(at, " x=\"%lf\" y=\"%*f\" width=\"%lf", x, width) != 2)
		fail_msg("no part behind '%s' in %s", words, svg);
}

static void phases_follow_each_other(void **state)
{
	struct shown *s = *state;
	double x, width, next_x, next_width;
	const char *svg;

	shown_sample(s, "kvm", 0, "boot", "vmm_start", 1e6);
	shown_sample(s, "kvm", 0, "boot", "init", 4e6);
	shown_sample(s, "kvm", 0, "boot", "agent_ready", 5e6);
	svg = shown_write(s, start_into);
	assert_int_equal(drawn, 1);
	part_of(svg,
		"the kernel boots: 3.00 ms; reached after 4.00 ms, "
		"1 boot, 1 sample, hardware</title>",
		&x, &width);
	part_of(svg, "user space is ready: 1.00 ms", &next_x, &next_width);
	assert_close(x + width, next_x, 1.5);
	assert_close(width, 3 * next_width, 4);
	assert_contains(svg, ">5.00 ms</text>");
	assert_contains(svg, "5 the kernel boots");
	/* No phase that it has not. */
	assert_null(strstr(svg, "<title>it makes the VM"));
}

/* Whatever a store may hold, a picture comes to an end. */
static void no_value_is_too_large(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "boot", "vmm_start", 1e6);
	shown_sample(s, "kvm", 0, "boot", "init", 1.79e308);
	assert_null(strstr(shown_write(s, start_into), "=\"inf"));
	assert_int_equal(drawn, 1);
}

static void natively_there_is_no_start(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "boot", "agent_ready", 5e6);
	assert_string_equal(shown_write(s, start_into), "");
	assert_int_equal(drawn, 0);
	assert_string_equal(shown_write(s, walks_into), "");
	assert_string_equal(shown_write(s, explained_into), "");
	assert_string_equal(shown_write(s, footprint_into), "");
	assert_int_equal(drawn, 0);
}

/* 100 us natively, 200 us in the guest, 30 of it by three doorbells. */
static void a_waterfall_ends_where_the_guest_does(void **state)
{
	struct shown *s = *state;
	double x, width, rest_x, rest_width;
	const char *svg;

	shown_sample(s, "native", 0, "storage", "randread-4k-qd1/iops", 1e4);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/iops", 5e3);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/doorbells", 3);
	shown_sample(s, "kvm", 0, "micro_exit", "doorbell,ring0/p50", 1e4);
	svg = shown_write(s, explained_into);
	assert_int_equal(drawn, 1);
	part_of(svg, "<title>doorbells: 30.0 us, 3.00 per operation", &x,
		&width);
	part_of(svg, "<title>unexplained: 70.0 us", &rest_x, &rest_width);
	assert_close(x + width, rest_x, 1.5);
	assert_close(rest_width / width, 70. / 30, .2);
	part_of(svg, "<title>kvm: 200 us", &x, &width);
	assert_close(x + width, rest_x + rest_width, 1.5);
}

static void walks_are_fields_by_page_sizes(void **state)
{
	struct shown *s = *state;
	const char *svg;

	shown_sample(s, "native", 0, "micro_walk", "4KiB-on-4KiB,64MiB/p50",
		     50);
	shown_sample(s, "kvm", 0, "micro_walk", "4KiB-on-4KiB,64MiB/p50", 100);
	shown_sample(s, "kvm", 0, "micro_walk", "4KiB-on-4KiB,16MiB/p50", 7);
	shown_sample(s, "kvm", 0, "micro_walk", "2MiB-on-2MiB,64MiB/p50", 60);
	svg = shown_write(s, walks_into);
	assert_int_equal(drawn, 2);
	/* The darkest is the slowest of all runners. */
	assert_int_equal(count_of(svg, "fill-opacity=\"0.55\""), 1);
	assert_contains(svg, "100 ns (2.00&times;)</text>");
	assert_contains(svg, ">guest 2MiB</text>");
	assert_contains(svg, ">host 4KiB</text>");
	/* The largest set alone; 2 MiB on 4 KiB were not measured. */
	assert_null(strstr(svg, "7.00 ns"));
	assert_contains(svg, "text-anchor=\"middle\">-</text>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(phases_follow_each_other),
		WITH_SHOWN(no_value_is_too_large),
		WITH_SHOWN(natively_there_is_no_start),
		WITH_SHOWN(a_waterfall_ends_where_the_guest_does),
		WITH_SHOWN(walks_are_fields_by_page_sizes),
	};

	return RUN_TESTS(tests);
}
