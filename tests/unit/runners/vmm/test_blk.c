// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/virtio/blk: requests as a driver makes and mangles them. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runners/vmm/virtio/blk.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vdriver.h"
#include "tests/unit/fixture/write_count.h"

#define DISK_BYTES (4 * MIB)
#define SECTOR 512u
#define BLOCK 4096u
#define F_FLUSH (1ULL << 9)
#define F_RO (1ULL << 5)
#define F_DISCARD (1ULL << 13)
#define F_WRITE_ZEROES (1ULL << 14)
#define F_ALL UINT64_MAX
/* Where POSIX shared memory is. */
#define MEMORY "/dev/shm"

enum { T_IN, T_OUT, T_FLUSH = 4, T_ID = 8, T_DISCARD = 11, T_ZEROES = 13 };
enum { S_OK, S_IOERR, S_UNSUPP, S_NONE = 0x7f };

struct head {
	uint32_t type, reserved;
	uint64_t sector;
};

struct range {
	uint64_t sector;
	uint32_t sector_count, flags;
};

/* A disk that is a file of noise, and what the file should hold. */
struct bench {
	struct vdriver d;
	struct blk *blk;
	struct blk_config cfg;
	char path[PATH_MAX];
	int fd;
	uint8_t *want;
};

static atomic_int written_at_once;
/* By the thread of the driver, which is a vCPU's. */
static pthread_t driver;
static atomic_int moved_by_driver;

ssize_t __real_preadv(int fd, const struct iovec *v, int count, off_t offset);
ssize_t __wrap_preadv(int fd, const struct iovec *v, int count, off_t offset);
ssize_t __wrap_preadv(int fd, const struct iovec *v, int count, off_t offset)
{
	moved_by_driver += pthread_equal(pthread_self(), driver) != 0;
	return __real_preadv(fd, v, count, offset);
}

ssize_t __real_pwritev(int fd, const struct iovec *v, int count, off_t offset);
ssize_t __wrap_pwritev(int fd, const struct iovec *v, int count, off_t offset);
ssize_t __wrap_pwritev(int fd, const struct iovec *v, int count, off_t offset)
{
	if (written_at_once++ % 3 == 2) {
		errno = EINTR;
		return -1;
	}
	moved_by_driver += pthread_equal(pthread_self(), driver) != 0;
	return __real_pwritev(fd, v, count, offset);
}

static uint64_t rng_state = 88172645463325252u;

static uint32_t rng(uint32_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t)(rng_state >> 32) % below;
}

static void noise(uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)rng(256);
}

static int file_create(struct bench *b, const char *folder)
{
	if (snprintf(b->path, sizeof(b->path), "%s/blk-XXXXXX", folder) >=
	    (int)sizeof(b->path))
		return -1;
	b->fd = mkstemp(b->path);
	b->want = malloc(DISK_BYTES);
	noise(b->want, DISK_BYTES);
	return b->fd < 0 ||
	       pwrite(b->fd, b->want, DISK_BYTES, 0) != (ssize_t)DISK_BYTES;
}

static int setup_in(void **state, const char *folder)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	*state = b;
	if (file_create(b, folder) || vdriver_init(&b->d, &err))
		return -1;
	b->cfg = (struct blk_config){
		.disk.path = b->path, .serial = "serial-1", .queue_count = 1};
	return 0;
}

/* Beside the program: /tmp may have no direct I/O. */
static int setup(void **state)
{
	char exe[PATH_MAX] = "";

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return -1;
	return setup_in(state, dirname(exe));
}

static bool has_memory(void)
{
	struct statfs fs;

	return !statfs(MEMORY, &fs) && fs.f_type == TMPFS_MAGIC &&
	       !access(MEMORY, W_OK);
}

static int setup_in_memory(void **state)
{
	return setup_in(state, MEMORY);
}

static void disk_remove(struct bench *b)
{
	vdriver_detach(&b->d);
	blk_destroy(b->blk);
	b->blk = NULL;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	disk_remove(b);
	vdriver_release(&b->d);
	close(b->fd);
	unlink(b->path);
	free(b->want);
	free(b);
	return 0;
}

static void disk_add(struct bench *b)
{
	static bool told;
	struct err err = {0};
	int ret = blk_create(&b->cfg, &b->d.mem, &b->blk, &err);

	if (ret == -EINVAL && !b->cfg.disk.is_buffered) {
		if (!told)
			print_message("buffered instead: %s\n", err.msg);
		told = true;
		b->cfg.disk.is_buffered = true;
		ret = blk_create(&b->cfg, &b->d.mem, &b->blk, &err);
	}
	assert_int_equal(ret, 0);
	assert_int_equal(vdriver_attach(&b->d, blk_dev(b->blk)), 0);
}

static void start(struct bench *b, uint64_t features)
{
	if (!b->blk)
		disk_add(b);
	assert_int_equal(vdriver_start(&b->d, features,
				       (uint16_t)b->cfg.queue_count, 128),
			 0);
}

static uint64_t put(struct bench *b, const void *bytes, uint32_t len)
{
	uint64_t gpa = vdriver_alloc(&b->d, len, 1);

	memcpy(vdriver_ptr(&b->d, gpa), bytes, len);
	return gpa;
}

static uint64_t put_head(struct bench *b, uint32_t type, uint64_t sector)
{
	const struct head h = {.type = type, .sector = sector};

	return put(b, &h, sizeof(h));
}

/* Where the answer will be: one byte that no device writes. */
static uint64_t put_status(struct bench *b)
{
	return put(b, &(uint8_t){S_NONE}, 1);
}

static int status_at(const struct bench *b, uint64_t gpa)
{
	return *(uint8_t *)vdriver_ptr(&b->d, gpa);
}

