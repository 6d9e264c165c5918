// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Landlock with no rules: nothing of what it knows can be done any more. Its
 * header is younger than the oldest kernel headers that the build takes, so the
 * few numbers stand here (include/uapi/linux/landlock.h).
 */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/sandbox/sandbox_priv.h"

#define CALL_CREATE 444
#define CALL_RESTRICT 446
#define CREATE_VERSION 1u

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* from version 4 */
	uint64_t scoped;             /* from version 6 */
};

/*
 * By version: what a kernel knows. One that is newer knows the last row's.
 * Signals have a scope too, but before Linux 6.15 it would part the threads of
 * this process; filters forbid signals to others.
 */
static const struct ruleset known[] = {
	{.handled_access_fs = 0},
	{.handled_access_fs = 0x1fff}, /* files and folders */
	{.handled_access_fs = 0x3fff}, /* links between folders */
	{.handled_access_fs = 0x7fff}, /* truncate */
	{.handled_access_fs = 0x7fff, .handled_access_net = 3}, /* TCP */
	{.handled_access_fs = 0xffff, .handled_access_net = 3}, /* ioctl */
	{.handled_access_fs = 0xffff,
	 .handled_access_net = 3,
	 .scoped = 1}, /* abstract sockets */
};
static const size_t sizes[] = {0, 8, 8, 8, 16, 16, 24};
_Static_assert(ARRAY_SIZE(sizes) == ARRAY_SIZE(known), "a size per version");

int landlock_version(void)
{
	long version = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);

	return version < 0 ? -errno : (int)version;
}

int landlock_open(int version)
{
	size_t row = (size_t)version;
	long fd;

	if (version <= 0)
		return version ? version : -ENOSYS;
	if (row >= ARRAY_SIZE(known))
		row = ARRAY_SIZE(known) - 1;
	fd = syscall(CALL_CREATE, &known[row], sizes[row], 0);
	return fd < 0 ? -errno : (int)fd;
}

int landlock_enter(int ruleset_fd)
{
	return syscall(CALL_RESTRICT, ruleset_fd, 0) ? -errno : 0;
}
