/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_TEXT_H
#define WORKLOADS_GUEST_MICRO_TEXT_H

/* text - the micro guest's replacement for printf and scanf, without a libc. */
#include <stddef.h>
#include <stdint.h>

struct text {
	char *to;
	size_t size;
	size_t len; /* without the end; what does not fit is dropped */
};

/* Understands %s, %u (uint64_t) and %x (uint64_t); all else is copied. */
void text_add(struct text *t, const char *fmt, ...);

/* A word up to a space, which is passed by; cut to SIZE. */
const char *text_word(const char *p, char *to, size_t size);

#endif
