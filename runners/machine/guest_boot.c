// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/guest_boot.h"

#include <string.h>

#include "harness/base/file.h"
#include "harness/core/bench_case.h"

char *guest_boot_elf(void)
{
	return file_beside_exe("guest/vmlinux");
}

char *guest_boot_kernel(const struct bench_case *bc)
{
	return strcmp(bc->guest_kernel, "elf")
		       ? file_beside_exe("guest/bzImage")
		       : guest_boot_elf();
}
