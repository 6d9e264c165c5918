/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_VERDICT_DECIDE_H
#define HARNESS_VERDICT_DECIDE_H

/*
 * decide - the verdict of one claim on the blocks of a run, by the design that
 * was fixed before the run: once at its end, or at interim looks, each at its
 * own level (harness/stats/sequential.h). The first PASS or FAIL of a look is
 * final. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"
#include "harness/stats/sequential.h"

struct claim;

struct evidence {
	const double *logs;     /* candidate over baseline, one per block */
	const uint32_t *blocks; /* which one, rising */
	size_t count;
	bool lower_is_better;
};

struct design {
	size_t planned; /* blocks of the whole plan */
	size_t done;    /* blocks that have been run */
	bool is_ended;  /* no other look will be taken, for a reason that does
			 * not lie in the data: all is done, or time is up */
	size_t looks[SEQUENTIAL_MAX_LOOKS]; /* blocks, rising */
	size_t look_count;                  /* 0: one, at the end */
	/* Of alpha, up to each look; 0: by the fraction of the data. Whether another
	 * look is taken may depend on the data then; where time was up before the
	 * first, there is that one, earlier. */
	double spent[SEQUENTIAL_MAX_LOOKS];
};

struct decision {
	struct margin_test test;
	struct ratio ratio; /* its interval is of the look's level */
	size_t block_count; /* that the look had */
	size_t look;        /* from 1; 0: none has been taken yet */
	double level;       /* one-sided, of that look */
};

struct decision decide(const struct evidence *e, const struct design *d,
		       const struct claim *claim);

/* The same of any margin, for claims that are not in a file. */
struct decision decide_margin(const struct evidence *e, const struct design *d,
			      double margin, enum margin_kind kind,
			      double confidence);

#endif
