/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_BLK_PRIV_H
#define RUNNERS_VMM_VIRTIO_BLK_PRIV_H

/* blk_priv - between blk.c and blk_io.c. */
#include <liburing.h>
#include <semaphore.h>

#include "runners/vmm/virtio/blk.h"

struct blk_worker;

/* VIRTIO_BLK_F_FLUSH (virtio 1.2, 5.2.3) */
#define BLK_F_FLUSH (1ULL << 9)

/*
 * Buffers of the host for data that direct I/O cannot take where it lies: a
 * request's at most, and what all of a worker's may have before it takes no
 * further request. A guest may repeat its RAM in each of hundreds of requests.
 */
#define BLK_BOUNCE_MAX_BYTES (4u << 20)
#define BLK_BOUNCE_ENOUGH_BYTES (4u << 20)

/* A request from pop to push; one for each descriptor that can head it. */
struct blk_req {
	struct blk_worker *worker;
	uint16_t queue;
	uint16_t head;
	bool is_busy;
	bool moves_data;   /* a read or a write */
	uint32_t type;     /* VIRTIO_BLK_T_*, as blk.c has them */
	uint8_t *status;   /* in guest RAM */
	uint64_t offset;   /* into the disk, in bytes */
	uint64_t length;   /* of the data, or of the range */
	uint32_t used_len; /* the device wrote; status byte not counted */
	void *bounce;      /* owned; NULL: the guest's buffer is aligned */
	uint32_t data_count;
	struct iovec data[VIRTQ_MAX_SEGS];
};

/* A thread with its ring, and the queues that are its own. */
struct blk_worker {
	struct blk *blk;
	pthread_t thread;
	bool has_thread;
	int stop_fd; /* owned; eventfd */
	int start_result;
	sem_t started;
	struct io_uring ring;
	uint64_t rings[BLK_MAX_QUEUES]; /* where kicks are read to */
	uint64_t stop_value;
	uint32_t first_queue, queue_count;
	uint32_t in_flight;    /* in the ring, doorbells not counted */
	uint32_t io_in_flight; /* the reads and writes of them */
	uint64_t bounce_bytes; /* of buffers that requests have now */
	bool is_stopping;
	bool is_dirty[BLK_MAX_QUEUES]; /* pushed, not signalled */
	struct iovec fixed[8];         /* the registered pieces */
	uint32_t fixed_count;
};

struct blk {
	struct virtio_dev dev;
	struct blk_config cfg;
	struct disk disk;
	struct blk_worker workers[BLK_MAX_QUEUES];
	uint32_t worker_count;
	struct blk_req *reqs;       /* owned; VIRTQ_MAX_SIZE a queue */
	struct virtq_chain *chains; /* owned; scratch, one a worker */
};

enum blk_action {
	BLK_DONE, /* answered already */
	BLK_READ,
	BLK_WRITE,
	BLK_FLUSH,
	BLK_DISCARD,
	BLK_ZERO,
};

/* blk.c: what a popped chain wants. BLK_DONE: it was answered. */
enum blk_action blk_take(struct blk_worker *w, uint32_t queue,
			 const struct virtq_chain *chain, struct blk_req **out);

/* blk.c: RESULT is of the system call, bytes or a negative errno. */
void blk_finish(struct blk_req *req, int result);

/* blk_io.c; the probe says early what would otherwise stop a guest later. */
int blk_ring_probe(struct err *err);
int blk_workers_start(struct virtio_dev *dev);
void blk_workers_stop(struct virtio_dev *dev);

#endif
