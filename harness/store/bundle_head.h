/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_HEAD_H
#define HARNESS_STORE_BUNDLE_HEAD_H

/* bundle_head - the first line of a bundle. */
#include <jansson.h>

#include "harness/store/bundle_read.h"

struct bundle_head_line {
	struct bundle_head head;
	int version;
	/* Owned texts of HEAD; its others are borrowed from the line. */
	char *revision, *plan, *fingerprint, *probe, *manifest;
};

/* LINE has to outlive OUT, which needs a release in any case. -EPROTO for a line that
 * is not well formed, or of a version that this program does not read. */
int bundle_head_parse(const json_t *line, struct bundle_head_line *out,
		      struct err *err);
void bundle_head_release(struct bundle_head_line *h);

#endif
