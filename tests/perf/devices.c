// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * devices - what requests cost in our devices, without any hypervisor: a
 * driver in this process, eventfds for doorbells and interrupts.
 *
 * usage: devices FILE [MS]
 * FILE is made, read at random and removed; every line takes MS.
 * Prints "NAME NS_PER_OP".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/vdriver.h"

#define FILE_BYTES (64 * MIB)
#define BLOCK 4096u
#define SECTOR 512u
#define QUEUE_SIZE 256
#define NET_BATCH 64u

struct head {
	uint32_t type, reserved;
	uint64_t sector;
};

static uint64_t duration_ns = 1000 * NS_PER_MS;

static void die(const char *what)
{
	fprintf(stderr, "devices: %s\n", what);
	exit(1);
}

static void print_ns(const char *name, uint64_t start_ns, uint64_t count)
{
	uint64_t ns = clock_mono_ns() - start_ns;

	printf("%s %.1f\n", name, (double)ns / (double)count);
	fflush(stdout);
}

static uint32_t next(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32);
}

/* Both sides of a queue in one thread: what the rings alone cost. */
static void virtq_alone(void)
{
	static struct vdriver d;
	const struct vseg segs[3] = {{32 * MIB, 16, false},
				     {33 * MIB, BLOCK, true},
				     {34 * MIB, 1, true}};
	static struct virtq_chain chain;
	uint64_t start_ns, count = 0;
	struct vqueue *q = &d.queues[0];
	struct virtq dev;
	struct err err;
	int i;

	if (vdriver_init(&d, &err))
		die(err.msg);
	d.features = VIRTIO_FEATURE_EVENT_IDX;
	vdriver_queue(&d, 0, QUEUE_SIZE);
	virtq_reset(&dev, VIRTQ_MAX_SIZE);
	dev.desc_gpa = q->desc_gpa;
	dev.avail_gpa = q->avail_gpa;
	dev.used_gpa = q->used_gpa;
	if (virtq_map(&dev, &d.mem, d.features))
		die("cannot map a queue");
	start_ns = clock_mono_ns();
	do {
		for (i = 0; i < 1024; i++) {
			vqueue_add(q, segs, 3);
			if (virtq_pop(&dev, &d.mem, &chain) != 1)
				die("a request was lost");
			virtq_push(&dev, chain.head, BLOCK + 1);
			virtq_wants_interrupt(&dev);
			vqueue_take(q, NULL);
		}
		count += 1024;
	} while (clock_mono_ns() - start_ns < duration_ns);
	print_ns("virtq_add_pop_push_take", start_ns, count);
	vdriver_release(&d);
}

/* A read whose parts lie at a place of its head's, one of QUEUE_SIZE. */
static void read_submit(struct vdriver *d, uint64_t parts_gpa)
{
	struct vqueue *q = &d->queues[0];
	uint64_t at = parts_gpa + q->free_head * 2ull * BLOCK;
	const struct vseg segs[3] = {{at + BLOCK, sizeof(struct head), false},
				     {at, BLOCK, true},
				     {at + BLOCK + 64, 1, true}};
	struct head *h = vdriver_ptr(d, at + BLOCK);

	*h = (struct head){.sector = next() % (FILE_BYTES / BLOCK) *
				     (BLOCK / SECTOR)};
	if (vqueue_add_indirect(q, segs, 3) < 0)
		die("a queue is full");
}

/* DEPTH reads at a time; each that comes back is replaced. */
static void disk_requests(const char *name, const struct blk_config *cfg,
			  uint32_t depth)
{
	static struct vdriver d;
	struct vqueue *q = &d.queues[0];
	uint64_t start_ns, count = 0, parts_gpa;
	struct blk *blk;
	struct err err;
	uint32_t i;

	if (vdriver_init(&d, &err) || blk_create(cfg, &d.mem, &blk, &err))
		die(err.msg);
	if (vdriver_attach(&d, blk_dev(blk)) ||
	    vdriver_start(&d, UINT64_MAX, 1, QUEUE_SIZE))
		die("cannot start a disk");
	parts_gpa = vdriver_alloc(&d, QUEUE_SIZE * 2ull * BLOCK, BLOCK);
	start_ns = clock_mono_ns();
	for (i = 0; i < depth; i++)
		read_submit(&d, parts_gpa);
	vqueue_kick(&d, q);
	do {
		if (vqueue_wait(&d, q, NULL) < 0)
			die("a disk does not answer");
		read_submit(&d, parts_gpa);
		count++;
		vqueue_kick(&d, q);
	} while (clock_mono_ns() - start_ns < duration_ns);
	print_ns(name, start_ns, count);
	vdriver_detach(&d);
	blk_destroy(blk);
	vdriver_release(&d);
}

