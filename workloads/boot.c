// SPDX-License-Identifier: GPL-3.0-or-later
/* Start-up. Nothing to run here: the harness takes the times, by its own
 * clock, from the start of the process that is the machine. */
#include "workloads/list.h"

static const struct wl_point boot_points[] = {
	{.name = "vmm_start"},
	{.name = "vm_ready"},
	{.name = "first_instruction"},
	{.name = "kernel_entry"},
	{.name = "init"},
	{.name = "agent_ready"},
	{.name = "power_off"},
};

const struct workload wl_boot = {
	.name = "boot",
	.group = "boot",
	.summary =
		"time from process start to each phase; power_off: from request to end",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_BY_HOST,
	.points = boot_points,
	.point_count = sizeof(boot_points) / sizeof(boot_points[0]),
};
