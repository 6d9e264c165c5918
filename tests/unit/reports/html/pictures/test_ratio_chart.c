// SPDX-License-Identifier: GPL-3.0-or-later
/* The page's chart of ratios, and what of the page is folded. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/findings/highlights.h"
#include "reports/html/html.h"
#include "reports/html/pictures/ratio_chart.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"

struct fixture {
	struct run_data run;
	struct findings findings;
	struct strbuf page;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	made_run_init(&f->run, "{}");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	strbuf_release(&f->page);
	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static struct result *add_boot(struct fixture *f, const char *runner,
			       uint32_t block)
{
	struct boot_data *b = made_run_boot(&f->run, runner, block);

	b->res.grade = GRADE_EMULATED;
	return &b->res;
}

static struct series *add_value(struct result *res, const char *workload,
				const char *point, bool lower, double value)
{
	struct series *s = result_add_series(res, workload, point,
					     lower ? "ns" : "bytes_per_s");

	s->lower_is_better = lower;
	s->list_rank = (uint32_t)res->series_count;
	series_add_sample(s)->value = value;
	return s;
}

/* A guest that is twice as bad in each metric of CPU, and starts. */
static void fill(struct fixture *f, uint32_t block_count)
{
	uint32_t block;

	for (block = 0; block < block_count; block++) {
		double noise = 1 + block / 100.;
		struct result *res = add_boot(f, "native", block);

		add_value(res, "cpu_integer", "", true, 10);
		add_value(res, "kernel_syscall", "", true, 20);
		add_value(res, "mem_bandwidth", "triad,3x64MiB", false, 1e9);
		res = add_boot(f, "kvm", block);
		add_value(res, "boot", "agent_ready", true, 3e9);
		add_value(res, "cpu_integer", "", true, 20 * noise);
		add_value(res, "kernel_syscall", "", true, 10 * noise);
		add_value(res, "mem_bandwidth", "triad,3x64MiB", false,
			  .5e9 / noise);
	}
}

static const char *page(struct fixture *f)
{
	strbuf_release(&f->page);
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	html_write(&f->findings, &f->page);
	return f->page.str;
}

/* From where to where the bar goes of the picture that is labelled so. */
static void bar_of(const char *html, const char *label, double *from,
		   double *to)
{
	const char *at = strstr(html, label);

	if (!at)
		fail_msg("no picture '%s'", label);
	at = strstr(at, "class=\"bar r1\"");
	assert_non_null(at);
	assert_int_equal(
		sscanf(at, "class=\"bar r1\" d=\"M%lf %*fH%lf", from, to), 2);
}

/* Twice the time and half the rate are as long a bar, and to the right. */
static void worse_is_to_the_right(void **state)
{
	struct fixture *f = *state;
	double one, cpu, memory, better, from;

	fill(f, 4);
	page(f);
	bar_of(f->page.str, "CPU, times worse than native: kvm 2.0", &one,
	       &cpu);
	bar_of(f->page.str, "memory, times worse than native: kvm 2.0", &from,
	       &memory);
	assert_true(fabs(from - one) < .01 && fabs(memory - cpu) < .2);
	assert_true(cpu > one);
	bar_of(f->page.str, "kernel, times worse than native: kvm 0.5", &from,
	       &better);
	assert_true(fabs(from - one) < .01 && better < one);
	/* In equal steps for equal factors. */
	assert_true(fabs((one - better) - (cpu - one)) < 3);
	assert_non_null(strstr(f->page.str, "class=\"one\""));
	assert_non_null(strstr(f->page.str, "worse &rarr;"));
}

static void whiskers_need_four_blocks(void **state)
{
	struct fixture *f = *state;

	fill(f, 3);
	assert_int_equal(count_of(page(f), "class=\"whisker\""), 0);
	add_value(add_boot(f, "native", 3), "cpu_integer", "", true, 10);
	add_value(add_boot(f, "kvm", 3), "cpu_integer", "", true, 20);
	assert_int_equal(count_of(page(f), "class=\"whisker\""), 1);
}

/* What is not comparable is not compared. */
static void a_start_is_drawn_by_its_figure(void **state)
{
	struct fixture *f = *state;

	fill(f, 2);
	add_value(&f->run.boots[0].res, "boot", "agent_ready", true, 3e7);
	page(f);
	assert_non_null(strstr(f->page.str,
			       "aria-label=\"start-up, guest ready: kvm 3.00 "
			       "s\""));
	assert_non_null(strstr(f->page.str, "guest ready, lower is better"));
	assert_int_equal(count_of(f->page.str, "class=\"bar figure\""), 1);
}

/* Two rows of a group in different blocks: 2 and 8 times are 4 on average. */
static void rows_of_different_blocks_have_a_mean(void **state)
{
	struct fixture *f = *state;
	const char *html;

	add_value(add_boot(f, "native", 0), "cpu_integer", "", true, 10);
	add_value(add_boot(f, "kvm", 0), "cpu_integer", "", true, 20);
	add_value(add_boot(f, "native", 1), "cpu_float", "", true, 10);
	add_value(add_boot(f, "kvm", 1), "cpu_float", "", true, 80);
	html = page(f);
	assert_contains(html, "aria-label=\"CPU, times worse than native: "
			      "kvm 4.00\"");
	/* No block has both, so there is no interval. */
	assert_null(strstr(html, "class=\"whisker"));
}

/* It has a place in the picture all the same. */
static void a_guest_without_a_ratio_has_a_dash(void **state)
{
	struct fixture *f = *state;
	const char *html, *picture;

	fill(f, 1);
	add_value(add_boot(f, "qemu", 0), "kernel_syscall", "", true, 40);
	html = page(f);
	picture = strstr(html, "aria-label=\"CPU, times worse than native: "
			       "kvm 2.00, qemu none\"");
	assert_non_null(picture);
	assert_contains(picture, "text-anchor=\"end\">-</text>");
	assert_contains(html, "aria-label=\"kernel, times worse than native: "
			      "kvm 0.50, qemu 2.00\"");
}

