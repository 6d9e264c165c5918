// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's signals. The driver's RUN_VP is one system call: a signal that
 * comes during it is pending, ends it where no message does first, and has its
 * handler run when it returns. Here it is a call to a library, which blocks signals
 * for as long; KVM_RUN alone takes them (KVM_SET_SIGNAL_MASK, virt/kvm/api.rst).
 */
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mshv/emu/emu_priv.h"
#include "mshv/emu/raw.h"

#define BIT_OF(signal) (1ULL << ((signal)-1))
/* But what an instruction raises, and what glibc keeps for itself (nptl(7)). */
#define HELD                                                   \
	(~(BIT_OF(SIGILL) | BIT_OF(SIGTRAP) | BIT_OF(SIGBUS) | \
	   BIT_OF(SIGFPE) | BIT_OF(SIGSEGV) | BIT_OF(SIGSYS) | \
	   BIT_OF(SIGKILL) | BIT_OF(SIGSTOP) | BIT_OF(32) | BIT_OF(33)))

/* The program's own mask. */
static _Thread_local uint64_t programs;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_kept_by_environment;

static void environment_read(void)
{
	const char *text = getenv("L1VH_MSHV_EMU_KICKS");

	is_kept_by_environment = text && !strcmp(text, "kept");
}

static bool are_kicks_kept(void)
{
	pthread_once(&once, environment_read);
	return emu_knobs.keeps_kicks || is_kept_by_environment;
}

static uint64_t mask_change(int how, uint64_t mask)
{
	uint64_t was = 0;

	raw_call(SYS_rt_sigprocmask, how, (long)&mask, (long)&was, sizeof(mask),
		 0, 0);
	return was;
}

static int kvm_mask_set(struct emu_vp *vp)
{
	struct {
		struct kvm_signal_mask head;
		uint8_t set[sizeof(programs)];
	} mask = {.head = {.len = sizeof(programs)}};

	memcpy(mask.set, &programs, sizeof(programs));
	if (ioctl(vp->vcpu_fd, KVM_SET_SIGNAL_MASK, &mask))
		return -errno;
	vp->has_signals = true;
	vp->signals = programs;
	return 0;
}

int emu_signals_hold(struct emu_vp *vp)
{
	uint64_t was = mask_change(SIG_BLOCK, HELD);
	int ret = 0;

	/* Held since the last RUN_VP, they say nothing of the program's. */
	if (was != (programs | HELD) || !are_kicks_kept())
		programs = was;
	if (!vp->has_signals || vp->signals != programs)
		ret = kvm_mask_set(vp);
	if (ret)
		mask_change(SIG_SETMASK, programs);
	return ret;
}

void emu_signals_release(int ret)
{
	bool is_kept = are_kicks_kept();

	/* A VMM looks for kicks where RUN_VP has failed, however it did. */
	if (is_kept && !ret)
		return;
	mask_change(SIG_SETMASK, programs);
	if (is_kept)
		mask_change(SIG_BLOCK, HELD);
}
