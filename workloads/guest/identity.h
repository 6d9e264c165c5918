/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_IDENTITY_H
#define WORKLOADS_GUEST_IDENTITY_H

/*
 * identity - the machine as seen from inside, as "KEY=VALUE" lines: the whole
 * CPUID, XCR0, the firmware's memory map, PCI devices, clock source,
 * mitigations, kernel and command line. Reports call guests identical only
 * after comparing these.
 */
#include <stddef.h>

/* At most SIZE bytes, terminated; whole lines only. Returns the length. */
size_t identity_write(char *buf, size_t size);

#endif
