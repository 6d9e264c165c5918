// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/session/guest_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/core/plan.h"
#include "harness/core/runner.h"
#include "runners/machine/guest_boot.h"

/* Why PLAN's guests cannot have the ELF file: 0 if they can. */
static int check_elf(const struct plan *plan, struct err *err)
{
	char *path = guest_boot_elf();
	int ret = access(path, R_OK) ? -errno : 0;
	size_t i;

	if (ret)
		err_set(err, -EINVAL,
			"there is no '%s'; build it with 'l1vh-bench guest build', whose manifest says why if it cannot",
			path);
	free(path);
	for (i = 0; i < plan->runner_count && !ret; i++)
		if (runner_needs_bzimage(plan->runners[i]))
			ret = err_set(
				err, -EINVAL,
				"runner %s starts no ELF kernel; give --guest-kernel bzimage, or leave it out",
				plan->runners[i]);
	return ret ? -EINVAL : 0;
}

static bool has_guests(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->runner_count; i++)
		if (runner_is_guest(plan->runners[i]))
			return true;
	return false;
}

int guest_kernel_choose(struct plan *plan, bool boots_linux, struct err *err)
{
	bool is_auto = !strcmp(plan->guest_kernel, "auto");
	struct err why;

	if (!is_auto && strcmp(plan->guest_kernel, "elf"))
		return 0;
	if (boots_linux && has_guests(plan)) {
		int ret = check_elf(plan, is_auto ? &why : err);

		if (ret && !is_auto)
			return ret;
		plan->guest_kernel = ret ? "bzimage" : "elf";
		return 0;
	}
	plan->guest_kernel = "bzimage";
	return 0;
}
