/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_SAMPLES_H
#define HARNESS_STORE_BUNDLE_SAMPLES_H

/*
 * bundle_samples - the samples of a bundle's line, read without a JSON parser. They
 * are nearly all of a bundle, and as JSON values they take fifty times the memory
 * and ten times the time.
 */
#include <stddef.h>

#include "harness/core/result.h"

struct err;

/* The samples of a line, series by series. Zeroed memory is a valid empty one, which
 * may serve one line after the other. */
struct bundle_samples {
	struct sample *samples; /* owned */
	size_t count, room;
	size_t *ends; /* owned; of each series, in SAMPLES */
	size_t series_count, series_room;
};

/*
 * Takes the content of each array "samples" out of LINE, which gets shorter and
 * keeps "[]" in its place; *LEN is its length. -EPROTO for samples that are not
 * arrays of numbers in the order of sample_fields. What else is in LINE is not
 * checked here. What OUT had is forgotten.
 */
int bundle_samples_take(char *line, size_t *len, struct bundle_samples *out,
			struct err *err);

/*
 * Copies them to the series of RES, which were parsed of the rest of LINE. -EPROTO
 * unless each series had exactly one such array.
 */
int bundle_samples_give(const struct bundle_samples *from, struct result *res,
			struct err *err);

void bundle_samples_release(struct bundle_samples *s);

#endif
