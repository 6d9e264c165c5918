// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The workloads of the micro guest (workloads/guest/micro/). The agent can run
 * those that need no guest natively: it starts itself as a program that prints
 * a document of the same form.
 */
#include "workloads/list.h"
#include "workloads/micro/micro_points.h"

#define POINT(loop, text, ring, repeat, param) {.name = text, .bytes = 0},
#define WALK(text, guest, host, size) \
	{.name = text, .bytes = size, .page_bytes = guest},
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static const struct wl_point exit_points[] = {MICRO_EXIT_POINTS(POINT)};
static const struct wl_point clock_points[] = {MICRO_CLOCK_POINTS(POINT)};
static const struct wl_point cpu_points[] = {MICRO_CPU_POINTS(POINT)};
static const struct wl_point fault_points[] = {MICRO_FAULT_POINTS(POINT)};
static const struct wl_point walk_points[] = {MICRO_WALK_POINTS(WALK)};

#define START(text, memory, vcpus, full) {.name = text},
#define MANY(text, count) {.name = text},
static const struct wl_point start_points[] = {MICRO_START_POINTS(START)
						       MICRO_MANY_POINTS(MANY)};

#define MICRO_PROGRAM(fn, workload)                                            \
	static void fn(const struct wl_point *point, const struct wl_env *env, \
		       struct wl_program *out)                                 \
	{                                                                      \
		(void)env;                                                     \
		*out = (struct wl_program){.argv = {"/proc/self/exe",          \
						    "--micro", workload,       \
						    point->name, NULL}};       \
	}

MICRO_PROGRAM(exit_program, "micro_exit")
MICRO_PROGRAM(clock_program, "micro_clock")
MICRO_PROGRAM(cpu_program, "micro_cpu")
MICRO_PROGRAM(walk_program, "micro_walk")
MICRO_PROGRAM(fault_program, "micro_fault")

#define MICRO_WORKLOAD(sym, more_flags, text)         \
	const struct workload wl_micro_##sym = {      \
		.name = "micro_" #sym,                \
		.group = "micro",                     \
		.summary = text,                      \
		.unit = WL_UNIT_DOCUMENT,             \
		.better = WL_LOWER_IS_BETTER,         \
		.flags = WL_NEEDS_MICRO | more_flags, \
		.points = sym##_points,               \
		.point_count = COUNT(sym##_points),   \
		.program = sym##_program}

MICRO_WORKLOAD(exit, 0,
	       "one exit of each kind, and other operations of a guest only");
MICRO_WORKLOAD(clock, WL_ON_REQUEST,
	       "drift of the guest's clock from the host's in a minute");
MICRO_WORKLOAD(cpu, 0, "dependent operations in ring 3 and 0, per step");
MICRO_WORKLOAD(walk, 0,
	       "a load that misses the TLB, by guest and host page size");
MICRO_WORKLOAD(fault, WL_SELFTEST, "the micro guest fails on purpose");

static const struct wl_point churn_points[] = {{.name = "guests"}};

const struct workload wl_churn = {
	.name = "churn",
	.group = "churn",
	.summary =
		"thousands of micro guests, one after the other: tear-down, and what the host loses",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_MICRO | WL_BY_HOST | WL_ON_REQUEST,
	.points = churn_points,
	.point_count = COUNT(churn_points),
};

#define RESTORE(text, count) {.name = text},
static const struct wl_point restore_points[] = {
	{.name = "fresh"}, {.name = "restored"}, MICRO_CLONE_POINTS(RESTORE)};
static const struct wl_point restore_linux_points[] = {
	{.name = "fresh"}, {.name = "restored"}, LINUX_CLONE_POINTS(RESTORE)};

#define RESTORE_WORKLOAD(sym, text)                                   \
	const struct workload wl_##sym = {                            \
		.name = #sym,                                         \
		.group = "restore",                                   \
		.summary = text,                                      \
		.unit = WL_UNIT_NS,                                   \
		.better = WL_LOWER_IS_BETTER,                         \
		.flags = WL_NEEDS_MICRO | WL_BY_HOST | WL_ON_REQUEST, \
		.points = sym##_points,                               \
		.point_count = COUNT(sym##_points),                   \
	}

RESTORE_WORKLOAD(
	restore,
	"a micro guest from a snapshot, alone and as clones: time to its first word, page faults");
RESTORE_WORKLOAD(restore_linux, "the same of Linux whose agent is ready");

const struct workload wl_micro_start = {
	.name = "micro_start",
	.group = "micro",
	.summary =
		"start of a VMM process until the guest's first message, alone and many at once",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_MICRO | WL_BY_HOST,
	.points = start_points,
	.point_count = COUNT(start_points),
};
