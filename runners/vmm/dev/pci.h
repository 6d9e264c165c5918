/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_PCI_H
#define RUNNERS_VMM_DEV_PCI_H

/*
 * pci - one bus behind configuration mechanism #1 (ports 0xcf8 and 0xcfc),
 * functions with memory BARs and message-signalled interrupts (PCI 3.0, 3.2.2.3,
 * 6.2 and 6.8).
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define PCI_CONFIG_PORT 0xcf8
#define PCI_CONFIG_PORT_COUNT 8
/* Where BARs are decoded: a window below 4 GiB, and one for what is too large
 * for it. They are in the DSDT as well. */
#define PCI_MMIO_GPA 0xc0000000ULL
#define PCI_MMIO_SIZE_BYTES 0x30000000ULL
#define PCI_HIGH_GPA 0x8000000000ULL
#define PCI_HIGH_SIZE_BYTES 0x4000000000ULL
#define PCI_SLOT_COUNT 32
#define PCI_BAR_COUNT 6
#define PCI_CONFIG_BYTES 256
/* Of our own devices, which have up to two. */
#define PCI_BAR_BYTES 0x4000u
#define PCI_MSIX_MAX 256
#define PCI_NO_VECTOR 0xffff
#define PCI_NO_PBA UINT32_MAX

/* Configuration space, PCI 3.0, 6.1. */
#define PCI_VENDOR 0x00
#define PCI_DEVICE 0x02
#define PCI_COMMAND 0x04
#define PCI_STATUS 0x06
#define PCI_REVISION 0x08
#define PCI_BAR0 0x10
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_FIRST_CAP 0x40
#define PCI_COMMAND_MEMORY 0x0002
#define PCI_COMMAND_MASTER 0x0004
#define PCI_STATUS_CAP_LIST 0x0010
#define PCI_CAP_MSIX 0x11

struct pci_function;

struct pci_function_ops {
	/* Of a BAR, but for the MSI-X table; runs without the bus's lock. */
	void (*bar_access)(struct pci_function *fn, uint32_t bar,
			   struct hv_access *access);
	/* The others are optional and run with the lock held. */

	/* Address or decoding of a BAR may have changed. */
	void (*bar_moved)(struct pci_function *fn);
	/* Which vectors may fire may have changed. */
	void (*vectors_changed)(struct pci_function *fn);
	/* In place of fn->config. */
	uint32_t (*config_read)(struct pci_function *fn, uint32_t off,
				uint32_t len);
	/* After fn->config has taken what it takes. */
	void (*config_written)(struct pci_function *fn, uint32_t off,
			       uint32_t len, uint32_t value);
};

struct pci_bar {
	uint64_t size_bytes; /* a power of two; 0: there is none */
	bool is_64;          /* takes the next BAR's place as well */
	bool is_prefetchable;
};

/* A message that the device may send: an entry of the MSI-X table, or one of
 * MSI's. */
struct pci_msix_entry {
	struct hv_msi msi;
	bool masked;
	bool pending;
	int fd; /* owned; -1: interrupts are sent by a call */
	uint32_t irqfd_slot;
	bool is_attached; /* the hypervisor listens to fd, for attached */
	struct hv_msi attached;
};

/* Devices embed this as their first member. */
struct pci_function {
	const struct pci_function_ops *ops;
	struct pci_bus *bus;
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t cap_end; /* first free byte for capabilities */
	uint8_t cap_last;
	struct pci_bar bars[PCI_BAR_COUNT];
	uint8_t msix_cap; /* 0: none */
	uint8_t msix_bar;
	uint32_t msix_table, msix_pba; /* offsets in that BAR; PCI_NO_PBA */
	bool has_msi; /* its owner enables and masks the entries itself */
	bool msi_enabled;
	uint32_t msix_count;
	struct pci_msix_entry *msix; /* owned */
};

struct pci_bus {
	struct hv_vm *hv;     /* borrowed */
	pthread_mutex_t lock; /* guards address, config space and MSI-X */
	uint32_t address;
	uint32_t irqfd_count;        /* slots given out so far */
	uint64_t next_gpa, high_gpa; /* for BARs without an address of theirs */
	struct pci_function *slots[PCI_SLOT_COUNT]; /* borrowed */
	struct pci_function host_bridge;
};

