// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/blk_priv.h"
#include "runners/vmm/virtio/iov.h"

#define DEVICE_ID_BLK 2
#define SECTOR_BYTES 512u
/* What one DISCARD or WRITE_ZEROES may cover. */
#define MAX_RANGE_SECTORS (32 * MIB / SECTOR_BYTES)

/* Feature bits, 5.2.3 */
#define F_SEG_MAX (1ULL << 2)
#define F_RO (1ULL << 5)
#define F_BLK_SIZE (1ULL << 6)
#define F_MQ (1ULL << 12)
#define F_DISCARD (1ULL << 13)
#define F_WRITE_ZEROES (1ULL << 14)

/* Requests, 5.2.6 */
enum blk_type {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,
};

enum blk_status { S_OK, S_IOERR, S_UNSUPP };

struct blk_head {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct blk_range {
	uint64_t sector;
	uint32_t sector_count;
	uint32_t flags;
};

#define RANGE_F_UNMAP 1u

/* virtio_blk_config, 5.2.4 */
struct blk_layout {
	uint64_t capacity_sectors;
	uint32_t size_max, seg_max;
	uint16_t cylinders;
	uint8_t heads, sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp, alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
};
_Static_assert(offsetof(struct blk_layout, num_queues) == 34 &&
		       offsetof(struct blk_layout, max_discard_sectors) == 36 &&
		       sizeof(struct blk_layout) == 64,
	       "as in 5.2.4");

static void blk_config_read(const struct virtio_dev *dev, size_t off, void *buf,
			    size_t len)
{
	const struct blk *blk = container_of(dev, const struct blk, dev);
	const struct blk_layout layout = {
		.capacity_sectors = blk->disk.bytes / SECTOR_BYTES,
		.seg_max = VIRTQ_MAX_SEGS - 2,
		.blk_size = blk->disk.block_bytes,
		.num_queues = (uint16_t)dev->queue_count,
		.max_discard_sectors = MAX_RANGE_SECTORS,
		.max_discard_seg = 1,
		.discard_sector_alignment =
			blk->disk.block_bytes / SECTOR_BYTES,
		.max_write_zeroes_sectors = MAX_RANGE_SECTORS,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};

	if (off < sizeof(layout) && len <= sizeof(layout) - off)
		memcpy(buf, (const char *)&layout + off, len);
}

void blk_untake(struct blk_req *req)
{
	if (req->bounce)
		req->worker->bounce_bytes -= req->length;
	free(req->bounce);
	req->bounce = NULL;
	req->is_busy = false;
}

static void answer(struct blk_req *req, enum blk_status status)
{
	struct blk_worker *w = req->worker;
	struct virtq *q = &w->blk->dev.queues[req->queue];

	*(volatile uint8_t *)req->status = (uint8_t)status;
	blk_untake(req);
	virtq_push(q, req->head, (status == S_OK ? req->used_len : 0) + 1);
	w->is_dirty[req->queue] = true;
}

/* Whether COUNT sectors from SECTOR lie on the disk; sets the range. */
static bool place(struct blk_req *req, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = req->worker->blk->disk.bytes / SECTOR_BYTES;

	req->offset = sector * SECTOR_BYTES;
	req->length = bytes;
	return bytes % SECTOR_BYTES == 0 && sector <= sectors &&
	       bytes / SECTOR_BYTES <= sectors - sector;
}

static bool is_aligned(const struct blk_req *req, uint32_t unit)
{
	uint32_t i;

	for (i = 0; i < req->data_count; i++)
		if (((uintptr_t)req->data[i].iov_base | req->data[i].iov_len) &
		    (unit - 1))
			return false;
	return true;
}

/*
 * A driver may place its buffers anywhere; direct I/O may not. What crosses
 * the disk's blocks themselves cannot be helped and is an error.
 */
static int bounce(struct blk_req *req, bool is_write)
{
	const struct disk *disk = &req->worker->blk->disk;

	if (!disk->is_direct || is_aligned(req, disk->block_bytes))
		return 0;
	if ((req->offset | req->length) & (disk->block_bytes - 1) ||
	    req->length > BLK_BOUNCE_MAX_BYTES)
		return -EINVAL;
	if (posix_memalign(&req->bounce, disk->block_bytes, req->length)) {
		req->bounce = NULL;
		return -ENOMEM;
	}
	req->worker->bounce_bytes += req->length;
	if (is_write)
		iov_read(req->data, req->data_count, req->bounce, req->length);
	return 0;
}

static enum blk_action take_io(struct blk_req *req, uint64_t sector,
			       bool is_write)
{
	uint64_t bytes = iov_total(req->data, req->data_count);

	if (!place(req, sector, bytes) || bytes > INT32_MAX ||
	    (is_write && req->worker->blk->disk.is_readonly) ||
	    bounce(req, is_write)) {
		answer(req, S_IOERR);
		return BLK_DONE;
	}
	req->moves_data = true;
	req->used_len = is_write ? 0 : (uint32_t)bytes;
	if (bytes)
		return is_write ? BLK_WRITE : BLK_READ;
	answer(req, S_OK);
	return BLK_DONE;
}

static enum blk_action take_range(struct blk_req *req)
{
	uint32_t known = req->type == T_WRITE_ZEROES ? RANGE_F_UNMAP : 0;
	struct blk_range range;
	enum blk_status bad = S_OK;

