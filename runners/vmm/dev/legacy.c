// SPDX-License-Identifier: GPL-3.0-or-later
/* RTC registers: Motorola MC146818A datasheet, figure 11. */
#include "runners/vmm/dev/legacy.h"

#include <time.h>

#define REG_B 0x0b
#define REG_B_24H 0x02
#define REG_D 0x0d
#define REG_D_VALID 0x80
#define REG_CENTURY 0x32

static uint8_t bcd(int value)
{
	return (uint8_t)((value / 10 % 10) << 4 | value % 10);
}

static uint8_t rtc_register(uint8_t index)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (index) {
	case 0x00:
		return bcd(tm.tm_sec);
	case 0x02:
		return bcd(tm.tm_min);
	case 0x04:
		return bcd(tm.tm_hour);
	case 0x06:
		return bcd(tm.tm_wday + 1);
	case 0x07:
		return bcd(tm.tm_mday);
	case 0x08:
		return bcd(tm.tm_mon + 1);
	case 0x09:
		return bcd(tm.tm_year % 100);
	case REG_CENTURY:
		return bcd((tm.tm_year + 1900) / 100);
	case REG_B:
		return REG_B_24H;
	case REG_D:
		return REG_D_VALID;
	default: /* register A: no update is ever in progress */
		return 0;
	}
}

void rtc_access(void *rtc, struct hv_access *access)
{
	struct rtc *r = rtc;

	if (access->is_write) {
		if (access->addr == 0)
			r->index = access->data & 0x7f;
		return;
	}
	access->data = access->addr ? rtc_register(r->index) : 0xff;
}

void pit_access(void *unused, struct hv_access *access)
{
	(void)unused;
	if (!access->is_write)
		access->data = 0;
}
