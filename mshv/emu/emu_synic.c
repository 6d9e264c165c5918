// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's SynIC: events and messages that the VMM sends into a guest
 * (TLFS, "Synthetic Interrupt Controller"). KVM has the controller itself, and
 * tells at an exit where the guest's pages are; whatever is sent goes into these,
 * and KVM delivers the interrupt of that source by a route of its own.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

#define SINT_COUNT 16
#define SLOT_BYTES 256u
#define FLAG_COUNT (SLOT_BYTES * 8)
#define PAGE_ENABLED 1ULL
#define CONTROL_ENABLED 1ULL
/* Of a message's header: the guest is to say when it has read this one. */
#define FLAGS_OFFSET 5
#define MESSAGE_PENDING 1

bool emu_synic_is_promised(struct emu_partition *pt)
{
	return emu_property(pt, MSHV_PROP_SYNTHETIC_FEATURES) >>
		       MSHV_SYN_SYNIC &
	       1;
}

/* KVM switches it on by that; after a reset it is off (TLFS, 11.8.1). */
void emu_synic_enable(struct emu_vp *vp)
{
	struct kvm_enable_cap synic = {.cap = KVM_CAP_HYPERV_SYNIC2};
	const union mshv_value off = {.u64 = 0};
	bool changed;

	if (vp->has_synic || !emu_synic_is_promised(vp->pt) ||
	    emu_kvm(vp, KVM_ENABLE_CAP, &synic))
		return;
	vp->has_synic = true;
	emu_reg_set(vp, MSHV_REG_SCONTROL, &off, &changed);
}

static void note_pages(struct emu_vp *vp, uint64_t control, uint64_t event,
		       uint64_t message)
{
	bool is_on = control & CONTROL_ENABLED;

	atomic_store(&vp->event_page,
		     is_on && (event & PAGE_ENABLED)
			     ? event & ~(MSHV_PAGE_BYTES - 1ULL)
			     : 0);
	atomic_store(&vp->message_page,
		     is_on && (message & PAGE_ENABLED)
			     ? message & ~(MSHV_PAGE_BYTES - 1ULL)
			     : 0);
}

void emu_synic_note(struct emu_vp *vp)
{
	const struct kvm_hyperv_exit *h = &vp->run->hyperv;

	note_pages(vp, h->u.synic.control, h->u.synic.evt_page,
		   h->u.synic.msg_page);
}

void emu_synic_note_set(struct emu_vp *vp)
{
	static const uint32_t names[] = {MSHV_REG_SCONTROL, MSHV_REG_SIEFP,
					 MSHV_REG_SIMP};
	union mshv_value v[ARRAY_SIZE(names)] = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (emu_reg_get(vp, names[i], &v[i]))
			return;
	note_pages(vp, v[0].u64, v[1].u64, v[2].u64);
}

static uint16_t find_vp(struct emu_partition *pt, uint32_t index, uint8_t vtl,
			uint32_t sint, struct emu_vp **vp)
{
	if (index >= MSHV_MAX_VPS || !pt->vps[index])
		return MSHV_STATUS_INVALID_VP_INDEX;
	if (vtl || sint >= SINT_COUNT)
		return MSHV_STATUS_INVALID_PARAMETER;
	*vp = pt->vps[index];
	return MSHV_STATUS_SUCCESS;
}

/* PAGE is 0 where the guest has none, and then nothing can be sent. */
static uint8_t *slot_of(struct emu_partition *pt, uint64_t page, uint32_t sint)
{
	return page ? emu_ram(pt, page + sint * SLOT_BYTES, SLOT_BYTES) : NULL;
}

static uint16_t interrupt(struct emu_partition *pt, uint32_t vp, uint32_t sint)
{
	struct kvm_irq_level line = {.level = 1};

	if (emu_sint_route(pt, vp, sint, &line.irq) ||
	    ioctl(pt->vm_fd, KVM_IRQ_LINE, &line))
		return MSHV_STATUS_OPERATION_DENIED;
	return MSHV_STATUS_SUCCESS;
}

uint16_t emu_synic_signal(struct emu_partition *pt,
			  const struct mshv_in_signal_event *in,
			  uint8_t *is_new)
{
	uint8_t bit = (uint8_t)(1u << in->flag % 8);
	struct emu_vp *vp;
	uint16_t status = find_vp(pt, in->vp, in->vtl, in->sint, &vp);
	uint8_t *slot;

	if (status)
		return status;
	if (in->flag >= FLAG_COUNT)
		return MSHV_STATUS_INVALID_PARAMETER;
	slot = slot_of(pt, atomic_load(&vp->event_page), in->sint);
	if (!slot)
		return MSHV_STATUS_INVALID_SYNIC_STATE;
	*is_new = !(
		__atomic_fetch_or(slot + in->flag / 8, bit, __ATOMIC_SEQ_CST) &
		bit);
	/* A flag that the guest has not taken yet has interrupted it before. */
	return *is_new ? interrupt(pt, in->vp, in->sint) : MSHV_STATUS_SUCCESS;
}

uint16_t emu_synic_post(struct emu_partition *pt,
			const struct mshv_in_post_message *in)
{
	struct emu_vp *vp;
	uint16_t status = find_vp(pt, in->vp, in->vtl, in->sint, &vp);
	uint32_t type;
	uint8_t *slot;

	if (status)
		return status;
	memcpy(&type, in->message, sizeof(type));
	slot = slot_of(pt, atomic_load(&vp->message_page), in->sint);
	if (!slot)
		return MSHV_STATUS_INVALID_SYNIC_STATE;
	if (__atomic_load_n((uint32_t *)(void *)slot, __ATOMIC_SEQ_CST)) {
		__atomic_fetch_or(slot + FLAGS_OFFSET, MESSAGE_PENDING,
				  __ATOMIC_SEQ_CST);
		return MSHV_STATUS_OBJECT_IN_USE;
	}
	memcpy(slot + sizeof(type), in->message + sizeof(type),
	       SLOT_BYTES - sizeof(type));
	/* The type comes last: it tells the guest that the rest is there. */
	__atomic_store_n((uint32_t *)(void *)slot, type, __ATOMIC_SEQ_CST);
	return interrupt(pt, in->vp, in->sint);
}
