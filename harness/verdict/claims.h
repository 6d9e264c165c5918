/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_VERDICT_CLAIMS_H
#define HARNESS_VERDICT_CLAIMS_H

/*
 * claims - the claims of a run, written in YAML before the measurement.
 * docs/statistics.md explains the keys. An error names the line, the key and
 * the expected value.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/margin.h"

struct err;

/* In place of a baseline: the host before, of a metric that is itself a ratio to
 * it ("churn guests/memory_growth"). */
#define CLAIM_BEFORE "before"

struct claim {
	char *id;
	char *text;
	char *metric; /* as tables name a series: "storage fsync-4k-qd1/p50" */
	char *candidate; /* runners; any name is possible */
	char *baseline;
	enum margin_kind kind;
	double margin;     /* a share: 0.05 */
	double confidence; /* of the one-sided bound */
	char *reason;      /* why this margin */
	char *scope; /* what the claim applies to; NULL: the run's guests */
	char *margin_text, *confidence_text; /* as the file has them */
};

struct claims {
	char *name;
	struct claim *claims;
	uint32_t claims_count;
	char *file;           /* all of it, as it was read */
	char sha256[65];      /* of that */
	bool overrides_grade; /* not of the file: by tests alone */
};

/* *OUT is the caller's, for claims_free(). -EINVAL for a bad file. */
int claims_load(const char *path, struct claims **out, struct err *err);
int claims_parse(const char *bytes, size_t len, struct claims **out,
		 struct err *err);
void claims_free(struct claims *claims); /* NULL is fine */

#endif