/* Submit one chain and see what comes back; LEN may be NULL. */
static void run_chain(struct bench *b, const struct vseg *segs, uint32_t count,
		      uint32_t *len)
{
	struct vqueue *q = &b->d.queues[0];
	int head = b->d.features & VIRTIO_FEATURE_INDIRECT
			   ? vqueue_add_indirect(q, segs, count)
			   : vqueue_add(q, segs, count);

	assert_true(head >= 0);
	vqueue_kick(&b->d, q);
	assert_int_equal(vqueue_wait(&b->d, q, len), head);
}

/* One request with its data in one piece; the answer. */
static int call(struct bench *b, uint32_t type, uint64_t sector, uint64_t gpa,
		uint32_t len)
{
	bool is_in = type == T_IN || type == T_ID;
	const uint64_t status = put_status(b);
	const struct vseg segs[] = {{put_head(b, type, sector), 16, false},
				    {gpa, len, is_in},
				    {status, 1, true}};
	const struct vseg bare[] = {segs[0], segs[2]};
	uint32_t used;

	run_chain(b, len ? segs : bare, len ? 3 : 2, &used);
	assert_int_equal(used,
			 is_in && status_at(b, status) == S_OK ? len + 1 : 1);
	return status_at(b, status);
}

static int call_range(struct bench *b, uint32_t type, struct range r)
{
	return call(b, type, 0, put(b, &r, sizeof(r)), sizeof(r));
}

/* The file as it is now against the file as it should be. */
static void check_file(struct bench *b)
{
	uint8_t *have = malloc(DISK_BYTES);

	assert_int_equal(pread(b->fd, have, DISK_BYTES, 0), DISK_BYTES);
	assert_memory_equal(have, b->want, DISK_BYTES);
	free(have);
}

/* --- what a driver does ------------------------------------------------ */

static void the_configuration_describes_the_disk(void **state)
{
	struct bench *b = *state;

	b->cfg.queue_count = 3;
	start(b, F_ALL);
	assert_int_equal(vdriver_config(&b->d, 0, 8), DISK_BYTES / SECTOR);
	assert_int_equal(vdriver_config(&b->d, 12, 4), VIRTQ_MAX_SEGS - 2);
	assert_in_range(vdriver_config(&b->d, 20, 4), 512, 4096);
	assert_int_equal(vdriver_config(&b->d, 34, 2), 3);
	assert_true(vdriver_config(&b->d, 36, 4)); /* max_discard_sectors */
	assert_int_equal(vdriver_config(&b->d, 64, 4), 0); /* behind the end */
	assert_int_equal(vdriver_config(&b->d, 60, 8), 0);
	assert_true(b->d.features & F_DISCARD);
	assert_false(b->d.features & F_RO);
}

static void reads_and_writes_reach_the_file(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;
	int i;

	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, 64 * KIB, BLOCK);
	assert_int_equal(call(b, T_IN, 16, gpa, 64 * KIB), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa), b->want + 16 * SECTOR,
			    64 * KIB);
	for (i = 0; i < 8; i++) {
		noise(vdriver_ptr(&b->d, gpa), BLOCK);
		memcpy(b->want + i * 5 * BLOCK, vdriver_ptr(&b->d, gpa), BLOCK);
		assert_int_equal(
			call(b, T_OUT, (uint64_t)i * 5 * 8, gpa, BLOCK), S_OK);
	}
	assert_int_equal(call(b, T_FLUSH, 0, 0, 0), S_OK);
	check_file(b);
	/* The last block, and nothing at all. */
	assert_int_equal(call(b, T_IN, DISK_BYTES / SECTOR - 8, gpa, BLOCK),
			 S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa),
			    b->want + DISK_BYTES - BLOCK, BLOCK);
	assert_int_equal(call(b, T_IN, 0, 0, 0), S_OK);
	assert_int_equal(call(b, T_OUT, DISK_BYTES / SECTOR, 0, 0), S_OK);
}

/* A driver that took no feature but the version has durable writes. */
static void a_plain_driver_is_served(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;

	start(b, 0);
	assert_true(b->d.features == VIRTIO_FEATURE_VERSION_1);
	gpa = vdriver_alloc(&b->d, BLOCK, BLOCK);
	noise(vdriver_ptr(&b->d, gpa), BLOCK);
	memcpy(b->want, vdriver_ptr(&b->d, gpa), BLOCK);
	assert_int_equal(call(b, T_OUT, 0, gpa, BLOCK), S_OK);
	check_file(b);
}

static void the_serial_number_is_cut_to_fit(void **state)
{
	char want[BLK_SERIAL_BYTES] = "serial-1";
	struct bench *b = *state;
	uint64_t gpa;

	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, 32, 1);
	memset(vdriver_ptr(&b->d, gpa), 0xee, 32);
	assert_int_equal(call(b, T_ID, 0, gpa, BLK_SERIAL_BYTES), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa), want, sizeof(want));
	memset(vdriver_ptr(&b->d, gpa), 0xee, 32);
	assert_int_equal(call(b, T_ID, 0, gpa, 5), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa), "seria\xee", 6);
}

static void ranges_become_zeroes(void **state)
{
	struct bench *b = *state;
	struct stat st;

	start(b, F_ALL);
	assert_int_equal(call_range(b, T_DISCARD, (struct range){8, 16, 0}),
			 S_OK);
	memset(b->want + 8 * SECTOR, 0, 16 * SECTOR);
	check_file(b);
	if (call_range(b, T_ZEROES, (struct range){64, 8, 0}) != S_UNSUPP)
		memset(b->want + 64 * SECTOR, 0, 8 * SECTOR);
	check_file(b);
	/* With leave to unmap, up to the end: the file keeps its size. */
	assert_int_equal(
		call_range(b, T_ZEROES,
			   (struct range){DISK_BYTES / SECTOR - 32, 32, 1}),
		S_OK);
	memset(b->want + DISK_BYTES - 32 * SECTOR, 0, 32 * SECTOR);
	check_file(b);
	assert_int_equal(fstat(b->fd, &st), 0);
	assert_int_equal(st.st_size, DISK_BYTES);
	assert_int_equal(call_range(b, T_DISCARD, (struct range){8, 0, 0}),
			 S_OK);
}

