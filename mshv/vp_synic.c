// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: what the hypervisor keeps of an enlightened guest besides its
 * architecture (TLFS, 3 "Hypercall Interface", 11 "Synthetic Interrupt Controller", 12
 * "Timers"), for snapshots. A guest without enlightenments has none of it.
 */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/mshv_priv.h"
#include "runners/vmm/vcpu_state.h"

#define MSR_SCONTROL 0x40000080u
#define SCONTROL_ENABLED 1u

/* In the order in which they are set: who the guest is before its hypercall page. They
 * are the partition's, and written by VP 0 alone. */
static const struct mshv_named_msr partition_msrs[] = {
	{MSHV_REG_GUEST_OS_ID, 1, 0x40000000, 1},
	{MSHV_REG_HYPERCALL, 1, 0x40000001, 1},
	{MSHV_REG_REFERENCE_TSC, 1, 0x40000021, 1},
};

/* Pages before what switches them on. Timers are in a state of their own. */
static const struct mshv_named_msr vp_msrs[] = {
	{MSHV_REG_VP_ASSIST_PAGE, 1, 0x40000073, 1},
	{MSHV_REG_SIEFP, 1, 0x40000082, 1},
	{MSHV_REG_SIMP, 1, 0x40000083, 1},
	{MSHV_REG_SCONTROL, 1, MSR_SCONTROL, 1},
	{MSHV_REG_SINT0, 16, 0x40000090, 1},
};

/* In the hypervisor's own layouts, a page each. */
static const struct {
	uint8_t type;
	bool needs_synic; /* can be set only while that is on */
} states[] = {
	{MSHV_STATE_SIMP, true},
	{MSHV_STATE_SIEFP, true},
	{MSHV_STATE_TIMERS, false},
};
_Static_assert(ARRAY_SIZE(states) * MSHV_PAGE_BYTES == VCPU_STATE_OPAQUE_BYTES,
	       "they fit");

bool mshv_is_enlightened(const struct mshv_vm *vm)
{
	return vm->cfg.paravirt == HV_PARAVIRT_BEST;
}

void mshv_synic_msrs_get(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	if (!mshv_is_enlightened(vcpu->vm))
		return;
	if (!vcpu->base.index)
		mshv_msrs_get(vcpu, st, partition_msrs,
			      ARRAY_SIZE(partition_msrs));
	mshv_msrs_get(vcpu, st, vp_msrs, ARRAY_SIZE(vp_msrs));
}

uint32_t mshv_synic_msr_name(const struct mshv_vcpu *vcpu, uint64_t index)
{
	uint32_t name;

	if (!mshv_is_enlightened(vcpu->vm))
		return 0;
	name = mshv_msr_name(vp_msrs, ARRAY_SIZE(vp_msrs), index);
	if (!name && !vcpu->base.index)
		name = mshv_msr_name(partition_msrs, ARRAY_SIZE(partition_msrs),
				     index);
	return name;
}

/* By the registers of the state. */
static bool has_synic_on(const struct vcpu_state *st)
{
	uint32_t i;

	for (i = 0; i < st->msr_count; i++)
		if (st->msrs[i].index == MSR_SCONTROL)
			return st->msrs[i].value & SCONTROL_ENABLED;
	return false;
}

/* Those that can be moved now, between OPAQUE and the VP. */
static int states_move(struct mshv_vcpu *vcpu, unsigned long request,
		       bool has_synic, uint8_t opaque[VCPU_STATE_OPAQUE_BYTES])
{
	_Alignas(MSHV_PAGE_BYTES) uint8_t page[MSHV_PAGE_BYTES];
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(states) && !ret; i++) {
		uint8_t *at = opaque + i * sizeof(page);

		if (states[i].needs_synic && !has_synic)
			continue;
		memcpy(page, at, sizeof(page));
		ret = mshv_state_move(vcpu, request, states[i].type, page,
				      sizeof(page));
		memcpy(at, page, sizeof(page));
	}
	return ret;
}

int mshv_synic_get(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	if (!mshv_is_enlightened(vcpu->vm))
		return 0;
	st->opaque_bytes = sizeof(st->opaque);
	return states_move(vcpu, MSHV_GET_VP_STATE, has_synic_on(st),
			   st->opaque);
}

int mshv_synic_set(struct mshv_vcpu *vcpu, const struct vcpu_state *st)
{
	uint8_t opaque[VCPU_STATE_OPAQUE_BYTES];

	if (!mshv_is_enlightened(vcpu->vm))
		return st->opaque_bytes ? -EINVAL : 0;
	if (st->opaque_bytes != sizeof(opaque))
		return -EINVAL;
	memcpy(opaque, st->opaque, sizeof(opaque));
	return states_move(vcpu, MSHV_SET_VP_STATE, has_synic_on(st), opaque);
}
