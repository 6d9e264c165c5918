/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_GUEST_PLACE_H
#define RUNNERS_LINK_GUEST_PLACE_H

/* guest_place - where a guest stands at one moment, as its VMM tells. */
#include <stdbool.h>
#include <stdint.h>

struct guest_place {
	bool knows_rip;
	uint64_t rip; /* of vCPU 0 */
	bool knows_requests;
	uint64_t disk_requests; /* requests so far, of all disks */
};

#endif
