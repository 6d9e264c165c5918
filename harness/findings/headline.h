/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_HEADLINE_H
#define HARNESS_FINDINGS_HEADLINE_H

/*
 * headline - the whole run in one sentence, for whoever reads no other: yes,
 * no, not decided, or why it cannot be said here. It says no more than the
 * verdicts do.
 */
#include <stddef.h>

struct judgement;
struct model;

#define HEADLINE_SIZE 600 /* is enough for any */

/* J is of M, be it without claims. */
const char *headline(const struct model *m, const struct judgement *j,
		     char *buf, size_t size);

#endif
