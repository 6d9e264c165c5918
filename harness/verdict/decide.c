// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/verdict/decide.h"

#include <math.h>

#include "harness/verdict/claims.h"

/* A look at a lower level gives no verdict: t is not computed that far out. */
#define MIN_LEVEL 1e-9

static size_t count_below(const struct evidence *e, size_t block)
{
	size_t n = 0;

	while (n < e->count && e->blocks[n] < block)
		n++;
	return n;
}

static bool has_shares(const struct design *d)
{
	return d->look_count && d->spent[0] > 0;
}

/* The looks that have been taken, in blocks; the last may be one that the plan
 * does not name: when time was up. Returns how many. */
static size_t looks_taken(const struct design *d, size_t *looks)
{
	size_t i, count = 0;

	for (i = 0; i < d->look_count && d->looks[i] <= d->done; i++)
		looks[count++] = d->looks[i];
	if (d->look_count && (!d->is_ended || (has_shares(d) && count)))
		return count;
	if (!count || looks[count - 1] < d->done) {
		if (count == SEQUENTIAL_MAX_LOOKS)
			count--;
		looks[count++] = d->done;
	}
	return count;
}

static struct decision look_at(const struct evidence *e, size_t n,
			       double margin, enum margin_kind kind,
			       double level)
{
	struct decision out = {.block_count = n, .level = level};
	struct ttest worse;

	out.ratio = ratio_of_logs(e->logs, n, 1 - 2 * level);
	worse = out.ratio.log;
	if (!e->lower_is_better)
		worse.difference = -worse.difference;
	out.test = margin_judge(&worse, n, margin, kind, 1 - level);
	return out;
}

struct decision decide_margin(const struct evidence *e, const struct design *d,
			      double margin, enum margin_kind kind,
			      double confidence)
{
	size_t looks[SEQUENTIAL_MAX_LOOKS], n[SEQUENTIAL_MAX_LOOKS], i;
	double fractions[SEQUENTIAL_MAX_LOOKS], levels[SEQUENTIAL_MAX_LOOKS];
	size_t count = looks_taken(d, looks);
	double planned = d->planned ? (double)d->planned : 1;
	struct decision out = look_at(e, 0, margin, kind, 1 - confidence);

	for (i = 0; i < count; i++) {
		n[i] = count_below(e, looks[i]);
		fractions[i] = fmin(1, (double)n[i] / planned);
	}
	if (has_shares(d))
		sequential_levels_by(fractions, d->spent, count, 1 - confidence,
				     levels);
	else
		sequential_levels(fractions, count, 1 - confidence,
				  d->is_ended || !d->look_count, levels);
	/* To the last digit, where nothing is shared out. */
	if (count == 1 && !has_shares(d) && (d->is_ended || !d->look_count))
		levels[0] = 1 - confidence;
	for (i = 0; i < count; i++) {
		if (levels[i] < MIN_LEVEL)
			continue;
		out = look_at(e, n[i], margin, kind, levels[i]);
		out.look = i + 1;
		if (out.test.verdict == VERDICT_PASS ||
		    out.test.verdict == VERDICT_FAIL)
			break;
	}
	return out;
}

struct decision decide(const struct evidence *e, const struct design *d,
		       const struct claim *claim)
{
	return decide_margin(e, d, claim->margin, claim->kind,
			     claim->confidence);
}
