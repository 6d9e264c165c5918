// SPDX-License-Identifier: GPL-3.0-or-later
/* Registers and queues of virtio devices, on the fake hypervisor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/console.h"
#include "runners/vmm/virtio/net.h"
#include "runners/vmm/virtio/rng.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/vdriver.h"

#define MEM_BYTES (32 * MIB)

/* A device whose registers and rings are all the guest's invention. */
static void fuzz_virtio(const uint8_t *data, size_t size)
{
	static struct hv_vm vm = {.ops = &hv_fake};
	struct mem_config mc = {.bytes = MEM_BYTES};
	static struct mem mem;
	struct pci_bus pci;
	struct rng rng;
	struct virtio_pci vp;
	struct err err;

	if (!mem.host && mem_init(&mem, &mc, &err))
		abort();
	memcpy(mem_ptr(&mem, 0, size), data, size);
	pci_bus_init(&pci, &vm);
	rng_init(&rng, &mem);
	if (virtio_pci_init(&vp, &pci, 1, &rng.dev))
		abort();
	for (; size >= 12; data += 12, size -= 12) {
		struct hv_access a = {.len_bytes = (uint8_t)(1 << data[0] % 4),
				      .is_write = data[0] & 0x80,
				      .addr = data[1] | (uint32_t)data[2] << 8};

		memcpy(&a.data, data + 4, 8);
		a.addr &= 0x3fff;
		if (data[3] & 1)
			a.addr = data[1] % 0x38 & ~3u;
		if (data[3] & 2) {
			vp.fn.ops->bar_access(&vp.fn, 0, &a);
		} else if (data[3] & 4) {
			a.addr = data[1] & 7;
			pci_config_access(&pci, &a);
		} else {
			a.addr += PCI_BAR_BYTES * (2 + (data[3] >> 7));
			pci_mmio_access(&pci, &a);
		}
	}
	virtio_pci_release(&vp);
	rng_release(&rng);
	pci_bus_release(&pci);
}

/* --- devices with threads ---------------------------------------------- */

#define QUEUE_SIZE 8
#define BUFFERS_GPA 0x10000ULL
#define BUFFERS_BYTES 0x10000ULL

static uint64_t ring_gpa(uint16_t queue)
{
	return 0x1000 * (1ull + queue);
}

/* Requests of a disk; to other devices they are noise as well. */
static void make_buffers(struct vdriver *d, const uint8_t *data, size_t size)
{
	uint8_t *at = mem_ptr(&d->mem, BUFFERS_GPA, BUFFERS_BYTES);
	size_t i;

	for (i = 0; i < BUFFERS_BYTES; i += 16) {
		uint32_t type = data[i / 16 % size] % 16;
		uint64_t sector = data[(i / 16 + 1) % size] * 16u;

		memcpy(at + i, &type, sizeof(type));
		memcpy(at + i + 8, &sector, sizeof(sector));
	}
}

/* Noise where HOW says so, and otherwise something that may do. */
static void make_desc(struct vdesc *desc, uint16_t i, unsigned int how,
		      bool is_all_in)
{
	bool is_in = is_all_in || i % 4 == 3 || how % 32 == 3;

	if (how % 16 != 1)
		desc->addr = BUFFERS_GPA +
			     desc->addr % (BUFFERS_BYTES / 2) / 16 * 16 +
			     (how & 0x2000 ? 1 : 0);
	if (how / 16 % 16 != 1)
		desc->len = how & 0x1000 ? 16 : desc->len % 0x2000;
	if (how / 256 % 16 != 1)
		desc->flags = (uint16_t)((i % 4 != 3 ? VDESC_NEXT : 0) |
					 (is_in ? VDESC_WRITE : 0));
	if (how % 64 == 2)
		desc->flags = VDESC_INDIRECT;
	if (how / 64 % 16 != 1)
		desc->next = (uint16_t)(i + 1) % QUEUE_SIZE;
}

