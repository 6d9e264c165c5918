// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/junit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/core/result.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

enum outcome { PASSED, SKIPPED, FAILED, BROKEN, OUTCOME_COUNT };

static const struct {
	const char *element;
	const char *total; /* attribute with their number; NULL: none */
} outcomes[] = {
	[PASSED] = {NULL, NULL},
	[SKIPPED] = {"skipped", NULL},
	[FAILED] = {"failure", "failures"},
	[BROKEN] = {"error", "errors"},
};
_Static_assert(ARRAY_SIZE(outcomes) == OUTCOME_COUNT,
	       "every outcome has an element");

static const enum outcome outcome_of_status[] = {
	[RUN_OK] = PASSED,
	[RUN_SKIPPED] = SKIPPED,
	[RUN_TIMEOUT] = BROKEN,
	[RUN_VOID] = BROKEN,
	[RUN_WORKLOAD_FAILED] = BROKEN,
	[RUN_RUNNER_FAILED] = BROKEN,
};
_Static_assert(ARRAY_SIZE(outcome_of_status) == RUN_STATUS_COUNT,
	       "every status has an outcome");

static const enum outcome outcome_of_verdict[] = {
	[VERDICT_PASS] = PASSED,       [VERDICT_FAIL] = FAILED,
	[VERDICT_UNDECIDED] = SKIPPED, [VERDICT_NOT_EVALUABLE] = SKIPPED,
	[VERDICT_VOID] = BROKEN,
};
_Static_assert(ARRAY_SIZE(outcome_of_verdict) == VERDICT_COUNT,
	       "every verdict has an outcome");

/* Their numbers stand in front of the cases: these wait until all are there. */
struct junit_suite {
	uint64_t elapsed_ns;
	size_t counts[OUTCOME_COUNT];
	struct strbuf cases; /* owned */
};

struct test_case {
	const char *suite, *name; /* borrowed, as all */
	uint64_t elapsed_ns;
	enum outcome outcome;
	const char *type;    /* of the outcome, for programs */
	const char *message; /* and for people */
	const char *output;  /* "": none */
};

static void add_attribute(const char *name, const char *value,
			  struct strbuf *out)
{
	strbuf_printf(out, " %s=\"", name);
	portable_text(out, value, escape_attribute);
	strbuf_puts(out, "\"");
}

static void add_text(const char *element, const char *text, struct strbuf *out)
{
	strbuf_printf(out, "<%s>", element);
	portable_text(out, text, escape_markup);
	strbuf_printf(out, "</%s>\n", element);
}

/* Three decimals are the most that Surefire's schema has. */
static void add_time(uint64_t ns, struct strbuf *out)
{
	uint64_t ms = (ns + NS_PER_MS / 2) / NS_PER_MS;

	strbuf_printf(out, " time=\"%" PRIu64 ".%03" PRIu64 "\"", ms / 1000,
		      ms % 1000);
}

static void suite_add_case(struct junit_suite *s, const struct test_case *c)
{
	const char *element = outcomes[c->outcome].element;
	struct strbuf *out = &s->cases;

	s->counts[c->outcome]++;
	s->elapsed_ns += c->elapsed_ns;
	strbuf_puts(out, "<testcase");
	add_attribute("name", c->name, out);
	/* Jenkins takes what is before the last dot for a package. */
	strbuf_puts(out, " classname=\"l1vh-bench.");
	portable_text(out, c->suite, escape_attribute);
	strbuf_puts(out, "\"");
	add_time(c->elapsed_ns, out);
	strbuf_puts(out, ">\n");
	if (element) {
		strbuf_printf(out, "<%s", element);
		if (c->outcome != SKIPPED)
			add_attribute("type", c->type, out);
		add_attribute("message", c->message, out);
		strbuf_puts(out, "/>\n");
	}
	if (*c->output)
		add_text("system-out", c->output, out);
	strbuf_puts(out, "</testcase>\n");
}

static void add_totals(const struct junit_suite *s, struct strbuf *out)
{
	size_t i, count = 0;

	for (i = 0; i < OUTCOME_COUNT; i++)
		count += s->counts[i];
	strbuf_printf(out, " tests=\"%zu\"", count);
	for (i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i].total)
			strbuf_printf(out, " %s=\"%zu\"", outcomes[i].total,
				      s->counts[i]);
	add_time(s->elapsed_ns, out);
}

