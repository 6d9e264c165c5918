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

/* Bytes, or a negative errno. What is memory needs no RWF_DSYNC. */
static int move(const struct blk_req *req, bool is_write)
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

void blk_finish_at_once(struct blk_req *req, bool is_write)
{
	blk_finish(req, disk_is_null(&req->worker->blk->disk)
				? (int)req->length
				: move(req, is_write));
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

/* The request that was popped into the worker's chain. False: it is no short one. */
static bool serve(void *worker, uint32_t queue)
{
	struct blk_worker *w = worker;
	struct blk *blk = w->blk;
	const struct virtq_chain *chain = &blk->chains[w - blk->workers];
	enum blk_action action;
	struct blk_req *req;

	if (!disk_is_null(&blk->disk) && !is_small(chain))
		return false;
	action = blk_take(w, queue, chain, &req);
	if (action != BLK_DONE && !is_short(blk, action)) {
		blk_untake(req);
		return false;
	}
	if (action != BLK_DONE)
		blk_finish_at_once(req, action == BLK_WRITE);
	blk_signal(w, queue);
	return true;
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
	is_done = w->is_serving && blk_may_take(w) &&
		  virtio_serve_alone(dev, queue, &blk->chains[w - blk->workers],
				     serve, w);
	pthread_mutex_unlock(&w->lock);
	return is_done;
}
