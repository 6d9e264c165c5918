/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_HEADLINE_H
#define HARNESS_FINDINGS_HEADLINE_H

/*
 * headline - the whole run in one sentence, for readers who read no more: yes,
 * no, not decided, or why there is no answer. It only summarises the verdicts.
 */
#include <stddef.h>

struct judgement;
struct model;

#define HEADLINE_SIZE 600 /* is enough for any */

/* J belongs to M, and may be without claims. */
const char *headline(const struct model *m, const struct judgement *j,
		     char *buf, size_t size);

#endif