static void file_reads(const char *path)
{
	struct blk_config cfg = {.disk.path = path, .queue_count = 1};
	static char bytes[1 << 20];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t done;

	if (fd < 0)
		die("cannot make the file");
	for (done = 0; done < FILE_BYTES; done += sizeof(bytes))
		if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
			die("cannot write the file");
	if (fsync(fd))
		die("cannot write the file");
	close(fd);
	cfg.disk.is_buffered = true;
	disk_requests("blk_file_buffered_randread_qd1", &cfg, 1);
	disk_requests("blk_file_buffered_randread_qd32", &cfg, 32);
	cfg.disk.is_buffered = false;
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		disk_requests("blk_file_direct_randread_qd1", &cfg, 1);
		disk_requests("blk_file_direct_randread_qd32", &cfg, 32);
	}
	unlink(path);
}

/* Batches, as a driver makes them of what waits in its own queue. */
static void packets(struct vdriver *d)
{
	struct vqueue *q = &d->queues[1];
	uint64_t start_ns = clock_mono_ns(), count = 0;
	const struct vseg seg = {vdriver_alloc(d, 76, 64), 76, false};
	uint32_t i;

	memset(vdriver_ptr(d, seg.gpa), 0, seg.len);
	memset(vdriver_ptr(d, seg.gpa + 12), 0x52, 14);
	do {
		for (i = 0; i < NET_BATCH; i++)
			vqueue_add(q, &seg, 1);
		vqueue_kick(d, q);
		for (i = 0; i < NET_BATCH; i++)
			if (vqueue_wait(d, q, NULL) < 0)
				die("a card does not answer");
		count += NET_BATCH;
	} while (clock_mono_ns() - start_ns < duration_ns);
	print_ns("net_tx_64_bytes", start_ns, count);
}

static void card(void)
{
	const struct net_config cfg = {.tap_name = NETNS_TAP,
				       .fd = -1,
				       .pair_count = 1,
				       .vhost = NET_VHOST_OFF};
	static struct vdriver d;
	const char *why_not = netns_enter();
	struct net *net = NULL;
	struct err err = {0};
	int host;

	if (vdriver_init(&d, &err))
		die(err.msg);
	if (!why_not && net_create(&cfg, &d.mem, &net, &err))
		why_not = err.msg;
	if (why_not) {
		fprintf(stderr, "devices: no network card: %s\n", why_not);
		return;
	}
	host = netns_link_up(NETNS_TAP, 1500);
	if (host < 0 || vdriver_attach(&d, net_dev(net)) ||
	    vdriver_start(&d, VIRTIO_FEATURE_EVENT_IDX, 2, QUEUE_SIZE))
		die("cannot start a card");
	packets(&d);
	vdriver_detach(&d);
	net_destroy(net);
	close(host);
	vdriver_release(&d);
}

int main(int argc, char **argv)
{
	const struct blk_config null = {.disk.path = "null:64M",
					.queue_count = 1};
	const struct blk_config polled = {
		.disk.path = "null:64M", .queue_count = 1, .poll_us = 50};

	if (argc < 2)
		die("usage: devices FILE [MS]");
	if (argc > 2)
		duration_ns = strtoull(argv[2], NULL, 10) * NS_PER_MS;
	virtq_alone();
	disk_requests("blk_null_qd1", &null, 1);
	disk_requests("blk_null_qd32", &null, 32);
	disk_requests("blk_null_polled_qd1", &polled, 1);
	file_reads(argv[1]);
	card();
	return 0;
}
