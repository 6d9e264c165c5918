// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/dev/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"

/* memory, master, parity, serr, intx off */
#define COMMAND_WRITABLE 0x0546
#define BAR_64 0x4u
#define BAR_PREFETCHABLE 0x8u
#define BAR_FLAGS 0xfu
/* Each slot has room for two BARs of our own devices at a fixed address. */
#define FIXED_BARS 2u
#define FIXED_BYTES (PCI_SLOT_COUNT * FIXED_BARS * PCI_BAR_BYTES)
/* What is larger goes above 4 GiB if it can. */
#define LOW_BAR_MAX_BYTES (64ULL << 20)

uint16_t pci_get16(const struct pci_function *fn, uint32_t off)
{
	uint16_t v;

	memcpy(&v, fn->config + off, sizeof(v));
	return v;
}

uint32_t pci_get32(const struct pci_function *fn, uint32_t off)
{
	uint32_t v;

	memcpy(&v, fn->config + off, sizeof(v));
	return v;
}

void pci_put16(struct pci_function *fn, uint32_t off, uint16_t v)
{
	memcpy(fn->config + off, &v, sizeof(v));
}

void pci_put32(struct pci_function *fn, uint32_t off, uint32_t v)
{
	memcpy(fn->config + off, &v, sizeof(v));
}

void pci_function_init(struct pci_function *fn, struct pci_bus *bus,
		       const struct pci_identity *id)
{
	memset(fn, 0, sizeof(*fn));
	fn->bus = bus;
	fn->cap_end = PCI_FIRST_CAP;
	fn->bars[0].size_bytes = fn->bars[1].size_bytes = PCI_BAR_BYTES;
	pci_put16(fn, PCI_VENDOR, id->vendor_id);
	pci_put16(fn, PCI_DEVICE, id->device_id);
	pci_put32(fn, PCI_REVISION, id->class_code << 8 | id->revision);
	pci_put16(fn, PCI_SUBSYSTEM_VENDOR, id->vendor_id);
	pci_put16(fn, PCI_SUBSYSTEM, id->subsystem_id);
}

void pci_bus_init(struct pci_bus *bus, struct hv_vm *hv)
{
	static const struct pci_identity bridge = {.vendor_id = 0x8086,
						   .device_id = 0x0d57,
						   .class_code = 0x060000};

	memset(bus, 0, sizeof(*bus));
	bus->hv = hv;
	bus->next_gpa = PCI_MMIO_GPA + FIXED_BYTES;
	bus->high_gpa = PCI_HIGH_GPA;
	pthread_mutex_init(&bus->lock, NULL);
	pci_function_init(&bus->host_bridge, bus, &bridge);
	memset(bus->host_bridge.bars, 0, sizeof(bus->host_bridge.bars));
	bus->slots[0] = &bus->host_bridge;
}

void pci_bus_release(struct pci_bus *bus)
{
	pthread_mutex_destroy(&bus->lock);
}

/* Naturally aligned; 0 where it does not fit before END. */
static uint64_t take_gpa(uint64_t *next, uint64_t end, uint64_t bytes)
{
	uint64_t gpa = (*next + bytes - 1) & ~(bytes - 1);

	if (gpa < *next || gpa > end || bytes > end - gpa)
		return 0;
	*next = gpa + bytes;
	return gpa;
}

static uint64_t place_bar(struct pci_bus *bus, uint32_t slot, uint32_t i,
			  const struct pci_bar *bar)
{
	uint64_t low_end = PCI_MMIO_GPA + PCI_MMIO_SIZE_BYTES;
	uint64_t high_end = PCI_HIGH_GPA + PCI_HIGH_SIZE_BYTES;
	uint64_t gpa = 0;

	if (i < FIXED_BARS && bar->size_bytes == PCI_BAR_BYTES)
		return PCI_MMIO_GPA + (slot * FIXED_BARS + i) * PCI_BAR_BYTES;
	if (bar->is_64 && bar->size_bytes > LOW_BAR_MAX_BYTES)
		gpa = take_gpa(&bus->high_gpa, high_end, bar->size_bytes);
	return gpa ? gpa : take_gpa(&bus->next_gpa, low_end, bar->size_bytes);
}

