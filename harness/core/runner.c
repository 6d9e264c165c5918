// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/runner.h"

#include <string.h>

static const struct runner_ops unknown = {.vmm = RUNNER_OWN_VMM};

const struct runner_ops *runner_find(const char *name)
{
	const struct runner_ops *const *r;

	for (r = runners; *r; r++)
		if (!strcmp((*r)->name, name))
			return *r;
	return NULL;
}

static const struct runner_ops *facts_of(const char *name)
{
	const struct runner_ops *r = runner_find(name);

	return r ? r : &unknown;
}

bool runner_is_by(const char *name, enum runner_vmm vmm)
{
	return facts_of(name)->vmm == vmm;
}

bool runner_is_guest(const char *name)
{
	return !runner_is_by(name, RUNNER_NO_GUEST);
}

bool runner_runs_qemu(const char *name)
{
	return runner_is_by(name, RUNNER_QEMU) ||
	       runner_is_by(name, RUNNER_LIBVIRT);
}

/* No VMM but ours has a device that serves it; natively it is a process. */
bool runner_boots_micro(const char *name)
{
	return runner_is_by(name, RUNNER_OWN_VMM) || !runner_is_guest(name);
}

const char *runner_device(const char *name)
{
	return facts_of(name)->device;
}

uint32_t runner_attempts(const char *name)
{
	uint32_t attempts = facts_of(name)->attempts;

	return attempts ? attempts : 1;
}

bool runner_needs_bzimage(const char *name)
{
	return facts_of(name)->needs_bzimage;
}

bool runner_stands_in_for(const char *name, const char *other)
{
	const char *real = facts_of(name)->stands_in_for;

	return real && !strcmp(real, other);
}
