// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's MSRs that KVM does not answer itself: unimplemented ones,
 * and those that the VMM asked to intercept. */
#include <string.h>
#include <sys/ioctl.h>

#include "mshv/emu/emu_priv.h"

/* What KVM is to ask us about (api.rst 7.21). */
static int reasons_set(const struct emu_partition *pt)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR};

	if (pt->ignores_msrs)
		cap.args[0] |=
			KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL;
	if (pt->msr_count)
		cap.args[0] |= KVM_MSR_EXIT_REASON_FILTER;
	return ioctl(pt->vm_fd, KVM_ENABLE_CAP, &cap);
}

/* All of them at once (api.rst 4.98); a bit of 0 denies. */
static int filter_set(const struct emu_partition *pt)
{
	static uint8_t denied;
	struct kvm_msr_filter filter = {.flags = KVM_MSR_FILTER_DEFAULT_ALLOW};
	uint32_t i;

	for (i = 0; i < pt->msr_count; i++) {
		const struct emu_msr *msr = &pt->msrs[i];
		struct kvm_msr_filter_range *range = &filter.ranges[i];

		*range = (struct kvm_msr_filter_range){
			.nmsrs = 1, .base = msr->index, .bitmap = &denied};
		if (msr->mask & MSHV_ACCESS_MASK_READ)
			range->flags |= KVM_MSR_FILTER_READ;
		if (msr->mask & MSHV_ACCESS_MASK_WRITE)
			range->flags |= KVM_MSR_FILTER_WRITE;
	}
	return ioctl(pt->vm_fd, KVM_X86_SET_MSR_FILTER, &filter);
}

uint16_t emu_msr_action_set(struct emu_partition *pt, uint64_t action)
{
	if (action > 1)
		return MSHV_STATUS_OUT_OF_RANGE;
	pt->ignores_msrs = action;
	return reasons_set(pt) ? MSHV_STATUS_OPERATION_DENIED
			       : MSHV_STATUS_SUCCESS;
}

static struct emu_msr *find_msr(struct emu_partition *pt, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < pt->msr_count; i++)
		if (pt->msrs[i].index == index)
			return &pt->msrs[i];
	return NULL;
}

uint16_t emu_msr_intercept(struct emu_partition *pt,
			   const struct mshv_in_intercept *in)
{
	const uint32_t all = MSHV_ACCESS_MASK_READ | MSHV_ACCESS_MASK_WRITE;
	struct emu_msr *msr = find_msr(pt, (uint32_t)in->parameter);

	if (in->access_mask & ~all || in->parameter > UINT32_MAX)
		return MSHV_STATUS_INVALID_PARAMETER;
	if (!msr && in->access_mask) {
		if (pt->msr_count == EMU_MAX_MSRS)
			return MSHV_STATUS_OPERATION_DENIED;
		msr = &pt->msrs[pt->msr_count++];
		msr->index = (uint32_t)in->parameter;
	}
	if (msr && in->access_mask)
		msr->mask = in->access_mask;
	else if (msr)
		*msr = pt->msrs[--pt->msr_count];
	return filter_set(pt) || reasons_set(pt) ? MSHV_STATUS_OPERATION_DENIED
						 : MSHV_STATUS_SUCCESS;
}

/* Whether the access that KVM asks about is one that the VMM asked for. If
 * not, the MSR is one of those that are to be ignored. */
bool emu_msr_is_wanted(struct emu_vp *vp)
{
	const struct emu_msr *msr = find_msr(vp->pt, vp->run->msr.index);
	uint32_t wanted = vp->run->exit_reason == KVM_EXIT_X86_WRMSR
				  ? MSHV_ACCESS_MASK_WRITE
				  : MSHV_ACCESS_MASK_READ;

	vp->run->msr.data = 0;
	vp->run->msr.error = 0;
	return msr && msr->mask & wanted;
}

uint16_t emu_msr_shadow(struct emu_vp *vp, uint32_t msr, uint64_t *value,
			bool is_set)
{
	struct emu_shadow *shadow;
	uint32_t i;

	for (i = 0; i < vp->shadow_count && vp->shadows[i].msr != msr; i++)
		;
	shadow = i < EMU_MAX_SHADOWS ? &vp->shadows[i] : NULL;
	if (!shadow)
		return MSHV_STATUS_ACCESS_DENIED;
	if (i == vp->shadow_count) {
		*shadow = (struct emu_shadow){.msr = msr};
		vp->shadow_count++;
	}
	if (is_set) {
		shadow->value = *value;
		if (*value)
			emu_log_once(
				"MSR 0x%x, which this KVM lacks, is kept and has no effect",
				msr);
	}
	*value = shadow->value;
	return MSHV_STATUS_SUCCESS;
}
