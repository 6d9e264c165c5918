/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_PLAUSIBLE_H
#define REPORTS_PLAUSIBLE_H

/*
 * plausible - figures that no machine can have. Each rule looks at one kind of
 * figure; a finding of one that blocks keeps every PASS from resting on it. The
 * bounds are in docs/statistics.md.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct model;

struct finding {
	const char *runner; /* borrowed */
	char workload[32];  /* whose figures cannot be believed; "": all */
	char text[200];
	bool is_blocking;
};

/* The caller frees them. */
struct finding *plausible_check(const struct model *m, size_t *count);

/* The first blocking one on WORKLOAD under RUNNER; NULL: none. */
const struct finding *plausible_find(const struct finding *f, size_t count,
				     const char *runner, const char *workload);

void plausible_write(const struct model *m, FILE *out);

#endif
