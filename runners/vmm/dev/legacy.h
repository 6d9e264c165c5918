/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_LEGACY_H
#define RUNNERS_VMM_DEV_LEGACY_H

/*
 * legacy - the two legacy devices that Linux accesses before it has read ACPI:
 * the real-time clock (MC146818), and an absent timer (8254).
 */
#include "runners/vmm/hv.h"

#define RTC_PORT 0x70
#define RTC_PORT_COUNT 2
#define PIT_PORT 0x40
#define PIT_PORT_COUNT 4

struct rtc {
	uint8_t index;
};

/* Bus_access_fn's; the clock shows UTC and cannot be set. */
void rtc_access(void *rtc, struct hv_access *access);

/*
 * Reads zero. An open bus, which reads all ones, would look like a counter
 * that has just started, and the kernel's quick calibration would read it
 * 100,000 times before giving up (arch/x86/kernel/tsc.c).
 */
void pit_access(void *unused, struct hv_access *access);

#endif
