// SPDX-License-Identifier: GPL-3.0-or-later
/* html_micro: what primitives cost, and which columns there are of it. */
#include "tests/unit/test.h"

#include "reports/html/html_micro.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define N "<td class=\"n\">"

static void micro_into(const struct findings *f, struct strbuf *out)
{
	html_micro_write(&f->model, "micro_start", out);
	html_micro_write(&f->model, "micro_cpu", out);
	html_micro_write(&f->model, "micro_exit", out);
}

static const char *page_of(struct shown *s)
{
	return shown_bare(s, micro_into);
}

static void without_the_guest_there_is_no_section(void **state)
{
	struct shown *s = *state;

	assert_string_equal(page_of(s), "");
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/p50", 1);
	assert_string_equal(page_of(s), "");
}

/* A column per metric that the runner has; the first is there in any case. */
static void columns_are_of_what_was_measured(void **state)
{
	struct shown *s = *state;
	const char *html;

	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1200);
	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/exits", 1);
	shown_sample(s, "kvm", 0, "micro_exit", "hlt-irqfd,ring0/p50", 5000);
	shown_refuse(s, "mshv", 0, "micro_exit", "cpuid,ring0/p99", RUN_TIMEOUT,
		     "no <end>");
	html = page_of(s);
	assert_int_equal(count_of(html, "<th class=\"n\" title="), 3);
	assert_contains(html, "\">kvm<br>p50</th>");
	assert_contains(html, "\">kvm<br>exits</th>");
	assert_contains(html, "\">mshv<br>p50</th>");
	assert_contains(html, "<tr><td>cpuid,ring0</td>" N "1.20 us</td>" N
			      "1.00</td>" N "</td></tr>");
	/* This one has no exits of its own. */
	assert_contains(html, "<tr><td>hlt-irqfd,ring0</td>" N "5.00 us</td>" N
			      "</td>" N "</td></tr>");
	assert_contains(html, "mshv failed: no &lt;end&gt;</li>");
	assert_contains(html, "Published for guests");
}

static void each_outcome_has_its_cell(void **state)
{
	struct shown *s = *state;
	const char *html;

	shown_sample(s, "native", 0, "micro_cpu", "integer,ring3/p50", 2);
	shown_sample(s, "kvm", 0, "micro_cpu", "integer,ring3/p50", 3);
	snprintf(shown_series(s, "kvm", 0, "micro_cpu", "integer,ring3/p50")
			 ->reason,
		 200, "by \"hand\"");
	shown_refuse(s, "mshv", 0, "micro_cpu", "integer,ring3/p50",
		     RUN_RUNNER_FAILED, "it died");
	shown_sample(s, "qemu", 0, "micro_cpu", "integer,ring3/p50", 2)
		->disturbances = DISTURBED_CPU;
	shown_refuse(s, "xen", 0, "micro_cpu", "integer,ring3/p50", RUN_SKIPPED,
		     "no xen");
	html = page_of(s);
	assert_contains(
		html,
		"<tr><td>integer,ring3</td>" N "2.00 ns</td>" N
		"3.00 ns<br>&times;1.500<br><span class=\"note\" title=\"by "
		"&quot;hand&quot;\">see note</span></td>" N
		"<span title=\"it died\">failed</span></td>" N
		"disturbed</td>" N "</td></tr>");
	assert_contains(html, "xen skipped: no xen</li>");
	/* Only exits have figures of others to be held to. */
	assert_null(strstr(html, "Published"));
}

/* A primitive that every runner skipped is a line below, and no row. */
static void what_all_skipped_is_no_row(void **state)
{
	struct shown *s = *state;
	const char *html;

	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1200);
	shown_refuse(s, "kvm", 0, "micro_exit", "doorbell,ring0/p50",
		     RUN_SKIPPED, "no ioeventfd");
	shown_refuse(s, "kvm", 0, "micro_exit", "doorbell,ring0/p99",
		     RUN_SKIPPED, "no ioeventfd");
	html = page_of(s);
	assert_null(strstr(html, "<tr><td>doorbell"));
	assert_int_equal(count_of(html, "no ioeventfd"), 1);
	assert_contains(html, " and 1 more under kvm skipped: no ioeventfd");
}

