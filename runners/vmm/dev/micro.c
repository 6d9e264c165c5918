// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/dev/micro.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/sandbox/sandbox.h"

/* The delay until a guest that waits for a frame notices its end. */
#define POLL_MS 50
#define THREAD_STACK_BYTES (64 * KIB)
/* The last one; PCI functions take theirs from the first on. */
#define ECHO_IRQFD_SLOT (HV_IRQFD_COUNT - 1)
/* Fixed delivery to the first CPU (SDM 3A, 11.11.1). */
#define MSI_ADDRESS 0xfee00000ull

static void *echo_main(void *arg)
{
	struct micro *m = arg;
	uint64_t count;

	thread_set_name("doorbell");
	sandbox_enter(SANDBOX_BELL);
	while (read(m->echo_fd, &count, sizeof(count)) == sizeof(count) &&
	       !atomic_load(&m->is_stopping)) {
		count = 1;
		if (write(m->answer_fd, &count, sizeof(count)) < 0)
			break;
	}
	return NULL;
}

static int bell_set(struct micro *m, uint64_t gpa, int fd, bool is_on)
{
	const struct hv_doorbell bell = {.gpa = gpa, .len_bytes = 4, .fd = fd};

	return hv_doorbell_set(m->hv, &bell, is_on);
}

static int bell_add(struct micro *m, uint64_t gpa, int *fd, struct err *err)
{
	int ret;

	*fd = eventfd(0, EFD_CLOEXEC);
	if (*fd < 0)
		return err_sys(err, -errno, "cannot make an eventfd");
	ret = bell_set(m, gpa, *fd, true);
	return ret ? err_sys(err, ret, "cannot set a doorbell") : 0;
}

/* What was not set is not there to be taken back, which is no harm. */
static void fd_remove(struct micro *m, uint64_t bell_gpa, int fd)
{
	if (fd < 0)
		return;
	if (bell_gpa)
		bell_set(m, bell_gpa, fd, false);
	else
		hv_irqfd_set(m->hv, ECHO_IRQFD_SLOT, fd, NULL);
	close(fd);
}

/* An address of such a page is aligned to it, as the guest's must be. */
int micro_giant_add(struct micro *m, struct err *err)
{
	struct hv_mem mem = {.gpa = MICRO_DEV_GIANT_GPA,
			     .size_bytes = MICRO_DEV_GIANT_BYTES};

	mem.host =
		mmap(NULL, MICRO_DEV_GIANT_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB,
		     -1, 0);
	if (mem.host == MAP_FAILED)
		return 0;
	m->giant = mem.host;
	return hv_mem_map(m->hv, &mem, err);
}

int micro_create(struct micro *m, struct hv_vm *hv, const struct mem *mem,
		 int channel_fd, const _Atomic(int) *end, struct err *err)
{
	const struct hv_msi msi = {.addr = MSI_ADDRESS,
				   .data = MICRO_DEV_ECHO_VECTOR};
	int ret;

	*m = (struct micro){.hv = hv,
			    .mem = mem,
			    .end = end,
			    .cut = end,
			    .channel_fd = channel_fd,
			    .bell_fd = -1,
			    .echo_fd = -1,
			    .answer_fd = -1};
	ret = bell_add(m, MICRO_DEV_MMIO_BELL, &m->bell_fd, err);
	if (!ret)
		ret = bell_add(m, MICRO_DEV_MMIO_ECHO, &m->echo_fd, err);
	if (ret)
		return ret;
	m->answer_fd = eventfd(0, EFD_CLOEXEC);
	if (m->answer_fd < 0)
		return err_sys(err, -errno, "cannot make an eventfd");
	ret = hv_irqfd_set(hv, ECHO_IRQFD_SLOT, m->answer_fd, &msi);
	if (ret)
		return err_sys(err, ret, "cannot set an irqfd");
	return 0;
}

int micro_listen(struct micro *m, struct err *err)
{
	int ret = sandbox_thread_start(&m->thread, THREAD_STACK_BYTES,
				       echo_main, m);

	if (ret)
		return err_sys(err, ret, "cannot start a thread");
	m->has_thread = true;
	return 0;
}

void micro_destroy(struct micro *m)
{
	uint64_t one = 1;

	if (!m->hv)
		return;
	atomic_store(&m->is_stopping, true);
	if (m->has_thread && write(m->echo_fd, &one, sizeof(one)) > 0)
		pthread_join(m->thread, NULL);
	fd_remove(m, MICRO_DEV_MMIO_BELL, m->bell_fd);
	fd_remove(m, MICRO_DEV_MMIO_ECHO, m->echo_fd);
	fd_remove(m, 0, m->answer_fd);
	m->hv = NULL;
}

void micro_release(struct micro *m)
{
	if (m->giant)
		munmap(m->giant, MICRO_DEV_GIANT_BYTES);
	m->giant = NULL;
}

