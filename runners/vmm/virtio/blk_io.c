// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The threads of a virtio-blk device. Each has an io_uring through which it
 * does everything but writes to memory: reads of the doorbells' eventfds, reads
 * and writes of the disk. It sleeps in one place, and submits with the same call.
 * Its queues are its own but while it sleeps (blk_at_once.c).
 *
 * A thread lives as long as its device, because its ring answers the thread that
 * enabled it alone, and nobody can make another one once a guest runs. Between a
 * reset and the next driver it waits for an order.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/virtio/blk_priv.h"

#define WORKER_STACK_BYTES (256 * KIB)
/*
 * With so many reads and writes under way the next one to end is near, and
 * will wake the thread as well as a doorbell would: a new request waits for
 * a small part of what any takes, and its guest is spared an exit. Flushes
 * are not counted, they may take long.
 */
#define BUSY_REQUESTS 16
/* The ring's tags: small numbers are queues, others pointers to requests. */
#define TAG_ORDER BLK_MAX_QUEUES

static struct io_uring_sqe *next_sqe(struct blk_worker *w)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);

	while (!sqe) {
		io_uring_submit(&w->ring);
		sqe = io_uring_get_sqe(&w->ring);
	}
	return sqe;
}

static void listen_file(struct blk_worker *w, int file, uint64_t *value,
			uint64_t tag)
{
	struct io_uring_sqe *sqe = next_sqe(w);

	io_uring_prep_read(sqe, file, value, sizeof(*value), 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, tag);
}

static void listen_queue(struct blk_worker *w, uint32_t queue)
{
	listen_file(w, BLK_FILE_QUEUE + (int)(queue - w->first_queue),
		    &w->rings[queue], queue);
}

static void listen_orders(struct blk_worker *w)
{
	listen_file(w, BLK_FILE_ORDER, &w->order_value, TAG_ORDER);
}

static int fixed_index(const struct blk_worker *w, const struct iovec *v)
{
	uint32_t i;

	for (i = 0; i < w->fixed_count; i++) {
		uintptr_t base = (uintptr_t)w->fixed[i].iov_base;
		uintptr_t at = (uintptr_t)v->iov_base;

		if (at >= base && at - base < w->fixed[i].iov_len &&
		    v->iov_len <= w->fixed[i].iov_len - (at - base))
			return (int)i;
	}
	return -1;
}

static void prep_io(struct blk_req *req, struct io_uring_sqe *sqe,
		    bool is_write)
{
	const struct iovec *v = req->data;
	int index = req->data_count == 1 && !req->bounce
			    ? fixed_index(req->worker, v)
			    : -1;
	void *base = req->bounce ? req->bounce : v->iov_base;
	unsigned int len = (unsigned int)req->length;

	if (index >= 0 && is_write)
		io_uring_prep_write_fixed(sqe, BLK_FILE_DISK, base, len,
					  req->offset, index);
	else if (index >= 0)
		io_uring_prep_read_fixed(sqe, BLK_FILE_DISK, base, len,
					 req->offset, index);
	else if (req->bounce || req->data_count == 1) {
		if (is_write)
			io_uring_prep_write(sqe, BLK_FILE_DISK, base, len,
					    req->offset);
		else
			io_uring_prep_read(sqe, BLK_FILE_DISK, base, len,
					   req->offset);
	} else if (is_write)
		io_uring_prep_writev(sqe, BLK_FILE_DISK, v, req->data_count,
				     req->offset);
	else
		io_uring_prep_readv(sqe, BLK_FILE_DISK, v, req->data_count,
				    req->offset);
}

/*
 * A driver that did not take FLUSH cannot ask for durability, so each of its
 * writes has it (5.2.6.2: the device is then a write-through one).
 */
static int write_flags(const struct blk *blk)
{
	return blk->dev.features & BLK_F_FLUSH ? 0 : RWF_DSYNC;
}

