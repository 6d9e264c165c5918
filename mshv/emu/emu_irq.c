// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's interrupts: routes, irqfds, doorbells and asserts.
 *
 * KVM reports the end of an interrupt only if a level route has its vector and
 * is one of the first 255 (KVM keeps the number in a byte). So each level
 * assert keeps a route among the first few, and the VMM's routes are moved up
 * by that number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mshv/emu/emu_priv.h"

#define MSI_BASE 0xfee00000u
#define MSI_LOGICAL (1u << 2)
#define MSI_NMI (4u << 8)
#define MSI_LEVEL (1u << 15)
#define MSI_ASSERT (1u << 14)
/* In a hidden route's upper address, which no MSI has: of a VP's SINT. */
#define SINT_MARK UINT32_MAX

struct kvm_route_table {
	struct kvm_irq_routing head;
	struct kvm_irq_routing_entry entries[MSHV_MAX_ROUTES];
};

/* The last GSIs have no place in KVM's table; see docs/mshv.md. */
static bool has_place(uint32_t gsi)
{
	return gsi < MSHV_MAX_ROUTES - EMU_HIDDEN_ROUTES;
}

static void route_put(struct kvm_route_table *table,
		      const struct mshv_route *route, uint32_t gsi)
{
	struct kvm_irq_routing_entry *e = &table->entries[table->head.nr++];

	e->gsi = gsi;
	if (route->addr_hi == SINT_MARK) {
		e->type = KVM_IRQ_ROUTING_HV_SINT;
		e->u.hv_sint.vcpu = route->addr_lo;
		e->u.hv_sint.sint = route->data;
		return;
	}
	e->type = KVM_IRQ_ROUTING_MSI;
	e->u.msi.address_lo = route->addr_lo;
	e->u.msi.address_hi = route->addr_hi;
	e->u.msi.data = route->data;
}

static int routes_flush(struct emu_partition *pt)
{
	struct kvm_route_table *table = calloc(1, sizeof(*table));
	uint32_t i;
	int ret;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < pt->route_count; i++)
		if (has_place(pt->routes[i].gsi))
			route_put(table, &pt->routes[i],
				  EMU_HIDDEN_ROUTES + pt->routes[i].gsi);
	for (i = 0; i < pt->hidden_count; i++)
		route_put(table, &pt->hidden[i], i);
	ret = ioctl(pt->vm_fd, KVM_SET_GSI_ROUTING, table) ? -errno : 0;
	free(table);
	return ret;
}

static int routes_check(const struct mshv_route *routes, uint32_t count)
{
	uint8_t seen[MSHV_MAX_ROUTES] = {0};
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (routes[i].gsi >= MSHV_MAX_ROUTES || routes[i].addr_hi ||
		    seen[routes[i].gsi])
			return -EINVAL;
		seen[routes[i].gsi] = 1;
	}
	return 0;
}

int emu_routes_set(struct emu_partition *pt, uint64_t arg)
{
	struct mshv_route *routes = NULL;
	struct mshv_route_table head;
	int ret;

	if (emu_copy_in(&head, arg, sizeof(head)))
		return -EFAULT;
	if (head.count > MSHV_MAX_ROUTES || head.rsvd)
		return -EINVAL;
	if (head.count) {
		routes = calloc(head.count, sizeof(*routes));
		if (!routes)
			return -ENOMEM;
		ret = emu_copy_in(routes, arg + sizeof(head),
				  head.count * sizeof(*routes));
		if (!ret)
			ret = routes_check(routes, head.count);
		if (ret) {
			free(routes);
			return ret;
		}
	}
	free(pt->routes);
	pt->routes = routes;
	pt->route_count = head.count;
	return routes_flush(pt);
}

static const struct mshv_route *route_of(const struct emu_partition *pt,
					 uint32_t gsi)
{
	uint32_t i;

	for (i = 0; i < pt->route_count; i++)
		if (pt->routes[i].gsi == gsi)
			return &pt->routes[i];
	return NULL;
}

