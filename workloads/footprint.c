// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The memory that a guest costs its host. The guest measures nothing: it
 * touches all the memory it can get, and the host reads its memory before and
 * after. Each point is the shape of a machine (harness/core/shape.h) that
 * boots for it.
 */
#include "workloads/list.h"

/* One thing varies at a time, so that each has a cost of its own. */
static const struct wl_point footprint_points[] = {
	{.name = "256M-1cpu"},      {.name = "1G-1cpu"},
	{.name = "256M-2cpu"},      {.name = "256M-1cpu-2disk"},
	{.name = "256M-1cpu-2nic"}, {.name = "512M-2cpu-1disk-1nic"},
};

static const struct wl_point footprint_more_points[] = {
	{.name = "512M-1cpu"},      {.name = "2G-1cpu"},
	{.name = "4G-1cpu"},        {.name = "256M-4cpu"},
	{.name = "1G-8cpu"},        {.name = "256M-1cpu-4disk"},
	{.name = "256M-1cpu-4nic"}, {.name = "4G-8cpu-4disk-4nic"},
	{.name = "256M-1cpu-x4"},   {.name = "256M-1cpu-x16"},
};

/* What a device costs, beside guests of the same size without one. */
static const struct wl_point footprint_vfio_points[] = {
	{.name = "256M-1cpu"},       {.name = "1G-1cpu"},
	{.name = "256M-1cpu-1vfio"}, {.name = "1G-1cpu-1vfio"},
	{.name = "256M-1cpu-2vfio"}, {.name = "1G-1cpu-2vfio"},
};

static void touch_program(const struct wl_point *point,
			  const struct wl_env *env, struct wl_program *out)
{
	(void)point;
	(void)env;
	*out = (struct wl_program){.argv = {"/proc/self/exe", "--touch", NULL}};
}

#define FOOTPRINT(sym, more_flags, text)                                       \
	const struct workload wl_##sym = {                                     \
		.name = #sym,                                                  \
		.group = "footprint",                                          \
		.summary = text,                                               \
		.unit = WL_UNIT_DOCUMENT,                                      \
		.better = WL_LOWER_IS_BETTER,                                  \
		.flags = WL_SHAPE | more_flags,                                \
		.points = sym##_points,                                        \
		.point_count = sizeof(sym##_points) / sizeof(sym##_points[0]), \
		.program = touch_program}

FOOTPRINT(footprint, 0,
	  "memory overhead on the host for guests of several shapes");
FOOTPRINT(footprint_more, WL_ON_REQUEST,
	  "the same for larger guests, and for several at once");
FOOTPRINT(footprint_vfio, WL_NEEDS_DEVICE,
	  "the same for guests with devices of the host passed through");
