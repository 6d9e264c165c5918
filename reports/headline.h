/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HEADLINE_H
#define REPORTS_HEADLINE_H

/*
 * headline - the whole run in one sentence, for whoever reads no other: yes,
 * no, not decided, or why it cannot be said here. It says no more than the
 * verdicts do.
 */
#include <stddef.h>

struct claims;
struct claim_verdict;
struct model;

#define HEADLINE_SIZE 600 /* is enough for any */

/* CLAIMS with V, one a claim, as verdicts_of() has them; both NULL: nothing
 * was claimed. */
const char *headline(const struct model *m, const struct claims *claims,
		     const struct claim_verdict *v, char *buf, size_t size);

#endif