static int place_bars(struct pci_bus *bus, uint32_t slot,
		      struct pci_function *fn)
{
	uint32_t i;

	for (i = 0; i < PCI_BAR_COUNT; i++) {
		const struct pci_bar *bar = &fn->bars[i];
		uint64_t gpa;

		if (!bar->size_bytes)
			continue;
		gpa = place_bar(bus, slot, i, bar);
		if (!gpa)
			return -ENOSPC;
		pci_put32(
			fn, PCI_BAR0 + 4 * i,
			(uint32_t)gpa | (bar->is_64 ? BAR_64 : 0) |
				(bar->is_prefetchable ? BAR_PREFETCHABLE : 0));
		if (bar->is_64)
			pci_put32(fn, PCI_BAR0 + 4 * (i + 1),
				  (uint32_t)(gpa >> 32));
	}
	return 0;
}

int pci_bus_add(struct pci_bus *bus, uint32_t slot, struct pci_function *fn)
{
	int ret;

	if (slot >= PCI_SLOT_COUNT)
		return -ENOSPC;
	if (bus->slots[slot])
		return -EBUSY;
	ret = place_bars(bus, slot, fn);
	if (ret)
		return ret;
	bus->slots[slot] = fn;
	pci_put16(fn, PCI_COMMAND, PCI_COMMAND_MEMORY);
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
	fn->config[fn->cap_last ? fn->cap_last + 1 : PCI_CAPABILITIES] = at;
	pci_put16(fn, PCI_STATUS, PCI_STATUS_CAP_LIST);
	fn->cap_last = at;
	fn->cap_end = (uint8_t)((at + len + 3) & ~3);
	return 0;
}

