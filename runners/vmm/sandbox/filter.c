// SPDX-License-Identifier: GPL-3.0-or-later
/* Filters that the build has made (harness/cli/seccomp_main.c). */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/sandbox/sandbox_priv.h"

#include "seccomp.inc"

#define MAX_INSNS 512

/*
 * Without SPEC_ALLOW, kernels before 5.16 would also turn on the mitigation of
 * speculative store bypass for the thread, and change what is measured.
 */
int filter_enter(enum sandbox_calls calls, enum sandbox_thread kind)
{
	const struct sock_fprog *made = &filters[calls][kind];
	struct sock_filter insns[MAX_INSNS];
	struct sock_fprog prog = {.len = made->len, .filter = insns};
	unsigned int i;

	if (made->len > MAX_INSNS)
		return -E2BIG;
	memcpy(insns, made->filter, made->len * sizeof(insns[0]));
	for (i = 0; i < made->len; i++)
		if (insns[i].k == SANDBOX_OWN_PID)
			insns[i].k = (uint32_t)getpid();
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog)
		       ? -errno
		       : 0;
}

const char *filter_call_name(int number)
{
	return number >= 0 && (size_t)number < ARRAY_SIZE(call_names)
		       ? call_names[number]
		       : NULL;
}
