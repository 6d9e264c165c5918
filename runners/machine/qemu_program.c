// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qemu_program.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"

const char *qemu_path(void)
{
	return getenv("L1VH_QEMU") ?: "qemu-system-x86_64";
}

bool qemu_has_open(pid_t pid, const char *device)
{
	char folder[64], path[400], target[256];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	while (dir && !found && (e = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found = !strcmp(target, device);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool qemu_has_accelerator(const char *accel)
{
	const char *const argv[] = {qemu_path(), "-accel", "help", NULL};
	struct strbuf out = {0};
	struct err err;
	char word[32];
	bool found;

	snprintf(word, sizeof(word), "\n%s\n", accel);
	found = !proc_capture(argv, NULL, &out, &err) &&
		strstr(strbuf_str(&out), word);
	strbuf_release(&out);
	return found;
}
