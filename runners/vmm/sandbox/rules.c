// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/sandbox/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/mman.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <linux/vhost.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include "harness/base/base.h"

#define M SANDBOX_BIT(SANDBOX_MAIN)
#define V SANDBOX_BIT(SANDBOX_VCPU)
#define B SANDBOX_BIT(SANDBOX_BLOCK)
#define N SANDBOX_BIT(SANDBOX_NET)
#define E SANDBOX_BIT(SANDBOX_BELL)
#define S SANDBOX_BIT(SANDBOX_STARTER)
#define ALL (M | V | B | N | E | S)

#define ALL_BITS 0xffffffffu

/* TCGETS2 and TCSETS2, of glibc 2.42 and later; <asm/termbits.h> has them, which does
 * not go with <termios.h>. */
#define TERMIOS2_GET 0x802c542a
#define TERMIOS2_SET 0x402c542b

/* What pthread_create() asks of clone(). */
#define THREAD_FLAGS                                                         \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | \
	 CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID |                 \
	 CLONE_CHILD_CLEARTID)

#define ANY(name, kinds)                               \
	{                                              \
		.call = SYS_##name, .threads = (kinds) \
	}
#define IF(name, kinds, index, bits, is)                                 \
	{                                                                \
		.call = SYS_##name, .threads = (kinds), .count = 1,      \
		.conditions = {                                          \
			{.arg = (index), .mask = (bits), .value = (is)}, \
		},                                                       \
	}
#define ADVICE(advice) IF(madvise, ALL, 2, ALL_BITS, advice)
/* FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME are free. */
#define FUTEX(op) IF(futex, ALL, 1, FUTEX_CMD_MASK, op)
#define OWN_SIGNAL(sig, kinds)                                        \
	{                                                             \
		.call = SYS_tgkill, .threads = (kinds), .count = 2,   \
		.conditions = {                                       \
			{.arg = 0,                                    \
			 .mask = ALL_BITS,                            \
			 .value = SANDBOX_OWN_PID},                   \
			{.arg = 2, .mask = ALL_BITS, .value = (sig)}, \
		},                                                    \
	}

/*
 * What is absent is forbidden: opening and making files and sockets, making an
 * io_uring or changing one (a disk's have their own restrictions, blk_ring.c),
 * starting programs and processes, memory that can be executed, signals to
 * others, credentials, namespaces, mounts, modules, BPF, keys, tracing.
 */
