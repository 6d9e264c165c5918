// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/strbuf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"

void strbuf_release(struct strbuf *sb)
{
	free(sb->str);
	memset(sb, 0, sizeof(*sb));
}

static void strbuf_reserve(struct strbuf *sb, size_t extra)
{
	size_t want = sb->len + extra + 1;

	if (want <= sb->capacity)
		return;
	if (want < 2 * sb->capacity)
		want = 2 * sb->capacity;
	sb->str = xrealloc(sb->str, want, 1);
	sb->capacity = want;
}

void strbuf_add(struct strbuf *sb, const void *bytes, size_t len)
{
	strbuf_reserve(sb, len);
	memcpy(sb->str + sb->len, bytes, len);
	sb->len += len;
	sb->str[sb->len] = '\0';
}

void strbuf_puts(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	strbuf_reserve(sb, (size_t)len);
	va_start(ap, fmt);
	vsnprintf(sb->str + sb->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	sb->len += (size_t)len;
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->str ? sb->str : "";
}

void strbuf_consume(struct strbuf *sb, size_t len)
{
	if (!len)
		return;
	memmove(sb->str, sb->str + len, sb->len - len + 1);
	sb->len -= len;
}

void text_clean(char *text)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n' &&
		    *text != '\t')
			*text = '?';
}

void strbuf_keep_tail(struct strbuf *sb, size_t max)
{
	if (sb->len > max)
		strbuf_consume(sb, sb->len - max);
}

const char *text_last_line(const char *text, int *len)
{
	const char *end = text + strlen(text);
	const char *start;

	while (end > text && strchr("\r\n", end[-1]))
		end--;
	for (start = end; start > text && start[-1] != '\n'; start--)
		;
	*len = (int)(end - start);
	return start;
}

static bool is_utf_16(const char *text, size_t len)
{
	if (len >= 2 &&
	    (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
		return true;
	/* ASCII in either order, without a mark. */
	return len >= 4 && !text[0] != !text[1] && !text[0] == !text[2] &&
	       !text[1] == !text[3];
}

const char *text_fault(const char *text, size_t len)
{
	const char *end = text + len, *cr = text;

	if (is_utf_16(text, len))
		return "it is UTF-16; save it as UTF-8";
	if (len && memchr(text, '\0', len))
		return "it has a NUL byte";
	while (cr < end && (cr = memchr(cr, '\r', (size_t)(end - cr))))
		if (++cr < end && *cr != '\n')
			return "it has a carriage return (CR) that ends no line; end lines with LF or CR LF";
	return NULL;
}

size_t text_bom(const char *text, size_t len)
{
	return len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}