/* UTC; the format has no place for a zone. */
static void add_timestamp(uint64_t unix_ns, struct strbuf *out)
{
	time_t when = (time_t)(unix_ns / NS_PER_S);
	char text[32];
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	add_attribute("timestamp", text, out);
}

static void add_property(const char *name, const char *value,
			 struct strbuf *out)
{
	strbuf_puts(out, "<property");
	add_attribute("name", name, out);
	add_attribute("value", value, out);
	strbuf_puts(out, "/>\n");
}

static void add_properties(const struct model *m, struct strbuf *out)
{
	char text[64];

	strbuf_puts(out, "<properties>\n");
	add_property("run", m->run->uuid, out);
	add_property("revision", m->run->revision, out);
	add_property("status", m->run->status, out);
	add_property("grade", model_grades(m, text, sizeof(text)), out);
	snprintf(text, sizeof(text), "%" PRIu64, m->run->seed);
	add_property("seed", text, out);
	snprintf(text, sizeof(text), "%u", m->run->scheduled_count);
	add_property("scheduled_count", text, out);
	strbuf_puts(out, "</properties>\n");
}

/* Written into ALL, and counted there; the suite is empty thereafter. */
static void suite_end(struct junit_suite *s, const struct model *m,
		      const char *name, uint64_t started_unix_ns,
		      struct junit_suite *all)
{
	struct strbuf *out = &all->cases;
	size_t i;

	for (i = 0; i < OUTCOME_COUNT; i++)
		all->counts[i] += s->counts[i];
	all->elapsed_ns += s->elapsed_ns;
	strbuf_puts(out, "<testsuite");
	add_attribute("name", name, out);
	add_totals(s, out);
	/* Which the document as a whole may not have. */
	strbuf_printf(out, " skipped=\"%zu\"", s->counts[SKIPPED]);
	add_timestamp(started_unix_ns, out);
	strbuf_puts(out, ">\n");
	add_properties(m, out);
	strbuf_add(out, strbuf_str(&s->cases), s->cases.len);
	if (m->has_grade[GRADE_EMULATED])
		add_text("system-out", MODEL_EMULATED, out);
	strbuf_puts(out, "</testsuite>\n");
	strbuf_release(&s->cases);
	*s = (struct junit_suite){0};
}

/* What a boot did not measure, which alone is no failure of it; and of one
 * that failed its last words. */
static void describe_boot(const struct result *res, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		if (s->status != RUN_OK)
			strbuf_printf(out, "%s%s%s: %s: %s\n", s->workload,
				      s->point[0] ? " " : "", s->point,
				      run_status_name(s->status), s->reason);
	}
	if (res->status != RUN_OK && res->console)
		strbuf_puts(out, res->console);
}

/* The shape of a boot, which alone tells apart the boots of one runner in a block;
 * "" where it has none. */
static void shape_of(const struct boot_data *b, char *buf, size_t size)
{
	const char *point = b->res.series_count ? b->res.series[0].point : "";

	buf[0] = '\0';
	if (result_machine(&b->res) == MACHINE_SHAPE)
		snprintf(buf, size, ", %.*s", (int)strcspn(point, "/"), point);
}

/* How many boots like boot I were before it. */
static size_t count_before(const struct run_data *run, size_t i)
{
	const struct boot_data *b = &run->boots[i];
	char shape[48], other[48];
	size_t k, count = 0;

	shape_of(b, shape, sizeof(shape));
	for (k = 0; k < i; k++) {
		const struct boot_data *o = &run->boots[k];

		if (o->bc.block != b->bc.block ||
		    strcmp(o->bc.runner, b->bc.runner))
			continue;
		shape_of(o, other, sizeof(other));
		count += !strcmp(shape, other);
	}
	return count;
}

/*
 * The same in every run of a plan, so that a CI can tell the history of a case: the
 * seed shuffles the runners of a block, and so the positions of boots.
 */
static void name_boot(const struct run_data *run, size_t i, char *buf,
		      size_t size)
{
	static const char *const ordinals[] = {"first", "second", "third",
					       "fourth"};
	const struct boot_data *b = &run->boots[i];
	size_t before = count_before(run, i);
	char nth[32], shape[48];

	snprintf(nth, sizeof(nth), "number %zu", before + 1);
	shape_of(b, shape, sizeof(shape));
	snprintf(buf, size, "block %u, %s of %s%s", b->bc.block,
		 before < ARRAY_SIZE(ordinals) ? ordinals[before] : nth,
		 b->bc.runner, shape);
}