/* --- how it may be cut ------------------------------------------------- */

/* SEGS for the bytes at GPA in pieces of random length, some of them empty. */
static uint32_t cut(struct vseg *segs, uint64_t gpa, uint32_t len, uint32_t max,
		    bool is_in)
{
	uint32_t n = 0;

	while (len) {
		uint32_t part = rng(max + 1);

		part = part > len ? len : part;
		segs[n++] = (struct vseg){gpa, part, is_in};
		gpa += part;
		len -= part;
	}
	return n;
}

/* Status right behind the data, in the same descriptor or not. */
static void check_cuts(struct bench *b, uint32_t type, uint32_t max)
{
	uint64_t block = rng(DISK_BYTES / BLOCK);
	uint64_t head = put_head(b, type, block * 8);
	uint64_t data = vdriver_alloc(&b->d, BLOCK + 1, 1);
	uint8_t *host = vdriver_ptr(&b->d, data);
	struct vseg segs[VDRIVER_MAX_SEGS];
	uint32_t used, n;

	noise(host, BLOCK + 1);
	host[BLOCK] = S_NONE;
	n = cut(segs, head, 16, 3, false);
	if (type == T_OUT) {
		memcpy(b->want + block * BLOCK, host, BLOCK);
		n += cut(segs + n, data, BLOCK, max, false);
		segs[n++] = (struct vseg){data + BLOCK, 1, true};
	} else {
		n += cut(segs + n, data, BLOCK + 1, max, true);
	}
	segs[n++] = (struct vseg){data, 0, true};
	run_chain(b, segs, n, &used);
	assert_int_equal(host[BLOCK], S_OK);
	assert_int_equal(used, type == T_IN ? BLOCK + 1 : 1);
	assert_memory_equal(host, b->want + block * BLOCK, BLOCK);
}

static void headers_and_data_may_be_cut_anywhere(void **state)
{
	struct bench *b = *state;
	int buffered, i;

	for (buffered = 0; buffered < 2; buffered++) {
		b->cfg.disk.is_buffered = buffered;
		start(b, F_ALL);
		for (i = 0; i < 60; i++)
			check_cuts(b, i & 1 ? T_OUT : T_IN, 200 + rng(4000));
		check_file(b);
		disk_remove(b);
	}
}

static void a_header_may_be_sixteen_pieces(void **state)
{
	struct bench *b = *state;
	struct vseg segs[18];
	uint64_t status, data;
	uint64_t head;
	uint32_t i;

	start(b, VIRTIO_FEATURE_EVENT_IDX);
	head = put_head(b, T_IN, 24);
	status = put_status(b);
	data = vdriver_alloc(&b->d, BLOCK, 8) + 1;
	for (i = 0; i < 16; i++)
		segs[i] = (struct vseg){head + i, 1, false};
	segs[16] = (struct vseg){data, BLOCK, true};
	segs[17] = (struct vseg){status, 1, true};
	run_chain(b, segs, 18, NULL);
	assert_int_equal(status_at(b, status), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, data), b->want + 24 * SECTOR,
			    BLOCK);
}

static void buffers_may_lie_anywhere(void **state)
{
	struct bench *b = *state;
	uint32_t off;

	start(b, F_ALL);
	for (off = 0; off < 600; off += 1 + off * 3 / 2) {
		uint64_t gpa = vdriver_alloc(&b->d, 3 * BLOCK, BLOCK) + off;
		uint8_t *host = vdriver_ptr(&b->d, gpa);

		assert_int_equal(call(b, T_IN, 40, gpa, 2 * BLOCK), S_OK);
		assert_memory_equal(host, b->want + 40 * SECTOR, 2 * BLOCK);
		noise(host, 2 * BLOCK);
		memcpy(b->want + 40 * SECTOR, host, 2 * BLOCK);
		assert_int_equal(call(b, T_OUT, 40, gpa, 2 * BLOCK), S_OK);
		check_file(b);
	}
}

/* --- what is refused --------------------------------------------------- */

static void requests_off_the_disk_fail(void **state)
{
	static const uint64_t sectors = DISK_BYTES / SECTOR;
	static const struct {
		uint64_t sector;
		uint32_t len;
	} bad[] = {
		{sectors, BLOCK},
		{sectors - 7, BLOCK},
		{sectors + 1, 0},
		{UINT64_MAX, BLOCK},
		{UINT64_MAX / SECTOR + 1, BLOCK}, /* times 512 it is 0 */
		{UINT64_MAX / SECTOR - 7, BLOCK},
		{0, DISK_BYTES + BLOCK},
		{0, 511},
		{0, 1},
		{8, BLOCK + 1},
	};
	struct bench *b = *state;
	uint64_t gpa;
	size_t i;

	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, DISK_BYTES + 2 * BLOCK, BLOCK);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(call(b, T_IN, bad[i].sector, gpa, bad[i].len),
				 S_IOERR);
		assert_int_equal(call(b, T_OUT, bad[i].sector, gpa, bad[i].len),
				 S_IOERR);
	}
	assert_int_equal(call(b, T_IN, 0, gpa, DISK_BYTES), S_OK);
	check_file(b);
}

