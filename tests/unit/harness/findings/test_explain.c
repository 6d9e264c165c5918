// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/findings/explain: known counts and costs give a known account. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/explain.h"
#include "harness/findings/findings.h"
#include "reports/html/html.h"
#include "reports/text/explain_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"
#include "tests/unit/fixture/run/shown.h"

static void add(struct result *res, const char *workload, const char *point,
		const char *unit, double value)
{
	series_add_sample(result_add_series(res, workload, point, unit))
		->value = value;
}

/* 10 us natively, 30 us in the guest. */
static void fill(struct run_data *run, bool has_micro)
{
	struct result *res;

	made_run_init(run, "{}");
	res = &made_run_boot(run, "native", 0)->res;
	add(res, "storage", "randread-4k-qd1/iops", "ops_per_s", 100000);
	res = &made_run_boot(run, "kvm", 0)->res;
	add(res, "storage", "randread-4k-qd1/iops", "ops_per_s", 1e9 / 30000);
	add(res, "storage", "randread-4k-qd1/exits", "per_op", 5);
	add(res, "storage", "randread-4k-qd1/halts", "per_op", 1);
	add(res, "storage", "randread-4k-qd1/host_irqs", "per_op", 0.5);
	add(res, "storage", "randread-4k-qd1/vmm_exits", "per_op", 0.5);
	add(res, "storage", "randread-4k-qd1/doorbells", "per_op", 1);
	add(res, "storage", "randread-4k-qd1/interrupts", "per_op", 1.5);
	if (!has_micro)
		return;
	add(res, "micro_exit", "doorbell,ring0/p50", "ns", 1000);
	add(res, "micro_exit", "mmio-write,ring0/p50", "ns", 4000);
	add(res, "micro_exit", "hlt-irqfd,ring0/p50", "ns", 6000);
	add(res, "micro_exit", "self-ipi,ring0/p50", "ns", 2000);
	add(res, "micro_exit", "cpuid,ring0/p50", "ns", 800);
}

static char *text_of(const struct findings *found)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	explain_text_write(found, f);
	fclose(f);
	return text;
}

static void parts_add_up(void **state)
{
	struct run_data run;
	struct findings found;
	struct model_group g;
	struct explain e;
	size_t at = 0;
	char *text;

	(void)state;
	fill(&run, true);
	findings_init(&found, &run, NULL);
	assert_true(model_next_group(&found.model, &at, &g));
	assert_true(explain_group(&found.model, &g, 1, &e));
	assert_true(fabs(e.guest_ns - e.native_ns - 20000) < 1e-6);
	/* doorbell 1000, VMM 0.5 x 4000, halt 5000, interrupt 0.5 x 2000,
	 * host's 0.5 x 800, and two others of 800. */
	assert_true(fabs(e.explained_ns - 11000) < 1e-6);
	assert_true(explain_has_any(&found.model));
	text = text_of(&found);
	assert_non_null(strstr(text, "20.0 us more"));
	assert_non_null(strstr(text, "45.0 %"));
	free(text);
	findings_release(&found);
	run_data_release(&run);
}

static void what_was_not_measured_is_said(void **state)
{
	struct run_data run;
	struct findings found;
	struct strbuf page = {0};
	char *text;

	(void)state;
	fill(&run, false);
	findings_init(&found, &run, NULL);
	assert_false(explain_has_any(&found.model));
	text = text_of(&found);
	assert_non_null(strstr(text, "doorbell was not measured"));
	assert_non_null(strstr(text, "100.0 %"));
	free(text);
	html_write(&found, &page);
	assert_null(strstr(page.str, "id=\"explain\""));
	strbuf_release(&page);
	findings_release(&found);
	run.boot_count--;
	result_release(&run.boots[1].res);
	findings_init(&found, &run, NULL);
	text = text_of(&found);
	assert_non_null(strstr(text, "nothing to explain"));
	free(text);
	findings_release(&found);
	run_data_release(&run);
}

#define JOB "randread-4k-qd1"

static struct explain explained(struct shown *s)
{
	const struct model *m = &shown_find(s)->model;
	struct model_group g;
	struct explain e;
	size_t at = 0;

	while (model_next_group(m, &at, &g))
		if (explain_group(m, &g, 1, &e))
			return e;
	fail();
	return (struct explain){.native_ns = NAN};
}

