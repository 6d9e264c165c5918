// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/dev/pci.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/base.h"

#define CFG_VENDOR 0x00
#define CFG_DEVICE 0x02
#define CFG_COMMAND 0x04
#define CFG_STATUS 0x06
#define CFG_REVISION 0x08
#define CFG_CLASS 0x09
#define CFG_BAR0 0x10
#define CFG_SUBSYSTEM_VENDOR 0x2c
#define CFG_SUBSYSTEM 0x2e
#define CFG_CAPABILITIES 0x34
#define CFG_FIRST_CAP 0x40

#define COMMAND_MEMORY 0x0002
#define COMMAND_WRITABLE 0x0546 /* memory, master, parity, serr, intx off */
#define STATUS_CAP_LIST 0x0010

#define CAP_ID_MSIX 0x11
#define MSIX_ENABLE 0x8000
#define MSIX_MASK_ALL 0x4000
#define MSIX_TABLE_BAR 1
#define MSIX_PBA_OFFSET 0x800
#define MSIX_ENTRY_BYTES 16

static uint16_t get16(const struct pci_function *fn, uint32_t off)
{
	uint16_t v;

	memcpy(&v, fn->config + off, sizeof(v));
	return v;
}

static uint32_t get32(const struct pci_function *fn, uint32_t off)
{
	uint32_t v;

	memcpy(&v, fn->config + off, sizeof(v));
	return v;
}

static void put16(struct pci_function *fn, uint32_t off, uint16_t v)
{
	memcpy(fn->config + off, &v, sizeof(v));
}

static void put32(struct pci_function *fn, uint32_t off, uint32_t v)
{
	memcpy(fn->config + off, &v, sizeof(v));
}

void pci_function_init(struct pci_function *fn, struct pci_bus *bus,
		       const struct pci_identity *id)
{
	uint32_t i;

	memset(fn->config, 0, sizeof(fn->config));
	for (i = 0; i < PCI_MSIX_MAX; i++)
		fn->msix[i].fd = -1;
	fn->bus = bus;
	fn->cap_end = CFG_FIRST_CAP;
	put16(fn, CFG_VENDOR, id->vendor_id);
	put16(fn, CFG_DEVICE, id->device_id);
	put32(fn, CFG_REVISION, id->class_code << 8 | id->revision);
	put16(fn, CFG_SUBSYSTEM_VENDOR, id->vendor_id);
	put16(fn, CFG_SUBSYSTEM, id->subsystem_id);
}

void pci_bus_init(struct pci_bus *bus, struct hv_vm *hv)
{
	static const struct pci_identity bridge = {.vendor_id = 0x8086,
						   .device_id = 0x0d57,
						   .class_code = 0x060000};

	memset(bus, 0, sizeof(*bus));
	bus->hv = hv;
	pthread_mutex_init(&bus->lock, NULL);
	pci_function_init(&bus->host_bridge, bus, &bridge);
	bus->slots[0] = &bus->host_bridge;
}

void pci_bus_release(struct pci_bus *bus)
{
	pthread_mutex_destroy(&bus->lock);
}

int pci_bus_add(struct pci_bus *bus, uint32_t slot, struct pci_function *fn)
{
	uint32_t i;

	if (slot >= PCI_SLOT_COUNT)
		return -ENOSPC;
	if (bus->slots[slot])
		return -EBUSY;
	bus->slots[slot] = fn;
	for (i = 0; i < PCI_BAR_COUNT; i++)
		put32(fn, CFG_BAR0 + 4 * i,
		      (uint32_t)PCI_MMIO_GPA +
			      (slot * PCI_BAR_COUNT + i) * PCI_BAR_BYTES);
	put16(fn, CFG_COMMAND, COMMAND_MEMORY);
	return 0;
}

int pci_add_capability(struct pci_function *fn, uint8_t id, const void *body,
		       uint8_t len)
{
	uint8_t at = fn->cap_end;

	if (at + len > (int)sizeof(fn->config))
		return -ENOSPC;
	memcpy(fn->config + at, body, len);
	fn->config[at] = id;
	fn->config[at + 1] = 0;
	fn->config[fn->cap_last ? fn->cap_last + 1 : CFG_CAPABILITIES] = at;
	put16(fn, CFG_STATUS, STATUS_CAP_LIST);
	fn->cap_last = at;
	fn->cap_end = (uint8_t)((at + len + 3) & ~3);
	return 0;
}