static void add_boot(struct junit_suite *s, const struct run_data *run,
		     size_t i)
{
	const struct boot_data *b = &run->boots[i];
	const struct series *failed = result_failed_series(&b->res);
	enum run_status its = failed ? failed->status : b->res.status;
	const char *reason = failed ? failed->reason : b->res.reason;
	const char *status = run_status_name(its);
	struct strbuf output = {0};
	char name[128];

	name_boot(run, i, name, sizeof(name));
	describe_boot(&b->res, &output);
	suite_add_case(s, &(struct test_case){
				  .suite = b->bc.runner,
				  .name = name,
				  .elapsed_ns = b->res.elapsed_ns,
				  .outcome = outcome_of_status[its],
				  .type = status,
				  .message = reason[0] ? reason : status,
				  .output = strbuf_str(&output),
			  });
	strbuf_release(&output);
}

static void add_runner(const struct model *m, const char *runner,
		       struct junit_suite *all)
{
	uint64_t started_unix_ns = 0;
	struct junit_suite s = {0};
	size_t i;

	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];

		if (strcmp(b->bc.runner, runner))
			continue;
		/* What was never begun has no time. */
		if (!started_unix_ns)
			started_unix_ns = b->res.started_unix_ns;
		add_boot(&s, m->run, i);
	}
	suite_end(&s, m, runner,
		  started_unix_ns ? started_unix_ns : m->run->started_unix_ns,
		  all);
}

static void describe_claim(const struct claim_verdict *v, struct strbuf *out)
{
	char why[32];

	strbuf_printf(out, "%s: %s of %s over %s, claimed to be %s %g %%",
		      verdict_name(v->verdict), v->claim->metric,
		      v->measured ? v->measured : v->claim->candidate,
		      v->claim->baseline, margin_kind_words(v->claim->kind),
		      100 * v->claim->margin);
	if (!isnan(v->ratio.ratio))
		strbuf_printf(out, "; ratio %.3f", v->ratio.ratio);
	if (!isnan(v->ratio.low))
		strbuf_printf(out, " [%.3f, %.3f]", v->ratio.low,
			      v->ratio.high);
	else if (!isnan(v->ratio.ratio))
		strbuf_printf(
			out, " (%s)",
			model_no_interval(v->block_count, why, sizeof(why)));
	if (v->verdict == VERDICT_UNDECIDED && !isnan(v->test.n_needed))
		strbuf_printf(out, "; %zu blocks, %.0f needed for a decision",
			      v->block_count, v->test.n_needed);
	if (v->reason[0])
		strbuf_printf(out, "; %s", v->reason);
}

static void add_claim(const struct judgement *j, const struct claim_verdict *v,
		      struct junit_suite *s)
{
	struct strbuf message = {0}, output = {0};

	describe_claim(v, &message);
	strbuf_puts(&output, v->claim->text);
	if (!j->is_registered)
		strbuf_printf(&output, "\n%s", judgement_origin(false));
	suite_add_case(s, &(struct test_case){
				  .suite = "claims",
				  .name = v->claim->id,
				  .outcome = outcome_of_verdict[v->verdict],
				  .type = verdict_name(v->verdict),
				  .message = strbuf_str(&message),
				  .output = strbuf_str(&output),
			  });
	strbuf_release(&output);
	strbuf_release(&message);
}

static void add_claims(const struct findings *f, struct junit_suite *all)
{
	const struct judgement *j = &f->judgement;
	struct junit_suite s = {0};
	size_t i;

	if (!j->claims && !j->unreadable)
		return;
	if (j->unreadable)
		suite_add_case(&s, &(struct test_case){.suite = "claims",
						       .name = "claims",
						       .outcome = BROKEN,
						       .type = "unreadable",
						       .message = j->unreadable,
						       .output = ""});
	for (i = 0; i < j->count; i++)
		add_claim(j, &j->v[i], &s);
	suite_end(&s, &f->model, "claims", f->run->started_unix_ns, all);
}

void junit_write(const struct findings *f, struct strbuf *out)
{
	const struct model *m = &f->model;
	struct junit_suite all = {0};
	size_t k;

	for (k = 0; k < m->runner_count; k++)
		add_runner(m, m->runners[k], &all);
	add_claims(f, &all);
	strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<testsuites name=\"l1vh-bench\"");
	add_totals(&all, out);
	strbuf_puts(out, ">\n");
	strbuf_add(out, strbuf_str(&all.cases), all.cases.len);
	strbuf_puts(out, "</testsuites>\n");
	strbuf_release(&all.cases);
}