/* 10 us natively; the guest takes 30 us and counts so many of each. */
static void fill_counts(struct shown *s, double exits, double halts,
			double interrupts)
{
	shown_sample(s, "native", 0, "storage", JOB "/iops", 1e5);
	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 1e9 / 30000);
	shown_sample(s, "kvm", 0, "storage", JOB "/exits", exits);
	shown_sample(s, "kvm", 0, "storage", JOB "/halts", halts);
	shown_sample(s, "kvm", 0, "storage", JOB "/interrupts", interrupts);
	shown_sample(s, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1000);
	shown_sample(s, "kvm", 0, "micro_exit", "hlt-irqfd,ring0/p50", 4000);
	shown_sample(s, "kvm", 0, "micro_exit", "self-ipi,ring0/p50", 2000);
}

/* Counters are read one after the other: a part may exceed its whole. */
static void no_part_is_below_zero(void **state)
{
	struct shown *s = *state;
	struct explain e;

	fill_counts(s, 1, 2, 1.5);
	e = explained(s);
	assert_close(e.parts[2].per_op, 2, 0);
	/* 1.5 interrupts less 2 that woke a halt, 1 exit less 2 halts. */
	assert_close(e.parts[3].per_op, 0, 0);
	assert_close(e.parts[5].per_op, 0, 0);
	/* Without a doorbell's cost, waking costs all of the round trip. */
	assert_close(e.explained_ns, 2 * 4000, 1e-9);
	shown_sample(s, "kvm", 0, "micro_exit", "doorbell,ring0/p50", 5000);
	assert_close(explained(s).explained_ns, 0, 0);
}

static void what_was_not_counted_is_said(void **state)
{
	struct shown *s = *state;
	const char *text;

	fill_counts(s, 3, 1, 1);
	text = shown_print(s, explain_text_write);
	assert_contains(text, "doorbells          not counted under this");
	assert_contains(text, "exits to the VMM   not counted under this");
	assert_contains(text, "halts, waking        1.00 x 4.00 us   = "
			      "4.00 us     20.0 %  (hlt-irqfd");
	assert_contains(text, "other exits          2.00 x 1.00 us   = "
			      "2.00 us     10.0 %  (cpuid)");
	/* 20 us less 6. */
	assert_contains(text, "14.0 us   70.0 %\n");
	assert_null(strstr(text, "nan"));
}

static void a_faster_guest_needs_no_explanation(void **state)
{
	struct shown *s = *state;

	fill_counts(s, 3, 1, 1);
	shown_series(s, "kvm", 0, "storage", JOB "/iops")->samples[0].value =
		2e5;
	assert_contains(shown_print(s, explain_text_write),
			"under kvm: 5.00 us per operation, natively 10.0 us: "
			"no slow-down to explain\n");
	assert_null(strstr(s->out.str, "unexplained      "));
}

/* Rates that are nothing, or a run without native boots. */
static void without_both_rates_there_is_nothing(void **state)
{
	struct shown *s = *state;
	struct model_group g;
	struct explain e;
	size_t at = 0;

	fill_counts(s, 3, 1, 1);
	shown_series(s, "native", 0, "storage", JOB "/iops")->samples[0].value =
		0;
	assert_contains(shown_print(s, explain_text_write), "nothing to");
	assert_false(explain_has_any(&s->findings.model));
	snprintf(shown_boot(s, "native", 0)->bc.runner, 16, "another");
	shown_series(s, "another", 0, "storage", JOB "/iops")
		->samples[0]
		.value = 1e5;
	assert_contains(shown_print(s, explain_text_write), "nothing to");
	/* Native itself is not held against itself. */
	snprintf(shown_boot(s, "another", 0)->bc.runner, 16, "native");
	assert_true(model_next_group(&shown_find(s)->model, &at, &g));
	assert_false(explain_group(&s->findings.model, &g, 0, &e));
}

static void the_page_has_the_section_if_it_explains(void **state)
{
	struct shown *s = *state;

	fill_counts(s, 3, 1, 1);
	assert_contains(shown_write(s, html_write), "<div id=\"explain\">");
	assert_contains(s->out.str, "<li><a href=\"#explain\">");
	assert_contains(s->out.str, "unexplained ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(what_was_not_measured_is_said),
		WITH_SHOWN(no_part_is_below_zero),
		WITH_SHOWN(what_was_not_counted_is_said),
		WITH_SHOWN(a_faster_guest_needs_no_explanation),
		WITH_SHOWN(without_both_rates_there_is_nothing),
		WITH_SHOWN(the_page_has_the_section_if_it_explains),
	};

	return RUN_TESTS(tests);
}
