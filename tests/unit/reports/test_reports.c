// SPDX-License-Identifier: GPL-3.0-or-later
/* reports: what is shown of a run, and what never is. */
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/findings/pilot.h"
#include "harness/verdict/claims.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/strip_svg.h"
#include "reports/text/power_text.h"
#include "reports/text/text.h"
#include "reports/text/verdicts_text.h"
#include "tests/unit/fixture/made_run.h"

struct fixture {
	struct run_data run;
	struct findings findings;
};

static void add_boot(struct run_data *run, const char *runner, uint32_t block,
		     double value, enum grade grade)
{
	struct boot_data *b = made_run_boot(run, runner, block);
	struct series *s;
	int i;

	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "identical");
	b->res.grade = grade;
	b->res.identity = strdup("cpuid.1=same\nkernel=6.1\n");
	s = result_add_series(&b->res, "cpu_integer", "", "ns");
	for (i = 0; i < 3; i++)
		series_add_sample(s)->value = value + i;
	series_add_sample(s)->disturbances = DISTURBED_CLOCKS;
	s->samples[3].value = 1e9;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint32_t block;

	f->run.id = 7;
	f->run.seed = 1;
	f->run.status = strdup("complete");
	f->run.revision = strdup("abc<script>");
	f->run.plan = strdup("{}");
	f->run.fingerprint = strdup("{\"cpu\":\"<b>Evil & Co</b>\"}");
	f->run.probe = strdup("not json");
	f->run.guest_manifest = strdup("");
	for (block = 0; block < 3; block++) {
		add_boot(&f->run, "kvm", block, 20 + block, GRADE_EMULATED);
		add_boot(&f->run, "native", block, 10 + block, GRADE_EMULATED);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static void model_pairs_blocks_and_drops_disturbed(void **state)
{
	struct fixture *f = *state;
	const struct model_row *row;

	findings_init(&f->findings, &f->run, NULL);
	assert_string_equal(f->findings.model.runners[0], "native");
	assert_string_equal(f->findings.model.runners[1], "kvm");
	assert_int_equal(f->findings.model.row_count, 1);
	row = &f->findings.model.rows[0];
	assert_true(row->cells[0].median == 12);
	assert_true(row->cells[1].median == 22);
	/* Blocks of 11 and 21, 12 and 22, 13 and 23. */
	assert_true(fabs(row->cells[1].ratio.ratio -
			 cbrt(21.0 / 11 * 22 / 12 * 23 / 13)) < 1e-12);
	assert_int_equal(row->cells[1].ratio_count, 3);
	assert_int_equal(row->cells[1].disturbed_count, 3);
	assert_int_equal(row->cells[1].sample_count, 9);
}

/* Guest is native times 1.02, while both drift by 1 % a boot: the facts' toy
 * example of a block A B B A. */
static void drift_within_a_block_cancels(void **state)
{
	static const char *const slots[] = {"native", "kvm", "kvm", "native"};
	struct fixture *f = *state;
	const struct model_cell *kvm;
	int i;

	while (f->run.boot_count)
		result_release(&f->run.boots[--f->run.boot_count].res);
	for (i = 0; i < 12; i++)
		add_boot(&f->run, slots[i % 4], (uint32_t)i / 4,
			 (100 + i) * (strcmp(slots[i % 4], "kvm") ? 1 : 1.02) -
				 1,
			 GRADE_HARDWARE);
	findings_init(&f->findings, &f->run, NULL);
	kvm = &f->findings.model.rows[0].cells[1];
	assert_int_equal(kvm->ratio_count, 3);
	assert_true(fabs(kvm->ratio.log.difference - log(1.02)) < 1e-4);
	assert_true(exp(kvm->ratio.log.high) - exp(kvm->ratio.log.low) < 1e-4);
}

static void a_block_without_its_pair_is_left_out(void **state)
{
	struct fixture *f = *state;

	add_boot(&f->run, "kvm", 9, 1000, GRADE_EMULATED);
	findings_init(&f->findings, &f->run, NULL);
	assert_int_equal(f->findings.model.rows[0].cells[1].boot_count, 4);
	assert_int_equal(f->findings.model.rows[0].cells[1].ratio_count, 3);
}

static char *as_text(struct fixture *f)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	findings_init(&f->findings, &f->run, NULL);
	text_write(&f->findings, out);
	fclose(out);
	return text;
}

