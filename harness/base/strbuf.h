/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_STRBUF_H
#define HARNESS_BASE_STRBUF_H

#include <stddef.h>

/*
 * strbuf - a string that grows. Zeroed memory is a valid empty one; str is
 * NULL until something was added, strbuf_str() is never NULL.
 */
struct strbuf {
	char *str; /* owned; always ends in '\0' */
	size_t len;
	size_t capacity;
};

void strbuf_release(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const void *bytes, size_t len);
void strbuf_puts(struct strbuf *sb, const char *s);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *strbuf_str(const struct strbuf *sb);

/* Drop the first LEN bytes. */
void strbuf_consume(struct strbuf *sb, size_t len);

/* The last line of TEXT that is not empty; *LEN is 0 where there is none. */
const char *text_last_line(const char *text, int *len);

/*
 * Make text of unknown origin safe to store and to print: whatever is not
 * printable ASCII, a tab or a newline becomes '?'.
 */
void text_clean(char *text);

/*
 * Why LEN bytes are no lines of text, NULL if they are: a byte of zero, UTF-16, or a
 * CR that no LF follows and that would hide what is behind it. Programs that read
 * lines pass none of these on.
 */
const char *text_fault(const char *text, size_t len);

/* The length of the byte order mark that UTF-8 text begins with, else 0. */
size_t text_bom(const char *text, size_t len);

/* Keep at most the last MAX bytes: for logs of unknown length. */
void strbuf_keep_tail(struct strbuf *sb, size_t max);

#endif
