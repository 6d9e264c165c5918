// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's descriptors: which are ours, of what kind, and what they
 * keep alive. The same ioctl number means different things on each kind.
 */
#include "mshv/emu/emu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"
#include "mshv/emu/raw.h"

#define DEVICE_FILE "mshv"

struct emu_knobs emu_knobs;

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct emu_object *table[EMU_MAX_FDS]; /* each entry owned */

/* For the life of the process, once it is kept; NULL: it could not be opened. */
static FILE *kept_log;
static bool is_log_kept;

void emu_log_keep(void)
{
	const char *path = getenv("L1VH_MSHV_EMU_LOG");

	if (!is_log_kept)
		kept_log = path ? fopen(path, "ae") : stderr;
	is_log_kept = true;
}

void emu_log(const char *fmt, ...)
{
	const char *path = is_log_kept ? NULL : getenv("L1VH_MSHV_EMU_LOG");
	FILE *out = path ? fopen(path, "ae") : is_log_kept ? kept_log : stderr;
	va_list ap;

	if (!out)
		return;
	fputs("mshv-emu: ", out);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
	if (path)
		fclose(out);
	else
		fflush(out);
}

/* By FNV-1a, so that a VMM that tries again for ever fills no disk. */
#define LOGGED_MAX 512

static bool is_logged_first(const char *text)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t logged[LOGGED_MAX];
	static size_t count;
	uint64_t hash = 0xcbf29ce484222325;
	size_t i;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	pthread_mutex_lock(&lock);
	for (i = 0; i < count && logged[i] != hash; i++)
		;
	if (i == count && count < LOGGED_MAX)
		logged[count++] = hash;
	else
		i = LOGGED_MAX;
	pthread_mutex_unlock(&lock);
	return i < LOGGED_MAX;
}

void emu_log_once(const char *fmt, ...)
{
	char text[240];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (is_logged_first(text))
		emu_log("%s", text);
}

int emu_kernel(void)
{
	const char *text = getenv("L1VH_MSHV_EMU_KERNEL");

	if (emu_knobs.kernel)
		return emu_knobs.kernel;
	if (text && !strcmp(text, "6.15"))
		return 615;
	if (text && !strcmp(text, "6.19"))
		return 619;
	return 700;
}

/*
 * Pages that were copied from or to lately: each exit's hypercalls come from the
 * same few, of the VMM's stack, and asking the kernel each time would cost more
 * than the exit. They are forgotten when the program changes a mapping.
 */
#define KNOWN_PAGES 8

static _Thread_local struct {
	uint64_t page;
	bool is_writable;
} known[KNOWN_PAGES];

static atomic_uint mapping_changes;
static _Thread_local unsigned int known_since;

void emu_mappings_changed(void)
{
	atomic_fetch_add(&mapping_changes, 1);
}

static bool is_known(uint64_t from, size_t len, bool is_write)
{
	uint64_t page = from / MSHV_PAGE_BYTES;
	unsigned int now = atomic_load(&mapping_changes);

	if (now != known_since)
		memset(known, 0, sizeof(known));
	known_since = now;
	return len && page && page == (from + len - 1) / MSHV_PAGE_BYTES &&
	       known[page % KNOWN_PAGES].page == page &&
	       (known[page % KNOWN_PAGES].is_writable || !is_write);
}

static void make_known(uint64_t from, size_t len, bool is_write)
{
	uint64_t page = from / MSHV_PAGE_BYTES;

	if (page != (from + len - 1) / MSHV_PAGE_BYTES)
		return;
	if (known[page % KNOWN_PAGES].page != page)
		known[page % KNOWN_PAGES].is_writable = false;
	known[page % KNOWN_PAGES].page = page;
	known[page % KNOWN_PAGES].is_writable |= is_write;
}

int emu_copy_in(void *to, uint64_t from, size_t len)
{
	struct iovec local = {.iov_base = to, .iov_len = len};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)from,
			       .iov_len = len};

	if (!len)
		return 0;
	if (is_known(from, len, false)) {
		memcpy(to, (const void *)(uintptr_t)from, len);
		return 0;
	}
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) !=
	    (ssize_t)len)
		return -EFAULT;
	make_known(from, len, false);
	return 0;
}

int emu_copy_out(uint64_t to, const void *from, size_t len)
{
	struct iovec local = {.iov_base = (void *)(uintptr_t)from,
			      .iov_len = len};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)to,
			       .iov_len = len};

	if (!len)
		return 0;
	if (is_known(to, len, true)) {
		memcpy((void *)(uintptr_t)to, from, len);
		return 0;
	}
	if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) !=
	    (ssize_t)len)
		return -EFAULT;
	make_known(to, len, true);
	return 0;
}

