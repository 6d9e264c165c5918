// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What VMMs by others do beside their work, in one program that knows nothing of
 * the emulator: run it under `l1vh-bench mshv-emu`. Each line that it prints is
 * one thing and its outcome; tests/system/on-host says which is right.
 *
 * Built with -O0: an optimiser would drop the calls with NULL.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE_PARTITION _IOC(_IOC_WRITE, 0xb8, 0, 16)

static void show(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
	errno = 0;
}

/* Rust's standard library asks the first one once in every program. */
static void try_paths(const char *path, const char *name)
{
	struct statx stx;
	struct stat st;
	char text[64];

#define TRY(call)                                             \
	do {                                                  \
		snprintf(text, sizeof(text), "%s %.*s", name, \
			 (int)strcspn(#call, "("), #call);    \
		show(text, call);                             \
	} while (0)
	TRY(statx(0, path, 0, 0xfff, path ? &stx : NULL));
	TRY(open(path, O_RDWR | O_CLOEXEC));
	TRY(openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC));
	TRY(stat(path, &st));
	TRY(lstat(path, &st));
	TRY(fstatat(AT_FDCWD, path, &st, 0));
	TRY(stat64(path, (void *)&st));
	TRY(access(path, R_OK));
	TRY(faccessat(AT_FDCWD, path, R_OK, AT_EACCESS));
	TRY(syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC));
}

/* As Cloud Hypervisor's: its calls and no others. */
static int install_filter(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != -1 ||
	    errno != EFAULT)
		return -1;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int create_partition(int fd)
{
	unsigned long long arg[2] = {3, 0};

	return ioctl(fd, CREATE_PARTITION, arg);
}

/* A worker process that is handed the device, or a partition of its parent. */
static void hand_over(const char *self, const char *what, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	if (!fork()) {
		execl(self, self, what, number, NULL);
		_exit(1);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	int device, partition;

	if (argc == 3) {
		show(argv[1], create_partition((int)strtol(argv[2], NULL, 10)));
		return 0;
	}
	try_paths(NULL, "null");
	try_paths((const char *)16, "bad");
	try_paths("/dev/kvm", "kvm");
	try_paths("/dev/mshv", "mshv");
	show("filter", install_filter());
	printf("mode %d\n", prctl(PR_GET_SECCOMP));
	device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	show("device", device);
	partition = create_partition(device);
	show("partition", partition);
	hand_over(argv[0], "handed device", device);
	hand_over(argv[0], "handed partition", partition);
	return 0;
}
