// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The rings of a disk's threads. They are made, and given their files and
 * guest RAM, while the VMM still has its rights; so what the host refuses is
 * known before a guest runs. A ring starts disabled and restricted: once it is
 * enabled it makes the disk's own operations on the disk's own files, whoever
 * rules the thread. No filter of system calls sees those operations.
 */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/virtio/blk_priv.h"
#include "runners/vmm/words.h"

#define RING_ENTRIES 256
#define SQPOLL_IDLE_MS 50
/* The kernel's limit for one registered buffer. */
#define FIXED_MAX_BYTES GIB

/* What blk_io.c submits. */
static const uint8_t operations[] = {
	IORING_OP_READ,   IORING_OP_WRITE,      IORING_OP_READV,
	IORING_OP_WRITEV, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
	IORING_OP_FSYNC,  IORING_OP_FALLOCATE,
};

/*
 * The one that stays allowed to io_uring_register(), and fails once it was done.
 * It is listed because a kernel may take a list that names none for one that
 * says nothing about io_uring_register().
 */
#define LAST_REGISTRATION IORING_REGISTER_ENABLE_RINGS

#define HINTS                                                     \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | \
	 IORING_SETUP_TASKRUN_FLAG)

static void lack(struct blk *blk, enum blk_wish wish, int ret)
{
	if (!blk->lacks[wish])
		blk->lacks[wish] = ret;
}

/* A kernel says -EINVAL to a flag that it does not know: those of Linux 6.0,
 * then that of 5.10. */
static int ring_setup(struct blk_worker *w)
{
	static const unsigned int flags[] = {HINTS | IORING_SETUP_R_DISABLED,
					     IORING_SETUP_R_DISABLED, 0};
	bool is_sqpoll = w->blk->cfg.wants_sqpoll;
	struct io_uring_params p;
	size_t i = is_sqpoll;
	int ret;

	do {
		/* Room for all that can be in flight, so that nothing
		 * overflows. */
		p = (struct io_uring_params){
			.flags = flags[i] | IORING_SETUP_CQSIZE |
				 (is_sqpoll ? IORING_SETUP_SQPOLL : 0),
			.sq_thread_idle = SQPOLL_IDLE_MS,
			.cq_entries = (w->queue_count + 1) * VIRTQ_MAX_SIZE};
		ret = io_uring_queue_init_params(RING_ENTRIES, &w->ring, &p);
	} while (ret == -EINVAL && ++i < ARRAY_SIZE(flags));
	if (ret)
		return ret;
	w->has_ring = true;
	w->is_disabled = p.flags & IORING_SETUP_R_DISABLED;
	if (i > 0 && !is_sqpoll)
		lack(w->blk, BLK_WISH_HINTS, -EINVAL);
	return 0;
}

/* As enum blk_file. A null disk has no file, and its place stays empty. */
static int register_files(struct blk_worker *w)
{
	int fds[BLK_FILE_QUEUE + BLK_MAX_QUEUES];
	uint32_t i;

	fds[BLK_FILE_DISK] = w->blk->disk.fd;
	fds[BLK_FILE_ORDER] = w->order_fd;
	for (i = 0; i < w->queue_count; i++)
		fds[BLK_FILE_QUEUE + i] =
			w->blk->dev.kick_fds[w->first_queue + i];
	return io_uring_register_files(&w->ring, fds,
				       BLK_FILE_QUEUE + w->queue_count);
}

/* Pins guest RAM. */
static int register_ram(struct blk_worker *w)
{
	const struct mem *mem = w->blk->dev.mem;
	uint64_t done = 0;
	int ret;

	while (done < mem->bytes && w->fixed_count < ARRAY_SIZE(w->fixed)) {
		uint64_t part = mem->bytes - done;

		if (part > FIXED_MAX_BYTES)
			part = FIXED_MAX_BYTES;
		w->fixed[w->fixed_count].iov_base = (char *)mem->host + done;
		w->fixed[w->fixed_count++].iov_len = part;
		done += part;
	}
	ret = io_uring_register_buffers(&w->ring, w->fixed, w->fixed_count);
	if (ret)
		w->fixed_count = 0;
	return ret;
}

