// SPDX-License-Identifier: GPL-3.0-or-later
/* html_io, html_comparison: tables of jobs and series, with every outcome. */
#include "tests/unit/test.h"

#include "reports/html/html_comparison.h"
#include "reports/html/html_io.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define JOB "randread-4k-qd1"
#define N "<td class=\"n\">"

static void io_into(const struct findings *f, struct strbuf *out)
{
	html_io_write(&f->model, HTML_IO_STORAGE, out);
	strbuf_puts(out, "<hr>");
	html_io_write(&f->model, HTML_IO_NETWORK, out);
}

static void comparison_into(const struct findings *f, struct strbuf *out)
{
	html_comparison_write(&f->model, out);
}

static void what_has_no_job_has_no_section(void **state)
{
	struct shown *s = *state;

	assert_string_equal(shown_bare(s, io_into), "<hr>");
	assert_string_equal(shown_bare(s, comparison_into), "");
	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1);
	shown_sample(s, "kvm", 0, "footprint", "256M-1cpu/charged", 1);
	/* Both have sections of their own. */
	assert_string_equal(shown_bare(s, io_into), "<hr>");
	assert_string_equal(shown_bare(s, comparison_into), "");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	assert_string_equal(shown_bare(s, io_into), "<hr>");
	assert_contains(shown_bare(s, comparison_into), "cpu_integer");
	assert_null(strstr(s->out.str, "footprint"));
	assert_null(strstr(s->out.str, "micro"));
}

/* A boot that has no figure of a metric says why; nothing is zero. */
static void each_outcome_has_its_cell(void **state)
{
	struct shown *s = *state;
	const char *html;

	shown_sample(s, "native", 0, "storage", JOB "/iops", 1000);
	shown_sample(s, "native", 0, "storage", JOB "/p50", 2000);
	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 500);
	shown_sample(s, "kvm", 0, "storage", JOB "/p50", 1)->disturbances =
		DISTURBED_CPU;
	shown_refuse(s, "mshv", 0, "storage", JOB "/iops", RUN_SKIPPED,
		     "no <disk>");
	shown_refuse(s, "qemu", 0, "storage", JOB "/iops", RUN_VOID, "empty");
	html = shown_bare(s, io_into);
	assert_contains(html, "<h3>storage " JOB "</h3>");
	assert_contains(html,
			"<th class=\"n\">native<br><span class=\"grade "
			"hardware\">hardware</span> 1 boot</th><th class=\"n\">"
			"kvm<br>");
	assert_contains(html, ">IOPS &uarr;</th>" N "1.00 k/s</td>" N
			      "500 /s<br>&times;0.500<br>1 block</td>" N
			      "skipped</td>" N "void</td></tr>");
	assert_contains(html, ">p50 &darr;</th>" N "2.00 us</td>" N
			      "disturbed</td>" N "</td>" N "</td></tr>");
	/* Why, in one line that opens. */
	assert_contains(html, "<summary>Not measured: 2 figures, for 2 reasons"
			      "</summary>");
	assert_contains(html, "under mshv skipped: no &lt;disk&gt;</li>");
	assert_contains(html, "under qemu void: empty</li>");
	assert_contains(html, "Not drawn: no latencies were kept.</p>");
	assert_null(strstr(html, "nan"));
}

static void the_interval_stands_below_the_ratio(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		shown_sample(s, "native", i, "storage", JOB "/iops", 1000);
		shown_sample(s, "kvm", i, "storage", JOB "/iops",
			     i % 2 ? 499 : 501);
	}
	assert_contains(shown_bare(s, io_into),
			N "500 /s<br>&times;0.500<br>0.49");
	assert_contains(s->out.str, "</span> 4 boots</th>");
	assert_contains(s->out.str, " to 0.50");
}

/* Storage, then network; each metric of theirs is explained once in each. */
static void storage_and_network_stand_apart(void **state)
{
	struct shown *s = *state;
	const char *html, *network;

	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 1);
	shown_sample(s, "kvm", 0, "storage", "fsync-4k-qd1/iops", 1);
	shown_sample(s, "kvm", 0, "network", "tcp-1/bandwidth", 1e9);
	shown_sample(s, "kvm", 0, "network_rr", "tcp-1B/p50", 1000);
	result_add_document(&shown_boot(s, "kvm", 0)->res, "network", "tcp-1",
			    "{\"network_backend\": \"<vhost>\"}");
	html = shown_bare(s, io_into);
	assert_int_equal(count_of(html, "<details"),
			 count_of(html, "</details>"));
	assert_int_equal(count_of(html, "<h3>storage "), 2);
	network = strstr(html, "<hr>");
	assert_null(strstr(network, "<h3>storage"));
	/* The packet path is told of both, and of no disk. */
	assert_int_equal(
		count_of(network, "<th class=\"n\">kvm (&lt;vhost&gt;)<br>"),
		2);
	assert_int_equal(
		count_of(html, "<th class=\"n\">kvm (&lt;vhost&gt;)<br>"), 2);
	/* Streams have no latencies that could be missing. */
	assert_int_equal(count_of(network, "Not drawn: "), 1);
	assert_int_equal(count_of(html, "<th scope=\"row\">CPU per GiB"), 0);
	assert_int_equal(count_of(html, "<th scope=\"row\">bandwidth"), 1);
	assert_int_equal(count_of(html, "<th scope=\"row\">IOPS"), 1);
}

