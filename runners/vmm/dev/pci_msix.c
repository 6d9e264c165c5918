// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The vectors of a function: the MSI-X table (PCI 3.0, 6.8.2), and the eventfds
 * that the hypervisor turns into interrupts. A function with MSI in its place has
 * the same entries, and fills them in itself.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runners/vmm/dev/pci.h"

#define MSIX_ENABLE 0x8000
#define MSIX_MASK_ALL 0x4000
#define MSIX_TABLE_BAR 1
#define MSIX_PBA_OFFSET 0x800
#define MSIX_ENTRY_BYTES 16u

int pci_vectors_create(struct pci_function *fn, uint32_t count)
{
	uint32_t i;

	if (!count || count > PCI_MSIX_MAX)
		return -EINVAL;
	fn->msix = calloc(count, sizeof(*fn->msix));
	if (!fn->msix)
		return -ENOMEM;
	fn->msix_count = count;
	for (i = 0; i < count; i++) {
		fn->msix[i].masked = true;
		fn->msix[i].fd = -1;
	}
	return 0;
}

int pci_add_msix(struct pci_function *fn, uint32_t count)
{
	uint32_t body[3] = {(count - 1) << 16, MSIX_TABLE_BAR,
			    MSIX_PBA_OFFSET | MSIX_TABLE_BAR};
	int ret = pci_vectors_create(fn, count);

	if (ret)
		return ret;
	fn->msix_cap = fn->cap_end;
	fn->msix_bar = MSIX_TABLE_BAR;
	fn->msix_pba = MSIX_PBA_OFFSET;
	return pci_add_capability(fn, PCI_CAP_MSIX, body, sizeof(body));
}

bool pci_vectors_enabled(const struct pci_function *fn)
{
	if (fn->has_msi)
		return fn->msi_enabled;
	return fn->msix_cap && (pci_get16(fn, fn->msix_cap + 2u) & MSIX_ENABLE);
}

static bool is_blocked(const struct pci_function *fn, uint32_t index)
{
	return (!fn->has_msi &&
		(pci_get16(fn, fn->msix_cap + 2u) & MSIX_MASK_ALL)) ||
	       fn->msix[index].masked;
}

int pci_msix_fds_create(struct pci_function *fn)
{
	uint32_t i;

	if (fn->bus->irqfd_count + fn->msix_count > HV_IRQFD_COUNT)
		return -ENOSPC;
	for (i = 0; i < fn->msix_count; i++) {
		fn->msix[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fn->msix[i].fd < 0)
			return -errno;
		fn->msix[i].irqfd_slot = fn->bus->irqfd_count++;
	}
	return 0;
}

int pci_msix_fd(const struct pci_function *fn, uint32_t index)
{
	return index < fn->msix_count ? fn->msix[index].fd : -1;
}

static void detach(struct pci_function *fn, struct pci_msix_entry *e)
{
	if (e->is_attached)
		hv_irqfd_set(fn->bus->hv, e->irqfd_slot, e->fd, NULL);
	e->is_attached = false;
}

void pci_function_release(struct pci_function *fn)
{
	uint32_t i;

	for (i = 0; fn->bus && i < fn->msix_count; i++) {
		if (fn->msix[i].fd < 0)
			continue;
		detach(fn, &fn->msix[i]);
		close(fn->msix[i].fd);
	}
	free(fn->msix);
	fn->msix = NULL;
	fn->msix_count = 0;
}

/*
 * Follow the guest's changes. An interrupt that came without a listener is
 * still in the eventfd. It is taken out first and sent by a call, because
 * hypervisors differ in whether they notice an earlier signal.
 */
static void follow(struct pci_function *fn, struct pci_msix_entry *e,
		   bool wants)
{
	uint64_t missed;

	if (e->is_attached && wants && e->attached.addr == e->msi.addr &&
	    e->attached.data == e->msi.data)
		return;
	detach(fn, e);
	if (!wants)
		return;
	if (read(e->fd, &missed, sizeof(missed)) < 0)
		missed = 0;
	e->is_attached =
		!hv_irqfd_set(fn->bus->hv, e->irqfd_slot, e->fd, &e->msi);
	e->attached = e->msi;
	if (missed)
		hv_msi_send(fn->bus->hv, &e->msi);
}

static void fire(struct pci_function *fn, uint32_t index)
{
	struct pci_msix_entry *e = &fn->msix[index];

	if (is_blocked(fn, index)) {
		e->pending = true;
		return;
	}
	e->pending = false;
	hv_msi_send(fn->bus->hv, &e->msi);
}

/* A driver may have none at all for a queue, and polls it then. */
void pci_msix_notify(struct pci_function *fn, uint32_t index)
{
	uint64_t one = 1;

	if (index >= fn->msix_count)
		return;
	if (fn->msix[index].fd >= 0) {
		/* Full is as good as one more. */
		if (write(fn->msix[index].fd, &one, sizeof(one)) < 0)
			return;
		return;
	}
	pthread_mutex_lock(&fn->bus->lock);
	if (pci_vectors_enabled(fn))
		fire(fn, index);
	pthread_mutex_unlock(&fn->bus->lock);
}