int pci_add_msix(struct pci_function *fn, uint32_t count)
{
	uint32_t body[3] = {(count - 1) << 16, MSIX_TABLE_BAR,
			    MSIX_PBA_OFFSET | MSIX_TABLE_BAR};
	uint8_t at = fn->cap_end;
	uint32_t i;

	if (!count || count > PCI_MSIX_MAX)
		return -EINVAL;
	fn->msix_cap = at;
	fn->msix_count = count;
	for (i = 0; i < count; i++)
		fn->msix[i].masked = true;
	return pci_add_capability(fn, CAP_ID_MSIX, body, sizeof(body));
}

static bool msix_blocked(const struct pci_function *fn, uint32_t index)
{
	return (get16(fn, fn->msix_cap + 2u) & MSIX_MASK_ALL) ||
	       fn->msix[index].masked;
}

static bool msix_enabled(const struct pci_function *fn)
{
	return fn->msix_cap && (get16(fn, fn->msix_cap + 2u) & MSIX_ENABLE);
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

static void msix_detach(struct pci_function *fn, struct pci_msix_entry *e)
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
		msix_detach(fn, &fn->msix[i]);
		close(fn->msix[i].fd);
		fn->msix[i].fd = -1;
	}
}

/*
 * Follow the guest's changes. An interrupt that came without a listener is
 * still in the eventfd. It is taken out first and sent by a call, because
 * hypervisors differ in whether they notice an earlier signal.
 */