/* Three blocks, ratios of 21/11, 22/12 and 23/13: a noise of 3.9 %. */
static void power_is_by_the_noise_of_the_run(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	findings_init(&f->findings, &f->run, NULL);
	power_text_write(&f->findings, out);
	fclose(out);
	assert_non_null(strstr(text, " 3     3.9 %      16       7       4\n"));
	assert_null(strstr(text, "nothing is known"));
	free(text);
}

static struct claim claim_of(const char *metric, const char *candidate,
			     double margin)
{
	return (struct claim){.id = (char *)"c",
			      .metric = (char *)metric,
			      .candidate = (char *)candidate,
			      .baseline = (char *)"native",
			      .margin = margin,
			      .confidence = .95};
}

/* By the plan as it is now. */
static struct claim_verdict verdict_on(struct fixture *f, const struct claim *c)
{
	struct claim_verdict v;
	struct run_plan plan;

	run_plan_init(&plan, f->run.plan);
	v = verdict_of(&f->findings.model, &plan, c, false);
	run_plan_release(&plan);
	return v;
}

/* All of it, with CLAIMS. */
static void judge(struct fixture *f, const struct claims *claims)
{
	const struct findings_options options = {.claims = claims};

	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, &options);
}

/* Numbers are shown, and none is judged. */
static void emulated_runs_get_no_verdict(void **state)
{
	struct fixture *f = *state;
	struct claim c = claim_of("cpu_integer", "kvm", .05);
	struct claims all = {
		.name = (char *)"x", .claims = &c, .claims_count = 1};
	struct claim_verdict v;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	judge(f, &all);
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(v.reason, "emulated");
	assert_true(v.ratio.ratio > 1.7 && v.block_count == 3);
	verdicts_text_write(&f->findings, out);
	fclose(out);
	assert_non_null(strstr(text, "EXPLORATORY"));
	assert_non_null(strstr(text, "NOT EVALUABLE"));
	assert_null(strstr(text, "FAIL"));
	free(text);
}

/* With the override they are, and it stands above and below. */
static void an_override_is_stamped(void **state)
{
	static const char stamp[] = "GRADE OVERRIDDEN FOR TESTING";
	struct fixture *f = *state;
	struct claim c = claim_of("cpu_integer", "kvm", .05);
	struct claims all = {.name = (char *)"x",
			     .claims = &c,
			     .claims_count = 1,
			     .overrides_grade = true};
	char *text = NULL, *first;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	judge(f, &all);
	assert_int_equal(f->findings.judgement.v[0].verdict, VERDICT_FAIL);
	verdicts_text_write(&f->findings, out);
	fclose(out);
	first = strstr(text, stamp);
	assert_non_null(first);
	assert_non_null(strstr(first + 1, stamp));
	free(text);
}

static void hardware_runs_are_judged(void **state)
{
	struct fixture *f = *state;
	struct claim c = claim_of("cpu_integer", "kvm", .05);
	size_t i;

	for (i = 0; i < f->run.boot_count; i++)
		f->run.boots[i].res.grade = GRADE_HARDWARE;
	findings_init(&f->findings, &f->run, NULL);
	assert_int_equal(verdict_on(f, &c).verdict, VERDICT_FAIL);
	c.margin = 1.5;
	assert_int_equal(verdict_on(f, &c).verdict, VERDICT_PASS);
	c.margin = .83;
	assert_int_equal(verdict_on(f, &c).verdict, VERDICT_UNDECIDED);
	c.kind = MARGIN_SUPERIOR;
	c.margin = 0;
	assert_int_equal(verdict_on(f, &c).verdict, VERDICT_FAIL);
}

static uint32_t best_samples(const struct fixture *f)
{
	struct pilot p;
	uint32_t best;

	pilot_init(&p, &f->findings.model);
	best = p.best_samples;
	pilot_release(&p);
	return best;
}

/* Kalibera and Jones' toy example, as three boots of four samples; a boot costs
 * as much as 3600 samples: sqrt(3600 * 1.33333 / 4.91667) is 31.2. */