void pci_vectors_follow(struct pci_function *fn)
{
	bool enabled = pci_vectors_enabled(fn);
	uint32_t i;

	for (i = 0; i < fn->msix_count; i++) {
		if (fn->msix[i].fd >= 0)
			follow(fn, &fn->msix[i], enabled && !is_blocked(fn, i));
		else if (fn->msix[i].pending)
			fire(fn, i);
	}
	if (fn->ops && fn->ops->vectors_changed)
		fn->ops->vectors_changed(fn);
}

bool pci_msix_config_write(struct pci_function *fn, uint32_t off, uint8_t value)
{
	uint8_t *byte = &fn->config[off];

	if (!fn->msix_cap || off != fn->msix_cap + 3u)
		return false;
	*byte = (uint8_t)((*byte & 0x3f) | (value & 0xc0));
	return true;
}

/* A table entry as the guest sees it: address, data, vector control. */
static uint32_t word_get(const struct pci_msix_entry *e, uint32_t word)
{
	switch (word) {
	case 0:
		return (uint32_t)e->msi.addr;
	case 1:
		return (uint32_t)(e->msi.addr >> 32);
	case 2:
		return e->msi.data;
	default:
		return e->masked;
	}
}

static void word_set(struct pci_msix_entry *e, uint32_t word, uint32_t value)
{
	switch (word) {
	case 0:
		e->msi.addr = (e->msi.addr & ~0xffffffffULL) | value;
		break;
	case 1:
		e->msi.addr = (uint32_t)e->msi.addr | (uint64_t)value << 32;
		break;
	case 2:
		e->msi.data = value;
		break;
	default:
		e->masked = value & 1;
	}
}

static bool is_pending(const struct pci_msix_entry *e)
{
	struct pollfd p = {.fd = e->fd, .events = POLLIN};

	return e->fd < 0 ? e->pending : !e->is_attached && poll(&p, 1, 0) == 1;
}

/* 64 of them in each quadword. */
static uint64_t pending_bits(const struct pci_function *fn, uint32_t first)
{
	uint64_t bits = 0;
	uint32_t i;

	for (i = first; i < fn->msix_count && i < first + 64; i++)
		bits |= (uint64_t)is_pending(&fn->msix[i]) << (i - first);
	return bits;
}

static void pba_access(struct pci_function *fn, uint64_t off,
		       struct hv_access *access)
{
	if (access->is_write)
		return;
	access->data = pending_bits(fn, (uint32_t)off / 8 * 64);
	access->data >>= 8 * (off % 8);
}

static void table_access(struct pci_function *fn, uint64_t off,
			 struct hv_access *access)
{
	struct pci_msix_entry *e = &fn->msix[off / MSIX_ENTRY_BYTES];
	uint32_t word = (uint32_t)off / 4 % 4;
	uint32_t words = access->len_bytes / 4u;
	uint32_t i;

	if (!access->is_write)
		access->data = 0;
	/* Only aligned 4 and 8 byte accesses are defined (PCI 3.0, 6.8.2). */
	if (off % 4 || !words || word + words > 4)
		return;
	for (i = 0; i < words; i++) {
		if (access->is_write)
			word_set(e, word + i,
				 (uint32_t)(access->data >> 32 * i));
		else
			access->data |= (uint64_t)word_get(e, word + i)
					<< 32 * i;
	}
	if (access->is_write)
		pci_vectors_follow(fn);
}

bool pci_msix_access(struct pci_function *fn, struct hv_access *access)
{
	uint64_t in_table = access->addr - fn->msix_table;
	uint64_t in_pba = access->addr - fn->msix_pba;

	if (in_table < fn->msix_count * MSIX_ENTRY_BYTES)
		table_access(fn, in_table, access);
	else if (fn->msix_pba != PCI_NO_PBA &&
		 in_pba < (fn->msix_count + 63) / 64 * 8)
		pba_access(fn, in_pba, access);
	else
		return false;
	return true;
}

void pci_vectors_state_get(const struct pci_function *fn,
			   struct pci_function_state *state)
{
	uint32_t i;

	state->entry_count = fn->msix_count;
	for (i = 0; i < fn->msix_count; i++) {
		const struct pci_msix_entry *e = &fn->msix[i];

		state->entries[i] =
			(struct pci_entry_state){.addr = e->msi.addr,
						 .data = e->msi.data,
						 .masked = e->masked,
						 .pending = is_pending(e)};
	}
}

/* What is pending comes once the vectors are followed: from the eventfd where there
 * is one. */
int pci_vectors_state_set(struct pci_function *fn,
			  const struct pci_function_state *state)
{
	uint64_t one = 1;
	uint32_t i;

	if (state->entry_count != fn->msix_count)
		return -ENODEV;
	for (i = 0; i < fn->msix_count; i++) {
		struct pci_msix_entry *e = &fn->msix[i];
		bool is_waiting = state->entries[i].pending & 1;

		e->msi = (struct hv_msi){state->entries[i].addr,
					 state->entries[i].data};
		e->masked = state->entries[i].masked & 1;
		e->pending = is_waiting && e->fd < 0;
		if (is_waiting && e->fd >= 0 &&
		    write(e->fd, &one, sizeof(one)) < 0)
			return -errno;
	}
	pci_vectors_follow(fn);
	return 0;
}