/* The worst of a group's cells, and the most boots that any of them has. */
static void a_group_has_its_worst_grade(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 1);
	shown_sample(s, "kvm", 0, "storage", JOB "/p50", 1);
	shown_sample(s, "kvm", 1, "storage", JOB "/p50", 1);
	shown_boot(s, "kvm", 1)->res.grade = GRADE_EMULATED;
	assert_contains(shown_bare(s, io_into),
			"<th class=\"n\">kvm<br><span class=\"grade emulated\">"
			"emulated</span> 2 boots</th>");
}

static void the_comparison_tells_why_figures_are_missing(void **state)
{
	struct shown *s = *state;
	const char *html;

	shown_sample(s, "native", 0, "cpu_aes", "", 2);
	shown_refuse(s, "kvm", 0, "cpu_aes", "", RUN_WORKLOAD_FAILED, "<b>no");
	shown_sample(s, "mshv", 0, "cpu_aes", "", 1)->disturbances =
		DISTURBED_CPU;
	shown_boot(s, "qemu", 0);
	html = shown_bare(s, comparison_into);
	assert_contains(html,
			"<th>better</th><th class=\"n\">native<br><span "
			"class=\"grade hardware\">hardware</span></th>"
			"<th class=\"n\">kvm</th><th class=\"n\">mshv</th>"
			"<th class=\"n\">qemu</th><th class=\"n\">boots</th>");
	assert_contains(html,
			"<td>cpu_aes</td><td>higher</td>" N "2.00 ns</td>" N
			"<span title=\"&lt;b&gt;no\">failed</span></td>" N
			"every sample disturbed</td>" N "not measured</td>" N
			"1 / 0 / 0 / 0</td></tr>");
	/* The reason stands below the table too: a phone shows no titles. */
	assert_contains(html, "<li>cpu_aes under kvm failed: &lt;b&gt;no</li>");
	assert_null(strstr(html, "class=\"broad\""));
	/* A wide table lies across the paper. */
	shown_boot(s, "fifth", 0);
	assert_contains(shown_write(s, comparison_into), "class=\"broad\"");
}

/* Grades that differ stand beside their figures. */
static void each_figure_has_its_grade(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "cpu_aes", "", 2);
	shown_sample(s, "native", 1, "cpu_integer", "", 2);
	shown_boot(s, "native", 1)->res.grade = GRADE_EMULATED;
	assert_contains(shown_bare(s, comparison_into),
			N "2.00 ns <span class=\"grade emulated\">");
	assert_contains(s->out.str,
			N "2.00 ns <span class=\"grade hardware\">");
}

static void the_comparison_has_ratios_and_intervals(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "", 15);
	}
	assert_contains(shown_bare(s, comparison_into),
			N "15.0 ns<br><b>&times;1.500</b> 3 blocks</td>" N
			  "3 / 3</td>");
	shown_sample(s, "native", 3, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 3, "cpu_integer", "", 15.1);
	assert_contains(shown_bare(s, comparison_into),
			N "15.0 ns<br><b>&times;1.502</b> 1.49");
	assert_contains(
		shown_write(s, comparison_into),
		"<td class=\"n\" title=\"1.502 of native's, 95 %: 1.49");
	assert_contains(s->out.str, "; 4 boots, 4 samples, hardware\">15.0");
	assert_null(strstr(s->out.str, "class=\"broad\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(what_has_no_job_has_no_section),
		WITH_SHOWN(each_outcome_has_its_cell),
		WITH_SHOWN(the_interval_stands_below_the_ratio),
		WITH_SHOWN(storage_and_network_stand_apart),
		WITH_SHOWN(a_group_has_its_worst_grade),
		WITH_SHOWN(the_comparison_tells_why_figures_are_missing),
		WITH_SHOWN(each_figure_has_its_grade),
		WITH_SHOWN(the_comparison_has_ratios_and_intervals),
	};

	return RUN_TESTS(tests);
}
