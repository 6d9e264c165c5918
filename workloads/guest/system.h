/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_SYSTEM_H
#define WORKLOADS_GUEST_SYSTEM_H

/* system - what PID 1 of the guest has to do before it can be an agent. */
#include <stdint.h>

/* Mount /proc, /sys and /dev. */
void system_mount(void);

/* Allow transparent huge pages whatever the size of the guest. */
void system_enable_huge_pages(void);

/* Load /modules/ *.ko in name order. */
void system_load_modules(void);

/* The result channel, opened; waits a while for it to appear. -1: none. */
int system_open_channel(void);

/* Gain the stamp port, and write to it. */
void system_stamp_enable(void);
void system_stamp(uint32_t value);

void system_power_off(void) __attribute__((noreturn));

#endif
