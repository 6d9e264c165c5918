/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_BLK_H
#define RUNNERS_VMM_VIRTIO_BLK_H

/*
 * blk - virtio-blk (virtio 1.2, 5.2). blk.c has the driver's view: the
 * configuration, requests and their answers; blk_io.c has the threads that
 * execute requests; blk_at_once.c what needs no ring, of them or of a vCPU;
 * blk_ring.c makes their rings.
 */
#include "runners/vmm/virtio/disk.h"
#include "runners/vmm/virtio/virtio.h"

struct err;

#define BLK_MAX_QUEUES 16
#define BLK_SERIAL_BYTES 20

struct blk_config {
	struct disk_config disk;
	char serial[BLK_SERIAL_BYTES + 1];
	uint32_t queue_count;
	bool has_thread_per_queue; /* else one for the disk */
	bool wants_sqpoll;         /* a kernel thread takes submissions */
	bool wants_fixed;          /* guest RAM is registered, and so pinned */
	bool rings_by_exits;       /* each doorbell is an exit to the VMM */
	uint32_t poll_us; /* look for work this long before sleeping, at most */
};

struct blk;

/*
 * On success *OUT is the caller's, to be given to blk_destroy(). It asks the host
 * for all that needs rights, and fails with the reason where there is no io_uring.
 * With wants_sqpoll blk_threads_start() asks, and fails, in its place.
 */
int blk_create(const struct blk_config *cfg, const struct mem *mem,
	       struct blk **out, struct err *err);
void blk_destroy(struct blk *blk); /* NULL is fine; must be stopped */

/* The disk's threads, after sandbox_isolate() and before sandbox_seal(). Without
 * a sandbox the device's first start does it as well. */
int blk_threads_start(struct blk *blk, struct err *err);

/*
 * How the disk's I/O is really done, once its threads were started:
 * "io_uring, fixed buffers, restricted", or "io_uring, restricted; not: fixed
 * buffers (Cannot allocate memory)". False if something is lacking.
 */
#define BLK_ENGINE_TEXT_BYTES 256
bool blk_engine_text(const struct blk *blk, char *text, size_t size);

struct virtio_dev *blk_dev(struct blk *blk);

#endif