const struct sandbox_rule sandbox_rules[] = {
	ANY(read, ALL),
	ANY(write, ALL),
	ANY(close, M | V | B | N),
	FUTEX(FUTEX_WAIT),
	FUTEX(FUTEX_WAKE),
	FUTEX(FUTEX_WAIT_BITSET),
	/* libc's memory, and a thread's end */
	{.call = SYS_mmap,
	 .threads = ALL,
	 .count = 2,
	 .conditions = {{.arg = 2, .mask = PROT_EXEC, .value = 0},
			{.arg = 3,
			 .mask = MAP_ANONYMOUS,
			 .value = MAP_ANONYMOUS}}},
	IF(mprotect, ALL, 2, PROT_EXEC, 0),
	ANY(munmap, ALL),
	ANY(mremap, ALL),
	ANY(brk, ALL),
	ADVICE(MADV_DONTNEED),
	ADVICE(MADV_FREE),
	ADVICE(102), /* MADV_GUARD_INSTALL, Linux 6.13, for stacks */
	ADVICE(MADV_POPULATE_READ),
	ADVICE(MADV_POPULATE_WRITE),
	ANY(exit, ALL),
	ANY(exit_group, ALL),
	ANY(sched_yield, ALL),
	ANY(sched_getaffinity, ALL),
	ANY(getpid, ALL),
	ANY(gettid, ALL),
	/* where the vDSO cannot read the host's clock */
	ANY(clock_gettime, ALL),
	ANY(gettimeofday, ALL),
	ANY(rt_sigprocmask, ALL),
	ANY(rt_sigreturn, ALL),
	ANY(restart_syscall, ALL),
	OWN_SIGNAL(SIGABRT, ALL),
	IF(rt_sigaction, ALL, 0, ALL_BITS, SIGABRT), /* abort() as process 1 */
	OWN_SIGNAL(SIGUSR1, M | V),
	/* of the guest: entropy, its consoles and channels, its devices */
	ANY(getrandom, ALL),
	ANY(poll, M | V | N),
	ANY(ppoll, M | V | N),
	ANY(readv, M | N),
	ANY(writev, M | V | N),
	IF(sendto, V, 4, ~0ull, 0),
	ANY(nanosleep, M | V),
	ANY(clock_nanosleep, M | V),
	ANY(epoll_wait, M),
	ANY(epoll_pwait, M),
	ANY(eventfd2, V),
	ANY(pread64, M | V),
	ANY(pwrite64, M | V),
	/* a disk in memory */
	ANY(preadv, V),
	ANY(pwritev, V | B),
	/* stdio */
	ANY(lseek, M | V | B | N),
	ANY(fstat, M | V | B | N),
	IF(newfstatat, M | V | B | N, 3, ALL_BITS, AT_EMPTY_PATH),
	ANY(io_uring_enter, B),
	/* libc tries another call then, whose flags can be seen */
	{.call = SYS_clone3, .threads = ALL, .error = ENOSYS},
	IF(clone, S, 0, ~0ull, THREAD_FLAGS),
	ANY(set_robust_list, S),
	ANY(rseq, S),
	IF(seccomp, S, 0, ALL_BITS, SECCOMP_SET_MODE_FILTER),
	IF(prctl, S, 0, ALL_BITS, PR_SET_NAME),
};
const size_t sandbox_rule_count = ARRAY_SIZE(sandbox_rules);

static const struct sandbox_request requests[] = {
	{TUNSETQUEUE, V | N},
	{TUNSETOFFLOAD, V | N},
	{TUNGETIFF, V | N},
	{VHOST_SET_OWNER, V},
	{VHOST_SET_FEATURES, V},
	{VHOST_SET_MEM_TABLE, V},
	{VHOST_SET_VRING_NUM, V},
	{VHOST_SET_VRING_BASE, V},
	{VHOST_SET_VRING_ADDR, V},
	{VHOST_SET_VRING_KICK, V},
	{VHOST_SET_VRING_CALL, V},
	{VHOST_SET_VRING_BUSYLOOP_TIMEOUT, V},
	{VHOST_NET_SET_BACKEND, V | M},
	{VHOST_VSOCK_SET_GUEST_CID, V},
	{VHOST_VSOCK_SET_RUNNING, V | M},
	{VFIO_DEVICE_SET_IRQS, V | M},
	{VFIO_DEVICE_RESET, V | M},
	{TCGETS, M | V},
	{TCSETS, M},
	{TERMIOS2_GET, M | V},
	{TERMIOS2_SET, M},
};
const struct sandbox_requests sandbox_device_requests = {requests,
							 ARRAY_SIZE(requests)};

static const char *const names[] = {
	[SANDBOX_MAIN] = "main",   [SANDBOX_VCPU] = "vCPU",
	[SANDBOX_BLOCK] = "block", [SANDBOX_NET] = "net",
	[SANDBOX_BELL] = "bell",   [SANDBOX_STARTER] = "starter",
};
_Static_assert(ARRAY_SIZE(names) == SANDBOX_THREAD_COUNT,
	       "every kind has a name");

uint32_t sandbox_rule_kinds(enum sandbox_thread kind)
{
	return kind == SANDBOX_STARTER ? S | N : SANDBOX_BIT(kind);
}

const char *sandbox_thread_name(enum sandbox_thread kind)
{
	return names[kind];
}