static void samples_follow_from_what_they_cost(void **state)
{
	static const double values[3][4] = {
		{10, 12, 11, 13}, {14, 15, 13, 16}, {9, 10, 11, 10}};
	struct fixture *f = *state;
	struct result *res;
	size_t i, k;

	while (f->run.boot_count > 3)
		result_release(&f->run.boots[--f->run.boot_count].res);
	for (i = 0; i < 3; i++) {
		snprintf(f->run.boots[i].bc.runner, 16, "native");
		res = &f->run.boots[i].res;
		res->elapsed_ns = 3600 * 1000 + 4 * 1000;
		for (k = 0; k < 4; k++)
			res->series[0].samples[k] = (struct sample){
				.value = values[i][k], .elapsed_ns = 1000};
	}
	findings_init(&f->findings, &f->run, NULL);
	assert_int_equal(best_samples(f), 32);
	/* Two boots of the same: samples are all the noise there is. */
	for (k = 0; k < 4; k++)
		for (i = 1; i < 3; i++)
			f->run.boots[i].res.series[0].samples[k] =
				f->run.boots[0].res.series[0].samples[k];
	assert_int_equal(best_samples(f), 50);
	f->run.boot_count = 1;
	assert_int_equal(best_samples(f), 0);
	f->run.boot_count = 3;
}

/* Two series, one of which is better the more there is of it. */
static void groups_have_one_figure(void **state)
{
	struct fixture *f = *state;
	const struct suite *suite;
	const struct ratio *r;
	size_t i;

	for (i = 0; i < f->run.boot_count; i++) {
		bool is_kvm = !strcmp(f->run.boots[i].bc.runner, "kvm");
		struct series *s = result_add_series(
			&f->run.boots[i].res, "cpu_aes", "", "bytes_per_s");

		series_add_sample(s)->value = is_kvm ? 50 : 100;
	}
	findings_init(&f->findings, &f->run, NULL);
	assert_int_equal(f->findings.suites.count, 1);
	suite = &f->findings.suites.rows[0];
	assert_string_equal(suite->group, "cpu");
	assert_int_equal(suite->series_count, 2);
	assert_int_equal(suite->block_counts[1], 3);
	r = &suite->worse[1];
	/* Half as much is twice as bad. */
	assert_true(
		fabs(r->log.difference -
		     (f->findings.model.rows[0].cells[1].ratio.log.difference +
		      log(2)) /
			     2) < 1e-12);
	assert_true(isnan(r->low) && isnan(r->high));
}

/* Of kvm's series as the model has it now. */
static const char *oddities_now(struct fixture *f)
{
	struct findings *found = &f->findings;

	oddities_release(&found->oddities);
	oddities_init(&found->oddities, &found->model);
	return oddities_text(&found->oddities, &found->model.rows[0], 1);
}

static void oddities_are_flagged(void **state)
{
	struct fixture *f = *state;
	struct model_cell *c;
	uint32_t i;

	findings_init(&f->findings, &f->run, NULL);
	c = &f->findings.model.rows[0].cells[1];
	/* Three boots show nothing. */
	assert_string_equal(oddities_now(f), "");
	c->boots = realloc(c->boots, 1000 * sizeof(*c->boots));
	c->boot_count = 1000;
	for (i = 0; i < 1000; i++)
		c->boots[i] = 100 + (i * 7919 % 101) * .01;
	assert_null(strstr(oddities_now(f), "drift"));
	for (i = 0; i < 1000; i++)
		c->boots[i] += i * .01;
	assert_non_null(strstr(oddities_now(f), "drift 1.0"));
	c->boot_count = 10;
	for (i = 0; i < 10; i++)
		c->boots[i] = i % 2 ? 100 + i * .01 : 200 + i * .01;
	assert_non_null(strstr(oddities_now(f), "two modes"));
}

static void set_plan(struct fixture *f, const char *status,
		     uint32_t done_block_count, const char *plan)
{
	free(f->run.status);
	free(f->run.plan);
	f->run.status = strdup(status);
	f->run.plan = strdup(plan);
	f->run.done_block_count = done_block_count;
}

static bool is_settled(struct claim_verdict *v)
{
	const struct judgement j = {.v = v, .count = 1};

	return judgement_is_settled(&j);
}

/* Three of six blocks are half of what was planned: the first look has a level
 * of its own, and its interval has the width of that level. */