static void bad_ranges_fail(void **state)
{
	static const uint64_t sectors = DISK_BYTES / SECTOR;
	static const struct {
		uint32_t type;
		struct range range;
		int status;
	} bad[] = {
		{T_DISCARD, {sectors, 1, 0}, S_IOERR},
		{T_DISCARD, {sectors - 1, 2, 0}, S_IOERR},
		{T_DISCARD, {UINT64_MAX, 1, 0}, S_IOERR},
		{T_DISCARD, {UINT64_MAX / SECTOR + 1, 8, 0}, S_IOERR},
		{T_DISCARD, {0, UINT32_MAX, 0}, S_IOERR},
		{T_DISCARD, {0, 8, 1}, S_UNSUPP}, /* unmapping is implied */
		{T_DISCARD, {0, 8, 2}, S_UNSUPP},
		{T_ZEROES, {0, 8, 2}, S_UNSUPP},
		{T_ZEROES, {0, 8, UINT32_MAX}, S_UNSUPP},
		{T_ZEROES, {sectors, 1, 1}, S_IOERR},
	};
	const struct range two[2] = {{0, 8, 0}, {16, 8, 0}};
	struct bench *b = *state;
	size_t i;

	start(b, F_ALL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(call_range(b, bad[i].type, bad[i].range),
				 bad[i].status);
	/* More than max_discard_seg, less than one, none. */
	assert_int_equal(call(b, T_DISCARD, 0, put(b, two, 32), 32), S_IOERR);
	assert_int_equal(call(b, T_DISCARD, 0, put(b, two, 15), 15), S_IOERR);
	assert_int_equal(call(b, T_ZEROES, 0, 0, 0), S_IOERR);
	check_file(b);
}

static void types_nobody_knows_are_unsupported(void **state)
{
	static const uint32_t types[] = {2, 3, 5, 14, 1u << 31, UINT32_MAX};
	struct bench *b = *state;
	size_t i;

	start(b, F_ALL);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(call(b, types[i], 0, 0, 0), S_UNSUPP);
}

static void a_readonly_disk_stays_as_it_is(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;

	b->cfg.disk.is_readonly = true;
	start(b, F_ALL);
	assert_true(b->d.features & F_RO);
	assert_false(b->d.features & (F_DISCARD | F_WRITE_ZEROES));
	gpa = vdriver_alloc(&b->d, BLOCK, BLOCK);
	assert_int_equal(call(b, T_OUT, 0, gpa, BLOCK), S_IOERR);
	assert_int_equal(call_range(b, T_DISCARD, (struct range){0, 8, 0}),
			 S_IOERR);
	assert_int_equal(call_range(b, T_ZEROES, (struct range){0, 8, 1}),
			 S_IOERR);
	assert_int_equal(call(b, T_IN, 0, gpa, BLOCK), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa), b->want, BLOCK);
	assert_int_equal(call(b, T_FLUSH, 0, 0, 0), S_OK);
	check_file(b);
}

static void short_headers_fail(void **state)
{
	struct bench *b = *state;
	uint64_t status;

	start(b, F_ALL);
	status = put_status(b);
	{
		const struct vseg short_head[] = {
			{put_head(b, T_IN, 0), 15, false}, {status, 1, true}};

		run_chain(b, short_head, 2, NULL);
		assert_int_equal(status_at(b, status), S_IOERR);
	}
	{
		const struct vseg no_head[] = {{status, 1, true}};

		*(uint8_t *)vdriver_ptr(&b->d, status) = S_NONE;
		run_chain(b, no_head, 1, NULL);
		assert_int_equal(status_at(b, status), S_IOERR);
	}
}

/* --- rules broken ------------------------------------------------------ */

/* The driver hears of it by a change of configuration. */
static void expect_broken(struct bench *b)
{
	assert_true(vdriver_interrupts(&b->d, b->cfg.queue_count,
				       VDRIVER_WAIT_MS) > 0);
	assert_true(vdriver_needs_reset(&b->d));
}

static void expect_works(struct bench *b)
{
	uint64_t gpa;

	start(b, F_ALL);
	assert_false(vdriver_needs_reset(&b->d));
	gpa = vdriver_alloc(&b->d, BLOCK, BLOCK);
	assert_int_equal(call(b, T_IN, 8, gpa, BLOCK), S_OK);
	assert_memory_equal(vdriver_ptr(&b->d, gpa), b->want + 8 * SECTOR,
			    BLOCK);
}

static void without_a_status_byte_the_device_stops(void **state)
{
	struct bench *b = *state;
	int empty;

	for (empty = 0; empty < 2; empty++) {
		start(b, F_ALL);
		{
			const struct vseg segs[] = {
				{put_head(b, T_OUT, 0), 16, false},
				{put_status(b), 0, true}};

			vqueue_add(&b->d.queues[0], segs, empty ? 2 : 1);
		}
		vqueue_kick(&b->d, &b->d.queues[0]);
		expect_broken(b);
	}
	expect_works(b);
}

static void a_head_twice_in_flight_stops_the_device(void **state)
{
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[0];
	struct vseg segs[3];

	start(b, F_ALL);
	segs[0] = (struct vseg){put_head(b, T_IN, 0), 16, false};
	segs[1] =
		(struct vseg){vdriver_alloc(&b->d, BLOCK, BLOCK), BLOCK, true};
	segs[2] = (struct vseg){put_status(b), 1, true};
	vqueue_expose(q, (uint16_t)vqueue_add(q, segs, 3));
	vqueue_kick(&b->d, q);
	expect_broken(b);
	/* What was in flight comes back all the same, once. */
	assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
	assert_int_equal(vqueue_take(q, NULL), -EAGAIN);
	expect_works(b);
}

/* Found out before any thread was started, and undone all the same. */
static void bad_rings_stop_the_device_at_once(void **state)
{
	struct bench *b = *state;

	assert_true(fcntl(0, F_GETFD) >= 0);
	disk_add(b);
	assert_int_equal(vdriver_negotiate(&b->d, F_ALL), 0);
	vdriver_write(&b->d, 22, 2, 0);        /* queue_select */
	vdriver_write(&b->d, 32, 8, 64 * MIB); /* queue_desc */
	vdriver_write(&b->d, 28, 2, 1);        /* queue_enable */
	vdriver_ok(&b->d);
	expect_broken(b);
	vqueue_ring(&b->d, &b->d.queues[0]);
	vdriver_reset(&b->d);
	assert_true(fcntl(0, F_GETFD) >= 0);
	expect_works(b);
}

