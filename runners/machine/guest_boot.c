// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/guest_boot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"

char *guest_boot_elf(void)
{
	return file_beside_exe("guest/vmlinux");
}

bool guest_boot_has_elf(void)
{
	char *path = guest_boot_elf();
	bool has = !access(path, R_OK);

	free(path);
	return has;
}

char *guest_boot_kernel(const struct bench_case *bc)
{
	return strcmp(bc->guest_kernel, "elf")
		       ? file_beside_exe("guest/bzImage")
		       : guest_boot_elf();
}

/*
 * The kernel measures the TSC with an emulated timer unless it is told the
 * rate, which in the lab is off by more than a percent. The lab knows it.
 */
char *guest_cmdline_foreign(const char *more)
{
	char line[4096];
	const char *p;

	file_first_line("/proc/cmdline", line, sizeof(line));
	p = strstr(line, "tsc_early_khz=");
	return xasprintf(GUEST_CMDLINE " l1vh_no_stamps=1%s%s%.*s", more,
			 p ? " " : "", p ? (int)strcspn(p, " ") : 0,
			 p ? p : "");
}