static void looks_are_judged_by_their_level(void **state)
{
	static const char plan[] =
		"{\"block_count\":6,\"io_block_count\":6,\"look_count\":4}";
	struct fixture *f = *state;
	struct claim c = claim_of("cpu_integer", "kvm", 2);
	struct claim_verdict v;
	size_t i;

	for (i = 0; i < f->run.boot_count; i++)
		f->run.boots[i].res.grade = GRADE_HARDWARE;
	set_plan(f, "decided", 3, plan);
	findings_init(&f->findings, &f->run, NULL);
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_PASS);
	assert_int_equal(v.look, 1);
	assert_true(v.level > .005 && v.level < .006);
	assert_true(is_settled(&v));
	/* What that look leaves open may take no other. */
	c.margin = 1.15;
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_UNDECIDED);
	assert_false(is_settled(&v));
	/* Time was up: the last look has all of it, and so it passes. */
	set_plan(f, "out of time", 3, plan);
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_PASS);
	assert_true(v.level > .049);
	/* Somebody stopped it before any look. */
	set_plan(f, "stopped", 2, plan);
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_UNDECIDED);
	assert_non_null(strstr(v.reason, "before its first look"));
}

/* Holm's p of those that are judged; one that fails is enough for all. */
static void several_claims_are_judged_together(void **state)
{
	struct fixture *f = *state;
	struct claim three[] = {claim_of("cpu_integer", "kvm", 1.5),
				claim_of("cpu_integer", "kvm", 1.2),
				claim_of("cpu_integer", "mshv", 1.5)};
	struct claims all = {
		.name = (char *)"x", .claims = three, .claims_count = 3};
	const struct claim_verdict *v;
	size_t i;

	for (i = 0; i < f->run.boot_count; i++)
		f->run.boots[i].res.grade = GRADE_HARDWARE;
	judge(f, &all);
	v = f->findings.judgement.v;
	assert_int_equal(v[0].verdict, VERDICT_PASS);
	assert_int_equal(v[1].verdict, VERDICT_PASS);
	assert_true(fabs(v[0].holm_p - 2 * v[0].test.p) < 1e-12);
	assert_true(fabs(v[1].holm_p - v[1].test.p) < 1e-12);
	assert_true(isnan(v[2].holm_p));
	assert_int_equal(f->findings.judgement.together, VERDICT_NOT_EVALUABLE);
	all.claims_count = 2;
	judge(f, &all);
	assert_int_equal(f->findings.judgement.together, VERDICT_PASS);
	all.claims_count = 0;
	judge(f, &all);
	assert_int_equal(f->findings.judgement.together, VERDICT_NOT_EVALUABLE);
	all.claims_count = 3;
	three[1].margin = .05;
	judge(f, &all);
	assert_int_equal(f->findings.judgement.together, VERDICT_FAIL);
}

static const char plan_with_claims[] =
	"{\"claims\":{\"text\":\"name: mine\\nclaims:\\n"
	"  - id: a\\n    text: it is <fast>\\n    metric: cpu_integer\\n"
	"    candidate: kvm\\n    baseline: native\\n    kind: non-inferior\\n"
	"    margin: 0.05\\n    confidence: 0.95\\n    reason: why\\n\"}}";

static void the_page_judges_what_was_claimed(void **state)
{
	struct fixture *f = *state;
	struct strbuf page = {0};
	size_t i;

	for (i = 0; i < f->run.boot_count; i++)
		f->run.boots[i].res.grade = GRADE_HARDWARE;
	findings_init(&f->findings, &f->run, NULL);
	html_write(&f->findings, &page);
	assert_non_null(strstr(page.str, "nothing is judged"));
	assert_null(strstr(page.str, "id=\"verdicts-table\""));
	strbuf_release(&page);
	free(f->run.plan);
	f->run.plan = strdup(plan_with_claims);
	judge(f, NULL);
	html_write(&f->findings, &page);
	assert_non_null(strstr(page.str, "Do the claims of 'mine' hold"));
	assert_non_null(strstr(page.str, "it is &lt;fast&gt;"));
	assert_non_null(strstr(page.str, "<span class=\"verdict fail\">FAIL"));
	strbuf_release(&page);
}