/* The bytes that were written at once; 0: the ring has the request, or nobody. */
static uint64_t submit(struct blk_req *req, enum blk_action action)
{
	struct blk_worker *w = req->worker;
	struct io_uring_sqe *sqe;

	if (disk_is_null(&w->blk->disk)) {
		blk_finish_at_once(req, action == BLK_WRITE);
		return 0;
	}
	if (action == BLK_WRITE && blk_writes_at_once(w->blk)) {
		blk_finish_at_once(req, true);
		return req->length;
	}
	sqe = next_sqe(w);
	if (action == BLK_READ || action == BLK_WRITE)
		prep_io(req, sqe, action == BLK_WRITE);
	else if (action == BLK_FLUSH)
		io_uring_prep_fsync(sqe, BLK_FILE_DISK, IORING_FSYNC_DATASYNC);
	else
		io_uring_prep_fallocate(
			sqe, BLK_FILE_DISK,
			FALLOC_FL_KEEP_SIZE |
				(action == BLK_ZERO ? FALLOC_FL_ZERO_RANGE
						    : FALLOC_FL_PUNCH_HOLE),
			(off_t)req->offset, (off_t)req->length);
	if (action == BLK_WRITE)
		sqe->rw_flags = write_flags(w->blk);
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, req);
	w->in_flight++;
	w->io_in_flight += req->moves_data;
	return 0;
}

bool blk_may_take(const struct blk_worker *w)
{
	return w->bounce_bytes < BLK_BOUNCE_ENOUGH_BYTES;
}

/*
 * Doorbells stay unwanted until the thread has nothing left to do, so that a
 * busy one costs its guest no exits; see sleep_until_work().
 */
static void serve(struct blk_worker *w, uint32_t queue)
{
	struct virtio_dev *dev = &w->blk->dev;
	struct virtq_chain *chain = &w->blk->chains[w - w->blk->workers];
	uint64_t written_bytes = 0;
	struct blk_req *req;
	int i;

	virtq_notify_disable(&dev->queues[queue]);
	/* At most one round: the driver of a disk that answers at once could
	 * continue without end. */
	for (i = 0; i < VIRTQ_MAX_SIZE && blk_may_take(w) &&
		    written_bytes < BLK_ROUND_BYTES &&
		    virtio_pop(dev, queue, chain) == 1;
	     i++) {
		enum blk_action action = blk_take(w, queue, chain, &req);

		if (action != BLK_DONE)
			written_bytes += submit(req, action);
	}
}

/* Of order_all(). An end to the service is answered once nothing is in flight. */
static void take_order(struct blk_worker *w)
{
	enum blk_order order = atomic_load(&w->order);

	w->is_serving = order == BLK_SERVE;
	w->is_ending = order == BLK_END;
	if (w->is_serving)
		sem_post(&w->answered);
	else
		w->owes_answer = true;
}

static void take_cqe(struct blk_worker *w, const struct io_uring_cqe *cqe)
{
	uint64_t tag = io_uring_cqe_get_data64(cqe);

	if (tag == TAG_ORDER) {
		if (cqe->res == sizeof(uint64_t))
			take_order(w);
		listen_orders(w);
	} else if (tag < TAG_ORDER) {
		uint32_t queue = (uint32_t)tag;

		if (cqe->res == sizeof(uint64_t))
			virtio_kick_count(&w->blk->dev, queue, w->rings[queue]);
		listen_queue(w, queue);
	} else {
		struct blk_req *req = io_uring_cqe_get_data(cqe);

		w->in_flight--;
		w->io_in_flight -= req->moves_data;
		blk_finish(req, cqe->res);
	}
}

static void take_completions(struct blk_worker *w)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&w->ring, &cqe)) {
		struct io_uring_cqe copy = *cqe;

		io_uring_cqe_seen(&w->ring, cqe);
		take_cqe(w, &copy);
	}
}

