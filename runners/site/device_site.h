/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_DEVICE_SITE_H
#define RUNNERS_SITE_DEVICE_SITE_H

/*
 * device_site - a PCI function of the host for one case: with the host's driver,
 * or with vfio-pci for a guest.
 *
 * A guard process changes the driver, and changes it back when this process ends,
 * also if that is killed. A mark in /run tells the next guard what was there
 * before one that was killed itself.
 */
#include <stdint.h>
#include <sys/types.h>

#include "harness/core/pci_host.h"

struct err;

enum device_side { DEVICE_HOST, DEVICE_VFIO };

struct device_site {
	pid_t guard;        /* 0: none */
	int to_guard;       /* owned; its end is the guard's */
	struct pci_host fn; /* after the change */
	uint64_t change_ns; /* what that took; 0: nothing was to be done */
};

/* -ENODEV, -EPERM or -EBUSY with what stands in the way. */
int device_site_open(struct device_site *site, const char *address,
		     enum device_side side, struct err *err);
void device_site_close(struct device_site *site); /* zeroed is fine */

/*
 * The guard's main (device_guard.c): "ADDRESS host" or "ADDRESS vfio", and for
 * tests the folder that /sys, /run and /dev are in. Says "ready NS" or "error CODE
 * MESSAGE", then lives until stdin ends.
 */
int device_guard_main(int argc, char **argv);

#endif
