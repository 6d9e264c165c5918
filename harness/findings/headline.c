// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/headline.h"

#include <math.h>
#include <stdio.h>

#include "harness/findings/model.h"
#include "harness/findings/verdicts.h"
#include "harness/verdict/claims.h"

struct tally {
	size_t all;
	size_t of[VERDICT_COUNT];
	const struct claim_verdict *first[VERDICT_COUNT];
	const struct claim_verdict *worst; /* of those that FAIL */
	double blocks; /* that the UNDECIDED one needs that needs the most */
};

/* How far beyond its margin, on the logarithm. */
static double excess(const struct claim_verdict *v)
{
	double worse = verdict_worse(v).estimate;
	double margin = log1p(v->claim->margin);

	if (v->claim->kind == MARGIN_SUPERIOR)
		return worse + margin;
	if (v->claim->kind == MARGIN_EQUIVALENT)
		worse = fabs(worse);
	return worse - margin;
}

static struct tally count(const struct judgement *j)
{
	struct tally t = {.all = j->count};
	const struct claim_verdict *v;

	for (v = j->v; v < j->v + t.all; v++) {
		if (!t.of[v->verdict]++)
			t.first[v->verdict] = v;
		if (v->verdict == VERDICT_FAIL &&
		    (!t.worst || excess(v) > excess(t.worst)))
			t.worst = v;
		if (v->verdict == VERDICT_UNDECIDED)
			t.blocks = fmax(t.blocks, v->test.n_needed);
	}
	return t;
}

static void say_no(const struct claims *claims, const struct tally *t,
		   char *buf, size_t size)
{
	const struct claim *c = t->worst->claim;

	if (isnan(t->worst->ratio.ratio)) {
		snprintf(
			buf, size,
			"No: %zu of the %zu claims of '%s' %s not hold here. One is '%s': %s.",
			t->of[VERDICT_FAIL], t->all, claims->name,
			t->of[VERDICT_FAIL] == 1 ? "does" : "do", c->text,
			t->worst->reason);
		return;
	}
	snprintf(
		buf, size,
		"No: %zu of the %zu claims of '%s' %s not hold here. Furthest from its margin is '%s': "
		"%s is %.3f times %s, where %s %.1f %% was claimed.",
		t->of[VERDICT_FAIL], t->all, claims->name,
		t->of[VERDICT_FAIL] == 1 ? "does" : "do", c->text, c->metric,
		t->worst->ratio.ratio, c->baseline, margin_kind_words(c->kind),
		100 * c->margin);
}

static void say_undecided(const struct claims *claims, const struct tally *t,
			  char *buf, size_t size)
{
	const struct claim_verdict *open = t->first[VERDICT_UNDECIDED];
	int used;

	/* More blocks would not help a run that was stopped. */
	if (open->reason[0]) {
		snprintf(
			buf, size,
			"Not decided: of the %zu claims of '%s' %zu %s; '%s' is open because: %s.",
			t->all, claims->name, t->of[VERDICT_PASS],
			t->of[VERDICT_PASS] == 1 ? "holds" : "hold",
			open->claim->text, open->reason);
		return;
	}
	used = snprintf(
		buf, size,
		"Not decided: of the %zu claims of '%s' %zu %s, and %zu %s more blocks than this run has",
		t->all, claims->name, t->of[VERDICT_PASS],
		t->of[VERDICT_PASS] == 1 ? "holds" : "hold",
		t->of[VERDICT_UNDECIDED],
		t->of[VERDICT_UNDECIDED] == 1 ? "needs" : "need");

	if (used > 0 && (size_t)used < size)
		snprintf(buf + used, size - (size_t)used,
			 t->blocks > 0 ? " (about %.0f)." : ".", t->blocks);
}

static void say_nothing(const struct model *m, const struct judgement *j,
			const struct tally *t, char *buf, size_t size)
{
	const struct claim_verdict *v = t->first[VERDICT_VOID];

	if (!v)
		v = t->first[VERDICT_NOT_EVALUABLE];
	if (m->has_grade[GRADE_EMULATED] && !j->is_overridden)
		snprintf(
			buf, size,
			"This run cannot say: it was measured on an emulated host, and the claims of '%s' "
			"are about hardware.",
			j->claims->name);
	else
		snprintf(
			buf, size,
			"This run cannot say: %zu of the %zu claims of '%s' could not be judged%s%s%s%s.",
			t->of[VERDICT_NOT_EVALUABLE] + t->of[VERDICT_VOID],
			t->all, j->claims->name, v ? ", '" : "",
			v ? v->claim->text : "", v ? "' because: " : "",
			v ? v->reason : "");
}

const char *headline(const struct model *m, const struct judgement *j,
		     char *buf, size_t size)
{
	const struct claims *claims = j->claims;
	struct tally t;

	if (!claims && j->unreadable) {
		snprintf(buf, size, "This run cannot say: %s.", j->unreadable);
		return buf;
	}
	if (!claims) {
		snprintf(
			buf, size,
			"Nothing was claimed before this run, so nothing is judged: the tables compare.");
		return buf;
	}
	t = count(j);
	if (j->together == VERDICT_FAIL)
		say_no(claims, &t, buf, size);
	else if (j->together == VERDICT_UNDECIDED)
		say_undecided(claims, &t, buf, size);
	else if (j->together != VERDICT_PASS)
		say_nothing(m, j, &t, buf, size);
	else
		snprintf(
			buf, size,
			"Yes: all %zu claims of '%s' hold here, each within its margin.",
			t.all, claims->name);
	return buf;
}
