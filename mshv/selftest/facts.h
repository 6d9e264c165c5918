/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_SELFTEST_FACTS_H
#define MSHV_SELFTEST_FACTS_H

/*
 * facts - what this hypervisor says of a fresh partition: its properties, by
 * which an emulator can be made to say the same. CPUID is in the trace of a boot.
 */
#include <stdint.h>

struct mshv_sys;

struct mshv_fact {
	const char *name; /* "processor_features0"; static storage */
	uint32_t code;
	int error; /* negative errno; 0: VALUE was given */
	uint64_t value;
};

/* Ask for each in turn, on the device at PATH; FACT is borrowed for the call. 0
 * or a negative errno where there is no partition to ask. */
int facts_gather(const struct mshv_sys *sys, const char *path,
		 void (*take)(void *arg, const struct mshv_fact *fact),
		 void *arg);

#endif