static void features_are_fixed_while_it_runs(void **state)
{
	struct bench *b = *state;

	start(b, F_ALL);
	/* Out of FEATURES_OK, but not out of DRIVER_OK's reach. */
	vdriver_write(&b->d, 20, 1, 3);
	vdriver_write(&b->d, 8, 4, 0);
	vdriver_write(&b->d, 12, 4, 0);
	assert_int_equal(vdriver_read(&b->d, 12, 4), (uint32_t)b->d.features);
}

/* --- when the file fails ----------------------------------------------- */

static void a_file_cut_short_is_an_error(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;

	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, 2 * BLOCK, BLOCK);
	assert_int_equal(ftruncate(b->fd, MIB), 0);
	assert_int_equal(call(b, T_IN, MIB / SECTOR, gpa, BLOCK), S_IOERR);
	assert_int_equal(call(b, T_IN, MIB / SECTOR - 8, gpa, 2 * BLOCK),
			 S_IOERR);
	assert_int_equal(call(b, T_IN, MIB / SECTOR - 8, gpa, BLOCK), S_OK);
}

static void writes_that_the_host_refuses_are_errors(void **state)
{
	struct bench *b = *state;
	struct rlimit old, limit;
	uint64_t gpa;
	int whole, partly;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, 2 * BLOCK, BLOCK);
	noise(vdriver_ptr(&b->d, gpa), 2 * BLOCK);
	limit = (struct rlimit){MIB, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	whole = call(b, T_OUT, MIB / SECTOR, gpa, BLOCK);
	partly = call(b, T_OUT, MIB / SECTOR - 8, gpa, 2 * BLOCK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(whole, S_IOERR);
	assert_int_equal(partly, S_IOERR);
	assert_int_equal(call(b, T_OUT, MIB / SECTOR, gpa, BLOCK), S_OK);
}

static void disks_that_cannot_be_are_refused(void **state)
{
	struct bench *b = *state;
	struct err err = {0};
	struct blk *blk = NULL;

	b->cfg.disk.path = "/nowhere/at/all";
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &blk, &err), -ENOENT);
	b->cfg.disk.path = "/dev/null";
	b->cfg.disk.is_buffered = true;
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &blk, &err), -EINVAL);
	b->cfg.disk.path = "null:";
	assert_true(blk_create(&b->cfg, &b->d.mem, &blk, &err) < 0);
	b->cfg.disk.path = b->path;
	assert_int_equal(ftruncate(b->fd, 4097), 0);
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &blk, &err), -EINVAL);
	assert_int_equal(ftruncate(b->fd, 0), 0);
	assert_int_equal(blk_create(&b->cfg, &b->d.mem, &blk, &err), -EINVAL);
	assert_null(blk);
}

/* Whatever the hypervisor refuses, requests are served: by way of exits, and
 * with interrupts that stay pending. */
static void a_failing_hypervisor_is_survived(void **state)
{
	struct bench *b = *state;
	int n;

	for (n = 1; n <= 8; n++) {
		hv_fake_reset();
		hv_fake_state.fail_at = n;
		b->cfg.queue_count = 2;
		expect_works(b);
		disk_remove(b);
	}
	/* Two queues and a configuration, and two doorbells. */
	assert_int_equal(hv_fake_state.calls, 5);
	assert_int_equal(hv_fake_state.bell_count, 0);
	for (n = 0; n < HV_IRQFD_COUNT; n++)
		assert_false(hv_fake_state.irqfds[n].is_on);
}

/* --- null -------------------------------------------------------------- */

static void a_null_disk_answers_everything(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;

	b->cfg.disk.path = "null:1G";
	start(b, F_ALL);
	assert_int_equal(vdriver_config(&b->d, 0, 8), GIB / SECTOR);
	gpa = vdriver_alloc(&b->d, 64 * KIB, 1) + 1;
	assert_int_equal(call(b, T_IN, 0, gpa, BLOCK), S_OK);
	assert_int_equal(call(b, T_OUT, GIB / SECTOR - 1, gpa, SECTOR), S_OK);
	assert_int_equal(call(b, T_OUT, GIB / SECTOR, gpa, SECTOR), S_IOERR);
	assert_int_equal(call(b, T_FLUSH, 0, 0, 0), S_OK);
	assert_int_equal(call_range(b, T_DISCARD, (struct range){0, 8, 0}),
			 S_OK);
	assert_int_equal(call_range(b, T_ZEROES, (struct range){0, 8, 0}),
			 S_OK);
	assert_int_equal(call(b, 99, 0, 0, 0), S_UNSUPP);
}

/* The length of one request must not become the result of the next. */
static void a_huge_request_leaves_nothing_behind(void **state)
{
	struct bench *b = *state;
	struct vseg segs[VIRTQ_MAX_SEGS];
	uint32_t i;

	b->cfg.disk.path = "null:1G";
	start(b, F_ALL);
	segs[0] = (struct vseg){put_head(b, T_IN, 0), 16, false};
	for (i = 1; i < 126; i++)
		segs[i] = (struct vseg){4 * MIB, 32 * MIB, true};
	segs[i] = (struct vseg){put_status(b), 1, true};
	run_chain(b, segs, i + 1, NULL);
	assert_int_equal(status_at(b, segs[i].gpa), S_IOERR);
	assert_int_equal(call(b, T_FLUSH, 0, 0, 0), S_OK);
}

