// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/micro/text.h"

#include <stdarg.h>

static void add_char(struct text *t, char c)
{
	if (t->len + 1 >= t->size)
		return;
	t->to[t->len++] = c;
	t->to[t->len] = '\0';
}

static void add_number(struct text *t, uint64_t value, uint32_t base)
{
	char digits[20];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		add_char(t, digits[--count]);
}

void text_add(struct text *t, const char *fmt, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			add_char(t, *fmt);
			continue;
		}
		switch (*++fmt) {
		case 's':
			for (s = va_arg(ap, const char *); *s; s++)
				add_char(t, *s);
			break;
		case 'u':
			add_number(t, va_arg(ap, uint64_t), 10);
			break;
		case 'x':
			add_number(t, va_arg(ap, uint64_t), 16);
			break;
		default:
			break;
		}
	}
	va_end(ap);
}

const char *text_word(const char *p, char *to, size_t size)
{
	size_t len = 0;

	for (; *p && *p != ' ' && *p != '\n'; p++)
		if (len + 1 < size)
			to[len++] = *p;
	to[len] = '\0';
	return *p == ' ' ? p + 1 : p;
}
