/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_OVERHEAD_JSON_H
#define REPORTS_DATA_OVERHEAD_JSON_H

/* overhead_json - KubeVirt's figures of guests for programs, guest by guest as
 * they are read. */
#include <jansson.h>
#include <stddef.h>

#include "harness/base/strbuf.h"

struct survey;

struct overhead_json {
	struct survey *survey; /* borrowed */
	/* The writer's own. */
	size_t row_count;
	struct strbuf remarks;
	json_t *first; /* the first guest's figures */
};

/* Sets the survey's callbacks. Prints to stdout. */
void overhead_json_begin(struct overhead_json *o);
/* ERROR: why not all was read; NULL: it was. */
void overhead_json_end(struct overhead_json *o, const char *error);

#endif