/*
 * Each needs a buffer of the host's, and the driver may have hundreds: only as
 * many are taken as have a few MiB. What was taken is read before what has
 * ended, so that the difference is never more than what was under way.
 */
static void odd_buffers_take_little_memory(void **state)
{
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[0];
	uint64_t at, most = 0;
	uint64_t status[40];
	uint32_t i;

	start(b, 0);
	at = vdriver_alloc(&b->d, MIB + BLOCK, BLOCK) + 1;
	for (i = 0; i < ARRAY_SIZE(status); i++) {
		const struct vseg segs[] = {
			{put_head(b, T_IN, 0), 16, false},
			{at, MIB, true},
			{status[i] = put_status(b), 1, true}};

		assert_true(vqueue_add(q, segs, ARRAY_SIZE(segs)) >= 0);
	}
	vqueue_kick(&b->d, q);
	for (i = 0; i < ARRAY_SIZE(status);) {
		uint64_t taken = virtio_request_count(blk_dev(b->blk));

		while (vqueue_take(q, NULL) >= 0)
			i++;
		most = taken > i + most ? taken - i : most;
	}
	assert_in_range(most, 1, 5);
	for (i = 0; i < ARRAY_SIZE(status); i++)
		assert_int_equal(status_at(b, status[i]), S_OK);
}

static void a_huge_odd_buffer_is_refused(void **state)
{
	struct bench *b = *state;
	uint64_t at;

	assert_int_equal(ftruncate(b->fd, 16 * MIB), 0);
	start(b, 0);
	at = vdriver_alloc(&b->d, 9 * MIB, BLOCK);
	assert_int_equal(call(b, T_IN, 0, at, 8 * MIB), S_OK);
	assert_int_equal(call(b, T_IN, 0, at + 1, 8 * MIB), S_IOERR);
	assert_int_equal(call(b, T_OUT, 0, at + 1, 8 * MIB), S_IOERR);
	assert_int_equal(call(b, T_IN, 0, at + 1, 2 * MIB), S_OK);
}

/* --- under load -------------------------------------------------------- */

#define SLOTS 16u
#define SLOT_BYTES (DISK_BYTES / SLOTS)

/* A request in flight; each slot has a part of the disk to itself. */
struct slot {
	uint32_t type, len;
	uint32_t at; /* on the disk */
	uint64_t head, data, status;
	uint16_t queue;
};

static void slot_submit(struct bench *b, struct slot *s, uint32_t index)
{
	struct vqueue *q = &b->d.queues[s->queue];
	struct head *h = vdriver_ptr(&b->d, s->head);
	uint8_t *host;
	struct vseg segs[3];
	int head;

	s->type = rng(3) ? rng(2) : T_FLUSH;
	s->len = s->type == T_FLUSH ? 0 : (1 + rng(8)) * BLOCK;
	s->at = index * SLOT_BYTES +
		rng((SLOT_BYTES - 8 * BLOCK) / BLOCK) * BLOCK;
	host = vdriver_ptr(&b->d, s->data);
	*h = (struct head){.type = s->type, .sector = s->at / SECTOR};
	*(uint8_t *)vdriver_ptr(&b->d, s->status) = S_NONE;
	if (s->type == T_OUT) {
		noise(host, 64);
		host[s->len - 1] = (uint8_t)rng(256);
		memcpy(b->want + s->at, host, s->len);
	}
	segs[0] = (struct vseg){s->head, 16, false};
	segs[1] = (struct vseg){s->data, s->len, s->type == T_IN};
	segs[2] = (struct vseg){s->status, 1, true};
	head = rng(2) && b->d.features & VIRTIO_FEATURE_INDIRECT
		       ? vqueue_add_indirect(q, segs, 3)
		       : vqueue_add(q, segs, 3);
	assert_true(head >= 0);
}

static void slot_check(struct bench *b, const struct slot *s)
{
	assert_int_equal(status_at(b, s->status), S_OK);
	if (s->type == T_IN)
		assert_memory_equal(vdriver_ptr(&b->d, s->data),
				    b->want + s->at, s->len);
}

static void slots_init(struct bench *b, struct slot *slots)
{
	uint32_t i;

	for (i = 0; i < SLOTS; i++) {
		slots[i].head = vdriver_alloc(&b->d, sizeof(struct head), 16);
		slots[i].data = vdriver_alloc(&b->d, 9 * BLOCK, BLOCK) +
				(i % 4 == 3 ? 1 : 0);
		slots[i].status = vdriver_alloc(&b->d, 1, 1);
		slots[i].queue = (uint16_t)(i % b->cfg.queue_count);
	}
}

/* COUNT requests, at most SLOTS at once, in batches of any size. */
static void run_load(struct bench *b, uint32_t count)
{
	struct slot slots[SLOTS] = {{0}};
	uint32_t done, q;

	slots_init(b, slots);
	for (done = 0; done < count;) {
		uint32_t n = 1 + rng(SLOTS), waits[BLK_MAX_QUEUES] = {0}, i;

		for (i = 0; i < n; i++) {
			slot_submit(b, &slots[i], i);
			waits[slots[i].queue]++;
			if (!rng(4))
				vqueue_kick(&b->d,
					    &b->d.queues[slots[i].queue]);
		}
		for (q = 0; q < b->cfg.queue_count; q++)
			vqueue_kick(&b->d, &b->d.queues[q]);
		for (q = 0; q < b->cfg.queue_count; q++)
			for (; waits[q]; waits[q]--)
				assert_true(vqueue_wait(&b->d, &b->d.queues[q],
							NULL) >= 0);
		for (i = 0; i < n; i++)
			slot_check(b, &slots[i]);
		done += n;
	}
	check_file(b);
}

