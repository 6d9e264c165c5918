// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vm_devices.h"

#include <stdio.h>

#include "harness/base/err.h"
#include "runners/vmm/event.h"

#define SLOT_VSOCK 3
#define SLOT_DISKS 4
#define SLOT_NETS (SLOT_DISKS + VM_MAX_DISKS)

static int place(struct virtio_pci *vp, struct pci_bus *bus, uint32_t slot,
		 struct virtio_dev *dev, struct err *err)
{
	int ret = virtio_pci_init(vp, bus, slot, dev);

	return ret ? err_sys(err, ret, "cannot place device '%s'",
			     dev->ops->name)
		   : 0;
}

static int disk_add(struct vm_devices *d, uint32_t i,
		    const struct blk_config *cfg, const struct mem *mem,
		    struct pci_bus *bus, struct err *err)
{
	int ret = blk_create(cfg, mem, &d->disks[i], err);

	if (ret)
		return ret;
	return place(&d->disk_pcis[i], bus, SLOT_DISKS + i,
		     blk_dev(d->disks[i]), err);
}

static int net_add(struct vm_devices *d, uint32_t i,
		   const struct net_config *cfg, const struct mem *mem,
		   struct pci_bus *bus, struct err *err)
{
	int ret = net_create(cfg, mem, &d->nets[i], err);

	if (ret)
		return ret;
	return place(&d->net_pcis[i], bus, SLOT_NETS + i, net_dev(d->nets[i]),
		     err);
}

int vm_devices_create(struct vm_devices *d, const struct vm_devices_config *cfg,
		      const struct mem *mem, struct pci_bus *bus,
		      struct err *err)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; i < cfg->disk_count && !ret; i++)
		ret = disk_add(d, i, &cfg->disks[i], mem, bus, err);
	for (i = 0; i < cfg->net_count && !ret; i++)
		ret = net_add(d, i, &cfg->nets[i], mem, bus, err);
	if (!ret && cfg->vsock_cid)
		ret = vsock_init(&d->vsock, cfg->vsock_cid, mem, err);
	if (!ret && cfg->vsock_cid)
		ret = place(&d->vsock_pci, bus, SLOT_VSOCK, &d->vsock.dev, err);
	return ret;
}

void vm_devices_destroy(struct vm_devices *d)
{
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS; i++) {
		virtio_pci_release(&d->disk_pcis[i]);
		blk_destroy(d->disks[i]);
		d->disks[i] = NULL;
	}
	for (i = 0; i < VM_MAX_NETS; i++) {
		virtio_pci_release(&d->net_pcis[i]);
		net_destroy(d->nets[i]);
		d->nets[i] = NULL;
	}
	virtio_pci_release(&d->vsock_pci);
	vsock_release(&d->vsock);
}

void vm_devices_write_names(const struct vm_devices *d, FILE *out)
{
	uint32_t i;

	for (i = 0; out && i < VM_MAX_NETS && d->nets[i]; i++)
		event_device_net(out, net_backend(d->nets[i]));
}

int vm_devices_start_threads(struct vm_devices *d, struct err *err)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS && d->disks[i] && !ret; i++)
		ret = blk_threads_start(d->disks[i], err);
	return ret ? err_wrap(err, "disk %u", i - 1) : 0;
}

void vm_devices_write_engines(const struct vm_devices *d, FILE *out)
{
	char name[16], text[BLK_ENGINE_TEXT_BYTES];
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS && d->disks[i]; i++) {
		snprintf(name, sizeof(name), "disk%u", i);
		blk_engine_text(d->disks[i], text, sizeof(text));
		event_fact(out, name, text);
	}
}

bool vm_devices_disk_lacks(const struct vm_devices *d, uint32_t index,
			   char *text)
{
	return index < VM_MAX_DISKS && d->disks[index] &&
	       !blk_engine_text(d->disks[index], text, BLK_ENGINE_TEXT_BYTES);
}

uint64_t vm_devices_disk_requests(const struct vm_devices *d)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS && d->disks[i]; i++)
		sum += virtio_request_count(blk_dev(d->disks[i]));
	return sum;
}

void vm_devices_write_counts(struct vm_devices *d, uint32_t number, FILE *out)
{
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS && d->disks[i]; i++)
		virtio_write_counts(blk_dev(d->disks[i]), i, number, out);
	for (i = 0; i < VM_MAX_NETS && d->nets[i]; i++)
		virtio_write_counts(net_dev(d->nets[i]), i, number, out);
}