static void serve_all(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	for (q = w->first_queue; q < last && w->is_serving; q++)
		if (virtq_has_avail(&w->blk->dev.queues[q]))
			serve(w, q);
}

void blk_signal(struct blk_worker *w, uint32_t queue)
{
	if (w->is_dirty[queue])
		virtio_signal(&w->blk->dev, queue);
	w->is_dirty[queue] = false;
}

static void signal_all(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	for (q = w->first_queue; q < last; q++)
		blk_signal(w, q);
}

static bool has_work(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	struct io_uring_cqe *cqe;
	uint32_t q;

	if (!w->is_serving || atomic_load(&w->blk->dev.is_broken))
		return false;
	for (q = w->first_queue; q < last && blk_may_take(w); q++)
		if (virtq_has_avail(&w->blk->dev.queues[q]))
			return true;
	return !io_uring_peek_cqe(&w->ring, &cqe);
}

/* Whether something came while looking, so that there is no need to sleep. What woke
 * the thread before may have been no doorbell, and these still be wanted. */
static bool look_for_work(struct blk_worker *w, uint64_t until_ns)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	for (q = w->first_queue; q < last; q++)
		virtq_notify_disable(&w->blk->dev.queues[q]);
	do {
		if (has_work(w))
			return true;
		__builtin_ia32_pause();
	} while (clock_mono_ns() < until_ns);
	return false;
}

/* From now on doorbells are wanted, unless the thread will look again without
 * one; true if one is already missed. */
static bool want_doorbells(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	bool missed = false;
	uint32_t q;

	if (!w->is_serving || atomic_load(&w->blk->dev.is_broken) ||
	    w->io_in_flight >= BUSY_REQUESTS || !blk_may_take(w))
		return false;
	for (q = w->first_queue; q < last; q++)
		missed |= virtq_notify_enable(&w->blk->dev.queues[q]);
	return missed;
}

/* Whether there is nothing to do, as was seen from *BEGAN_NS on, and the next doorbell
 * will wake the thread. */
static bool may_sleep(struct blk_worker *w, uint64_t *began_ns)
{
	const struct poll_window *poll = &w->poll;

	if (has_work(w))
		return false;
	*began_ns = poll->max_ns ? clock_mono_ns() : 0;
	if (poll->now_ns && w->is_serving &&
	    look_for_work(w, *began_ns + poll->now_ns))
		return false;
	return !want_doorbells(w);
}

static void sleep_until_work(struct blk_worker *w, uint64_t began_ns)
{
	io_uring_submit_and_wait(&w->ring, 1);
	if (w->poll.max_ns)
		poll_window_slept(&w->poll, clock_mono_ns() - began_ns);
}

static void listen_all(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	listen_orders(w);
	for (q = w->first_queue; q < last; q++)
		listen_queue(w, q);
}

/* Whether it was the last order. */
static bool answer_order(struct blk_worker *w)
{
	if (!w->owes_answer || w->in_flight)
		return false;
	w->owes_answer = false;
	sem_post(&w->answered);
	return w->is_ending;
}

enum next { NEXT_ROUND, NEXT_SLEEP, NEXT_END };

/* All that there is to do now. */
static enum next do_round(struct blk_worker *w, uint64_t *began_ns)
{
	serve_all(w);
	io_uring_submit(&w->ring);
	take_completions(w);
	signal_all(w);
	if (answer_order(w))
		return NEXT_END;
	return may_sleep(w, began_ns) ? NEXT_SLEEP : NEXT_ROUND;
}

static void *worker_main(void *arg)
{
	struct blk_worker *w = arg;
	uint64_t began_ns;
	enum next next;

	w->start_result = blk_ring_enable(w);
	sem_post(&w->answered);
	if (w->start_result)
		return NULL;
	listen_all(w);
	thread_set_name("disk");
	sandbox_enter(SANDBOX_BLOCK);
	do {
		pthread_mutex_lock(&w->lock);
		next = do_round(w, &began_ns);
		pthread_mutex_unlock(&w->lock);
		if (next == NEXT_SLEEP)
			sleep_until_work(w, began_ns);
	} while (next != NEXT_END);
	return NULL;
}