static void all_configurations_keep_the_data(void **state)
{
	static const struct {
		struct blk_config cfg;
		uint64_t features;
	} cases[] = {
		{{.queue_count = 1}, F_ALL},
		{{.queue_count = 1}, F_FLUSH},
		{{.queue_count = 4}, F_ALL},
		{{.queue_count = 4, .has_thread_per_queue = true}, F_ALL},
		{{.queue_count = 2, .has_thread_per_queue = true}, F_FLUSH},
		{{.queue_count = 1, .wants_fixed = true}, F_ALL},
		{{.queue_count = 2, .poll_us = 50}, F_ALL},
		{{.queue_count = 1, .wants_sqpoll = true}, F_ALL},
		{{.queue_count = 1, .rings_by_exits = true}, F_ALL},
		{{.queue_count = 1, .rings_by_exits = true}, F_FLUSH},
		{{.queue_count = 4,
		  .rings_by_exits = true,
		  .has_thread_per_queue = true,
		  .poll_us = 50},
		 F_ALL},
		{{.queue_count = 2, .disk.is_buffered = true}, F_ALL},
		{{.queue_count = BLK_MAX_QUEUES}, F_ALL},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		b->cfg = cases[i].cfg;
		b->cfg.disk.path = b->path;
		start(b, cases[i].features);
		run_load(b, 400);
		disk_remove(b);
	}
}

/* Its thread finds most requests by itself, however slow this host is: a driver that
 * it had to be rung by each time would ring as often as it asks. */
static void a_polled_disk_is_rarely_rung_for(void **state)
{
	enum { REQUESTS = 300 };
	struct bench *b = *state;
	struct vseg segs[] = {{0, 16, false}, {0, 4096, true}, {0, 1, true}};
	struct vqueue *q = &b->d.queues[0];
	int i, rung = 0;

	b->cfg.disk.path = "null:1G";
	b->cfg.poll_us = 200000;
	start(b, VIRTIO_FEATURE_EVENT_IDX);
	segs[0].gpa = put_head(b, T_IN, 0);
	segs[1].gpa = vdriver_alloc(&b->d, 4096, 1);
	segs[2].gpa = put_status(b);
	for (i = 0; i < REQUESTS; i++) {
		assert_true(vqueue_add(q, segs, 3) >= 0);
		rung += vqueue_kick(&b->d, q);
		assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
	}
	assert_in_range(rung, 1, REQUESTS / 2);
}

/* Whatever is in flight ends before the reset does. */
static void resets_in_flight_leave_it_usable(void **state)
{
	struct bench *b = *state;
	struct slot slots[SLOTS];
	uint32_t round, i;

	b->cfg.queue_count = 2;
	b->cfg.has_thread_per_queue = true;
	for (round = 0; round < 40; round++) {
		start(b, F_ALL);
		memset(slots, 0, sizeof(slots));
		slots_init(b, slots);
		for (i = 0; i < SLOTS; i++)
			slot_submit(b, &slots[i], i);
		vqueue_kick(&b->d, &b->d.queues[0]);
		vqueue_kick(&b->d, &b->d.queues[1]);
		if (round % 4)
			vqueue_wait(&b->d, &b->d.queues[round % 2], NULL);
		vdriver_reset(&b->d);
		assert_int_equal(vdriver_status(&b->d), 0);
		assert_int_equal(hv_fake_state.bell_count, 0);
		/* Writes may or may not have happened. */
		assert_int_equal(pread(b->fd, b->want, DISK_BYTES, 0),
				 DISK_BYTES);
	}
	start(b, F_ALL);
	run_load(b, 200);
}

static void what_is_in_memory_is_written_at_once(void **state)
{
	struct bench *b = *state;
	char text[BLK_ENGINE_TEXT_BYTES];

	start(b, F_ALL);
	blk_engine_text(b->blk, text, sizeof(text));
	assert_non_null(strstr(text, "io_uring, writes to memory at once"));
	written_at_once = 0;
	run_load(b, 400);
	assert_true(written_at_once > 0);
	disk_remove(b);
	b->cfg.wants_sqpoll = true;
	start(b, F_ALL);
	blk_engine_text(b->blk, text, sizeof(text));
	assert_null(strstr(text, "at once"));
	written_at_once = 0;
	run_load(b, 100);
	assert_int_equal(written_at_once, 0);
}

static uint64_t doorbells(const struct bench *b)
{
	return atomic_load(&blk_dev(b->blk)->counts[0].doorbells);
}

/* The disk's thread goes back to sleep, after some of them at least. */
static void let_it_sleep(void)
{
	usleep(500);
}

static void one_request_alone_is_its_vcpu_s(void **state)
{
	enum { REQUESTS = 300 };
	struct bench *b = *state;
	uint64_t gpa;
	int i;

	b->cfg.rings_by_exits = true;
	start(b, F_ALL);
	assert_int_equal(hv_fake_state.bell_count, 0);
	gpa = vdriver_alloc(&b->d, 2 * BLOCK, BLOCK);
	driver = pthread_self();
	moved_by_driver = 0;
	for (i = 0; i < REQUESTS; i++) {
		bool is_write = i % 2;
		uint64_t at = rng(DISK_BYTES / BLOCK) * (uint64_t)BLOCK;

		let_it_sleep();
		if (is_write)
			memcpy(b->want + at, vdriver_ptr(&b->d, gpa), BLOCK);
		assert_int_equal(call(b, is_write ? T_OUT : T_IN, at / SECTOR,
				      gpa, BLOCK),
				 S_OK);
		assert_memory_equal(vdriver_ptr(&b->d, gpa), b->want + at,
				    BLOCK);
	}
	check_file(b);
	assert_in_range(moved_by_driver, 1, REQUESTS);
	assert_int_equal(virtio_request_count(blk_dev(b->blk)), REQUESTS);
	assert_int_equal(doorbells(b), 0);
}