static void guests_faster_than_native_are_not_believed(void **state)
{
	struct fixture *f = *state;
	struct claim c = claim_of("cpu_integer", "kvm", .05);
	struct claim_verdict v;
	size_t i, k;

	for (i = 0; i < f->run.boot_count; i++) {
		struct boot_data *b = &f->run.boots[i];

		b->res.grade = GRADE_HARDWARE;
		for (k = 0; !strcmp(b->bc.runner, "kvm") && k < 3; k++)
			b->res.series[0].samples[k].value /= 4;
	}
	findings_init(&f->findings, &f->run, NULL);
	v = verdict_on(f, &c);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_non_null(strstr(v.reason, "implausible"));
	assert_true(v.test.p < .05);
}

static void what_was_not_measured_gets_no_verdict(void **state)
{
	struct fixture *f = *state;
	struct claim nobody = claim_of("cpu_integer", "mshv", .05);
	struct claim nothing = claim_of("cpu_integr", "kvm", .05);
	struct claim_verdict v;
	size_t i;

	/* All of kvm's boots are void. */
	for (i = 0; i < f->run.boot_count; i++)
		if (!strcmp(f->run.boots[i].bc.runner, "kvm")) {
			f->run.boots[i].res.series[0].status = RUN_VOID;
			snprintf(f->run.boots[i].res.series[0].reason, 200,
				 "no bytes were moved");
		}
	findings_init(&f->findings, &f->run, NULL);
	v = verdict_on(f, &nobody);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(v.reason, "mshv was not measured");
	v = verdict_on(f, &nothing);
	assert_string_equal(v.reason, "the run has no 'cpu_integr'");
	nobody.candidate = (char *)"kvm";
	v = verdict_on(f, &nobody);
	assert_int_equal(v.verdict, VERDICT_VOID);
	assert_string_equal(v.reason, "no bytes were moved");
}

static void emulated_figures_say_so(void **state)
{
	char *text = as_text(*state);

	assert_non_null(strstr(text, "grade emulated"));
	assert_non_null(strstr(text, "EMULATED: measured inside the lab"));
	assert_non_null(strstr(text, "3 of 12 samples disturbed"));
	free(text);
}

static void failures_are_shown_never_as_zero(void **state)
{
	struct fixture *f = *state;
	struct result *res = &f->run.boots[0].res;
	struct series *s = result_add_series(res, "cpu_aes", "", "bytes_per_s");
	char *text;

	s->status = RUN_SKIPPED;
	snprintf(s->reason, sizeof(s->reason), "no AES");
	result_fail(res, RUN_TIMEOUT, "no end after 9 s");
	text = as_text(f);
	assert_non_null(strstr(text, " skipped"));
	assert_non_null(strstr(text, "cpu_aes under kvm: no AES (1 boots)"));
	assert_non_null(strstr(text, "timeout: no end after 9 s"));
	assert_null(strstr(text, " 0.00 B/s"));
	free(text);
}

/* A figure that needs a word has it beside it, wherever it is shown. */
static void a_note_stands_beside_its_figure(void **state)
{
	struct fixture *f = *state;
	struct series *s = &f->run.boots[0].res.series[0];
	json_t *report, *estimate;
	char *text;

	snprintf(s->reason, sizeof(s->reason), "measured by moonlight");
	text = as_text(f);
	assert_non_null(
		strstr(text, "cpu_integer under kvm: measured by moonlight\n"));
	assert_null(strstr(text, "refused"));
	free(text);
	report = json_report(&f->findings);
	estimate = json_array_get(json_object_get(report, "estimates"), 1);
	assert_string_equal(
		json_string_value(json_object_get(estimate, "note")),
		"measured by moonlight");
	assert_string_equal(
		json_string_value(json_object_get(estimate, "reason")), "");
	json_decref(report);
}

static void an_empty_run_is_no_table(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char *text;

	(void)state;
	f->run.status = strdup("failed");
	f->run.revision = strdup("");
	text = as_text(f);
	assert_string_equal(text, "nothing was measured\n");
	free(text);
	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
}

static void what_is_scrolled_has_a_name(void **state)
{
	struct strbuf out = {0};

	(void)state;
	html_lines(&out, "\"> of kvm", "<b>");
	assert_non_null(strstr(out.str, "tabindex=\"0\""));
	assert_non_null(strstr(out.str, "aria-label=\"&quot;&gt; of kvm\""));
	assert_non_null(strstr(out.str, "&lt;b&gt;</pre>"));
	strbuf_release(&out);
}

