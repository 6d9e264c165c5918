// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of claims. */
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/verdict/claims.h"
#include "tests/fuzz/fuzz.h"

/* A file, and the place of a value in one that is right but for it. */
static void fuzz_claims(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"name: x\nclaims:\n  - id: a\n    text: t\n    metric: m\n"
		"    candidate: c\n    baseline: b\n    kind: superior\n"
		"    margin: 1\n    confidence: 0.9\n    reason: %.*s\n",
		"name: x\nclaims:\n  - id: a\n    text: t\n    metric: m\n"
		"    candidate: c\n    baseline: b\n    kind: superior\n"
		"    confidence: 0.9\n    reason: r\n    margin: %.*s\n",
	};
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct claims *claims;
		struct err err;

		snprintf(text, sizeof(text), formats[i],
			 (int)(size < 512 ? size : 512), (const char *)data);
		claims_parse(text, strlen(text), &claims, &err);
		claims_free(claims);
	}
}

const struct fuzz_target targets_claims[] = {
	{.name = "claims",
	 .run = fuzz_claims,
	 .max_bytes = 512,
	 .dictionary = "claims"},
	{0},
};