static void make_rings(struct vdriver *d, uint16_t queue, const uint8_t *data,
		       size_t size)
{
	uint64_t at = ring_gpa(queue);
	struct vdesc *desc = mem_ptr(&d->mem, at, 0x1000);
	uint16_t *avail = mem_ptr(&d->mem, at + 0x800, 0x800);
	uint16_t i;

	for (i = 0; i < 0x1000; i++)
		((uint8_t *)desc)[i] = data[(i + 31u * queue) % size];
	for (i = 0; i < QUEUE_SIZE; i++) {
		unsigned int how = data[(2u * i + queue) % size] |
				   data[(2u * i + 7) % size] << 8;

		make_desc(&desc[i], i, how, data[queue] & 0x40);
		if (how % 32)
			avail[2 + i] = i * 4 % QUEUE_SIZE + how / 128 % 3;
	}
	if (data[0] % 16)
		avail[1] = 1 + data[1 % size] % QUEUE_SIZE;
}

static void set_queue(struct vdriver *d, uint16_t queue, bool is_odd)
{
	vdriver_write(d, 22, 2, queue);
	vdriver_write(d, 24, 2, QUEUE_SIZE);
	vdriver_write(d, 26, 2, queue);
	vdriver_write(d, 32, 8, ring_gpa(queue) + (is_odd ? 8 : 0));
	vdriver_write(d, 40, 8, ring_gpa(queue) + 0x800);
	vdriver_write(d, 48, 8, ring_gpa(queue) + 0xc00);
	vdriver_write(d, 28, 2, 1);
}

/* Accesses while the threads run: five bytes each, to what matters most. */
static void poke(struct vdriver *d, const uint8_t *data, size_t size)
{
	int i;

	for (i = 0; i < 16 && size >= 5; i++, data += 5, size -= 5) {
		uint32_t v;

		memcpy(&v, data, sizeof(v));
		switch (data[4] % 8) {
		case 0: /* the registers, the status among them */
			vdriver_write(d, data[0] % 0x38, 1 << data[1] % 4, v);
			break;
		case 1: /* the vectors */
			vdriver_write(d, d->table - d->bar + data[0] % 0x60u, 4,
				      v);
			break;
		case 2:
			vdriver_pci_write(d, data[0], 1 << data[1] % 3, v);
			break;
		case 3:
			vdriver_config(d, data[0], 8);
			break;
		default:
			vdriver_write(d, d->notify + 4u * (data[0] % 6), 2, 0);
		}
	}
}

static void start_device(struct vdriver *d, const uint8_t *data, size_t size)
{
	uint16_t i, queues = (uint16_t)d->vp.dev->queue_count;
	uint64_t features;

	memcpy(&features, data + 8, sizeof(features));
	make_buffers(d, data, size);
	for (i = 0; i < queues; i++)
		make_rings(d, i, data, size);
	vdriver_negotiate(d, features);
	for (i = 0; i < queues; i++)
		if ((data[2] & 0x1f) != i)
			set_queue(d, i, (data[3] & 0x1f) == i);
	vdriver_ok(d);
}

static void stop_device(struct vdriver *d)
{
	vdriver_pci_write(d, 0x10, 4, PCI_MMIO_GPA + d->bar);
	vdriver_pci_write(d, 0x14, 4, PCI_MMIO_GPA + d->table);
	vdriver_pci_write(d, 4, 2, 6);
	vdriver_reset(d);
	if (vdriver_status(d))
		abort();
}

static void run_device(struct vdriver *d, const uint8_t *data, size_t size)
{
	if (size < 16)
		return;
	start_device(d, data, size);
	poke(d, data + 16, size - 16);
	stop_device(d);
}

/* A file is in memory, where the host has that for all; its doorbells are exits. */
static void disk_attach(struct vdriver *d, const char *path)
{
	const struct blk_config cfg = {.disk.path = path,
				       .disk.is_buffered = true,
				       .queue_count = 2,
				       .rings_by_exits = path[0] == '/',
				       .has_thread_per_queue = path[0] == '/'};
	struct blk *blk;
	struct err err;

	if (vdriver_init(d, &err) || blk_create(&cfg, &d->mem, &blk, &err) ||
	    vdriver_attach(d, blk_dev(blk)))
		abort();
}