static void html_is_escaped_and_self_contained(void **state)
{
	struct fixture *f = *state;
	struct strbuf page = {0};

	findings_init(&f->findings, &f->run, NULL);
	html_write(&f->findings, &page);
	assert_null(strstr(page.str, "<script"));
	assert_null(strstr(page.str, "<b>Evil"));
	assert_non_null(strstr(page.str, "&lt;b&gt;Evil &amp; Co"));
	assert_null(strstr(page.str, "src=\"http"));
	assert_null(strstr(page.str, "href=\"http"));
	assert_non_null(strstr(page.str, "<svg"));
	assert_non_null(strstr(page.str, "class=\"grade emulated\""));
	assert_non_null(strstr(page.str, "class=\"banner\""));
	strbuf_release(&page);
}

/* The column NAME of that boot and series; fails where it is not there once. */
static const json_t *column_of(const json_t *json, const struct boot_data *b,
			       const struct series *s, const char *name)
{
	const json_t *found = NULL, *o, *boot;
	size_t i, k;

	json_array_foreach(json_object_get(json, "samples"), i, o) {
		if (strcmp(b->bc.runner, json_string_value(json_object_get(
						 o, "runner"))) != 0 ||
		    strcmp(s->workload, json_string_value(json_object_get(
						o, "workload"))) != 0 ||
		    strcmp(s->point,
			   json_string_value(json_object_get(o, "point"))) != 0)
			continue;
		json_array_foreach(json_object_get(o, "boot"), k, boot) {
			if (json_integer_value(boot) != b->position)
				continue;
			assert_null(found);
			found = json_array_get(json_object_get(o, name), k);
		}
	}
	assert_non_null(found);
	return found;
}

static void same_samples(const json_t *json, const struct boot_data *b,
			 const struct series *s)
{
	const json_t *values = column_of(json, b, s, "value");
	const json_t *waited = column_of(json, b, s, "waited_ns");
	const json_t *why = column_of(json, b, s, "disturbances");
	char words[64];
	size_t i;

	assert_int_equal(json_array_size(values), s->sample_count);
	assert_string_equal(json_string_value(column_of(json, b, s, "grade")),
			    grade_name(b->res.grade));
	for (i = 0; i < s->sample_count; i++) {
		const struct sample *p = &s->samples[i];
		const json_t *value = json_array_get(values, i);

		assert_true(isfinite(p->value)
				    ? json_real_value(value) == p->value
				    : json_is_null(value));
		assert_int_equal(json_integer_value(json_array_get(waited, i)),
				 p->waited_ns);
		assert_string_equal(json_string_value(json_array_get(why, i)),
				    disturbances_text(p->disturbances, words,
						      sizeof(words)));
	}
}

/* Each value has all its bits, and each list is of its own boot. */
static void json_has_every_sample(void **state)
{
	struct fixture *f = *state;
	size_t i, k;
	json_t *json;

	f->run.boots[0].res.series[0].samples[0].value = NAN;
	f->run.boots[0].res.series[0].samples[1].value = 1.0 / 3;
	f->run.boots[0].res.series[0].samples[1].waited_ns = INT64_MAX;
	/* What is looked for in the text is not in text of the run. */
	free(f->run.guest_manifest);
	f->run.guest_manifest = strdup("\n \"samples\": [");
	findings_init(&f->findings, &f->run, NULL);
	json = json_report(&f->findings);
	for (i = 0; i < f->run.boot_count; i++)
		for (k = 0; k < f->run.boots[i].res.series_count; k++)
			same_samples(json, &f->run.boots[i],
				     &f->run.boots[i].res.series[k]);
	json_decref(json);
}

/* Where the dots of RUNNER's strip stand, by what a reader of SVG does. */
static size_t dots_of(const char *svg, const char *runner, double *x,
		      size_t max)
{
	char class[32];
	const char *at;
	size_t count = 0;
	int step, used;
	double now = 0;

	snprintf(class, sizeof(class), "class=\"dots %s\" d=\"", runner);
	at = strstr(svg, class);
	assert_non_null(at);
	at += strlen(class);
	for (; *at != '"'; at += used) {
		if (sscanf(at, "M%d %*dh0%n", &step, &used) == 1)
			now = step;
		else if (sscanf(at, "m%d 0h0%n", &step, &used) == 1)
			now += step;
		else
			fail_msg("no dot: %.20s", at);
		assert_true(count < max);
		x[count++] = now;
	}
	return count;
}

