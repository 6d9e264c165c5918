// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

static const struct {
	const char *suffix;
	uint64_t factor;
} byte_suffixes[] = {
	{"", 1},      {"K", KIB}, {"KiB", KIB}, {"M", MIB},
	{"MiB", MIB}, {"G", GIB}, {"GiB", GIB},
};

int units_parse_bytes(const char *text, uint64_t *bytes, struct err *err)
{
	unsigned long long value;
	char *end;
	size_t i;

	errno = 0;
	value = strtoull(text, &end, 10);
	/* strtoull() would take blanks, and signs behind them. */
	if (errno || text[0] < '0' || text[0] > '9')
		goto bad;
	for (i = 0; i < ARRAY_SIZE(byte_suffixes); i++) {
		if (strcmp(end, byte_suffixes[i].suffix))
			continue;
		if (value > UINT64_MAX / byte_suffixes[i].factor)
			goto bad;
		*bytes = value * byte_suffixes[i].factor;
		return 0;
	}
bad:
	return err_set(err, -EINVAL,
		       "'%s' is not a size; use for example 512M or 2G", text);
}

int units_parse_duration(const char *text, uint64_t *ns, struct err *err)
{
	static const char letters[] = "smh";
	static const uint64_t seconds[] = {1, 60, 3600};
	unsigned long long value;
	const char *letter;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	letter = *end ? strchr(letters, *end) : NULL;
	if (errno || text[0] < '0' || text[0] > '9' || !letter || end[1] ||
	    !value || value > 365 * 24 * 3600ull / seconds[letter - letters])
		return err_set(
			err, -EINVAL,
			"'%s' is not a time; use for example 90s, 30m or 2h",
			text);
	*ns = value * seconds[letter - letters] * NS_PER_S;
	return 0;
}

int units_parse_uint(const char *text, uint64_t min, uint64_t max,
		     uint64_t *value, struct err *err)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end || v < min ||
	    v > max)
		return err_set(
			err, -EINVAL, "'%s' is not a number from %llu to %llu",
			text, (unsigned long long)min, (unsigned long long)max);
	*value = v;
	return 0;
}

struct scale {
	double at_least;
	double divisor;
	const char *suffix;
};

static const struct scale ns_scales[] = {
	{1e9, 1e9, "s"},
	{1e6, 1e6, "ms"},
	{1e3, 1e3, "us"},
	{0, 1, "ns"},
};
static const struct scale rate_scales[] = {
	{1e9, 1e9, "GB/s"},
	{1e6, 1e6, "MB/s"},
	{1e3, 1e3, "kB/s"},
	{0, 1, "B/s"},
};
static const struct scale ops_scales[] = {
	{1e6, 1e6, "M/s"},
	{1e3, 1e3, "k/s"},
	{0, 1, "/s"},
};
static const struct scale byte_scales[] = {
	{(double)GIB, (double)GIB, "GiB"},
	{(double)MIB, (double)MIB, "MiB"},
	{(double)KIB, (double)KIB, "KiB"},
	{0, 1, "B"},
};
static const struct scale gib_scales[] = {
	{1, 1, "s/GiB"},
	{0, 1e-3, "ms/GiB"},
};
static const struct scale kop_scales[] = {
	{1, 1, "s/1000"},
	{0, 1e-3, "ms/1000"},
};
static const struct scale ratio_scales[] = {{0, 0.01, "%"}};
static const struct scale plain_scales[] = {{0, 1, ""}};

static const struct {
	const char *unit;
	const struct scale *scales;
} units[] = {
	{"ns", ns_scales},         {"bytes_per_s", rate_scales},
	{"ops_per_s", ops_scales}, {"bytes", byte_scales},
	{"s_per_gib", gib_scales}, {"s_per_kop", kop_scales},
	{"ratio", ratio_scales},
};

static const struct scale *scale_of(double value, const char *unit)
{
	const struct scale *s = plain_scales;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(unit, units[i].unit))
			s = units[i].scales;
	while (fabs(value) < s->at_least)
		s++;
	return s;
}

const char *units_format_tick(double value, const char *unit, char *buf,
			      size_t size)
{
	const struct scale *s = scale_of(value, unit);

	snprintf(buf, size, "%.4g%s%s", value / s->divisor,
		 s->suffix[0] ? " " : "", s->suffix);
	return buf;
}

const char *units_format(double value, const char *unit, char *buf, size_t size)
{
	const struct scale *s = scale_of(value, unit);
	double magnitude = fabs(value) / s->divisor;
	int digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2;

	snprintf(buf, size, "%.*f%s%s", digits, value / s->divisor,
		 s->suffix[0] ? " " : "", s->suffix);
	return buf;
}

const char *units_format_date(uint64_t unix_ns, char *buf, size_t size)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_S);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(buf, size, "%Y-%m-%d %H:%M", &tm);
	return buf;
}

const char *units_format_instant(uint64_t unix_ns, char *buf, size_t size)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_S);
	size_t len;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%07" PRIu64 "Z",
		 (uint64_t)(unix_ns % NS_PER_S / 100));
	return buf;
}
