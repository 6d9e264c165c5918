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

#define DIGITS 17
/* A double from 1 on has no bit behind this many. */
#define FRACTION_BITS 52
#define PLAIN_LIMIT 1e15

/* The last LEN digits of VALUE, without the zeros at their end but for one. */
static void add_fraction(struct strbuf *out, uint64_t value, int len)
{
	char digits[DIGITS];
	int i;

	for (i = len - 1; i >= 0; i--) {
		digits[i] = (char)('0' + value % 10);
		value /= 10;
	}
	while (len > 1 && digits[len - 1] == '0')
		len--;
	strbuf_add(out, digits, (size_t)len);
}

/* What "%.17g" gives for 1 <= VALUE < PLAIN_LIMIT, in a tenth of its time: all that is
 * behind the point fits into 128 bits, so it is rounded exactly, a tie to even. */
static void add_plain(struct strbuf *out, double value)
{
	const uint64_t one = 1ULL << FRACTION_BITS;
	uint64_t whole = (uint64_t)value, scale = 1, left, digits;
	unsigned __int128 scaled;
	int len = DIGITS;

	for (left = whole; left; left /= 10)
		len--;
	for (left = (uint64_t)len; left; left--)
		scale *= 10;
	scaled = (uint64_t)((value - (double)whole) * (double)one);
	scaled *= scale;
	digits = (uint64_t)(scaled >> FRACTION_BITS);
	scaled &= one - 1;
	digits += scaled > one / 2 || (scaled == one / 2 && digits % 2);
	digits_add_count(out, whole + digits / scale);
	strbuf_add(out, ".", 1);
	add_fraction(out, digits % scale, len);
}

void digits_add_real(struct strbuf *out, double value)
{
	char text[40];
	int len;

	if (value >= 1 && value < PLAIN_LIMIT) {
		add_plain(out, value);
		return;
	}
	len = snprintf(text, sizeof(text), "%.17g", value);
	len = tidy_exponent(text, len);
	strbuf_add(out, text, (size_t)len);
	if (!strpbrk(text, ".e"))
		strbuf_add(out, ".0", 2);
}
