// SPDX-License-Identifier: GPL-3.0-or-later
/* The clock, the timer that is not there, and the ways to switch a guest off. */
#include "tests/unit/test.h"

#include <time.h>

#include "runners/vmm/dev/legacy.h"
#include "runners/vmm/dev/power.h"
#include "tests/unit/fixture/access.h"

static uint32_t clock_register(struct rtc *rtc, uint8_t index)
{
	access_write(rtc_access, rtc, 0, 1, index);
	return (uint32_t)access_read(rtc_access, rtc, 1, 1);
}

/* MC146818A, table 3: two digits per byte; a nibble above 9 is none. */
static int two_digits(uint32_t bcd)
{
	assert_in_range(bcd & 0xf, 0, 9);
	assert_in_range(bcd >> 4, 0, 9);
	return (int)(bcd >> 4) * 10 + (int)(bcd & 0xf);
}

/* Seconds since 1970 from what the registers show. */
static time_t shown_time(struct rtc *rtc)
{
	struct tm tm = {
		.tm_sec = two_digits(clock_register(rtc, 0x00)),
		.tm_min = two_digits(clock_register(rtc, 0x02)),
		.tm_hour = two_digits(clock_register(rtc, 0x04)),
		.tm_mday = two_digits(clock_register(rtc, 0x07)),
		.tm_mon = two_digits(clock_register(rtc, 0x08)) - 1,
		.tm_year = two_digits(clock_register(rtc, 0x09)) +
			   100 * two_digits(clock_register(rtc, 0x32)) - 1900,
	};

	return timegm(&tm);
}

static void the_clock_shows_utc(void **state)
{
	struct rtc rtc = {0};
	time_t before, shown, after;

	(void)state;
	do { /* until no second ends in between */
		before = time(NULL);
		shown = shown_time(&rtc);
		after = time(NULL);
	} while (before != after);
	assert_int_equal(shown, before);
}

/* The first day of the week is Sunday; 1970-01-01 was a Thursday. */
static void the_clock_shows_the_day_of_the_week(void **state)
{
	struct rtc rtc = {0};
	time_t before, after;
	uint32_t day;

	(void)state;
	do {
		before = time(NULL) / 86400;
		day = clock_register(&rtc, 0x06);
		after = time(NULL) / 86400;
	} while (before != after);
	assert_int_equal(day, (before + 4) % 7 + 1);
}

static void the_clock_cannot_be_set(void **state)
{
	struct rtc rtc = {0};
	uint32_t i;

	(void)state;
	for (i = 0; i < 0x80; i++) {
		access_write(rtc_access, &rtc, 0, 1, i);
		access_write(rtc_access, &rtc, 1, 1, 0x77);
	}
	/* 24 hours, in BCD; the battery is fine; no update is going on. */
	assert_int_equal(clock_register(&rtc, 0x0b), 0x02);
	assert_int_equal(clock_register(&rtc, 0x0d), 0x80);
	assert_int_equal(clock_register(&rtc, 0x0a), 0);
	assert_int_equal(clock_register(&rtc, 0x7f), 0);
	/* Bit 7 of the index masks NMIs and is no part of it. */
	assert_int_equal(clock_register(&rtc, 0x8d), 0x80);
	assert_int_equal(access_read(rtc_access, &rtc, 0, 1), 0xff);
}

static void the_timer_reads_zero(void **state)
{
	uint64_t reg;

	(void)state;
	for (reg = 0; reg < PIT_PORT_COUNT; reg++) {
		access_write(pit_access, NULL, reg, 1, 0xff);
		assert_int_equal(access_read(pit_access, NULL, reg, 1), 0);
	}
}

static void note(void *arg, enum power_request request)
{
	*(enum power_request *)arg = request;
}

static void only_the_right_words_end_a_guest(void **state)
{
	static const struct {
		bus_access_fn *fn;
		uint64_t addr, data;
		enum power_request request;
	} rows[] = {
		/* ACPI 6.5, 4.8.3.7: SLP_EN in bit 5, SLP_TYP in bits 2-4. */
		{power_access, 0, 0x34, POWER_REQUEST_OFF},
		{power_access, 0, 0xf4, POWER_REQUEST_OFF},
		{power_access, 0, 0x14, POWER_NONE}, /* not enabled */
		{power_access, 0, 0x20, POWER_NONE}, /* S0 */
		{power_access, 0, 0x2c, POWER_NONE}, /* S3 */
		{power_access, 0, 0x3c, POWER_NONE},
		{power_access, 1, 0x34, POWER_NONE},
		{power_access, 2, 0x01, POWER_REQUEST_RESET},
		{power_access, 2, 0x101, POWER_REQUEST_RESET}, /* one byte */
		{power_access, 2, 0x00, POWER_NONE},
		{power_access, 2, 0x34, POWER_NONE},
		{power_access, 3, 0x01, POWER_NONE},
		{keyboard_access, 0, 0xfe, POWER_REQUEST_RESET},
		{keyboard_access, 0, 0xff, POWER_NONE},
		{keyboard_access, 0, 0xaa, POWER_NONE}, /* a self-test */
	};
	enum power_request seen;
	struct power power = {.request = note, .arg = &seen};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		seen = POWER_NONE;
		access_write(rows[i].fn, &power, rows[i].addr, 1, rows[i].data);
		if (seen != rows[i].request)
			fail_msg("row %zu: request %d", i, (int)seen);
	}
}

/* A driver that polls the status of a missing controller goes on at once. */
static void reading_ends_no_guest(void **state)
{
	enum power_request seen = POWER_NONE;
	struct power power = {.request = note, .arg = &seen};
	uint64_t reg;

	(void)state;
	for (reg = 0; reg < POWER_PORT_COUNT; reg++)
		assert_int_equal(access_read(power_access, &power, reg, 1), 0);
	assert_int_equal(access_read(keyboard_access, &power, 0, 1), 0);
	assert_int_equal(seen, POWER_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_shows_utc),
		cmocka_unit_test(the_clock_shows_the_day_of_the_week),
		cmocka_unit_test(the_clock_cannot_be_set),
		cmocka_unit_test(the_timer_reads_zero),
		cmocka_unit_test(only_the_right_words_end_a_guest),
		cmocka_unit_test(reading_ends_no_guest),
	};

	return RUN_TESTS(tests);
}
