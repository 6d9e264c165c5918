// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/snap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/snapshot/xxh64.h"

/* At most so much at once, of pages that follow each other. */
#define RUN_PAGES 256u

/* --- pages ----------------------------------------------------------------- */

static bool page_is_there(const uint8_t *bits, uint64_t page)
{
	return bits[page / 8] >> page % 8 & 1;
}

/* From PAGE on, how many are all there, or all not. */
static uint64_t run_of(const uint8_t *bits, uint64_t page, uint64_t count)
{
	bool is_there = page_is_there(bits, page);
	uint64_t n = 1;

	while (n < RUN_PAGES && page + n < count &&
	       page_is_there(bits, page + n) == is_there)
		n++;
	return n;
}

/* A page that the guest never touched is read, and stays one of the kernel's. */
static bool is_zero(const void *page)
{
	const uint64_t *word = page;
	size_t i;

	for (i = 0; i < SNAP_PAGE_BYTES / sizeof(*word); i += 4)
		if (word[i] | word[i + 1] | word[i + 2] | word[i + 3])
			return false;
	return true;
}

static uint8_t *find_pages(const struct mem *mem, uint64_t count)
{
	const char *ram = mem->host;
	uint8_t *bits = calloc(1, count / 8);
	uint64_t i;

	for (i = 0; bits && i < count; i++)
		if (!is_zero(ram + i * SNAP_PAGE_BYTES))
			bits[i / 8] |= (uint8_t)(1u << i % 8);
	return bits;
}

/* --- writing --------------------------------------------------------------- */

static int write_at(int fd, const void *bytes, size_t len, uint64_t offset,
		    struct err *err)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = pwrite(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, n ? -errno : -EIO,
				       "cannot write the snapshot");
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_ram(int fd, const uint8_t *bits, const struct mem *mem,
		     uint64_t *sum, struct err *err)
{
	uint64_t count = mem->bytes / SNAP_PAGE_BYTES, i, n;
	const char *ram = mem->host;
	struct xxh64 x;
	int ret = 0;

	xxh64_init(&x);
	for (i = 0; i < count && !ret; i += n) {
		uint64_t at = i * SNAP_PAGE_BYTES;

		n = run_of(bits, i, count);
		if (!page_is_there(bits, i))
			continue;
		xxh64_add(&x, ram + at, n * SNAP_PAGE_BYTES);
		ret = write_at(fd, ram + at, n * SNAP_PAGE_BYTES,
			       SNAP_RAM_OFFSET + at, err);
	}
	*sum = xxh64_value(&x);
	return ret;
}

static uint64_t header_sum(const struct snap_header *head)
{
	return xxh64_of(head, offsetof(struct snap_header, sum));
}

static uint64_t unix_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* No write of another falls on just this time: the kernel's own are multiples of its
 * tick, or differ by what passes until then. */
static void describe_file(int fd, struct snap_header *head)
{
	struct stat st;

	if (fstat(fd, &st))
		return;
	head->device = st.st_dev;
	head->inode = st.st_ino;
	head->modified_unix_ns = unix_ns() | 1;
}

int snap_file_write(int fd, struct snap_header *head, struct snap_records *r,
		    const struct mem *mem, struct err *err)
{
	uint64_t count = mem->bytes / SNAP_PAGE_BYTES;
	uint8_t *bits = find_pages(mem, count);
	int ret;

	if (bits)
		snap_records_put(r, SNAP_PAGES, 0, bits, count / 8);
	if (!bits || r->is_short) {
		free(bits);
		return err_set(err, -ENOMEM, "no memory for the guest's state");
	}
	ret = write_ram(fd, bits, mem, &head->ram_sum, err);
	free(bits);
	memcpy(head->magic, SNAP_MAGIC, sizeof(head->magic));
	head->version = SNAP_VERSION;
	head->header_bytes = sizeof(*head);
	head->ram_bytes = mem->bytes;
	head->state_bytes = r->len;
	head->state_sum = xxh64_of(r->bytes, r->len);
	head->file_bytes = SNAP_RAM_OFFSET + mem->bytes + r->len;
	head->saved_unix_ns = unix_ns();
	describe_file(fd, head);
	head->sum = header_sum(head);
	if (!ret)
		ret = write_at(fd, r->bytes, r->len,
			       SNAP_RAM_OFFSET + mem->bytes, err);
	return ret ?: write_at(fd, head, sizeof(*head), 0, err);
}

/* --- reading --------------------------------------------------------------- */