/* All rings of a disk have it, or none. */
static void register_ram_all(struct blk *blk)
{
	uint32_t i;
	int ret = disk_is_null(&blk->disk) ? -ENOTSUP : 0;

	for (i = 0; i < blk->worker_count && !ret; i++)
		ret = register_ram(&blk->workers[i]);
	if (!ret)
		return;
	lack(blk, BLK_WISH_FIXED, ret);
	for (i = 0; i < blk->worker_count; i++) {
		if (blk->workers[i].fixed_count)
			io_uring_unregister_buffers(&blk->workers[i].ring);
		blk->workers[i].fixed_count = 0;
	}
}

static int ring_restrict(struct blk_worker *w)
{
	struct io_uring_restriction list[ARRAY_SIZE(operations) + 2];
	size_t i, count = 0;

	if (!w->is_disabled)
		return -EINVAL;
	memset(list, 0, sizeof(list));
	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		list[count].opcode = IORING_RESTRICTION_SQE_OP;
		list[count++].sqe_op = operations[i];
	}
	/* No descriptor of the process can be named. */
	list[count].opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED;
	list[count++].sqe_flags = IOSQE_FIXED_FILE;
	list[count].opcode = IORING_RESTRICTION_REGISTER_OP;
	list[count++].register_op = LAST_REGISTRATION;
	return io_uring_register_restrictions(&w->ring, list,
					      (unsigned int)count);
}

static void restrict_all(struct blk *blk)
{
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++) {
		int ret = ring_restrict(&blk->workers[i]);

		lack(blk, BLK_WISH_RESTRICTED, ret);
		sandbox_note_ring(ret);
	}
}

int blk_rings_create(struct blk *blk, struct err *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < blk->worker_count && !ret; i++) {
		ret = ring_setup(&blk->workers[i]);
		if (!ret)
			ret = register_files(&blk->workers[i]);
	}
	if (ret) {
		blk_rings_destroy(blk);
		return err_sys(err, ret,
			       "disks need io_uring, which this host refuses");
	}
	if (blk->cfg.wants_fixed)
		register_ram_all(blk);
	/* The last, because it forbids what was done before. */
	restrict_all(blk);
	return 0;
}

int blk_ring_enable(struct blk_worker *w)
{
	return w->is_disabled ? io_uring_enable_rings(&w->ring) : 0;
}

void blk_rings_destroy(struct blk *blk)
{
	uint32_t i;

	for (i = 0; i < blk->worker_count; i++) {
		if (blk->workers[i].has_ring)
			io_uring_queue_exit(&blk->workers[i].ring);
		blk->workers[i].has_ring = false;
		blk->workers[i].fixed_count = 0;
	}
}

/* --- what was had ------------------------------------------------------- */

static void add_fixed(struct words *w, const struct blk *blk)
{
	uint64_t max = ARRAY_SIZE(blk->workers[0].fixed) * FIXED_MAX_BYTES;

	if (!blk->cfg.wants_fixed || blk->lacks[BLK_WISH_FIXED])
		return;
	words_add(w, ", fixed buffers");
	if (blk->dev.mem->bytes > max)
		words_add(w, " for the first %d GiB", (int)(max / GIB));
}

bool blk_engine_text(const struct blk *blk, char *text, size_t size)
{
	static const char *const names[BLK_WISH_COUNT] = {
		[BLK_WISH_HINTS] = "cooperative task work",
		[BLK_WISH_FIXED] = "fixed buffers",
		[BLK_WISH_RESTRICTED] = "restricted",
	};
	struct words w = {text, size, 0};
	bool is_whole = true;
	int i;

	words_add(&w, disk_is_null(&blk->disk) ? "null, doorbells by io_uring"
					       : "io_uring");
	if (blk_writes_at_once(blk))
		words_add(&w, ", writes to memory at once");
	if (blk->cfg.rings_by_exits)
		words_add(&w, ", no ioeventfd");
	if (blk->cfg.wants_sqpoll)
		words_add(&w, ", sqpoll");
	add_fixed(&w, blk);
	if (!blk->lacks[BLK_WISH_RESTRICTED])
		words_add(&w, ", restricted");
	for (i = 0; i < BLK_WISH_COUNT; i++) {
		if (!blk->lacks[i])
			continue;
		words_add(&w, "%s%s (%s)", is_whole ? "; not: " : ", ",
			  names[i], strerror(-blk->lacks[i]));
		is_whole = false;
	}
	return is_whole;
}
