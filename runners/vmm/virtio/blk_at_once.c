// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a virtio-blk device does without its ring: data that is moved in memory, and,
 * for a disk without ioeventfds, single requests on the thread of the vCPU that made
 * them. To wake the disk's thread for one of those takes longer than the request.
 */
#include <errno.h>
#include <sys/uio.h>

#include "harness/base/base.h"
#include "runners/vmm/virtio/blk_priv.h"

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

/* Whether a vCPU may wait for it. */
static bool is_short(const struct blk_req *req, enum blk_action action)
{
	const struct blk *blk = req->worker->blk;

	return disk_is_null(&blk->disk) ||
	       (blk_moves_at_once(blk) &&
		(action == BLK_READ || action == BLK_WRITE) &&
		req->length <= BLK_ROUND_BYTES);
}

/* False: it is no short one, and waits in the queue as before. */
static bool serve_one(struct blk_worker *w, uint32_t queue)
{
	struct virtio_dev *dev = &w->blk->dev;
	struct virtq_chain *chain = &w->blk->chains[w - w->blk->workers];
	enum blk_action action;
	struct blk_req *req;

	if (virtio_pop(dev, queue, chain) != 1)
		return true;
	action = blk_take(w, queue, chain, &req);
	if (action == BLK_DONE)
		return true;
	if (!is_short(req, action)) {
		blk_untake(req);
		virtio_unpop(dev, queue);
		return false;
	}
	blk_finish(req, disk_is_null(&w->blk->disk)
				? (int)req->length
				: blk_move_at_once(req, action == BLK_WRITE));
	return true;
}

/* With the worker's lock. Whether the queue is empty now, and its driver will ring. */
static bool serve(struct blk_worker *w, uint32_t queue)
{
	struct virtq *q = &w->blk->dev.queues[queue];
	bool is_done;

	/* Of several its thread makes some while the vCPU goes on. */
	if (!w->is_serving || virtq_avail_count(q) != 1)
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

	/* Its thread is awake, and no vCPU waits for it. */
	if (pthread_mutex_trylock(&w->lock))
		return false;
	is_done = serve(w, queue);
	pthread_mutex_unlock(&w->lock);
	return is_done;
}