static void msix_follow(struct pci_function *fn, struct pci_msix_entry *e,
			bool wants)
{
	uint64_t missed;

	if (e->is_attached && wants && e->attached.addr == e->msi.addr &&
	    e->attached.data == e->msi.data)
		return;
	msix_detach(fn, e);
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

static void msix_fire(struct pci_function *fn, uint32_t index)
{
	struct pci_msix_entry *e = &fn->msix[index];

	if (msix_blocked(fn, index)) {
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
	if (msix_enabled(fn))
		msix_fire(fn, index);
	pthread_mutex_unlock(&fn->bus->lock);
}

static void msix_changed(struct pci_function *fn)
{
	bool enabled = msix_enabled(fn);
	uint32_t i;

	for (i = 0; i < fn->msix_count; i++) {
		if (fn->msix[i].fd >= 0)
			msix_follow(fn, &fn->msix[i],
				    enabled && !msix_blocked(fn, i));
		else if (fn->msix[i].pending)
			msix_fire(fn, i);
	}
}

/* A table entry as the guest sees it: address, data, vector control. */
static uint32_t msix_word_get(const struct pci_msix_entry *e, uint32_t word)
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

static void msix_word_set(struct pci_msix_entry *e, uint32_t word,
			  uint32_t value)
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

static bool msix_pending(const struct pci_msix_entry *e)
{
	struct pollfd p = {.fd = e->fd, .events = POLLIN};

	return e->fd < 0 ? e->pending : !e->is_attached && poll(&p, 1, 0) == 1;
}

static uint64_t msix_pba(const struct pci_function *fn)
{
	uint64_t bits = 0;
	uint32_t i;

	for (i = 0; i < fn->msix_count; i++)
		bits |= (uint64_t)msix_pending(&fn->msix[i]) << i;
	return bits;
}

static void msix_table_access(struct pci_function *fn, struct hv_access *access)
{
	uint32_t index = (uint32_t)access->addr / MSIX_ENTRY_BYTES;
	uint32_t word = (uint32_t)access->addr / 4 % 4;
	uint32_t words = access->len_bytes / 4u;
	uint32_t i;

	if (!access->is_write)
		access->data = 0;
	if (access->addr == MSIX_PBA_OFFSET && !access->is_write)
		access->data = msix_pba(fn);
	/* Only aligned 4 and 8 byte accesses are defined (PCI 3.0, 6.8.2). */
	if (index >= fn->msix_count || access->addr % 4 || !words ||
	    word + words > 4)
		return;
	for (i = 0; i < words; i++) {
		struct pci_msix_entry *e = &fn->msix[index];

		if (access->is_write)
			msix_word_set(e, word + i,
				      (uint32_t)(access->data >> 32 * i));
		else
			access->data |= (uint64_t)msix_word_get(e, word + i)
					<< 32 * i;
	}
	msix_changed(fn);
}

uint64_t pci_bar_gpa(const struct pci_function *fn, uint32_t bar)
{
	return get16(fn, CFG_COMMAND) & COMMAND_MEMORY
		       ? get32(fn, CFG_BAR0 + 4 * bar)
		       : 0;
}

static void bar_moved(struct pci_function *fn)
{
	if (fn->ops && fn->ops->bar_moved)
		fn->ops->bar_moved(fn);
}

static void config_write_byte(struct pci_function *fn, uint32_t off,
			      uint8_t value)
{
	uint32_t bar_first = CFG_BAR0;
	uint32_t bar_last = CFG_BAR0 + 4 * PCI_BAR_COUNT;
	uint32_t mask;

	if (off >= CFG_COMMAND && off < CFG_COMMAND + 2) {
		mask = COMMAND_WRITABLE >> 8 * (off - CFG_COMMAND);
		fn->config[off] = (uint8_t)(value & mask);
		bar_moved(fn);
	} else if (off >= bar_first && off < bar_last && fn->ops) {
		mask = ~(PCI_BAR_BYTES - 1) >> 8 * (off % 4);
		fn->config[off] = (uint8_t)(value & mask);
		bar_moved(fn);
	} else if (fn->msix_cap && off == fn->msix_cap + 3u) {
		fn->config[off] =
			(uint8_t)((fn->config[off] & 0x3f) | (value & 0xc0));
		msix_changed(fn);
	}
}

static void config_data(struct pci_bus *bus, struct hv_access *access,
			uint32_t byte)
{
	uint32_t slot = bus->address >> 11 & 0x1f;
	uint32_t off = (bus->address & 0xfc) + byte;
	struct pci_function *fn = bus->slots[slot];
	uint32_t i;

	/* Bus 0 and function 0 only, and only while bit 31 enables it. */
	if (!(bus->address & 1u << 31) || bus->address & 0xff0700)
		fn = NULL;
	if (!access->is_write)
		access->data = UINT64_MAX;
	if (!fn || off + access->len_bytes > sizeof(fn->config))
		return;
	if (!access->is_write)
		access->data = 0;
	for (i = 0; i < access->len_bytes; i++) {
		if (access->is_write)
			config_write_byte(fn, off + i,
					  (uint8_t)(access->data >> 8 * i));
		else
			access->data |= (uint64_t)fn->config[off + i] << 8 * i;
	}
}

void pci_config_access(void *pci_bus, struct hv_access *access)
{
	struct pci_bus *bus = pci_bus;

	pthread_mutex_lock(&bus->lock);
	if (access->addr >= 4)
		config_data(bus, access, (uint32_t)access->addr - 4);
	else if (access->addr || access->len_bytes != 4)
		access->data = access->is_write ? access->data : UINT64_MAX;
	else if (access->is_write)
		bus->address = (uint32_t)access->data;
	else
		access->data = bus->address;
	pthread_mutex_unlock(&bus->lock);
}

/* Who decodes this address now, and as which BAR. */
static struct pci_function *find_bar(struct pci_bus *bus, uint64_t gpa,
				     uint32_t *bar, uint64_t *off)
{
	uint32_t slot, i;

	for (slot = 1; slot < PCI_SLOT_COUNT; slot++) {
		struct pci_function *fn = bus->slots[slot];

		if (!fn || !(get16(fn, CFG_COMMAND) & COMMAND_MEMORY))
			continue;
		for (i = 0; i < PCI_BAR_COUNT; i++) {
			*off = gpa - get32(fn, CFG_BAR0 + 4 * i);
			*bar = i;
			if (*off < PCI_BAR_BYTES)
				return fn;
		}
	}
	return NULL;
}

void pci_mmio_access(void *pci_bus, struct hv_access *access)
{
	struct pci_bus *bus = pci_bus;
	struct pci_function *fn;
	struct hv_access local = *access;
	uint32_t bar;

	pthread_mutex_lock(&bus->lock);
	fn = find_bar(bus, PCI_MMIO_GPA + access->addr, &bar, &local.addr);
	if (fn && bar == MSIX_TABLE_BAR)
		msix_table_access(fn, &local);
	pthread_mutex_unlock(&bus->lock);
	if (!fn)
		local.data = UINT64_MAX;
	else if (bar == 0)
		fn->ops->bar_access(fn, &local);
	access->data = local.data;
}