/* At most MAX bytes, however short the reads are: a negative errno, or how many. */
static ssize_t read_up_to(int fd, char *to, size_t max)
{
	size_t done = 0;

	while (done < max) {
		ssize_t n = read(fd, to + done, max - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int read_image(const struct mem *mem, const char *path, struct err *err)
{
	char *to = mem_ptr(mem, MICRO_DEV_IMAGE_GPA, MICRO_DEV_IMAGE_MAX_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_sys(err, -errno, "cannot open the micro guest '%s'",
			       path);
	n = read_up_to(fd, to, MICRO_DEV_IMAGE_MAX_BYTES);
	close(fd);
	if (n < 0)
		return err_sys(err, (int)n, "cannot read '%s'", path);
	if (n == 0 || n == MICRO_DEV_IMAGE_MAX_BYTES)
		return err_set(err, -EINVAL, "'%s' is not a micro guest", path);
	return 0;
}

/*
 * A quarter of low RAM backed by small pages and a half by huge ones. Behind
 * them nothing is touched before the guest does it.
 */
static int fill_info(const struct micro *m, struct micro_dev_info *info)
{
	const struct mem *mem = m->mem;
	uint64_t quarter = mem->low_bytes / 4 & ~(2 * MIB - 1);
	int ret;

	info->small = (struct micro_dev_region){quarter, quarter};
	info->huge = (struct micro_dev_region){2 * quarter, 2 * quarter};
	if (m->giant)
		info->giant = (struct micro_dev_region){MICRO_DEV_GIANT_GPA,
							MICRO_DEV_GIANT_BYTES};
	ret = mem_advise(mem, info->small.gpa, info->small.bytes, false);
	return ret ? ret
		   : mem_advise(mem, info->huge.gpa, info->huge.bytes, true);
}

static uint32_t host_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set)
		       ? 1
		       : (uint32_t)CPU_COUNT(&set);
}

int micro_load(const struct micro *m, const char *path, uint32_t vcpu_count,
	       struct vcpu_regs *regs, struct err *err)
{
	struct micro_dev_info *info = mem_ptr(m->mem, MICRO_DEV_INFO_GPA,
					      sizeof(struct micro_dev_info));
	int ret = read_image(m->mem, path, err);

	if (ret)
		return ret;
	*info = (struct micro_dev_info){.vcpu_count = vcpu_count,
					.tsc_khz = m->hv->tsc_khz,
					.has_msr = m->hv->has_exit_msr,
					.host_cpu_count = host_cpus()};
	ret = fill_info(m, info);
	if (ret)
		return err_sys(err, ret, "cannot choose guest RAM's pages");
	boot_start_at(m->mem, MICRO_DEV_IMAGE_GPA, regs);
	return 0;
}

/* The guest's length is hostile; the reader checks the frame. */
static void frame_send(const struct micro *m, uint64_t bytes)
{
	const char *from =
		mem_ptr(m->mem, MICRO_DEV_FRAME_GPA, MICRO_DEV_FRAME_MAX_BYTES);

	if (bytes > MICRO_DEV_FRAME_MAX_BYTES)
		return;
	while (bytes) {
		ssize_t n = send(m->channel_fd, from, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR && !atomic_load(m->cut))
			continue;
		if (n <= 0)
			return;
		from += n;
		bytes -= (uint64_t)n;
	}
}

/* False: the machine has ended, and this is no answer. */
static bool frame_receive(const struct micro *m, uint64_t *bytes)
{
	struct pollfd fd = {.fd = m->channel_fd, .events = POLLIN};
	ssize_t n;

	while (!atomic_load(m->end)) {
		if (poll(&fd, 1, POLL_MS) <= 0)
			continue;
		n = read(m->channel_fd,
			 mem_ptr(m->mem, MICRO_DEV_FRAME_GPA,
				 MICRO_DEV_FRAME_MAX_BYTES),
			 MICRO_DEV_FRAME_MAX_BYTES);
		*bytes = n > 0 ? (uint64_t)n : 0;
		return true;
	}
	*bytes = 0;
	return false;
}

static uint32_t host_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint32_t)((uint64_t)ts.tv_sec * NS_PER_S +
			  (uint64_t)ts.tv_nsec);
}

void micro_port_access(void *micro, struct hv_access *access)
{
	struct micro *m = micro;

	if (access->addr == MICRO_DEV_PORT_CLOCK - MICRO_DEV_PORT)
		access->data = host_clock();
	else if (access->addr != MICRO_DEV_PORT_FRAME - MICRO_DEV_PORT)
		access->data = 0;
	else if (access->is_write)
		frame_send(m, access->data);
	else
		access->is_unanswered = !frame_receive(m, &access->data);
}

void micro_bells_drop(struct micro *m)
{
	bell_set(m, MICRO_DEV_MMIO_BELL, m->bell_fd, false);
	bell_set(m, MICRO_DEV_MMIO_ECHO, m->echo_fd, false);
}

/* A bell's write comes here where there are no doorbells. */
void micro_nop_access(void *micro, struct hv_access *access)
{
	struct micro *m = micro;

	if (access->is_write && access->addr == MICRO_DEV_MMIO_ECHO)
		eventfd_write(m->echo_fd, 1);
	access->data = 0;
}
