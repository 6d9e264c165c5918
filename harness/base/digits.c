// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/digits.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/strbuf.h"

void digits_add_count(struct strbuf *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	strbuf_add(out, digits + at, sizeof(digits) - at);
}

/* jansson takes the "+" and the zeros before it out of "1e+05". */
static int tidy_exponent(char *text, int len)
{
	char *at = strchr(text, 'e'), *end;

	if (!at)
		return len;
	at++;
	if (*at == '-')
		at++;
	end = at + (*at == '+');
	while (*end == '0')
		end++;
	memmove(at, end, strlen(end) + 1);
	return (int)strlen(text);
}

void digits_add_real(struct strbuf *out, double value)
{
	char text[40];
	int len = snprintf(text, sizeof(text), "%.17g", value);

	len = tidy_exponent(text, len);
	strbuf_add(out, text, (size_t)len);
	if (!strpbrk(text, ".e"))
		strbuf_add(out, ".0", 2);
}
