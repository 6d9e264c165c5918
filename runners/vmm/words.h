/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_WORDS_H
#define RUNNERS_VMM_WORDS_H

/* words - a text that grows in memory of a fixed size; what does not fit is cut. */
#include <stddef.h>

struct words {
	char *text; /* borrowed; SIZE bytes, and empty at first */
	size_t size, len;
};

void words_add(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