/* 92 to 406 are the left and right end of the picture's axis. */
static bool is_at(double x, double value, double low, double high)
{
	double margin = (high - low) / 50;
	double part = (value - low + margin) / (high - low + 2 * margin);

	return fabs(x - 92 - part * 314) <= .51;
}

static void every_dot_is_a_sample_and_none_is_far_from_one(void **state)
{
	struct fixture *f = *state;
	struct strbuf svg = {0};
	const struct model_cell *c;
	double x[5 * 80];
	size_t i, k, count;

	findings_init(&f->findings, &f->run, NULL);
	c = &f->findings.model.rows[0].cells[0];
	assert_true(strip_svg(&f->findings.model, &f->findings.model.rows[0],
			      &svg));
	/* 10, 11, 12; 11, 12, 13; 12, 13, 14 of 10 to 24. */
	count = dots_of(svg.str, "r0", x, ARRAY_SIZE(x));
	assert_true(count >= 5 && count <= c->sample_count);
	for (i = 0; i < count; i++) {
		for (k = 0; k < c->sample_count; k++)
			if (is_at(x[i], c->samples[k], 10, 24))
				break;
		assert_true(k < c->sample_count);
	}
	for (k = 0; k < c->sample_count; k++) {
		for (i = 0; i < count; i++)
			if (is_at(x[i], c->samples[k], 10, 24))
				break;
		assert_true(i < count);
	}
	strbuf_release(&svg);
}

/* Ten thousand, of which a screen shows no more than there are places. */
static void dots_that_cover_one_another_are_one(void **state)
{
	struct fixture *f = *state;
	struct series *s = &f->run.boots[1].res.series[0];
	struct strbuf svg = {0};
	double x[5 * 80];
	size_t i;

	for (i = 0; i < 10000; i++)
		series_add_sample(s)->value = 10 + (double)(i % 997) / 100;
	series_add_sample(s)->value = INFINITY;
	findings_init(&f->findings, &f->run, NULL);
	assert_true(strip_svg(&f->findings.model, &f->findings.model.rows[0],
			      &svg));
	assert_true(dots_of(svg.str, "r0", x, ARRAY_SIZE(x)) > 200);
	assert_true(svg.len < 8000);
	strbuf_release(&svg);
}

static void one_value_is_drawn_and_none_is_not(void **state)
{
	struct fixture *f = *state;
	struct strbuf svg = {0};
	size_t i, k;

	for (i = 0; i < f->run.boot_count; i++)
		for (k = 0; k < 3; k++)
			f->run.boots[i].res.series[0].samples[k].value = 0;
	findings_init(&f->findings, &f->run, NULL);
	assert_true(strip_svg(&f->findings.model, &f->findings.model.rows[0],
			      &svg));
	assert_null(strstr(svg.str, "nan"));
	strbuf_release(&svg);
	for (i = 0; i < f->run.boot_count; i++)
		for (k = 0; k < 3; k++)
			f->run.boots[i].res.series[0].samples[k].disturbances =
				DISTURBED_CPU;
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	assert_false(strip_svg(&f->findings.model, &f->findings.model.rows[0],
			       &svg));
	assert_int_equal(svg.len, 0);
}

static void set_identity(struct fixture *f, const char *runner,
			 const char *text)
{
	size_t i;

	for (i = 0; i < f->run.boot_count; i++) {
		struct boot_data *b = &f->run.boots[i];

		if (strcmp(b->bc.runner, runner))
			continue;
		free(b->res.identity);
		b->res.identity = strdup(text);
	}
}

static const char *verdict(struct fixture *f, char buf[240])
{
	findings_release(&f->findings);
	findings_init(&f->findings, &f->run, NULL);
	identity_verdict(&f->findings.identity, buf, 240);
	return buf;
}

