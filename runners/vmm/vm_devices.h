/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VM_DEVICES_H
#define RUNNERS_VMM_VM_DEVICES_H

/* vm_devices - the disks, network cards and socket of a machine. Each has a
 * fixed PCI slot that does not depend on the other devices. */
#include <stdint.h>

#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "runners/vmm/virtio/vsock.h"

struct err;
struct mem;
struct pci_bus;

#define VM_MAX_DISKS 8
#define VM_MAX_NETS 4

struct vm_devices_config {
	struct blk_config disks[VM_MAX_DISKS]; /* strings borrowed */
	uint32_t disk_count;
	struct net_config nets[VM_MAX_NETS];
	uint32_t net_count;
	uint32_t vsock_cid; /* 0: none */
};

struct vm_devices {
	struct blk *disks[VM_MAX_DISKS]; /* owned, as all */
	struct virtio_pci disk_pcis[VM_MAX_DISKS];
	struct net *nets[VM_MAX_NETS];
	struct virtio_pci net_pcis[VM_MAX_NETS];
	struct vsock vsock;
	struct virtio_pci vsock_pci;
};

int vm_devices_create(struct vm_devices *d, const struct vm_devices_config *cfg,
		      const struct mem *mem, struct pci_bus *bus,
		      struct err *err);

/* Stops them first; half-built and zeroed are fine. */
void vm_devices_destroy(struct vm_devices *d);

/* "device net vhost" or "device net tap", one line per card. */
void vm_devices_write_names(const struct vm_devices *d, FILE *out);

/* The threads of disks, see blk_threads_start(). */
int vm_devices_start_threads(struct vm_devices *d, struct err *err);

/* "fact disk0 io_uring, restricted", one line per disk. */
void vm_devices_write_engines(const struct vm_devices *d, FILE *out);

/* Whether the disk exists and lacks something; TEXT then is its engine's, and
 * holds BLK_ENGINE_TEXT_BYTES. */
bool vm_devices_disk_lacks(const struct vm_devices *d, uint32_t index,
			   char *text);

/* Requests that all disks have taken so far. */
uint64_t vm_devices_disk_requests(const struct vm_devices *d);

/* "count NUMBER NAME VALUE" lines, see virtio_write_counts(). */
void vm_devices_write_counts(struct vm_devices *d, uint32_t number, FILE *out);

#endif
