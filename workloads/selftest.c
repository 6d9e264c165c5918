// SPDX-License-Identifier: GPL-3.0-or-later
/* Workloads that fail on purpose, for tests of the harness. They run in
 * guests only: the agent refuses them natively. */
#include <fcntl.h>
#include <unistd.h>

#include "workloads/list.h"

static enum wl_answer panic_run(struct wl_ctx *ctx, uint64_t iterations)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	(void)iterations;
	if (fd < 0 || write(fd, "c", 1) != 1)
		return wl_say(ctx, WL_FAIL, "cannot make the kernel panic");
	return WL_OK;
}

static enum wl_answer hang_run(struct wl_ctx *ctx, uint64_t iterations)
{
	(void)iterations;
	for (;;)
		ctx->sink++;
	return WL_OK;
}

static enum wl_answer fail_run(struct wl_ctx *ctx, uint64_t iterations)
{
	(void)iterations;
	return wl_say(ctx, WL_FAIL, "failed because it was asked to");
}

#define SELFTEST(sym, text)                              \
	const struct workload wl_selftest_##sym = {      \
		.name = "selftest_" #sym,                \
		.group = "selftest",                     \
		.summary = text,                         \
		.unit = WL_UNIT_NS,                      \
		.better = WL_LOWER_IS_BETTER,            \
		.flags = WL_SELFTEST | WL_ONE_ITERATION, \
		.points = &wl_no_point,                  \
		.point_count = 1,                        \
		.run = sym##_run}

SELFTEST(panic, "makes the guest's kernel panic");
SELFTEST(hang, "never returns");
SELFTEST(fail, "reports a failure");
