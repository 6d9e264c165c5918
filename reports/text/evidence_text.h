/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_EVIDENCE_TEXT_H
#define REPORTS_TEXT_EVIDENCE_TEXT_H

/* evidence_text - what was found of a bundle, for people; its last line is the
 * outcome. */
#include <stdbool.h>
#include <stdio.h>

struct claims;
struct err;
struct evidence;

struct evidence_text {
	const char *name;     /* of the bundle */
	const char *key_path; /* of the keys it is held against; NULL: none */
	const struct claims *claims; /* judged beside its own; NULL: none */
};

/* -EIO where the claims of W cannot be judged; then nothing was written. */
int evidence_text_write(const struct evidence *e, const struct evidence_text *w,
			FILE *out, struct err *err);

#endif
