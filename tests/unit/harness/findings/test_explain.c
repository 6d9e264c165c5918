// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/findings/explain: known counts and costs give a known account. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/explain.h"
#include "harness/findings/findings.h"
#include "reports/html/html.h"
#include "reports/text/explain_text.h"
#include "tests/unit/fixture/made_run.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(what_was_not_measured_is_said),
	};

	return RUN_TESTS(tests);
}
