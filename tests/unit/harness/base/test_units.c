// SPDX-License-Identifier: GPL-3.0-or-later
/* units: what people write is understood or refused, and read with ease. */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>

#include "harness/base/units.h"
#include "tests/unit/fixture/expect.h"

/* What a failed call must leave alone. */
#define UNTOUCHED 0x5a5a5a5aULL

typedef int parser(const char *text, uint64_t *value, struct err *err);

static void must_take(parser *parse, const char *text, uint64_t want)
{
	struct err err = {0};
	uint64_t got = UNTOUCHED;

	if (parse(text, &got, &err))
		fail_msg("'%s': %s", text, err.msg);
	if (got != want)
		fail_msg("'%s' is %llu", text, (unsigned long long)got);
}

static void must_refuse(parser *parse, const char *text)
{
	struct err err = {0};
	uint64_t got = UNTOUCHED;

	if (parse(text, &got, &err) != -EINVAL)
		fail_msg("'%s' is taken for %llu", text,
			 (unsigned long long)got);
	assert_int_equal(got, UNTOUCHED);
	assert_int_equal(err.code, -EINVAL);
	assert_contains(err.msg, text);
}

static void sizes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"4096", 4096},
		{"0010", 10},
		{"1K", 1024},
		{"16KiB", 16384},
		{"512M", 536870912},
		{"1MiB", 1048576},
		{"2G", 2147483648},
		{"2GiB", 2147483648},
		{"18446744073709551615", UINT64_MAX},
		/* 2^64 / 2^30 = 2^34 would be one too many. */
		{"17179869183G", UINT64_MAX - 0x3fffffff},
	};
	static const char *const bad[] = {
		"",
		"M",
		"-1M",
		"-1",
		" 1",
		" -1",
		"\t-1",
		"+1M",
		"12X",
		"1.5G",
		"1 M",
		"1m",
		"1MB",
		"1Mi",
		"1GiBx",
		"0x10",
		"1e3",
		"KiB",
		"\n-9",
		"17179869184G",
		"18446744073709551616",
		"99999999999999999999G",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		must_take(units_parse_bytes, good[i].text, good[i].bytes);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		must_refuse(units_parse_bytes, bad[i]);
}

static void times_are_up_to_a_year(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{"1s", 1},
		{"90s", 90},
		{"30m", 1800},
		{"2h", 7200},
		{"007s", 7},
		{"8760h", 365 * 86400},
		{"525600m", 365 * 86400},
		{"31536000s", 365 * 86400},
	};
	static const char *const bad[] = {
		"",
		"m",
		"0m",
		"-1m",
		"+1m",
		" 3s",
		"5d",
		"30",
		"1.5h",
		"30mm",
		"1 s",
		"3s ",
		"0s",
		"8761h",
		"1h30m",
		"1H",
		"31536001s",
		"99999999h",
		"99999999999999999999s",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		must_take(units_parse_duration, good[i].text,
			  good[i].seconds * 1000000000);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		must_refuse(units_parse_duration, bad[i]);
}

static int parse_small(const char *text, uint64_t *value, struct err *err)
{
	return units_parse_uint(text, 3, 20, value, err);
}

static int parse_any(const char *text, uint64_t *value, struct err *err)
{
	return units_parse_uint(text, 0, UINT64_MAX, value, err);
}

static void numbers_keep_to_their_range(void **state)
{
	static const char *const bad[] = {"",   "2",   "21",  "-3", "+3", " 3",
					  "3 ", "3.0", "0x3", "3k", "abc"};
	struct err err = {0};
	uint64_t value;
	size_t i;

	(void)state;
	must_take(parse_small, "3", 3);
	must_take(parse_small, "20", 20);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		must_refuse(parse_small, bad[i]);
	/* Who is refused is told what would do. */
	parse_small("21", &value, &err);
	assert_contains(err.msg, "from 3 to 20");
	must_take(parse_any, "0", 0);
	must_take(parse_any, "18446744073709551615", UINT64_MAX);
	must_refuse(parse_any, "18446744073709551616");
	must_refuse(parse_any, "-18446744073709551615");
}