/* What takes long, or is not alone, no vCPU waits for. */
static void other_requests_are_the_thread_s(void **state)
{
	struct bench *b = *state;
	uint64_t gpa;
	uint32_t i;

	b->cfg.rings_by_exits = true;
	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, 128 * KIB, BLOCK);
	driver = pthread_self();
	moved_by_driver = 0;
	for (i = 0; i < 20; i++) {
		assert_int_equal(call(b, T_IN, 0, gpa, 128 * KIB), S_OK);
		assert_int_equal(call(b, T_OUT, 0, gpa, 128 * KIB), S_OK);
		assert_int_equal(call(b, T_FLUSH, 0, 0, 0), S_OK);
		assert_int_equal(
			call_range(b, T_DISCARD, (struct range){64, 8, 0}),
			S_OK);
		memset(b->want + 64 * SECTOR, 0, 8 * SECTOR);
	}
	check_file(b);
	assert_int_equal(moved_by_driver, 0);
	assert_int_equal(virtio_request_count(blk_dev(b->blk)), 80);
	assert_int_equal(doorbells(b), 0);
	disk_remove(b);
	b->cfg.wants_sqpoll = true;
	start(b, F_ALL);
	gpa = vdriver_alloc(&b->d, BLOCK, BLOCK);
	for (i = 0; i < 20; i++)
		assert_int_equal(call(b, T_IN, 0, gpa, BLOCK), S_OK);
	assert_int_equal(moved_by_driver, 0);
}

/* It answers all that is alone within the exit; the thread, what is not. */
static void a_null_disk_answers_in_the_exit(void **state)
{
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[0];
	struct vseg segs[] = {{0, 16, false}, {0, 1, true}};
	int i;

	b->cfg.disk.path = "null:1G";
	b->cfg.rings_by_exits = true;
	start(b, F_ALL);
	write_count_begin(blk_dev(b->blk)->kick_fds[0]);
	segs[0].gpa = put_head(b, T_FLUSH, 0);
	segs[1].gpa = put_status(b);
	for (i = 0; i < 100; i++) {
		let_it_sleep();
		assert_true(vqueue_add(q, segs, 2) >= 0);
		vqueue_kick(&b->d, q);
		assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
	}
	assert_in_range(write_count(), 0, 99);
	for (i = 0; i < 2; i++)
		assert_true(vqueue_add(q, segs, 2) >= 0);
	vqueue_kick(&b->d, q);
	for (i = 0; i < 2; i++)
		assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
	assert_int_equal(virtio_request_count(blk_dev(b->blk)), 102);
	write_count_begin(-1);
}

static void resets_without_ioeventfd_leave_it_usable(void **state)
{
	((struct bench *)*state)->cfg.rings_by_exits = true;
	resets_in_flight_leave_it_usable(state);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define IN_MEMORY(test) \
	cmocka_unit_test_setup_teardown(test, setup_in_memory, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(the_configuration_describes_the_disk),
		ON_DISK(reads_and_writes_reach_the_file),
		ON_DISK(a_plain_driver_is_served),
		ON_DISK(the_serial_number_is_cut_to_fit),
		ON_DISK(ranges_become_zeroes),
		ON_DISK(headers_and_data_may_be_cut_anywhere),
		ON_DISK(a_header_may_be_sixteen_pieces),
		ON_DISK(buffers_may_lie_anywhere),
		ON_DISK(requests_off_the_disk_fail),
		ON_DISK(bad_ranges_fail),
		ON_DISK(types_nobody_knows_are_unsupported),
		ON_DISK(a_readonly_disk_stays_as_it_is),
		ON_DISK(short_headers_fail),
		ON_DISK(without_a_status_byte_the_device_stops),
		ON_DISK(a_head_twice_in_flight_stops_the_device),
		ON_DISK(bad_rings_stop_the_device_at_once),
		ON_DISK(features_are_fixed_while_it_runs),
		ON_DISK(a_file_cut_short_is_an_error),
		ON_DISK(writes_that_the_host_refuses_are_errors),
		ON_DISK(disks_that_cannot_be_are_refused),
		ON_DISK(a_failing_hypervisor_is_survived),
		ON_DISK(a_null_disk_answers_everything),
		ON_DISK(a_huge_request_leaves_nothing_behind),
		ON_DISK(odd_buffers_take_little_memory),
		ON_DISK(a_huge_odd_buffer_is_refused),
		ON_DISK(all_configurations_keep_the_data),
		ON_DISK(a_polled_disk_is_rarely_rung_for),
		ON_DISK(resets_in_flight_leave_it_usable),
		ON_DISK(a_null_disk_answers_in_the_exit),
	};
	const struct CMUnitTest in_memory[] = {
		IN_MEMORY(reads_and_writes_reach_the_file),
		IN_MEMORY(a_plain_driver_is_served),
		IN_MEMORY(ranges_become_zeroes),
		IN_MEMORY(headers_and_data_may_be_cut_anywhere),
		IN_MEMORY(buffers_may_lie_anywhere),
		IN_MEMORY(requests_off_the_disk_fail),
		IN_MEMORY(a_readonly_disk_stays_as_it_is),
		IN_MEMORY(a_file_cut_short_is_an_error),
		IN_MEMORY(writes_that_the_host_refuses_are_errors),
		IN_MEMORY(all_configurations_keep_the_data),
		IN_MEMORY(resets_in_flight_leave_it_usable),
		IN_MEMORY(what_is_in_memory_is_written_at_once),
		IN_MEMORY(resets_without_ioeventfd_leave_it_usable),
		IN_MEMORY(one_request_alone_is_its_vcpu_s),
		IN_MEMORY(other_requests_are_the_thread_s),
	};
	int failed = RUN_TESTS(tests);

	if (has_memory())
		return failed + cmocka_run_group_tests_name(
					"in memory", in_memory, NULL, NULL);
	print_message("skipped: disks in memory: " MEMORY " is no tmpfs\n");
	return failed;
}