/* Above claims and contents, with what it is worth in its heading. */
static void the_chart_comes_first(void **state)
{
	struct fixture *f = *state;
	const char *chart;

	fill(f, 2);
	chart = strstr(page(f), "<h2 id=\"ratios\">");
	assert_non_null(chart);
	assert_true(chart < strstr(f->page.str, "<nav"));
	assert_non_null(
		strstr(f->page.str, "native <span class=\"grade emulated\">"));
	/* The page's name tells its run. */
	assert_contains(f->page.str, "<title>Run ");
	assert_contains(f->page.str, " UTC - l1vh-bench</title>");
	assert_contains(f->page.str, "<link rel=\"icon\" href=\"data:image");
	assert_int_equal(count_of(f->page.str, "<div class=\"panels\">"), 1);
}

static void native_alone_has_no_chart(void **state)
{
	struct fixture *f = *state;

	add_value(add_boot(f, "native", 0), "cpu_integer", "", true, 10);
	assert_null(strstr(page(f), "id=\"ratios\""));
	assert_non_null(strstr(f->page.str, "<h2 id=\"cpu\">"));
	assert_non_null(strstr(f->page.str, ">10.0 ns</td>"));
}

static void nothing_has_no_chart_either(void **state)
{
	struct fixture *f = *state;

	assert_null(strstr(page(f), "id=\"ratios\""));
	assert_null(strstr(f->page.str, "class=\"chapter\""));
}

/* What cannot be drawn does not become a number. */
static void far_away_stays_within(void **state)
{
	struct fixture *f = *state;
	double from, to;

	fill(f, 1);
	f->run.boots[1].res.series[1].samples[0].value = 1e7;
	page(f);
	bar_of(f->page.str, "CPU, times worse", &from, &to);
	assert_true(to <= 270 - 50 + .1);
	assert_non_null(strstr(f->page.str, ">1000000&times;<"));
	assert_null(strstr(f->page.str, "nan"));
	assert_null(strstr(f->page.str, "inf"));
}

/* A link opens what is folded only if it leads into it. */
static void folds_have_their_address_within(void **state)
{
	struct fixture *f = *state;
	const char *at;
	size_t count = 0;

	fill(f, 2);
	for (at = page(f);
	     (at = strstr(at, "<details class=\"fold\">")) != NULL; at++) {
		char data_id[40], id[40];

		assert_int_equal(
			sscanf(at,
			       "<details class=\"fold\"><summary><h2 "
			       "data-id=\"%39[a-z]\">%*[^<]</h2></summary> "
			       "<div id=\"%39[a-z]\">",
			       data_id, id),
			2);
		assert_string_equal(data_id, id);
		count++;
	}
	assert_true(count >= 5);
	assert_int_equal(count, count_of(f->page.str, "</div></details>"));
}

static void contents_lead_somewhere(void **state)
{
	struct fixture *f = *state;
	const char *at;
	size_t count = 0;

	fill(f, 2);
	for (at = page(f); (at = strstr(at, "<a href=\"#")) != NULL; count++) {
		char want[80];

		at += strlen("<a href=\"#");
		snprintf(want, sizeof(want), " id=\"%.*s\"",
			 (int)strcspn(at, "\""), at);
		assert_int_equal(count_of(f->page.str, want), 1);
	}
	assert_true(count > 8);
}

/* Dozens of cells that say the same are one line. */
static void skipped_rows_are_told_once(void **state)
{
	static const char *const points[] = {
		"cpuid,ring0/p50", "pio-out,ring0/p50", "eoi,ring0/p50"};
	struct fixture *f = *state;
	struct result *native, *kvm;
	struct series *s;
	size_t i;

	add_boot(f, "native", 0);
	kvm = add_boot(f, "kvm", 0);
	native = &f->run.boots[0].res;
	add_value(native, "micro_exit", "null,ring3/p50", true, 10);
	add_value(kvm, "micro_exit", "null,ring3/p50", true, 10);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		s = result_add_series(native, "micro_exit", points[i], "ns");
		s->status = RUN_SKIPPED;
		s->list_rank = 10 + (uint32_t)i;
		snprintf(s->reason, sizeof(s->reason), "no ring 0");
		/* The last one is measured by nobody. */
		if (i + 1 < ARRAY_SIZE(points))
			add_value(kvm, "micro_exit", points[i], true, 20);
	}
	page(f);
	assert_int_equal(count_of(f->page.str, "no ring 0"), 1);
	assert_non_null(strstr(
		f->page.str,
		"micro_exit cpuid,ring0/p50 and 2 more under native skipped: no ring 0"));
	assert_non_null(strstr(f->page.str, "<tr><td>pio-out,ring0</td>"));
	assert_null(strstr(f->page.str, "<tr><td>eoi,ring0</td>"));
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUN(worse_is_to_the_right),
		WITH_RUN(whiskers_need_four_blocks),
		WITH_RUN(a_start_is_drawn_by_its_figure),
		WITH_RUN(rows_of_different_blocks_have_a_mean),
		WITH_RUN(a_guest_without_a_ratio_has_a_dash),
		WITH_RUN(the_chart_comes_first),
		WITH_RUN(native_alone_has_no_chart),
		WITH_RUN(nothing_has_no_chart_either),
		WITH_RUN(far_away_stays_within),
		WITH_RUN(folds_have_their_address_within),
		WITH_RUN(contents_lead_somewhere),
		WITH_RUN(skipped_rows_are_told_once),
	};

	return RUN_TESTS(tests);
}
