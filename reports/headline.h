/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HEADLINE_H
#define REPORTS_HEADLINE_H

/*
 * headline - the whole run in one sentence, for whoever reads no other: yes,
 * no, not decided, or why it cannot be said here. It says no more than the
 * verdicts do.
 */
#include <stddef.h>

struct judgement;
struct model;

#define HEADLINE_SIZE 600 /* is enough for any */

/* J is what verdicts_judge() made of M, be it nothing. */
const char *headline(const struct model *m, const struct judgement *j,
		     char *buf, size_t size);

#endif
