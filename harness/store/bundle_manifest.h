/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_MANIFEST_H
#define HARNESS_STORE_BUNDLE_MANIFEST_H

/*
 * bundle_manifest - what made a run, and the checksums of a bundle's other parts, as
 * one JSON object (docs/schema/bundle.schema.json). It is a function of the
 * bundle's other lines and of the exporting program, so a reader makes it again and
 * compares.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/sha256.h"
#include "harness/core/result.h"

/* The parts of a bundle, in their order. */
enum bundle_part {
	PART_RUN,      /* the first line */
	PART_BOOTS,    /* one line each */
	PART_FINDINGS, /* one line, or none */
	PART_COUNT,
};

extern const char *const bundle_part_names[PART_COUNT];

struct bundle_sum {
	uint64_t line_count;
	char sha256[SHA256_HEX + 1]; /* of these lines, with their '\n' */
};

/* What is counted over all boots. */
struct bundle_count {
	uint64_t boots[RUN_STATUS_COUNT];
	uint64_t samples;
	uint64_t first_boot_unix_ns; /* 0: there was none */
};

void bundle_count_add(struct bundle_count *count, const struct result *res);

/* The program that this is: revision, build id, version of the store's tables. */
json_t *bundle_exporter(void); /* caller owns */

/*
 * RUN is the object "run" of the first line, EXPORTER the program that wrote the
 * bundle; both are borrowed. The caller owns the result.
 */
json_t *bundle_manifest(const json_t *run, const json_t *exporter,
			const struct bundle_count *count,
			const struct bundle_sum sums[PART_COUNT]);

/* The path of the first value in which B differs from A, "claims.sha256", into BUF;
 * "" where they are equal. */
const char *bundle_manifest_difference(const json_t *a, const json_t *b,
				       char *buf, size_t size);

#endif