uint64_t pci_bar_gpa(const struct pci_function *fn, uint32_t bar)
{
	uint64_t gpa = pci_get32(fn, PCI_BAR0 + 4 * bar) & ~BAR_FLAGS;

	if (!(pci_get16(fn, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return 0;
	if (fn->bars[bar].is_64)
		gpa |= (uint64_t)pci_get32(fn, PCI_BAR0 + 4 * (bar + 1)) << 32;
	return gpa;
}

/* The bits of a BAR's register that the guest may write; a BAR above 32 bits has
 * two registers. */
static uint32_t bar_mask(const struct pci_function *fn, uint32_t i)
{
	if (fn->bars[i].size_bytes)
		return (uint32_t) ~(fn->bars[i].size_bytes - 1) & ~BAR_FLAGS;
	if (i && fn->bars[i - 1].is_64)
		return (uint32_t)(~(fn->bars[i - 1].size_bytes - 1) >> 32);
	return 0;
}

/* True: an address or its decoding may be another. */
static bool config_write_byte(struct pci_function *fn, uint32_t off,
			      uint8_t value)
{
	uint32_t bar_last = PCI_BAR0 + 4 * PCI_BAR_COUNT;
	uint8_t mask;

	if (off >= PCI_COMMAND && off < PCI_COMMAND + 2)
		mask = (uint8_t)(COMMAND_WRITABLE >> 8 * (off - PCI_COMMAND));
	else if (off >= PCI_BAR0 && off < bar_last)
		mask = (uint8_t)(bar_mask(fn, (off - PCI_BAR0) / 4) >>
				 8 * (off % 4));
	else
		return false;
	fn->config[off] = (uint8_t)((fn->config[off] & ~mask) | (value & mask));
	return true;
}

static void config_write(struct pci_function *fn, uint32_t off, uint32_t len,
			 uint32_t value)
{
	bool has_moved = false, has_vectors = false;
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		has_moved |= config_write_byte(fn, off + i, byte);
		has_vectors |= pci_msix_config_write(fn, off + i, byte);
	}
	if (fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, off, len, value);
	if (has_moved && fn->ops && fn->ops->bar_moved)
		fn->ops->bar_moved(fn);
	if (has_vectors)
		pci_vectors_follow(fn);
}

static uint32_t config_read(struct pci_function *fn, uint32_t off, uint32_t len)
{
	uint32_t value = 0, i;

	if (fn->ops && fn->ops->config_read)
		return fn->ops->config_read(fn, off, len);
	for (i = 0; i < len; i++)
		value |= (uint32_t)fn->config[off + i] << 8 * i;
	return value;
}

static void config_data(struct pci_bus *bus, struct hv_access *access,
			uint32_t byte)
{
	uint32_t slot = bus->address >> 11 & 0x1f;
	uint32_t off = (bus->address & 0xfc) + byte;
	struct pci_function *fn = bus->slots[slot];

	/* Bus 0 and function 0 only, and only while bit 31 enables it. */
	if (!(bus->address & 1u << 31) || bus->address & 0xff0700)
		fn = NULL;
	if (!access->is_write)
		access->data = UINT64_MAX;
	if (!fn || access->len_bytes > 4 ||
	    off + access->len_bytes > sizeof(fn->config))
		return;
	if (access->is_write)
		config_write(fn, off, access->len_bytes,
			     (uint32_t)access->data);
	else
		access->data = config_read(fn, off, access->len_bytes);
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

		if (!fn || !(pci_get16(fn, PCI_COMMAND) & PCI_COMMAND_MEMORY))
			continue;
		for (i = 0; i < PCI_BAR_COUNT; i++) {
			*off = gpa - pci_bar_gpa(fn, i);
			*bar = i;
			if (*off < fn->bars[i].size_bytes)
				return fn;
		}
	}
	return NULL;
}

static void mmio_access(struct pci_bus *bus, uint64_t gpa,
			struct hv_access *access)
{
	struct pci_function *fn;
	struct hv_access local = *access;
	bool is_vector = false;
	uint32_t bar;

	pthread_mutex_lock(&bus->lock);
	fn = find_bar(bus, gpa, &bar, &local.addr);
	if (fn && fn->msix_cap && bar == fn->msix_bar)
		is_vector = pci_msix_access(fn, &local);
	pthread_mutex_unlock(&bus->lock);
	if (!fn)
		local.data = UINT64_MAX;
	else if (!is_vector)
		fn->ops->bar_access(fn, bar, &local);
	access->data = local.data;
}

void pci_mmio_access(void *bus, struct hv_access *access)
{
	mmio_access(bus, PCI_MMIO_GPA + access->addr, access);
}

void pci_high_access(void *bus, struct hv_access *access)
{
	mmio_access(bus, PCI_HIGH_GPA + access->addr, access);
}

void pci_function_state_get(const struct pci_function *fn,
			    struct pci_function_state *state)
{
	memset(state, 0, sizeof(*state));
	memcpy(state->config, fn->config, sizeof(state->config));
	pci_vectors_state_get(fn, state);
}

/* Its registers take what they take of a guest; all else must be the same. */
int pci_function_state_set(struct pci_function *fn,
			   const struct pci_function_state *state)
{
	bool has_moved = false;
	uint32_t i;
	int ret;

	for (i = 0; i < sizeof(fn->config); i++) {
		has_moved |= config_write_byte(fn, i, state->config[i]);
		pci_msix_config_write(fn, i, state->config[i]);
		if (fn->config[i] != state->config[i])
			return -ENODEV;
	}
	ret = pci_vectors_state_set(fn, state);
	if (!ret && has_moved && fn->ops && fn->ops->bar_moved)
		fn->ops->bar_moved(fn);
	return ret;
}