static int read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
	char *at = bytes;

	while (len) {
		ssize_t n = pread(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

/* Sizes that fit each other, so that later sums of them cannot overflow. */
static bool is_coherent(const struct snap_header *h)
{
	return h->header_bytes == sizeof(*h) && h->ram_bytes >= MEM_MIN_BYTES &&
	       h->ram_bytes <= MEM_MAX_BYTES && h->ram_bytes % (2 * MIB) == 0 &&
	       h->state_bytes <= SNAP_STATE_MAX_BYTES &&
	       h->file_bytes ==
		       SNAP_RAM_OFFSET + h->ram_bytes + h->state_bytes &&
	       ends(h->hv, sizeof(h->hv)) && ends(h->build, sizeof(h->build));
}

static int check_header(const struct snap_file *f, uint64_t file_bytes,
			struct err *err)
{
	const struct snap_header *h = &f->head;

	if (memcmp(h->magic, SNAP_MAGIC, sizeof(h->magic)))
		return err_set(err, -EINVAL, "it is no snapshot");
	if (h->version != SNAP_VERSION)
		return err_set(
			err, -EINVAL,
			"it is of version %u, and this program restores version %u alone: make a new one",
			h->version, SNAP_VERSION);
	if (h->sum != header_sum(h))
		return err_set(err, -EBADMSG,
			       "its header is damaged: the sum differs");
	if (!is_coherent(h))
		return err_set(err, -EINVAL, "its header makes no sense");
	if (file_bytes != h->file_bytes)
		return err_set(err, -EBADMSG,
			       "it has %llu of %llu bytes: it is not whole",
			       (unsigned long long)file_bytes,
			       (unsigned long long)h->file_bytes);
	return 0;
}

static int read_state(struct snap_file *f, struct err *err)
{
	const struct snap_header *h = &f->head;
	int ret;

	f->records.bytes = malloc(h->state_bytes + 1);
	if (!f->records.bytes)
		return err_set(err, -ENOMEM, "no memory for its state");
	f->records.len = f->records.cap = h->state_bytes;
	ret = read_at(f->fd, f->records.bytes, h->state_bytes,
		      SNAP_RAM_OFFSET + h->ram_bytes);
	if (ret)
		return err_sys(err, ret, "cannot read its state");
	if (xxh64_of(f->records.bytes, h->state_bytes) != h->state_sum)
		return err_set(err, -EBADMSG,
			       "its state is damaged: the sum differs");
	return snap_records_check(&f->records, err);
}

static int read_all(struct snap_file *f, struct err *err)
{
	struct stat st;
	int ret;

	if (fstat(f->fd, &st))
		return err_sys(err, -errno, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "it is no regular file");
	ret = read_at(f->fd, &f->head, sizeof(f->head), 0);
	if (ret == -ENODATA)
		return err_set(err, -EBADMSG, "it is too short");
	if (ret)
		return err_sys(err, ret, "cannot read it");
	ret = check_header(f, (uint64_t)st.st_size, err);
	return ret ?: read_state(f, err);
}

int snap_file_open(struct snap_file *f, const char *path, struct err *err)
{
	int ret;

	*f = (struct snap_file){
		.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (f->fd < 0)
		return err_sys(err, -errno, "cannot open the snapshot '%s'",
			       path);
	ret = read_all(f, err);
	return ret ? err_wrap(err, "cannot restore '%s'", path) : 0;
}

void snap_file_close(struct snap_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	snap_records_release(&f->records);
}

/* --- whether RAM is what it was ------------------------------------------------ */

/* It is the file that was written, and untouched since. */
static bool is_untouched(const struct snap_file *f)
{
	const struct snap_header *h = &f->head;
	struct stat st;

	return !fstat(f->fd, &st) && st.st_dev == h->device &&
	       st.st_ino == h->inode &&
	       (uint64_t)st.st_mtim.tv_sec * NS_PER_S +
			       (uint64_t)st.st_mtim.tv_nsec ==
		       h->modified_unix_ns;
}

/* Pages from FIRST to LAST that are not to be there, and have something. */
static bool has_more(const uint8_t *bits, const struct mem *mem, uint64_t first,
		     uint64_t last)
{
	const char *ram = mem->host;

	for (; first < last; first++)
		if (!page_is_there(bits, first) &&
		    !is_zero(ram + first * SNAP_PAGE_BYTES))
			return true;
	return false;
}

/* Holes need not be read: where the file has data beside its pages. */
static bool has_strange_pages(const struct snap_file *f, const uint8_t *bits,
			      const struct mem *mem)
{
	off_t end = (off_t)(SNAP_RAM_OFFSET + mem->bytes);
	off_t at = (off_t)SNAP_RAM_OFFSET, hole;

	while ((at = lseek(f->fd, at, SEEK_DATA)) >= 0 && at < end) {
		hole = lseek(f->fd, at, SEEK_HOLE);
		if (hole < 0 || hole > end)
			hole = end;
		if (has_more(bits, mem,
			     ((uint64_t)at - SNAP_RAM_OFFSET) / SNAP_PAGE_BYTES,
			     ((uint64_t)hole - SNAP_RAM_OFFSET +
			      SNAP_PAGE_BYTES - 1) /
				     SNAP_PAGE_BYTES))
			return true;
		at = hole;
	}
	return false;
}

static uint64_t sum_ram(const uint8_t *bits, const struct mem *mem)
{
	uint64_t count = mem->bytes / SNAP_PAGE_BYTES, i, n;
	const char *ram = mem->host;
	struct xxh64 x;

	xxh64_init(&x);
	for (i = 0; i < count; i += n) {
		n = run_of(bits, i, count);
		if (page_is_there(bits, i))
			xxh64_add(&x, ram + i * SNAP_PAGE_BYTES,
				  n * SNAP_PAGE_BYTES);
	}
	return xxh64_value(&x);
}

int snap_file_check_ram(const struct snap_file *f, const struct mem *mem,
			bool always, struct err *err)
{
	size_t len = 0;
	const uint8_t *bits =
		snap_records_find(&f->records, SNAP_PAGES, 0, &len);

	if (!bits || len != mem->bytes / SNAP_PAGE_BYTES / 8)
		return err_set(err, -EINVAL, "it does not say what its RAM is");
	if (!always && is_untouched(f))
		return 0;
	if (sum_ram(bits, mem) != f->head.ram_sum ||
	    has_strange_pages(f, bits, mem))
		return err_set(
			err, -EBADMSG,
			"its RAM has changed since it was written: the sum differs");
	return 0;
}