static void fuzz_blk(const uint8_t *data, size_t size)
{
	static char in_memory[] = "/dev/shm/l1vh-fuzz-XXXXXX";
	static char in_tmp[] = "/tmp/l1vh-fuzz-XXXXXX";
	static struct vdriver on_null, on_file;
	static int fd = -1;

	if (fd < 0) {
		char *path = in_memory;

		fd = mkstemp(path);
		if (fd < 0) {
			path = in_tmp;
			fd = mkstemp(path);
		}
		if (fd < 0 || ftruncate(fd, MIB))
			abort();
		disk_attach(&on_null, "null:1M");
		disk_attach(&on_file, path);
		unlink(path);
	}
	if (size)
		run_device(data[0] & 0x80 ? &on_file : &on_null, data, size);
}

static bool card_attach(struct vdriver *d, int *host)
{
	const struct net_config cfg = {.tap_name = NETNS_TAP,
				       .fd = -1,
				       .pair_count = 2,
				       .vhost = NET_VHOST_OFF};
	const char *why_not = netns_enter();
	struct net *net;
	struct err err = {0};

	if (vdriver_init(d, &err))
		abort();
	if (!why_not && net_create(&cfg, &d->mem, &net, &err))
		why_not = err.msg;
	if (why_not) {
		fprintf(stderr, "fuzz: no network card: %s\n", why_not);
		return false;
	}
	*host = netns_link_up(NETNS_TAP, 1500);
	return *host >= 0 && !vdriver_attach(d, net_dev(net));
}

/* Packets are there for the driver before it is. */
static void fuzz_net(const uint8_t *data, size_t size)
{
	static struct vdriver d;
	static int host = -1;
	static bool is_there;
	int i;

	if (host < 0 && !d.mem.host)
		is_there = card_attach(&d, &host);
	if (!is_there || size < 14)
		return;
	for (i = 0; i < 2; i++)
		if (write(host, data, size) < 0)
			break;
	run_device(&d, data, size);
}

static void fuzz_rng(const uint8_t *data, size_t size)
{
	static struct vdriver d;
	static struct rng rng;
	struct err err;

	if (!d.mem.host) {
		if (vdriver_init(&d, &err))
			abort();
		rng_init(&rng, &d.mem);
		if (vdriver_attach(&d, &rng.dev))
			abort();
	}
	run_device(&d, data, size);
}

/* What comes over the channel is the input as well. */
static void fuzz_console(const uint8_t *data, size_t size)
{
	static struct vdriver d;
	static struct console con;
	static _Atomic(int) stop = 1;
	static int channel = -1;
	struct err err;

	if (!d.mem.host) {
		channel = memfd_create("channel", MFD_CLOEXEC);
		if (vdriver_init(&d, &err))
			abort();
		console_init(&con, &d.mem, channel, &stop);
		if (vdriver_attach(&d, &con.dev))
			abort();
	}
	if (ftruncate(channel, 0) || pwrite(channel, data, size, 0) < 0 ||
	    lseek(channel, 0, SEEK_SET))
		abort();
	if (size < 16)
		return;
	start_device(&d, data, size);
	if (console_wants_input(&con))
		console_receive(&con);
	poke(&d, data + 16, size - 16);
	if (console_wants_input(&con))
		console_receive(&con);
	stop_device(&d);
}

const struct fuzz_target targets_virtio[] = {
	{.name = "virtio_pci", .run = fuzz_virtio, .max_bytes = 512},
	{.name = "rng", .run = fuzz_rng, .max_bytes = 256},
	{.name = "console", .run = fuzz_console, .max_bytes = 256},
	{.name = "blk", .run = fuzz_blk, .max_bytes = 256, .share = 4},
	{.name = "net", .run = fuzz_net, .max_bytes = 256, .share = 16},
	{0},
};
