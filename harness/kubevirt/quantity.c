// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

/* More digits than any amount has; further digits make no difference. */
#define MAX_DIGITS 30
#define MAX_EXPONENT 40

static const struct {
	const char *suffix;
	int decimal; /* power of ten */
	int binary;  /* power of two */
} suffixes[] = {
	{"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},
	{"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},
	{"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
	{"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
};

/* Digits, with at most one point; how many stand behind it. */
static const char *take_number(const char *p, unsigned __int128 *number,
			       int *fraction)
{
	bool has_point = false;
	int digits = 0;

	*number = 0;
	*fraction = 0;
	for (; isdigit((unsigned char)*p) || (*p == '.' && !has_point); p++) {
		if (*p == '.') {
			has_point = true;
			continue;
		}
		if (++digits > MAX_DIGITS)
			return NULL;
		*number = *number * 10 + (unsigned int)(*p - '0');
		*fraction += has_point;
	}
	return digits ? p : NULL;
}

/* "e3", "E-2": only where a number follows. */
static bool take_exponent(const char *p, int *exponent)
{
	char *end;
	long value;

	if (*p != 'e' && *p != 'E')
		return false;
	if (!isdigit((unsigned char)p[1]) &&
	    !((p[1] == '+' || p[1] == '-') && isdigit((unsigned char)p[2])))
		return false;
	value = strtol(p + 1, &end, 10);
	if (*end || value > MAX_EXPONENT || value < -MAX_EXPONENT)
		return false;
	*exponent = (int)value;
	return true;
}

static bool take_suffix(const char *p, int *decimal, int *binary)
{
	size_t i;

	*binary = 0;
	if (take_exponent(p, decimal))
		return true;
	for (i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (!strcmp(suffixes[i].suffix, p)) {
			*decimal = suffixes[i].decimal;
			*binary = suffixes[i].binary;
			return true;
		}
	return false;
}

#define NANO 1000000000

/* NUMBER 10^DECIMAL 2^BINARY in units of 10^-9, up; false when it is too
 * large. */
static bool scale(unsigned __int128 number, int decimal, int binary,
		  struct quantity *q)
{
	const unsigned __int128 limit = (unsigned __int128)1 << 124;
	bool is_rest = false;

	for (; binary > 0; binary--) {
		if (number >= limit / 2)
			return false;
		number *= 2;
	}
	for (decimal += 9; decimal > 0; decimal--) {
		if (number >= limit / 10)
			return false;
		number *= 10;
	}
	for (; decimal < 0; decimal++) {
		is_rest |= number % 10 != 0;
		number /= 10;
	}
	number += is_rest;
	if (number > (unsigned __int128)INT64_MAX * NANO)
		return false;
	q->nano = (__int128)number;
	return true;
}

int quantity_read(const char *text, struct quantity *q, struct err *err)
{
	const char *p = text;
	unsigned __int128 number;
	int fraction, decimal, binary;

	if (*p == '-')
		return err_set(err, -EINVAL, "'%s' is negative", text);
	p += *p == '+';
	p = take_number(p, &number, &fraction);
	if (!p || !take_suffix(p, &decimal, &binary))
		return err_set(
			err, -EINVAL,
			"'%.60s' is not an amount; Kubernetes writes 512Mi, 1.5G or 500m",
			text);
	if (!scale(number, decimal - fraction, binary, q))
		return err_set(err, -ERANGE, "'%.60s' is too large", text);
	return 0;
}

int quantity_parse(const char *text, int64_t *value, struct err *err)
{
	struct quantity q;
	int ret = quantity_read(text, &q, err);

	if (!ret)
		*value = quantity_value(q);
	return ret;
}

struct quantity quantity_of(int64_t value)
{
	return (struct quantity){(__int128)value * NANO};
}

static int64_t in_units_of(struct quantity q, int64_t nano)
{
	return (int64_t)(q.nano / nano + (q.nano % nano > 0));
}

int64_t quantity_value(struct quantity q)
{
	return in_units_of(q, NANO);
}

int64_t quantity_kilo(struct quantity q)
{
	return in_units_of(q, (int64_t)NANO * 1000);
}

int64_t quantity_milli(struct quantity q)
{
	return in_units_of(q, NANO / 1000);
}

struct quantity quantity_add(struct quantity a, struct quantity b)
{
	return (struct quantity){a.nano + b.nano};
}

struct quantity quantity_subtract(struct quantity a, struct quantity b)
{
	return (struct quantity){a.nano - b.nano};
}

bool amount_is_zero(struct amount a)
{
	return !a.is_set || !a.q.nano;
}

bool amounts_are_equal(struct amount a, struct amount b)
{
	return (a.is_set ? a.q.nano : 0) == (b.is_set ? b.q.nano : 0);
}

struct amount amount_of(int64_t value)
{
	return (struct amount){quantity_of(value), true};
}