/* A record of a snapshot (snapshot/snap_format.h). */
struct pci_entry_state {
	uint64_t addr;
	uint32_t data;
	uint8_t masked;
	uint8_t pending;
	uint8_t zero[2];
};

struct pci_function_state {
	uint8_t config[PCI_CONFIG_BYTES];
	uint32_t entry_count;
	uint32_t zero;
	struct pci_entry_state entries[PCI_MSIX_MAX];
};

void pci_bus_init(struct pci_bus *bus, struct hv_vm *hv);
void pci_bus_release(struct pci_bus *bus);

struct pci_identity {
	uint16_t vendor_id;
	uint16_t device_id;
	uint32_t class_code; /* class, subclass, interface */
	uint8_t revision;
	uint16_t subsystem_id;
};

void pci_function_init(struct pci_function *fn, struct pci_bus *bus,
		       const struct pci_identity *id);

/* Place FN; its BARs get addresses of their own. -ENOSPC where one of them does
 * not fit, -EBUSY. */
int pci_bus_add(struct pci_bus *bus, uint32_t slot, struct pci_function *fn);

/* Append a capability of LEN bytes, its two header bytes included. */
int pci_add_capability(struct pci_function *fn, uint8_t id, const void *body,
		       uint8_t len);

/* MSI-X with COUNT vectors, its table in BAR 1. */
int pci_add_msix(struct pci_function *fn, uint32_t count);

/* Room for COUNT vectors, all of them masked; -EINVAL, -ENOMEM. */
int pci_vectors_create(struct pci_function *fn, uint32_t count);

/* Attach and send what vectors may now send. Lock held. */
void pci_vectors_follow(struct pci_function *fn);
bool pci_vectors_enabled(const struct pci_function *fn);

/*
 * Give every vector an eventfd that the hypervisor listens to while the
 * vector is enabled. Interrupts then need no call and no lock.
 */
int pci_msix_fds_create(struct pci_function *fn);

/* The eventfd of vector INDEX, -1 if it has none. */
int pci_msix_fd(const struct pci_function *fn, uint32_t index);

/* Detach and close them; one that was never placed is fine. */
void pci_function_release(struct pci_function *fn);

/* Send vector INDEX, or keep it pending while it is masked. Any thread. */
void pci_msix_notify(struct pci_function *fn, uint32_t index);

/* Where BAR is decoded now, 0 while memory decoding is off. Lock held. */
uint64_t pci_bar_gpa(const struct pci_function *fn, uint32_t bar);

/* bus_access_fn for the ports and for the two windows. */
void pci_config_access(void *bus, struct hv_access *access);
void pci_mmio_access(void *bus, struct hv_access *access);
void pci_high_access(void *bus, struct hv_access *access);

/* Of the MSI-X table or its pending bits, at access->addr of their BAR; false: it
 * is neither. Lock held. */
bool pci_msix_access(struct pci_function *fn, struct hv_access *access);
/* A write to MSI-X's message control, at OFF of the configuration space. */
bool pci_msix_config_write(struct pci_function *fn, uint32_t off,
			   uint8_t value);

/*
 * Of FN while no vCPU runs, its device at rest. The state to be set is hostile: what
 * a guest can write is taken, of the rest it must have what FN has. -ENODEV where it
 * is of another function.
 */
void pci_function_state_get(const struct pci_function *fn,
			    struct pci_function_state *state);
int pci_function_state_set(struct pci_function *fn,
			   const struct pci_function_state *state);

/* The messages of such a state, in place of those that the function has. */
void pci_vectors_state_get(const struct pci_function *fn,
			   struct pci_function_state *state);
int pci_vectors_state_set(struct pci_function *fn,
			  const struct pci_function_state *state);

uint16_t pci_get16(const struct pci_function *fn, uint32_t off);
uint32_t pci_get32(const struct pci_function *fn, uint32_t off);
void pci_put16(struct pci_function *fn, uint32_t off, uint16_t value);
void pci_put32(struct pci_function *fn, uint32_t off, uint32_t value);

#endif