int emu_irqfd(struct emu_partition *pt, const struct mshv_irqfd *arg)
{
	struct kvm_irqfd kvm = {.fd = (uint32_t)arg->fd,
				.gsi = EMU_HIDDEN_ROUTES + arg->gsi};
	const struct mshv_route *route = route_of(pt, arg->gsi);

	if (arg->flags & ~(MSHV_IRQFD_DEASSIGN | MSHV_IRQFD_RESAMPLE))
		return -EINVAL;
	if (!has_place(arg->gsi)) {
		emu_log("GSI %u has no entry in KVM's table", arg->gsi);
		return -ENOSPC;
	}
	if (arg->flags & MSHV_IRQFD_DEASSIGN)
		kvm.flags = KVM_IRQFD_FLAG_DEASSIGN;
	else if ((arg->flags & MSHV_IRQFD_RESAMPLE) &&
		 (!route || !(route->data & MSI_LEVEL)))
		return -EINVAL;
	return ioctl(pt->vm_fd, KVM_IRQFD, &kvm) ? -errno : 0;
}

int emu_ioeventfd(struct emu_partition *pt, const struct mshv_ioeventfd *arg)
{
	static const uint8_t zero[4];
	struct kvm_ioeventfd kvm = {.datamatch = arg->datamatch,
				    .addr = arg->addr,
				    .len = arg->len_bytes,
				    .fd = arg->fd};

	if ((arg->flags & ~(MSHV_IOEVENTFD_DATAMATCH | MSHV_IOEVENTFD_PIO |
			    MSHV_IOEVENTFD_DEASSIGN)) ||
	    memcmp(arg->rsvd, zero, sizeof(zero)))
		return -EINVAL;
	if (arg->flags & MSHV_IOEVENTFD_PIO)
		return -EOPNOTSUPP;
	if (arg->len_bytes > 8 || (arg->len_bytes & (arg->len_bytes - 1)) ||
	    arg->addr + arg->len_bytes < arg->addr)
		return -EINVAL;
	if (arg->flags & MSHV_IOEVENTFD_DATAMATCH)
		kvm.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (arg->flags & MSHV_IOEVENTFD_DEASSIGN)
		kvm.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	return ioctl(pt->vm_fd, KVM_IOEVENTFD, &kvm) ? -errno : 0;
}

bool emu_is_level(struct emu_partition *pt, uint8_t vector)
{
	bool found = false;
	uint32_t i;

	pthread_mutex_lock(&pt->lock);
	for (i = 0; i < pt->hidden_count; i++)
		found |= (pt->hidden[i].data & 0xff) == vector;
	for (i = 0; i < pt->route_count; i++)
		found |= (pt->routes[i].data & MSI_LEVEL) &&
			 (pt->routes[i].data & 0xff) == vector;
	pthread_mutex_unlock(&pt->lock);
	return found;
}

/* *GSI is that of the hidden route, which is made where it is new. */
static int hidden_route(struct emu_partition *pt, uint32_t lo, uint32_t hi,
			uint32_t data, uint32_t *gsi)
{
	struct mshv_route *r;
	uint32_t i;

	for (i = 0; i < pt->hidden_count; i++) {
		*gsi = i;
		if (pt->hidden[i].addr_lo == lo && pt->hidden[i].data == data &&
		    pt->hidden[i].addr_hi == hi)
			return 0;
	}
	if (pt->hidden_count == EMU_HIDDEN_ROUTES) {
		emu_log("more than %d different level and SynIC interrupts",
			EMU_HIDDEN_ROUTES);
		return -ENOSPC;
	}
	*gsi = pt->hidden_count;
	r = &pt->hidden[pt->hidden_count++];
	*r = (struct mshv_route){.addr_lo = lo, .addr_hi = hi, .data = data};
	return routes_flush(pt);
}

