/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_HANG_H
#define RUNNERS_MACHINE_HANG_H

/*
 * hang - where a guest hangs that has not said hello, or ended, in its time. A platform
 * shows such a guest as running and ready; what tells it apart from a slow one
 * is an instruction pointer that stands still, no blocks read, and a vCPU that
 * uses its CPU or does not.
 */
#include <stdbool.h>
#include <stddef.h>

#include "runners/link/guest_place.h"

struct agent_link;
struct machine_spec;

struct hang {
	struct guest_place first, last;
	bool has_vmm; /* whom to ask; libvirt may not have come so far */
	bool knows_cpu;
	char line[100];   /* the console's last; "" if it is silent */
	double cpu_ratio; /* CPU time of all threads per time that passed */
};

/* Look twice at the guest of a machine that still runs, half a second apart;
 * takes about a second. */
void hang_look(struct hang *h, struct agent_link *link,
	       const struct machine_spec *spec, int pid);

/* One clause: "RIP stands still at 0xfd1d2 (firmware, ...), ...". */
const char *hang_text(const struct hang *h, char *buf, size_t size);

#endif