static void values_have_three_digits(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} rows[] = {
		{0, "ns", "0.00 ns"},
		{1.5, "ns", "1.50 ns"},
		{12.34, "ns", "12.3 ns"},
		{999, "ns", "999 ns"},
		{1000, "ns", "1.00 us"},
		{2500, "ns", "2.50 us"},
		{123456789, "ns", "123 ms"},
		{2.2e9, "ns", "2.20 s"},
		/* A difference may be below nothing. */
		{-2500, "ns", "-2.50 us"},
		{-0.25, "ns", "-0.25 ns"},
		{12, "bytes_per_s", "12.0 B/s"},
		{1500, "bytes_per_s", "1.50 kB/s"},
		{6.31e8, "bytes_per_s", "631 MB/s"},
		{1.25e10, "bytes_per_s", "12.5 GB/s"},
		{8, "ops_per_s", "8.00 /s"},
		{45000, "ops_per_s", "45.0 k/s"},
		{3.5e6, "ops_per_s", "3.50 M/s"},
		{1023, "bytes", "1023 B"},
		{1024, "bytes", "1.00 KiB"},
		{1536, "bytes", "1.50 KiB"},
		{5.0 * 1048576, "bytes", "5.00 MiB"},
		{20.5 * 1073741824, "bytes", "20.5 GiB"},
		{0.25, "s_per_gib", "250 ms/GiB"},
		{1.25, "s_per_gib", "1.25 s/GiB"},
		{0.0125, "s_per_kop", "12.5 ms/1000"},
		{2, "s_per_kop", "2.00 s/1000"},
		{0.0512, "ratio", "5.12 %"},
		{1, "ratio", "100 %"},
		{7, "count", "7.00"},
		{123.4, "cycles", "123"},
		{0.5, "", "0.50"},
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(units_format(rows[i].value, rows[i].unit,
						 buf, sizeof(buf)),
				    rows[i].text);
}

/* Nothing that is no number may run past the end of a table. */
static void absent_values_are_shown_as_such(void **state)
{
	static const char *const names[] = {"ns", "bytes", "ratio", "count"};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		units_format((double)NAN, names[i], buf, sizeof(buf));
		assert_contains(buf, "nan");
		units_format(-(double)INFINITY, names[i], buf, sizeof(buf));
		assert_contains(buf, "-inf");
	}
	/* What does not fit is cut, with its end. */
	memset(buf, 'x', sizeof(buf));
	units_format(123456789, "ns", buf, 4);
	assert_string_equal(buf, "123");
	assert_int_equal(buf[4], 'x');
}

static void dates_are_utc(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01 00:00"},
		{59, "1970-01-01 00:00"},
		{60, "1970-01-01 00:01"},
		{951782399, "2000-02-28 23:59"},
		{951782400, "2000-02-29 00:00"},
		{1795680188, "2026-11-26 08:03"},
		{4107542400, "2100-03-01 00:00"},  /* no leap year */
		{18446744073, "2554-07-21 23:34"}, /* 2^64 ns */
	};
	char buf[32];
	size_t i;

	(void)state;
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(
			units_format_date(rows[i].seconds * 1000000000, buf,
					  sizeof(buf)),
			rows[i].text);
	unsetenv("TZ");
}

static void instants_have_seven_digits(void **state)
{
	static const struct {
		uint64_t unix_ns;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.0000000Z"},
		{199, "1970-01-01T00:00:00.0000001Z"},
		{1795680188123456789, "2026-11-26T08:03:08.1234567Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.7095516Z"},
	};
	char buf[40];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(
			units_format_instant(rows[i].unix_ns, buf, sizeof(buf)),
			rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(times_are_up_to_a_year),
		cmocka_unit_test(numbers_keep_to_their_range),
		cmocka_unit_test(values_have_three_digits),
		cmocka_unit_test(absent_values_are_shown_as_such),
		cmocka_unit_test(dates_are_utc),
		cmocka_unit_test(instants_have_seven_digits),
	};

	return RUN_TESTS(tests);
}