static int level_remember(struct emu_partition *pt, uint32_t lo, uint32_t hi,
			  uint32_t data)
{
	uint32_t gsi;

	return hidden_route(pt, lo, hi, data, &gsi);
}

int emu_sint_route(struct emu_partition *pt, uint32_t vp, uint32_t sint,
		   uint32_t *gsi)
{
	return hidden_route(pt, vp, SINT_MARK, sint, gsi);
}

static uint32_t dest_lo(const struct mshv_in_assert *in)
{
	return MSI_BASE | ((uint32_t)in->dest & 0xff) << 12;
}

static uint32_t dest_hi(const struct mshv_in_assert *in)
{
	return (uint32_t)in->dest & 0xffffff00;
}

static struct emu_vp *vp_of(const struct emu_partition *pt, uint64_t dest)
{
	return dest < MSHV_MAX_VPS ? pt->vps[dest] : NULL;
}

/* KVM_NMI waits until the VP leaves the guest; an MSI does not. */
static uint16_t nmi_send(struct emu_partition *pt,
			 const struct mshv_in_assert *in)
{
	const struct emu_vp *vp = vp_of(pt, in->dest);
	struct kvm_msi msi = {.address_lo = dest_lo(in),
			      .address_hi = dest_hi(in),
			      .data = MSI_NMI};
	int ret;

	if (!vp)
		return MSHV_STATUS_INVALID_PARAMETER;
	ret = pt->flags & MSHV_PT_LAPIC ? ioctl(pt->vm_fd, KVM_SIGNAL_MSI, &msi)
					: ioctl(vp->vcpu_fd, KVM_NMI);
	return ret < 0 ? MSHV_STATUS_OPERATION_DENIED : MSHV_STATUS_SUCCESS;
}

/* As a PIC would. One that is still pending stands for both. */
static uint16_t extint_send(struct emu_partition *pt,
			    const struct mshv_in_assert *in)
{
	struct emu_vp *vp = vp_of(pt, in->dest);

	if (!vp)
		return MSHV_STATUS_INVALID_PARAMETER;
	atomic_store(&vp->extint, in->vector + 1);
	return MSHV_STATUS_SUCCESS;
}

int emu_extint_inject(struct emu_vp *vp)
{
	uint32_t pending = atomic_exchange(&vp->extint, 0);
	struct kvm_interrupt irq = {.irq = pending - 1};

	if (pending && ioctl(vp->vcpu_fd, KVM_INTERRUPT, &irq) &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

uint16_t emu_assert(struct emu_partition *pt, const struct mshv_in_assert *in)
{
	uint32_t type = (uint32_t)in->control;
	uint32_t hi = dest_hi(in), lo = dest_lo(in);
	uint32_t data = (in->vector & 0xff) | (type & 7) << 8;
	struct kvm_msi msi;

	if (in->vtl || in->vector > 255 || type > MSHV_INT_EXTINT ||
	    (type <= MSHV_INT_LOWEST && in->vector < 16))
		return MSHV_STATUS_INVALID_PARAMETER;
	if (type == MSHV_INT_NMI)
		return nmi_send(pt, in);
	if (type == MSHV_INT_EXTINT)
		return extint_send(pt, in);
	if (type == MSHV_INT_SMI || type == MSHV_INT_REMOTE_READ) {
		emu_log_once("interrupt type %u cannot be emulated", type);
		return MSHV_STATUS_OPERATION_DENIED;
	}
	if (in->control & MSHV_ASSERT_LOGICAL)
		lo |= MSI_LOGICAL;
	if (in->control & MSHV_ASSERT_LEVEL) {
		data |= MSI_LEVEL | MSI_ASSERT;
		if (level_remember(pt, lo, hi, data))
			return MSHV_STATUS_OPERATION_DENIED;
	}
	msi = (struct kvm_msi){
		.address_lo = lo, .address_hi = hi, .data = data};
	ioctl(pt->vm_fd, KVM_SIGNAL_MSI, &msi);
	return MSHV_STATUS_SUCCESS;
}
