/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_MORE_H
#define HARNESS_FINDINGS_MORE_H

/*
 * more - what a run has too few blocks of: a claim is undecided, and the boots of its
 * candidate or its baseline have two modes, so that chance decides how many boots are
 * of which. Their claims are judged at further looks, each at its own share of alpha
 * (sequential_more_looks()).
 */
#include <stddef.h>

struct bench_case;
struct findings;

/*
 * Append to OUT the items of SERIES, which is what the run measures, that such claims
 * of F are about. The caller releases OUT.
 */
void more_needed(const struct findings *f, const struct bench_case *series,
		 struct bench_case *out);

#endif