static void identical_is_said_only_when_it_is_so(void **state)
{
	struct fixture *f = *state;
	char buf[240];

	assert_non_null(strstr(verdict(f, buf), "One guest runner"));
	add_boot(&f->run, "mshv", 0, 20, GRADE_EMULATED);
	assert_non_null(strstr(verdict(f, buf), "Guests are identical"));
	set_identity(f, "native", "cpuid.1=other\n");
	assert_non_null(strstr(verdict(f, buf), "Guests are identical"));
	set_identity(f, "mshv",
		     "cpuid.1=same\nkernel=6.1\n"
		     "cpuid.0000000d.0=1\n");
	assert_non_null(strstr(verdict(f, buf), "Guests are identical"));
	set_identity(f, "mshv", "cpuid.1=other\nkernel=6.1\n");
	assert_non_null(strstr(verdict(f, buf), "not identical"));
	free(f->run.boots[0].res.identity);
	f->run.boots[0].res.identity = strdup("cpuid.1=drifted\n");
	assert_non_null(strstr(verdict(f, buf), "disagree"));
}

/* One boot more of RUNNER, whose first series is one of WORKLOAD. */
static void add_io_boot(struct fixture *f, const char *runner,
			const char *workload, const char *identity)
{
	struct result *res;

	add_boot(&f->run, runner, 0, 20, GRADE_EMULATED);
	res = &f->run.boots[f->run.boot_count - 1].res;
	snprintf(res->series[0].workload, sizeof(res->series[0].workload), "%s",
		 workload);
	free(res->identity);
	res->identity = strdup(identity);
}

static void boots_are_compared_with_their_like(void **state)
{
	struct fixture *f = *state;
	const struct identity_diff *diff = &f->findings.identity;
	char buf[240];

	add_boot(&f->run, "mshv", 0, 20, GRADE_EMULATED);
	add_io_boot(f, "kvm", "storage", "kernel=6.1\npci.1=disk\n");
	assert_non_null(strstr(verdict(f, buf), "Guests are identical"));
	add_io_boot(f, "mshv", "storage", "kernel=6.1\npci.1=disk\n");
	assert_non_null(strstr(verdict(f, buf), "Guests are identical"));
	add_io_boot(f, "mshv", "network", "kernel=6.1\npci.1=card\n");
	add_io_boot(f, "kvm", "network", "kernel=6.1\n");
	assert_non_null(strstr(verdict(f, buf), "differ in 1 values"));
	assert_int_equal(diff->row_count, 1);
	assert_string_equal(diff->rows[0].key, "pci.1");
	assert_string_equal(identity_row_scope(diff, &diff->rows[0], buf, 40),
			    " (with a network card)");
	add_io_boot(f, "kvm", "network", "kernel=6.1\npci.1=card\n");
	assert_non_null(strstr(verdict(f, buf), "disagree in 1 values"));
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUN(model_pairs_blocks_and_drops_disturbed),
		WITH_RUN(drift_within_a_block_cancels),
		WITH_RUN(a_block_without_its_pair_is_left_out),
		WITH_RUN(power_is_by_the_noise_of_the_run),
		WITH_RUN(emulated_runs_get_no_verdict),
		WITH_RUN(an_override_is_stamped),
		WITH_RUN(samples_follow_from_what_they_cost),
		WITH_RUN(groups_have_one_figure),
		WITH_RUN(oddities_are_flagged),
		WITH_RUN(hardware_runs_are_judged),
		WITH_RUN(looks_are_judged_by_their_level),
		WITH_RUN(the_page_judges_what_was_claimed),
		WITH_RUN(several_claims_are_judged_together),
		WITH_RUN(guests_faster_than_native_are_not_believed),
		WITH_RUN(what_was_not_measured_gets_no_verdict),
		WITH_RUN(emulated_figures_say_so),
		WITH_RUN(failures_are_shown_never_as_zero),
		WITH_RUN(a_note_stands_beside_its_figure),
		cmocka_unit_test(an_empty_run_is_no_table),
		cmocka_unit_test(what_is_scrolled_has_a_name),
		WITH_RUN(html_is_escaped_and_self_contained),
		WITH_RUN(json_has_every_sample),
		WITH_RUN(every_dot_is_a_sample_and_none_is_far_from_one),
		WITH_RUN(dots_that_cover_one_another_are_one),
		WITH_RUN(one_value_is_drawn_and_none_is_not),
		WITH_RUN(identical_is_said_only_when_it_is_so),
		WITH_RUN(boots_are_compared_with_their_like),
	};

	return RUN_TESTS(tests);
}
