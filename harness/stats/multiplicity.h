/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_MULTIPLICITY_H
#define HARNESS_STATS_MULTIPLICITY_H

/*
 * multiplicity - p values of several claims at once. The statement that all of
 * them hold needs no correction (an intersection-union test). A statement
 * about a single claim needs Holm's. ADJUSTED has room for COUNT, in the order
 * of P, and may not be P. A p of NaN is no test: it does not count, and stays NaN. Pure.
 */
#include <stddef.h>

void multiplicity_holm(const double *p, size_t count, double *adjusted);

/* Benjamini and Hochberg 1995: for tables that explore, never for verdicts. */
void multiplicity_bh(const double *p, size_t count, double *adjusted);

#endif
