// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The threads of a virtio-blk device. Each has an io_uring through which it
 * does everything: reads of the doorbells' eventfds, reads and writes of the
 * disk. It sleeps in one place, and submits with the same call.
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
#include "runners/vmm/mem.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/virtio/blk_priv.h"

#define RING_ENTRIES 256
#define SQPOLL_IDLE_MS 50
/* The kernel's limit for one registered buffer. */
#define FIXED_MAX_BYTES GIB
#define WORKER_STACK_BYTES (256 * KIB)
/* The disk is the only registered file. */
#define FILE_DISK 0
/*
 * With so many reads and writes under way the next one to end is near, and
 * will wake the thread as well as a doorbell would: a new request waits for
 * a small part of what any takes, and its guest is spared an exit. Flushes
 * are not counted, they may take long.
 */
#define BUSY_REQUESTS 16
/* The ring's tags: small numbers are queues, others pointers to requests. */
#define TAG_STOP BLK_MAX_QUEUES

static struct io_uring_sqe *next_sqe(struct blk_worker *w)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);

	while (!sqe) {
		io_uring_submit(&w->ring);
		sqe = io_uring_get_sqe(&w->ring);
	}
	return sqe;
}

static void listen_fd(struct blk_worker *w, int fd, uint64_t *value,
		      uint64_t tag)
{
	struct io_uring_sqe *sqe = next_sqe(w);

	io_uring_prep_read(sqe, fd, value, sizeof(*value), 0);
	io_uring_sqe_set_data64(sqe, tag);
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
		io_uring_prep_write_fixed(sqe, FILE_DISK, base, len,
					  req->offset, index);
	else if (index >= 0)
		io_uring_prep_read_fixed(sqe, FILE_DISK, base, len, req->offset,
					 index);
	else if (req->bounce || req->data_count == 1) {
		if (is_write)
			io_uring_prep_write(sqe, FILE_DISK, base, len,
					    req->offset);
		else
			io_uring_prep_read(sqe, FILE_DISK, base, len,
					   req->offset);
	} else if (is_write)
		io_uring_prep_writev(sqe, FILE_DISK, v, req->data_count,
				     req->offset);
	else
		io_uring_prep_readv(sqe, FILE_DISK, v, req->data_count,
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

static void submit(struct blk_req *req, enum blk_action action)
{
	struct blk_worker *w = req->worker;
	struct io_uring_sqe *sqe;

	if (disk_is_null(&w->blk->disk)) {
		blk_finish(req, (int)req->length);
		return;
	}
	sqe = next_sqe(w);
	if (action == BLK_READ || action == BLK_WRITE)
		prep_io(req, sqe, action == BLK_WRITE);
	else if (action == BLK_FLUSH)
		io_uring_prep_fsync(sqe, FILE_DISK, IORING_FSYNC_DATASYNC);
	else
		io_uring_prep_fallocate(
			sqe, FILE_DISK,
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
}

/* Where not, what is under way will end, and the thread look again. */
static bool may_take(const struct blk_worker *w)
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
	struct blk_req *req;
	int i;

	virtq_notify_disable(&dev->queues[queue]);
	/* At most one round: a null disk's driver could continue without
	 * end. */
	for (i = 0; i < VIRTQ_MAX_SIZE && may_take(w) &&
		    virtio_pop(dev, queue, chain) == 1;
	     i++) {
		enum blk_action action = blk_take(w, queue, chain, &req);

		if (action != BLK_DONE)
			submit(req, action);
	}
}

static void take_cqe(struct blk_worker *w, const struct io_uring_cqe *cqe)
{
	uint64_t tag = io_uring_cqe_get_data64(cqe);

	if (tag == TAG_STOP) {
		w->is_stopping = true;
	} else if (tag < TAG_STOP) {
		uint32_t queue = (uint32_t)tag;

		if (cqe->res == sizeof(uint64_t))
			virtio_kick_count(&w->blk->dev, queue, w->rings[queue]);
		listen_fd(w, w->blk->dev.kick_fds[queue], &w->rings[queue],
			  tag);
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

	for (q = w->first_queue; q < last && !w->is_stopping; q++)
		if (virtq_has_avail(&w->blk->dev.queues[q]))
			serve(w, q);
}

static void signal_all(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	for (q = w->first_queue; q < last; q++) {
		if (w->is_dirty[q])
			virtio_signal(&w->blk->dev, q);
		w->is_dirty[q] = false;
	}
}

static bool has_work(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	struct io_uring_cqe *cqe;
	uint32_t q;

	if (w->is_stopping || atomic_load(&w->blk->dev.is_broken))
		return false;
	for (q = w->first_queue; q < last && may_take(w); q++)
		if (virtq_has_avail(&w->blk->dev.queues[q]))
			return true;
	return !io_uring_peek_cqe(&w->ring, &cqe);
}

/* Whether something came while looking, so that there is no need to sleep. */
static bool look_for_work(struct blk_worker *w)
{
	uint64_t until = w->blk->cfg.poll_us * NS_PER_US;

	if (!until)
		return false;
	until += clock_mono_ns();
	do {
		if (has_work(w))
			return true;
		__builtin_ia32_pause();
	} while (clock_mono_ns() < until);
	return false;
}

/* From now on doorbells are wanted, unless the thread will look again without
 * one; true if one is already missed. */
static bool want_doorbells(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	bool missed = false;
	uint32_t q;

	if (w->is_stopping || atomic_load(&w->blk->dev.is_broken) ||
	    w->io_in_flight >= BUSY_REQUESTS || !may_take(w))
		return false;
	for (q = w->first_queue; q < last; q++)
		missed |= virtq_notify_enable(&w->blk->dev.queues[q]);
	return missed;
}

static void sleep_until_work(struct blk_worker *w)
{
	if (!has_work(w) && !look_for_work(w) && !want_doorbells(w))
		io_uring_submit_and_wait(&w->ring, 1);
}

static int ring_create(struct blk_worker *w)
{
	const struct blk *blk = w->blk;
	struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER |
					     IORING_SETUP_COOP_TASKRUN |
					     IORING_SETUP_TASKRUN_FLAG};
	int ret;

	if (blk->cfg.wants_sqpoll) {
		p.flags = IORING_SETUP_SQPOLL;
		p.sq_thread_idle = SQPOLL_IDLE_MS;
	}
	/* Room for all that can be in flight, so that nothing overflows. */
	p.flags |= IORING_SETUP_CQSIZE;
	p.cq_entries = (w->queue_count + 1) * VIRTQ_MAX_SIZE;
	ret = io_uring_queue_init_params(RING_ENTRIES, &w->ring, &p);
	if (ret == -EINVAL && !blk->cfg.wants_sqpoll) {
		p.flags = IORING_SETUP_CQSIZE;
		ret = io_uring_queue_init_params(RING_ENTRIES, &w->ring, &p);
	}
	if (ret || disk_is_null(&blk->disk))
		return ret;
	ret = io_uring_register_files(&w->ring, &blk->disk.fd, 1);
	if (ret)
		io_uring_queue_exit(&w->ring);
	return ret;
}

int blk_ring_probe(struct err *err)
{
	struct io_uring ring;
	int ret = io_uring_queue_init(1, &ring, 0);

	if (ret)
		return err_sys(err, ret,
			       "disks need io_uring, which this host refuses");
	io_uring_queue_exit(&ring);
	return 0;
}

/* Pins guest RAM; where the limit on that forbids it, it is done without. */
static void register_ram(struct blk_worker *w)
{
	const struct mem *mem = w->blk->dev.mem;
	uint64_t done = 0;

	w->fixed_count = 0;
	if (!w->blk->cfg.wants_fixed || disk_is_null(&w->blk->disk))
		return;
	while (done < mem->bytes && w->fixed_count < ARRAY_SIZE(w->fixed)) {
		uint64_t part = mem->bytes - done;

		if (part > FIXED_MAX_BYTES)
			part = FIXED_MAX_BYTES;
		w->fixed[w->fixed_count].iov_base = (char *)mem->host + done;
		w->fixed[w->fixed_count++].iov_len = part;
		done += part;
	}
	if (io_uring_register_buffers(&w->ring, w->fixed, w->fixed_count))
		w->fixed_count = 0;
}

static void listen_all(struct blk_worker *w)
{
	uint32_t last = w->first_queue + w->queue_count;
	uint32_t q;

	listen_fd(w, w->stop_fd, &w->stop_value, TAG_STOP);
	for (q = w->first_queue; q < last; q++)
		listen_fd(w, w->blk->dev.kick_fds[q], &w->rings[q], q);
}

static void *worker_main(void *arg)
{
	struct blk_worker *w = arg;

	w->start_result = ring_create(w);
	if (!w->start_result) {
		register_ram(w);
		listen_all(w);
	}
	sandbox_enter(SANDBOX_BLOCK);
	sem_post(&w->started);
	if (w->start_result)
		return NULL;
	while (!w->is_stopping || w->in_flight) {
		serve_all(w);
		io_uring_submit(&w->ring);
		take_completions(w);
		signal_all(w);
		if (!w->is_stopping || w->in_flight)
			sleep_until_work(w);
	}
	signal_all(w);
	io_uring_queue_exit(&w->ring);
	return NULL;
}

static int worker_start(struct blk_worker *w)
{
	int ret;

	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (w->stop_fd < 0)
		return -errno;
	sem_init(&w->started, 0, 0);
	ret = sandbox_thread_start(&w->thread, WORKER_STACK_BYTES, worker_main,
				   w);
	if (ret)
		return ret;
	w->has_thread = true;
	while (sem_wait(&w->started))
		;
	return w->start_result;
}

static void worker_stop(struct blk_worker *w)
{
	uint64_t one = 1;

	if (w->has_thread && write(w->stop_fd, &one, sizeof(one)) > 0)
		pthread_join(w->thread, NULL);
	w->has_thread = false;
	if (w->stop_fd >= 0) {
		close(w->stop_fd);
		sem_destroy(&w->started);
	}
	w->stop_fd = -1;
}

int blk_workers_start(struct virtio_dev *dev)
{
	struct blk *blk = container_of(dev, struct blk, dev);
	uint32_t each = blk->dev.queue_count / blk->worker_count;
	int ret = 0;
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++)
		blk->workers[i] = (struct blk_worker){.blk = blk,
						      .stop_fd = -1,
						      .first_queue = i * each,
						      .queue_count = each};
	for (i = 0; i < blk->worker_count && !ret; i++)
		ret = worker_start(&blk->workers[i]);
	return ret;
}

void blk_workers_stop(struct virtio_dev *dev)
{
	struct blk *blk = container_of(dev, struct blk, dev);
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++)
		worker_stop(&blk->workers[i]);
}
