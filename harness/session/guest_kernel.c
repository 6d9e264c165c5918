// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/session/guest_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/core/plan.h"
#include "harness/core/runner.h"
#include "runners/machine/guest_boot.h"

/* Why PLAN's guests cannot have the ELF file: 0 if they can. */
static int check_elf(const struct plan *plan, struct err *err)
{
	char *path;
	size_t i;
	int ret = 0;

	if (!guest_boot_has_elf()) {
		path = guest_boot_elf();
		ret = err_set(
			err, -EINVAL,
			"there is no '%s'; build it with 'l1vh-bench guest build', whose manifest says why if it cannot",
			path);
		free(path);
	}
	for (i = 0; i < plan->runner_count && !ret; i++)
		if (runner_needs_bzimage(plan->runners[i]))
			ret = err_set(
				err, -EINVAL,
				"runner %s starts no ELF kernel; give --guest-kernel bzimage, or leave it out",
				plan->runners[i]);
	return ret;
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
	struct err why;
	int ret = 0;

	if (!strcmp(plan->guest_kernel, "bzimage"))
		return 0;
	boots_linux = boots_linux && has_guests(plan);
	if (boots_linux)
		ret = check_elf(plan, &why);
	if (ret && strcmp(plan->guest_kernel, "auto") != 0) {
		*err = why;
		return ret;
	}
	plan->guest_kernel = boots_linux && !ret ? "elf" : "bzimage";
	return 0;
}

bool guest_kernel_may_be_elf(const char *wants, const char *runner)
{
	return strcmp(wants, "bzimage") != 0 && !runner_needs_bzimage(runner) &&
	       guest_boot_has_elf();
}
