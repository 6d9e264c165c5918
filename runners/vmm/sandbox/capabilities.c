// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runners/vmm/sandbox/sandbox_priv.h"

/* More than any kernel has; the first that it does not know ends the loop. */
#define MAX_CAPABILITY 63

int capabilities_drop(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {{.effective = 0}};
	unsigned long i;

	/* Needs a capability itself; without it there is nothing to bound. */
	for (i = 0; i <= MAX_CAPABILITY; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			break;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* What is no longer permitted leaves the ambient set as well. */
	return syscall(SYS_capset, &head, none) ? -errno : 0;
}
