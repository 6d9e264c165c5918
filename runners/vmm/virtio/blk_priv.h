/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_BLK_PRIV_H
#define RUNNERS_VMM_VIRTIO_BLK_PRIV_H

/* blk_priv - between blk.c, blk_io.c, blk_at_once.c and blk_ring.c. */
#include <liburing.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/poll_window.h"

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

/* What is moved at once is answered after so much of each queue; requests that the
 * ring makes go on meanwhile. Nor does a vCPU move more in one exit. */
#define BLK_ROUND_BYTES (64u << 10)

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

/* The files that a ring reaches, by their places in it. */
enum blk_file { BLK_FILE_DISK, BLK_FILE_ORDER, BLK_FILE_QUEUE /* each */ };

/* What a thread is to do. */
enum blk_order { BLK_REST, BLK_SERVE, BLK_END };

/* A thread with its ring, and the queues that are its own. */
struct blk_worker {
	struct blk *blk;
	pthread_t thread;
	bool has_thread;
	int order_fd;                 /* owned; eventfd: look at `order` */
	_Atomic enum blk_order order; /* who writes it then waits for... */
	sem_t answered;               /* ...this; also when it has started */
	int start_result;
	struct io_uring ring;
	bool has_ring;
	bool is_disabled;               /* until blk_ring_enable() */
	uint64_t rings[BLK_MAX_QUEUES]; /* where kicks are read to */
	uint64_t order_value;
	uint32_t first_queue, queue_count;
	uint32_t in_flight;         /* in the ring, doorbells not counted */
	uint32_t io_in_flight;      /* the reads and writes of them */
	uint64_t bounce_bytes;      /* of buffers that requests have now */
	bool is_serving, is_ending; /* the last order */
	bool owes_answer;
	bool is_dirty[BLK_MAX_QUEUES]; /* pushed, not signalled */
	struct iovec fixed[8];         /* the registered pieces */
	uint32_t fixed_count;
	struct poll_window poll;
	/* Its queues, requests and is_serving: of its thread, unless that sleeps,
	 * and of a vCPU that serves an exit. */
	pthread_mutex_t lock;
};

/* What each ring should have, and a host may refuse. */
enum blk_wish {
	BLK_WISH_HINTS, /* one thread submits, and is not interrupted */
	BLK_WISH_FIXED, /* guest RAM is registered; where asked for */
	BLK_WISH_RESTRICTED,
	BLK_WISH_COUNT,
};

struct blk {
	struct virtio_dev dev;
	struct blk_config cfg;
	struct disk disk;
	struct blk_worker workers[BLK_MAX_QUEUES];
	uint32_t worker_count;
	int lacks[BLK_WISH_COUNT]; /* a negative errno; 0: had, or not wanted */
	struct blk_req *reqs;      /* owned; VIRTQ_MAX_SIZE a queue */
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

/* With sqpoll or fixed buffers the ring moves all data, as was asked. */
static inline bool blk_moves_at_once(const struct blk *blk)
{
	return blk->disk.is_memory && !blk->cfg.wants_sqpoll &&
	       !blk->cfg.wants_fixed;
}

/*
 * On the disk's thread. io_uring has a thread of the kernel write to tmpfs, and to wake
 * it takes longer than the copy.
 */
static inline bool blk_writes_at_once(const struct blk *blk)
{
	return blk_moves_at_once(blk) && !blk->disk.is_readonly;
}

/* blk.c: what a popped chain wants. BLK_DONE: it was answered. */
enum blk_action blk_take(struct blk_worker *w, uint32_t queue,
			 const struct virtq_chain *chain, struct blk_req **out);

/* blk.c: RESULT is of the system call, bytes or a negative errno. */
void blk_finish(struct blk_req *req, int result);

/* blk.c: nothing was done of it, and its chain will be taken again. */
void blk_untake(struct blk_req *req);

/* blk_at_once.c: a request of a null disk, or data of one in memory, is answered. */
void blk_finish_at_once(struct blk_req *req, bool is_write);

/* blk_at_once.c: see virtio_dev_ops. */
bool blk_serve_exit(struct virtio_dev *dev, uint32_t queue);

/* blk_io.c: where not, what is under way will end, and the thread look again. */
bool blk_may_take(const struct blk_worker *w);

/* blk_io.c: interrupt the driver for what was pushed. */
void blk_signal(struct blk_worker *w, uint32_t queue);

/* blk_io.c; create leaves a half-built BLK for destroy, which ends the threads. */
int blk_workers_create(struct blk *blk, struct err *err);
void blk_workers_destroy(struct blk *blk);
int blk_workers_start(struct virtio_dev *dev);
void blk_workers_stop(struct virtio_dev *dev);

/* blk_ring.c: one per worker, which has its order_fd. */
int blk_rings_create(struct blk *blk, struct err *err);
void blk_rings_destroy(struct blk *blk); /* after the threads */

/* Only the calling thread may submit to it from here on. 0 or a negative errno. */
int blk_ring_enable(struct blk_worker *w);

#endif