/* Each workload has its table and its grades; starting has other columns. */
static void each_workload_has_its_table(void **state)
{
	struct shown *s = *state;
	const char *html, *start;

	shown_sample(s, "kvm", 0, "micro_start", "64MiB/agent_ready", 3e6);
	shown_sample(s, "kvm", 0, "micro_start", "64MiB/vm_created", 1e6);
	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1200);
	shown_boot(s, "kvm", 0)->res.grade = GRADE_SOFTWARE;
	html = page_of(s);
	assert_int_equal(count_of(html, "<h3>micro_"), 2);
	assert_int_equal(count_of(html, "<table"), 2);
	assert_int_equal(count_of(html, "</table>"), 2);
	assert_int_equal(count_of(html, "<details"), 0);
	assert_int_equal(count_of(html, "class=\"grade software\""), 2);
	start = strstr(html, "<h3>micro_start");
	assert_contains(start, "\">kvm<br>VM created</th>");
	assert_contains(start, "<tr><td>64MiB</td>" N "1.00 ms</td>" N
			       "3.00 ms</td></tr>");
	assert_contains(html, "\">kvm<br>p50</th>");
}

static void exits_into(const struct findings *f, struct strbuf *out)
{
	html_micro_write_exits(&f->model, out);
}

/* Every primitive is a lane; a line goes from the least boot to the largest. */
static void exits_are_drawn_on_one_axis(void **state)
{
	struct shown *s = *state;
	const char *svg;

	assert_string_equal(shown_write(s, exits_into), "");
	shown_sample(s, "native", 0, "micro_exit", "cpuid,ring3/p50", 50);
	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring3/p50", 1000);
	shown_sample(s, "kvm", 1, "micro_exit", "cpuid,ring3/p50", 2000);
	shown_sample(s, "kvm", 0, "micro_exit", "pio-in,ring0/p50", 5000);
	shown_refuse(s, "kvm", 0, "micro_exit", "doorbell,ring0/p50",
		     RUN_SKIPPED, "none");
	svg = shown_write(s, exits_into);
	assert_int_equal(count_of(svg, "class=\"whisk r1\""), 1);
	assert_contains(svg, "<title>cpuid,ring3 under kvm: 1.50 us, ");
	assert_contains(svg, "2 boots, 2 samples, hardware</title>");
	assert_contains(svg, "<title>cpuid,ring3 under native: 50.0 ns, ");
	assert_contains(svg, ">pio-in,ring0</text>");
	assert_null(strstr(svg, ">doorbell"));
	assert_contains(svg, "left is better");
}

/* Whatever a store may hold, a picture comes to an end. */
static void no_value_is_too_large(void **state)
{
	struct shown *s = *state;
	const char *svg;

	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring3/p50", 1.79e308);
	assert_string_equal(shown_write(s, exits_into), "");
	shown_sample(s, "kvm", 0, "micro_exit", "pio-in,ring0/p50", 5000);
	svg = shown_write(s, exits_into);
	assert_contains(svg, ">pio-in,ring0</text>");
	assert_null(strstr(svg, "inf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(without_the_guest_there_is_no_section),
		WITH_SHOWN(columns_are_of_what_was_measured),
		WITH_SHOWN(each_outcome_has_its_cell),
		WITH_SHOWN(what_all_skipped_is_no_row),
		WITH_SHOWN(each_workload_has_its_table),
		WITH_SHOWN(exits_are_drawn_on_one_axis),
		WITH_SHOWN(no_value_is_too_large),
	};

	return RUN_TESTS(tests);
}