static struct emu_object *find_object(int fd)
{
	if (fd < 0 || fd >= EMU_MAX_FDS)
		return NULL;
	return __atomic_load_n(&table[fd], __ATOMIC_ACQUIRE);
}

bool emu_owns(int fd)
{
	return find_object(fd) != NULL;
}

int emu_fd_add(int fd, enum emu_kind kind, struct emu_partition *pt,
	       struct emu_vp *vp)
{
	struct emu_object *object;

	if (fd < 0)
		return -errno;
	object = calloc(1, sizeof(*object));
	if (!object || fd >= EMU_MAX_FDS) {
		free(object);
		close(fd);
		return -EMFILE;
	}
	*object = (struct emu_object){.kind = kind, .pt = pt, .vp = vp};
	pthread_mutex_lock(&table_lock);
	if (pt)
		pt->refs++;
	__atomic_store_n(&table[fd], object, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&table_lock);
	return fd;
}

void emu_dup(int from, int to)
{
	const struct emu_object *object = find_object(from);

	emu_close(to);
	if (object)
		emu_fd_add(to, object->kind, object->pt, object->vp);
}

void emu_close(int fd)
{
	struct emu_object *object = find_object(fd);
	struct emu_partition *dead = NULL;

	if (!object)
		return;
	pthread_mutex_lock(&table_lock);
	__atomic_store_n(&table[fd], NULL, __ATOMIC_RELEASE);
	if (object->pt && !--object->pt->refs)
		dead = object->pt;
	pthread_mutex_unlock(&table_lock);
	free(object);
	if (dead)
		emu_partition_destroy(dead);
}

int emu_kvm_open(void)
{
	int fd = raw_open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		emu_log_once(
			"cannot open /dev/kvm, which the emulator needs: %s",
			strerror(-fd));
	return fd;
}

int emu_open(void)
{
	int kvm = emu_kvm_open();

	if (kvm < 0)
		return kvm;
	close(kvm);
	return emu_fd_add(memfd_create(DEVICE_FILE, MFD_CLOEXEC), EMU_DEVICE,
			  NULL, NULL);
}

/*
 * What a file of the emulator is can be seen by its name in any process. The
 * device keeps nothing, and so is as good in another process; what a partition
 * and a VP keep is in the memory of the process that created them.
 */
bool emu_adopt(int fd)
{
	char link[48], name[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	if (len < 0)
		return false;
	name[len] = '\0';
	if (!strcmp(name, "/memfd:" DEVICE_FILE " (deleted)"))
		return emu_fd_add(fd, EMU_DEVICE, NULL, NULL) == fd;
	if (!strncmp(name, "/memfd:" DEVICE_FILE "_", 12))
		emu_log_once(
			"descriptor %d is a %.*s of another process, which cannot"
			" be emulated",
			fd, (int)strcspn(name + 12, " "), name + 12);
	return false;
}

static int device_ioctl(unsigned long request, void *arg)
{
	if (request == MSHV_CREATE_PARTITION)
		return emu_partition_create(arg);
	if (request == MSHV_ROOT_HVCALL && emu_kernel() >= 619)
		return emu_hvcall(NULL, NULL, arg);
	return -ENOTTY;
}

int emu_ioctl(int fd, unsigned long request, void *arg)
{
	static const char *const kinds[] = {"device", "partition", "VP"};
	const struct emu_object *object = find_object(fd);
	int ret;

	if (!object)
		return -EBADF;
	/* The kernel looks at 32 bits; libcs pass an int, sign-extended. */
	request = (uint32_t)request;
	if (object->kind == EMU_VP)
		ret = emu_vp_ioctl(object->vp, request, arg);
	else if (object->kind == EMU_PARTITION)
		ret = emu_partition_ioctl(object->pt, request, arg);
	else
		ret = device_ioctl(request, arg);
	if (ret < 0 && ret != -EINTR)
		emu_log_once("ioctl 0x%lx on the %s: %s", request,
			     kinds[object->kind], strerror(-ret));
	return ret;
}

int emu_mmap_check(int fd, uint64_t offset)
{
	const struct emu_object *object = find_object(fd);

	if (!object || object->kind != EMU_VP)
		return -ENODEV;
	switch (offset / MSHV_PAGE_BYTES) {
	case MSHV_VP_PAGE_REGISTERS:
		return emu_knobs.no_register_page ? -ENODEV : 0;
	case MSHV_VP_PAGE_MESSAGE:
		return 0;
	case MSHV_VP_PAGE_GHCB:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}
