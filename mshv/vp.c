// SPDX-License-Identifier: GPL-3.0-or-later
/* The mshv backend: one VP, from its creation to its runs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"

#define MTRR_ENABLED_WRITE_BACK 0x806
#define MISC_ENABLE_FAST_STRING 1
#define LVT_MODE 0x700
#define LVT_EXTINT 0x700
#define LVT_NMI 0x400

/* As long as a kick is repeated before the vCPU is left alone. */
#define KICK_LIMIT_NS (2 * NS_PER_S)
#define KICK_PAUSE_NS (50 * NS_PER_US)

static int vp_fd_create(struct mshv_vcpu *vcpu, struct err *err)
{
	struct mshv_create_vp arg = {.index = vcpu->base.index};
	char what[32];

	vcpu->fd = sys_ioctl_patiently(vcpu->vm->sys, vcpu->vm->pt_fd,
				       MSHV_CREATE_VP, &arg);
	snprintf(what, sizeof(what), "for vCPU %u", arg.index);
	if (vcpu->fd == -ENOMEM)
		return mshv_no_memory(err, what);
	if (vcpu->fd < 0)
		return err_sys(err, vcpu->fd, "mshv cannot create vCPU %u",
			       arg.index);
	return 0;
}

/* The driver writes the size into the argument, so each try has its own. */
int mshv_state_move(struct mshv_vcpu *vcpu, unsigned long request, uint8_t type,
		    uint8_t *buf, uint32_t bytes)
{
	int tries = 0;
	int ret;

	do {
		struct mshv_vp_state arg = {.type = type,
					    .buf_bytes = bytes,
					    .buf_ptr = (uintptr_t)buf};

		ret = sys_ioctl(vcpu->vm->sys, vcpu->fd, request, &arg);
	} while (sys_is_to_retry(ret, &tries));
	return ret;
}

/* A PC's wiring: the legacy controller on pin 0, NMI on pin 1. */
static int lapic_pins_set(struct mshv_vcpu *vcpu, struct err *err)
{
	_Alignas(MSHV_PAGE_BYTES) uint8_t buf[MSHV_PAGE_BYTES] = {0};
	struct mshv_lapic *lapic = (struct mshv_lapic *)buf;
	int ret = mshv_state_move(vcpu, MSHV_GET_VP_STATE, MSHV_STATE_LAPIC,
				  buf, MSHV_PAGE_BYTES);

	if (ret)
		return err_sys(err, ret, "cannot read the local APIC");
	lapic->lvt_lint0 = (lapic->lvt_lint0 & ~LVT_MODE) | LVT_EXTINT;
	lapic->lvt_lint1 = (lapic->lvt_lint1 & ~LVT_MODE) | LVT_NMI;
	ret = mshv_state_move(vcpu, MSHV_SET_VP_STATE, MSHV_STATE_LAPIC, buf,
			      MSHV_PAGE_BYTES);
	if (ret)
		return err_sys(err, ret, "cannot set the local APIC");
	return 0;
}

/*
 * There is no firmware that would set these registers: without memory types
 * all of RAM is uncached, and REP MOVS is fast only with the second register,
 * which is not writable everywhere.
 */
static int msrs_set(struct mshv_vcpu *vcpu, struct err *err)
{
	const struct mshv_sys *sys = vcpu->vm->sys;
	int ret;

	ret = hvcall_reg_set(sys, vcpu->fd, vcpu->base.index,
			     MSHV_REG_MTRR_DEF_TYPE, MTRR_ENABLED_WRITE_BACK);
	if (ret)
		return err_sys(err, ret, "cannot set the memory types");
	hvcall_reg_set(sys, vcpu->fd, vcpu->base.index, MSHV_REG_MISC_ENABLE,
		       MISC_ENABLE_FAST_STRING);
	return 0;
}

int mshv_vcpu_create(struct hv_vm *base, uint32_t index, struct hv_vcpu **out,
		     struct err *err)
{
	struct mshv_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	void *page;
	int ret;

	if (!vcpu)
		return err_set(err, -ENOMEM, "cannot allocate a vCPU");
	vcpu->vm = (struct mshv_vm *)base;
	vcpu->base.index = index;
	ret = vp_fd_create(vcpu, err);
	/* Without the page everything works, by more calls. */
	if (!ret && !sys_page_map(vcpu->vm->sys, vcpu->fd,
				  MSHV_VP_PAGE_REGISTERS, &page))
		vcpu->page = page;
	if (!ret)
		ret = mshv_cpuid_set(vcpu, err);
	if (!ret)
		ret = msrs_set(vcpu, err);
	if (!ret)
		ret = lapic_pins_set(vcpu, err);
	if (ret) {
		mshv_vcpu_destroy(&vcpu->base);
		return ret;
	}
	*out = &vcpu->base;
	return 0;
}

void mshv_vcpu_destroy(struct hv_vcpu *base)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;

	sys_page_unmap(vcpu->vm->sys, vcpu->page);
	sys_close(vcpu->vm->sys, vcpu->fd);
	free(vcpu);
}

/*
 * The ABI has no immediate_exit: a signal that comes before the entry is
 * lost. So the caller repeats the kick until the vCPU is outside.
 */
void mshv_vcpu_kick(struct hv_vcpu *base)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	const struct timespec pause = {.tv_nsec = KICK_PAUSE_NS};
	uint64_t start_ns = clock_mono_ns();

	atomic_store(&vcpu->kicked, true);
	if (!atomic_load_explicit(&vcpu->has_thread, memory_order_acquire))
		return;
	while (atomic_load(&vcpu->kicked) && atomic_load(&vcpu->in_run) &&
	       clock_mono_ns() - start_ns < KICK_LIMIT_NS) {
		pthread_kill(vcpu->thread, SIGUSR1);
		nanosleep(&pause, NULL);
	}
}

/* -EINTR when somebody wants the vCPU outside. */
static int enter(struct mshv_vcpu *vcpu)
{
	int ret = -EINTR;

	if (!atomic_load_explicit(&vcpu->has_thread, memory_order_relaxed)) {
		vcpu->thread = pthread_self();
		atomic_store_explicit(&vcpu->has_thread, true,
				      memory_order_release);
	}
	atomic_store(&vcpu->in_run, true);
	if (!atomic_load(&vcpu->kicked))
		ret = sys_ioctl(vcpu->vm->sys, vcpu->fd, MSHV_RUN_VP,
				&vcpu->msg);
	atomic_store_explicit(&vcpu->in_run, false, memory_order_release);
	if (ret == -EINTR || ret == -EAGAIN) {
		atomic_store(&vcpu->kicked, false);
		return -EINTR;
	}
	return ret;
}

int mshv_vcpu_run(struct hv_vcpu *base, struct hv_exit *exit)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	int ret;

	if (mshv_exit_resume(vcpu, exit))
		return 0;
	do {
		ret = enter(vcpu);
		if (ret == -EINTR) {
			exit->kind = HV_EXIT_KICKED;
			exit->raw_reason = MSHV_MSG_NONE;
			return 0;
		}
		if (ret < 0) {
			exit->kind = HV_EXIT_ERROR;
			exit->raw_reason = (uint32_t)-ret;
			snprintf(
				exit->detail, sizeof(exit->detail),
				ret == -ENOMEM
					? "the hypervisor has no memory left to run the vCPU: %s"
					: "MSHV_RUN_VP: %s",
				strerror(-ret));
			return 0;
		}
	} while (!mshv_exit_decode(vcpu, exit));
	return 0;
}
