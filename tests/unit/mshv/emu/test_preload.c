// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libmshv-emu.so's calls, which stand before libc's in this program as they do in
 * one that preloads it: the device is there, and all else is as it was.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mshv/abi.h"
#include "mshv/sys.h"
#include "tests/unit/fixture/micro.h"
#include "tests/unit/fixture/scratch.h"

#define NOWHERE "/nonexistent/file"

/* The call fails with this errno. */
#define assert_fails(call, code)                    \
	do {                                        \
		errno = 0;                          \
		assert_int_equal((long)(call), -1); \
		assert_int_equal(errno, code);      \
	} while (0)

/* libc says that no path is NULL; programs pass it all the same. */
static int (*const open_any)(const char *path, int flags, ...) = open;
static int (*const access_any)(const char *path, int mode) = access;
static int (*const stat_any)(const char *path, struct stat *st) = stat;

/* With all that a call may have: the library looks at as many. */
static long by_number(long number, long a, long b, long c, long d, long e)
{
	return syscall(number, a, b, c, d, e, 0L);
}

/* --- files that are not ours ----------------------------------------------------- */

static void other_files_are_as_ever(void **state)
{
	char folder[SCRATCH_SIZE], path[SCRATCH_SIZE + 8];
	struct stat st;
	int fd, at;

	(void)state;
	scratch_folder(folder, "preload");
	snprintf(path, sizeof(path), "%s/file", folder);
	umask(022);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640); /* the mode gets there */
	assert_fails(open(path, O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	close(fd);
	assert_fails(close(fd), EBADF);
	at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(at, "file", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(at, "file", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(faccessat(at, "file", R_OK, 0), 0);
	assert_fails(faccessat(at, "nothing", R_OK, 0), ENOENT);
	close(fd);
	close(at);
	scratch_remove(folder);
}

static void failures_are_the_kernels(void **state)
{
	struct statx stx;
	struct stat st;

	(void)state;
	assert_fails(open(NOWHERE, O_RDONLY), ENOENT);
	assert_fails(openat(AT_FDCWD, NOWHERE, O_RDONLY), ENOENT);
	assert_fails(access(NOWHERE, F_OK), ENOENT);
	assert_fails(stat(NOWHERE, &st), ENOENT);
	assert_fails(lstat(NOWHERE, &st), ENOENT);
	assert_fails(statx(AT_FDCWD, NOWHERE, 0, STATX_TYPE, &stx), ENOENT);
	assert_fails(open_any(NULL, O_RDONLY), EFAULT);
	assert_fails(access_any(NULL, F_OK), EFAULT);
	assert_fails(stat_any(NULL, &st), EFAULT);
	assert_fails(open((const char *)1, O_RDONLY), EFAULT);
	assert_fails(dup(-1), EBADF);
	assert_fails(dup2(-1, 77), EBADF);
	assert_fails(dup3(0, 0, 0), EINVAL);
	assert_fails(fcntl(-1, F_GETFD, 0), EBADF);
	assert_fails(ioctl(-1, FIONREAD, NULL), EBADF);
	assert_fails(ioctl(0, MSHV_RUN_VP, NULL), ENOTTY);
	assert_fails(munmap((void *)1, 4096), EINVAL);
	assert_fails(mprotect((void *)1, 4096, PROT_READ), EINVAL);
	assert_ptr_equal(
		mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		MAP_FAILED);
	assert_int_equal(errno, EINVAL);
}

/* A path that ends where memory does, and ones that only begin alike. */
static void paths_that_are_nearly_the_device(void **state)
{
	static const char *const paths[] = {"/dev/msh", "/dev/mshv0",
					    "/dev/mshv/", "dev/mshv", ""};
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *path = pages + 4096 - sizeof("/dev/msh");
	struct stat st;
	size_t i;

	(void)state;
	assert_true(pages != MAP_FAILED);
	munmap(pages + 4096, 4096);
	memcpy(path, "/dev/msh", sizeof("/dev/msh"));
	assert_fails(access(path, F_OK), ENOENT);
	path[8] = 'v'; /* and without its end */
	assert_fails(access(path, F_OK), EFAULT);
	munmap(pages, 4096);
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(stat(paths[i], &st), -1);
}

/* --- the device -------------------------------------------------------------------- */

static void the_device_is_there(void **state)
{
	struct statx stx;
	struct stat st;

	(void)state;
	assert_int_equal(access(MSHV_DEVICE, R_OK | W_OK), 0);
	assert_int_equal(faccessat(AT_FDCWD, MSHV_DEVICE, F_OK, AT_EACCESS), 0);
	assert_int_equal(stat(MSHV_DEVICE, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(lstat(MSHV_DEVICE, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(fstatat(-1, MSHV_DEVICE, &st, 0), 0);
	assert_int_equal(statx(AT_FDCWD, MSHV_DEVICE, 0, STATX_TYPE, &stx), 0);
	assert_true(S_ISCHR(stx.stx_mode));
	assert_true(stx.stx_mask & STATX_TYPE);
	assert_fails(stat_any(MSHV_DEVICE, NULL), EFAULT);
}

/* For a VMM with both backends, which would take the other one. */
static void kvm_can_be_hidden(void **state)
{
	struct statx stx;
	struct stat st;

	(void)state;
	setenv("L1VH_MSHV_EMU_HIDE_KVM", "1", 1);
	assert_fails(open("/dev/kvm", O_RDWR), ENOENT);
	assert_fails(access("/dev/kvm", F_OK), ENOENT);
	assert_fails(stat("/dev/kvm", &st), ENOENT);
	assert_fails(statx(AT_FDCWD, "/dev/kvm", 0, STATX_TYPE, &stx), ENOENT);
	assert_fails(
		by_number(SYS_openat, AT_FDCWD, (long)"/dev/kvm", O_RDWR, 0, 0),
		ENOENT);
	if (!access("/dev/null", F_OK))
		assert_int_equal(stat("/dev/null", &st), 0);
	unsetenv("L1VH_MSHV_EMU_HIDE_KVM");
}

static int partition_open(int *dev)
{
	struct mshv_create_partition arg = {.flags = MSHV_PT_LAPIC};
	int pt;

	*dev = open(MSHV_DEVICE, O_RDWR | O_CLOEXEC);
	assert_true(*dev >= 0);
	pt = ioctl(*dev, MSHV_CREATE_PARTITION, &arg);
	assert_true(pt >= 0);
	assert_int_equal(ioctl(pt, MSHV_INITIALIZE_PARTITION, NULL), 0);
	return pt;
}

/* A partition knows INITIALIZE, the device and other files do not. */
static bool is_partition(int fd)
{
	return !ioctl(fd, MSHV_INITIALIZE_PARTITION, NULL);
}

static void copies_are_of_the_same_kind(void **state)
{
	int dev, pt, copies[4], free_fd, i;

	(void)state;
	if (micro_cannot_run())
		skip();
	pt = partition_open(&dev);
	free_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	copies[0] = dup(pt);
	copies[1] = fcntl(pt, F_DUPFD_CLOEXEC, 100);
	copies[2] = dup2(pt, free_fd);
	copies[3] = dup3(pt, 101, O_CLOEXEC);
	assert_int_equal(copies[2], free_fd);
	assert_true(copies[1] >= 100);
	close(pt);
	assert_false(is_partition(pt));
	for (i = 0; i < 4; i++) {
		assert_true(is_partition(copies[i]));
		assert_int_equal(dup2(copies[i], copies[i]), copies[i]);
		assert_true(is_partition(copies[i]));
	}
	/* And a copy of something else over one of them is no partition. */
	assert_int_equal(dup2(dev, copies[0]), copies[0]);
	assert_fails(ioctl(copies[0], MSHV_INITIALIZE_PARTITION, NULL), ENOTTY);
	free_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(free_fd, copies[1]), copies[1]);
	assert_false(is_partition(copies[1]));
	for (i = 0; i < 4; i++)
		close(copies[i]);
	close(free_fd);
	close(dev);
}

static void pages_of_a_vp(void **state)
{
	struct mshv_create_vp arg = {.index = 0};
	void *page, *fixed;
	int dev, pt, vp;

	(void)state;
	if (micro_cannot_run())
		skip();
	pt = partition_open(&dev);
	vp = ioctl(pt, MSHV_CREATE_VP, &arg);
	assert_true(vp >= 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vp, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(((struct mshv_register_page *)page)->is_valid, 1);
	assert_int_equal(munmap(page, 4096), 0);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, vp, 2 * 4096),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, vp, 9 * 4096),
			 MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, dev, 0),
			 MAP_FAILED);
	/* No file is asked for memory that is of none. */
	fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, dev,
		     0);
	assert_true(fixed != MAP_FAILED);
	munmap(fixed, 4096);
	close(vp);
	close(pt);
	close(dev);
}

/* Programs without a libc of ours call by number. */
static void calls_by_number(void **state)
{
	struct mshv_create_partition arg = {.flags = 0};
	struct statx stx;
	long dev, pt;

	(void)state;
	assert_fails(
		by_number(SYS_openat, AT_FDCWD, (long)NOWHERE, O_RDONLY, 0, 0),
		ENOENT);
	assert_int_equal(by_number(SYS_getpid, 0, 0, 0, 0, 0), getpid());
	assert_int_equal(by_number(SYS_statx, AT_FDCWD, (long)MSHV_DEVICE, 0,
				   STATX_TYPE, (long)&stx),
			 0);
	assert_true(S_ISCHR(stx.stx_mode));
	if (micro_cannot_run())
		skip();
	dev = by_number(SYS_open, (long)MSHV_DEVICE, O_RDWR, 0, 0, 0);
	assert_true(dev >= 0);
	pt = by_number(SYS_ioctl, dev, MSHV_CREATE_PARTITION, (long)&arg, 0, 0);
	assert_true(pt >= 0);
	assert_int_equal(by_number(SYS_close, pt, 0, 0, 0, 0), 0);
	assert_fails(by_number(SYS_ioctl, pt, MSHV_INITIALIZE_PARTITION,
			       (long)NULL, 0, 0),
		     EBADF);
	assert_int_equal(by_number(SYS_close, dev, 0, 0, 0, 0), 0);
}

/* --- a sandbox ---------------------------------------------------------------------- */

/* A filter that kills at every call; this test lives on. */
static void filters_are_left_out(void **state)
{
	struct sock_filter kill_all =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct sock_fprog program = {.len = 1, .filter = &kill_all};
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	(void)state;
	/* Whether filters are known is asked by one that is none. */
	assert_fails(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0),
		     EFAULT);
	assert_fails(by_number(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
			       (long)NULL, 0, 0),
		     EFAULT);
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	assert_int_equal(
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0),
			 SECCOMP_MODE_FILTER);
	assert_int_equal(by_number(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
				   (long)&program, 0, 0),
			 0);
	/* Other questions are the kernel's to answer. */
	assert_int_equal(by_number(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
				   (long)&action, 0, 0),
			 0);
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}

static int log_quiet(void **state)
{
	(void)state;
	return setenv("L1VH_MSHV_EMU_LOG", "/dev/null", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_files_are_as_ever),
		cmocka_unit_test(failures_are_the_kernels),
		cmocka_unit_test(paths_that_are_nearly_the_device),
		cmocka_unit_test(the_device_is_there),
		cmocka_unit_test(kvm_can_be_hidden),
		cmocka_unit_test(copies_are_of_the_same_kind),
		cmocka_unit_test(pages_of_a_vp),
		cmocka_unit_test(calls_by_number),
		cmocka_unit_test(filters_are_left_out),
	};

	return cmocka_run_group_tests(tests, log_quiet, NULL);
}