	if (iov_total(req->data, req->data_count) != sizeof(range) ||
	    iov_read(req->data, req->data_count, &range, sizeof(range)) !=
		    sizeof(range))
		bad = S_IOERR;
	else if (range.flags & ~known)
		bad = S_UNSUPP;
	else if (range.sector_count > MAX_RANGE_SECTORS ||
		 !place(req, range.sector,
			(uint64_t)range.sector_count * SECTOR_BYTES) ||
		 req->worker->blk->disk.is_readonly)
		bad = S_IOERR;
	if (bad || !req->length) {
		answer(req, bad);
		return BLK_DONE;
	}
	if (req->type == T_DISCARD || (range.flags & RANGE_F_UNMAP))
		return BLK_DISCARD;
	return BLK_ZERO;
}

static enum blk_action take_id(struct blk_req *req)
{
	const char *serial = req->worker->blk->cfg.serial;

	req->used_len = (uint32_t)iov_write(req->data, req->data_count, serial,
					    BLK_SERIAL_BYTES);
	answer(req, S_OK);
	return BLK_DONE;
}

/* Where the driver's last writable byte is; NULL when it has none. */
static uint8_t *status_byte(const struct virtq_chain *chain)
{
	const struct iovec *in = chain->iov + chain->out_count;
	uint32_t i = chain->in_count;

	while (i--)
		if (in[i].iov_len)
			return (uint8_t *)in[i].iov_base + in[i].iov_len - 1;
	return NULL;
}

static void set_data(struct blk_req *req, const struct virtq_chain *chain,
		     size_t head_bytes)
{
	const struct iovec *in = chain->iov + chain->out_count;
	bool is_in = req->type == T_IN || req->type == T_GET_ID;

	if (is_in)
		req->data_count = iov_slice(in, chain->in_count, 0,
					    iov_total(in, chain->in_count) - 1,
					    req->data);
	else
		req->data_count = iov_slice(chain->iov, chain->out_count,
					    head_bytes, SIZE_MAX, req->data);
}

/* No request of a driver that keeps to the rules is still in use. */
static struct blk_req *claim(struct blk_worker *w, uint32_t queue,
			     uint16_t head)
{
	struct blk_req *req =
		&w->blk->reqs[(size_t)queue * VIRTQ_MAX_SIZE + head];

	if (req->is_busy)
		return NULL;
	req->worker = w;
	req->queue = (uint16_t)queue;
	req->head = head;
	req->is_busy = true;
	req->moves_data = false;
	req->length = 0;
	req->used_len = 0;
	req->data_count = 0;
	return req;
}

enum blk_action blk_take(struct blk_worker *w, uint32_t queue,
			 const struct virtq_chain *chain, struct blk_req **out)
{
	uint8_t *status = status_byte(chain);
	struct blk_req *req = status ? claim(w, queue, chain->head) : NULL;
	struct blk_head head;

	*out = req;
	if (!req) {
		virtio_broken(&w->blk->dev);
		return BLK_DONE;
	}
	req->status = status;
	if (iov_read(chain->iov, chain->out_count, &head, sizeof(head)) !=
	    sizeof(head)) {
		answer(req, S_IOERR);
		return BLK_DONE;
	}
	req->type = head.type;
	set_data(req, chain, sizeof(head));
	switch (head.type) {
	case T_IN:
	case T_OUT:
		return take_io(req, head.sector, head.type == T_OUT);
	case T_FLUSH:
		return BLK_FLUSH;
	case T_GET_ID:
		return take_id(req);
	case T_DISCARD:
	case T_WRITE_ZEROES:
		return take_range(req);
	default:
		answer(req, S_UNSUPP);
		return BLK_DONE;
	}
}

/* Not to move all of it is an error as well: the file is too short. */
void blk_finish(struct blk_req *req, int result)
{
	if (result == -EOPNOTSUPP || result == -ENOSYS) {
		answer(req, S_UNSUPP);
		return;
	}
	if (result < 0 ||
	    (req->moves_data && (uint64_t)result != req->length)) {
		answer(req, S_IOERR);
		return;
	}
	if (req->bounce && req->type == T_IN)
		iov_write(req->data, req->data_count, req->bounce, req->length);
	answer(req, S_OK);
}

static const struct virtio_dev_ops blk_ops = {
	.name = "blk",
	.device_id = DEVICE_ID_BLK,
	.class_code = 0x018000,
	.queue_count = BLK_MAX_QUEUES,
	.features = VIRTIO_FEATURE_INDIRECT | VIRTIO_FEATURE_EVENT_IDX |
		    F_SEG_MAX | F_BLK_SIZE | BLK_F_FLUSH | F_MQ,
	.config_read = blk_config_read,
	.start = blk_workers_start,
	.stop = blk_workers_stop,
	.serve_exit = blk_serve_exit,
};

int blk_create(const struct blk_config *cfg, const struct mem *mem,
	       struct blk **out, struct err *err)
{
	struct blk *blk = calloc(1, sizeof(*blk));
	uint32_t i;
	int ret;

