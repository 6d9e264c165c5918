/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_PCI_HOST_H
#define HARNESS_CORE_PCI_HOST_H

/*
 * pci_host - the PCI functions of this host as sysfs has them
 * (Documentation/ABI/testing/sysfs-bus-pci), and which driver has them.
 *
 * ROOT is put before every path: "" for this host, a folder for tests.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define PCI_HOST_VFIO "vfio-pci"
#define PCI_HOST_ADDRESS_BYTES 20

struct pci_host {
	char address[PCI_HOST_ADDRESS_BYTES]; /* "0000:00:05.0" */
	uint16_t vendor_id, device_id;
	uint32_t class_code;
	char driver[32];      /* "": none */
	char override_to[32]; /* driver_override; "": none */
	int group;            /* of the IOMMU; -1: none */
	uint32_t peer_count;  /* other functions in the group, bridges aside */
	bool can_reset;
	bool is_hyperv; /* Azure gave it to this machine (DDA) */
	char up[16]; /* the first of its network interfaces that is up; "": none */
	char block[64]; /* its first disk, "/dev/nvme0n1"; "": none */
	uint64_t block_bytes;
};

/* "0000:00:05.0" or "00:05.0" into the long form. -EINVAL. */
int pci_host_address(const char *text, char address[PCI_HOST_ADDRESS_BYTES],
		     struct err *err);

/* -ENODEV when there is no such function. */
int pci_host_read(const char *root, const char *address, struct pci_host *fn,
		  struct err *err);

/* All that could be handed to a guest: no bridges. The caller frees *OUT. */
size_t pci_host_list(const char *root, struct pci_host **out);

/* What stands in the way of handing it to a guest, into BUF; "": nothing. */
const char *pci_host_obstacle(const struct pci_host *fn, char *buf,
			      size_t size);

bool pci_host_is_storage(const struct pci_host *fn);

/* "NVMe disk", "network card", ... */
const char *pci_host_kind(const struct pci_host *fn);

/*
 * Take it from the driver it has and give it to OVERRIDE, or with "" to the one
 * that the kernel finds. Waits for whoever still has it open. -EBUSY when that
 * driver does not take it.
 */
int pci_host_drive(const char *root, const char *address,
		   const char *override_to, struct err *err);

/* To no driver at all, and none that waits for it. */
int pci_host_release(const char *root, const char *address, struct err *err);

#endif
