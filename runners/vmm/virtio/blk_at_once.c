// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a virtio-blk device does without its ring: data that is moved in memory, and,
 * for a disk without ioeventfds, single requests on the thread of the vCPU that made
 * them. To wake the disk's thread for one of those takes longer than the request. The
 * device is locked meanwhile, so it is one vCPU at a time.
 */
#include <errno.h>
#include <sys/uio.h>

#include "harness/base/base.h"
#include "runners/vmm/virtio/blk_priv.h"
#include "runners/vmm/virtio/iov.h"

int blk_move_at_once(const struct blk_req *req, bool is_write)
{
	const struct iovec bounced = {req->bounce, req->length};
	const struct iovec *v = req->bounce ? &bounced : req->data;
	int count = req->bounce ? 1 : (int)req->data_count;
	int fd = req->worker->blk->disk.fd;
	off_t offset = (off_t)req->offset;
	ssize_t n;

	do
		n = is_write ? pwritev(fd, v, count, offset)
			     : preadv(fd, v, count, offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

/* What one request may have beside its data: a header and a status (5.2.6). */
#define FRAME_BYTES 17u

/* Whether a vCPU may wait for it; before a buffer of the host is made for it. */
static bool is_small(const struct virtq_chain *chain)
{
	return iov_total(chain->iov, chain->out_count + chain->in_count) <=
	       BLK_ROUND_BYTES + FRAME_BYTES;
}

static bool is_short(const struct blk *blk, enum blk_action action)
{
	return disk_is_null(&blk->disk) || action == BLK_READ ||
	       action == BLK_WRITE;
}

/* False: it is no short one, and waits in the queue as before. */
static bool serve_one(struct blk_worker *w, uint32_t queue)
{
	struct blk *blk = w->blk;
	struct virtq_chain *chain = &blk->chains[w - blk->workers];
	enum blk_action action;
	struct blk_req *req;

	if (virtio_pop(&blk->dev, queue, chain) != 1)
		return true;
	if (!disk_is_null(&blk->disk) && !is_small(chain)) {
		virtio_unpop(&blk->dev, queue);
		return false;
	}
	action = blk_take(w, queue, chain, &req);
	if (action == BLK_DONE)
		return true;
	if (!is_short(blk, action)) {
		blk_untake(req);
		virtio_unpop(&blk->dev, queue);
		return false;
	}
	blk_finish(req, disk_is_null(&blk->disk)
				? (int)req->length
				: blk_move_at_once(req, action == BLK_WRITE));
	return true;
}

/* With the worker's lock. Whether the queue is empty now, and its driver will ring. */
static bool serve_alone(struct blk_worker *w, uint32_t queue)
{
	struct virtq *q = &w->blk->dev.queues[queue];
	bool is_done;

	/* Of several its thread makes some while the vCPU goes on. */
	if (!w->is_serving || !blk_may_take(w) || virtq_avail_count(q) != 1)
		return false;
	virtq_notify_disable(q);
	is_done = serve_one(w, queue);
	blk_signal(w, queue);
	return is_done && !virtq_notify_enable(q);
}

bool blk_serve_exit(struct virtio_dev *dev, uint32_t queue)
{
	struct blk *blk = container_of(dev, struct blk, dev);
	uint32_t each = dev->queue_count / blk->worker_count;
	struct blk_worker *w = &blk->workers[queue / each];
	bool is_done;

	/* A thread that is to look for requests by itself has them all. */
	if (blk->cfg.poll_us ||
	    !(disk_is_null(&blk->disk) || blk_moves_at_once(blk)))
		return false;
	/* Its thread is at work, and will look again. */
	if (pthread_mutex_trylock(&w->lock))
		return false;
	is_done = serve_alone(w, queue);
	pthread_mutex_unlock(&w->lock);
	return is_done;
}
