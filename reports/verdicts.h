/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_VERDICTS_H
#define REPORTS_VERDICTS_H

/*
 * verdicts - claims held against a run. Numbers are shown wherever there are
 * some; a verdict only where they may carry one: emulated and software grades
 * never do.
 */
#include <stddef.h>
#include <stdio.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"

struct claim;
struct claims;
struct model;

struct claim_verdict {
	const struct claim *claim; /* borrowed */
	enum verdict verdict;
	char reason[240];     /* of what is no PASS, FAIL or UNDECIDED */
	const char *measured; /* the runner that stands for the candidate */
	struct ratio ratio;   /* candidate over baseline; NaN: no numbers */
	size_t block_count;
	struct margin_test test; /* NaN where nothing is judged */
};

struct claim_verdict verdict_of(const struct model *m,
				const struct claim *claim);

void verdicts_write(const struct model *m, const struct claims *claims,
		    FILE *out);

#endif
