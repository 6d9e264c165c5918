// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/sandbox/sandbox_priv.h"

static const struct {
	const char *name;
	int flag; /* 0: whoever starts the process has to give it */
} kinds[] = {
	{"user", CLONE_NEWUSER},
	{"mount", CLONE_NEWNS},
	{"net", CLONE_NEWNET},
	{"pid", 0},
};
_Static_assert((1u << ARRAY_SIZE(kinds)) - 1 == NAMESPACE_ALL,
	       "a bit of the mask per kind");

void namespaces_text(unsigned int mask, char *text, size_t size)
{
	size_t i, at = 0;

	text[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(kinds) && at < size; i++)
		if (mask & 1u << i)
			at += (size_t)snprintf(text + at, size - at, "%s%s",
					       at ? "+" : "", kinds[i].name);
}

/*
 * A root of its own without a single file. Mounted over "/" it is what ".." of
 * the root is, also where the root is the kernel's first one, which cannot be
 * exchanged. Nothing of it reaches other mount namespaces.
 */
static int root_empty(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/", "tmpfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k") ||
	    chdir("/..") || chroot("."))
		return -errno;
	return 0;
}

/* With the user namespace come the rights to the others; who is root and may
 * have none of those can still have the others. */
static int leave_each(unsigned int *got)
{
	int ret = 0;
	size_t i;

	for (i = 1; i < ARRAY_SIZE(kinds); i++) {
		if (!kinds[i].flag)
			continue;
		if (!unshare(kinds[i].flag))
			*got |= 1u << i;
		else if (!ret)
			ret = -errno;
	}
	return ret;
}

int namespaces_leave(unsigned int *got)
{
	unsigned int wanted = 0;
	int flags = 0, ret = 0;
	size_t i;

	*got = 0;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		flags |= kinds[i].flag;
		wanted |= kinds[i].flag ? 1u << i : 0;
	}
	if (!unshare(flags)) {
		*got = wanted;
	} else {
		ret = -errno;
		if (!unshare(CLONE_NEWUSER))
			*got = NAMESPACE_USER;
		leave_each(got);
	}
	if (*got & NAMESPACE_MOUNT && root_empty()) {
		ret = ret ? ret : -errno;
		*got &= ~NAMESPACE_MOUNT;
	}
	return ret;
}