	if (!blk)
		return err_set(err, -ENOMEM, "cannot allocate a disk");
	virtio_dev_init(&blk->dev, &blk_ops, mem);
	blk->cfg = *cfg;
	blk->disk.fd = -1;
	blk->dev.rings_by_exits = cfg->rings_by_exits;
	blk->dev.queue_count = blk->dev.io_queue_count = cfg->queue_count;
	blk->dev.offered |=
		cfg->disk.is_readonly ? F_RO : F_DISCARD | F_WRITE_ZEROES;
	blk->worker_count = cfg->has_thread_per_queue ? cfg->queue_count : 1;
	for (i = 0; i < blk->worker_count; i++)
		blk->workers[i].order_fd = -1;
	ret = disk_open(&blk->disk, &cfg->disk, err);
	if (ret)
		goto fail;
	blk->reqs = calloc((size_t)cfg->queue_count * VIRTQ_MAX_SIZE,
			   sizeof(*blk->reqs));
	blk->chains = calloc(blk->worker_count, sizeof(*blk->chains));
	if (!blk->reqs || !blk->chains) {
		ret = err_set(err, -ENOMEM, "cannot allocate requests");
		goto fail;
	}
	ret = virtio_kicks_create(&blk->dev, err);
	if (!ret)
		ret = blk_workers_create(blk, err);
	if (ret)
		goto fail;
	*out = blk;
	return 0;

fail:
	blk_destroy(blk);
	return ret;
}

void blk_destroy(struct blk *blk)
{
	if (!blk)
		return;
	blk_workers_destroy(blk);
	virtio_dev_release(&blk->dev);
	disk_close(&blk->disk);
	free(blk->chains);
	free(blk->reqs);
	free(blk);
}

struct virtio_dev *blk_dev(struct blk *blk)
{
	return &blk->dev;
}
