/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_PCI_H
#define RUNNERS_VMM_DEV_PCI_H

/*
 * pci - one bus behind configuration mechanism #1 (ports 0xcf8 and 0xcfc),
 * functions with memory BARs and MSI-X (PCI 3.0, 3.2.2.3, 6.2 and 6.8).
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define PCI_CONFIG_PORT 0xcf8
#define PCI_CONFIG_PORT_COUNT 8
#define PCI_MMIO_GPA 0xc0000000ULL
#define PCI_MMIO_SIZE_BYTES 0x10000000ULL
#define PCI_SLOT_COUNT 32
#define PCI_BAR_COUNT 2
#define PCI_BAR_BYTES 0x4000u
#define PCI_MSIX_MAX 18
#define PCI_NO_VECTOR 0xffff

struct pci_function;

struct pci_function_ops {
	/* BAR 0; runs without the bus lock */
	void (*bar_access)(struct pci_function *fn, struct hv_access *access);
	/* Address or decoding of a BAR may have changed; lock held. Optional. */
	void (*bar_moved)(struct pci_function *fn);
};

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
	uint8_t config[256];
	uint8_t cap_end; /* first free byte for capabilities */
	uint8_t cap_last;
	uint8_t msix_cap; /* 0: none */
	uint32_t msix_count;
	struct pci_msix_entry msix[PCI_MSIX_MAX];
};

struct pci_bus {
	struct hv_vm *hv;     /* borrowed */
	pthread_mutex_t lock; /* guards address, config space and MSI-X */
	uint32_t address;
	uint32_t irqfd_count;                       /* slots given out so far */
	struct pci_function *slots[PCI_SLOT_COUNT]; /* borrowed */
	struct pci_function host_bridge;
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

/* Place FN; its BARs get addresses of their own. -ENOSPC, -EBUSY. */
int pci_bus_add(struct pci_bus *bus, uint32_t slot, struct pci_function *fn);

/* Append a capability of LEN bytes, its two header bytes included. */
int pci_add_capability(struct pci_function *fn, uint8_t id, const void *body,
		       uint8_t len);

/* MSI-X with COUNT vectors, its table in BAR 1. */
int pci_add_msix(struct pci_function *fn, uint32_t count);

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

/* bus_access_fn for the ports and for the memory window. */
void pci_config_access(void *bus, struct hv_access *access);
void pci_mmio_access(void *bus, struct hv_access *access);

#endif