static void answer_await(struct blk_worker *w)
{
	while (sem_wait(&w->answered))
		;
}

static int worker_start(struct blk_worker *w)
{
	int ret;

	sem_init(&w->answered, 0, 0);
	ret = sandbox_thread_start(&w->thread, WORKER_STACK_BYTES, worker_main,
				   w);
	if (ret)
		return ret;
	answer_await(w);
	if (w->start_result)
		pthread_join(w->thread, NULL);
	else
		w->has_thread = true;
	return w->start_result;
}

int blk_threads_start(struct blk *blk, struct err *err)
{
	uint32_t i;
	int ret = 0;

	/* Their kernel threads are of this process, and one that has several
	 * cannot enter a user namespace. */
	if (blk->cfg.wants_sqpoll && !blk->workers[0].has_ring)
		ret = blk_rings_create(blk, err);
	if (ret)
		return ret;
	for (i = 0; i < blk->worker_count && !ret; i++)
		if (!blk->workers[i].has_thread)
			ret = worker_start(&blk->workers[i]);
	return ret ? err_sys(err, ret, "cannot start a disk's thread") : 0;
}

/* Each order is answered before the next: no two become one in the eventfd. */
static void order_all(struct blk *blk, enum blk_order order)
{
	static const uint64_t one = 1;
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++) {
		struct blk_worker *w = &blk->workers[i];

		if (!w->has_thread)
			continue;
		atomic_store(&w->order, order);
		/* Fails only when the counter is full; it is 0 or 1. */
		while (write(w->order_fd, &one, sizeof(one)) != sizeof(one))
			;
	}
	for (i = 0; i < blk->worker_count; i++)
		if (blk->workers[i].has_thread)
			answer_await(&blk->workers[i]);
}

int blk_workers_start(struct virtio_dev *dev)
{
	struct blk *blk = container_of(dev, struct blk, dev);
	struct err err = {0};
	int ret = blk_threads_start(blk, &err);

	if (!ret)
		order_all(blk, BLK_SERVE);
	return ret;
}

void blk_workers_stop(struct virtio_dev *dev)
{
	order_all(container_of(dev, struct blk, dev), BLK_REST);
}

int blk_workers_create(struct blk *blk, struct err *err)
{
	const struct poll_window poll = {.max_ns =
						 blk->cfg.poll_us * NS_PER_US};
	uint32_t each = blk->dev.queue_count / blk->worker_count;
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++)
		blk->workers[i] =
			(struct blk_worker){.blk = blk,
					    .order_fd = -1,
					    .first_queue = i * each,
					    .queue_count = each,
					    .poll = poll,
					    .lock = PTHREAD_MUTEX_INITIALIZER};
	for (i = 0; i < blk->worker_count; i++) {
		blk->workers[i].order_fd = eventfd(0, EFD_CLOEXEC);
		if (blk->workers[i].order_fd < 0)
			return err_sys(err, -errno, "cannot make an eventfd");
	}
	return blk->cfg.wants_sqpoll ? 0 : blk_rings_create(blk, err);
}

void blk_workers_destroy(struct blk *blk)
{
	uint32_t i;

	order_all(blk, BLK_END);
	for (i = 0; i < blk->worker_count; i++) {
		struct blk_worker *w = &blk->workers[i];

		if (w->has_thread) {
			pthread_join(w->thread, NULL);
			sem_destroy(&w->answered);
		}
		w->has_thread = false;
		pthread_mutex_destroy(&w->lock);
	}
	blk_rings_destroy(blk);
	for (i = 0; i < blk->worker_count; i++)
		if (blk->workers[i].order_fd >= 0)
			close(blk->workers[i].order_fd);
}
