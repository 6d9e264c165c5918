// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Filters: each kind of thread, under each hypervisor's rules, tries what it may
 * not. No such call may happen. Arguments are chosen so that a hole would do no
 * harm.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mshv/abi.h"
#include "runners/vmm/sandbox/sandbox_priv.h"
#include "tests/unit/fixture/expect.h"

#define SURVIVED 99
#define KIND(name) SANDBOX_BIT(SANDBOX_##name)
#define NOBODY 0u
#define NO_PID 0x7ffffff0

static unsigned int tried, refused;

/* An address that is as good as any for a call that is not made. */
static char page[4096];
#define P ((long)(uintptr_t)page)

/* What is put there first. */
static const char text[] = "/nonexistent/l1vh";

struct act {
	const char *name; /* of the call, as it is reported */
	long number;
	long args[6];
	uint32_t allowed; /* kinds that may */
};

#define ACT(call, ...)                                    \
	{                                                 \
#call, SYS_##call, {__VA_ARGS__ }, NOBODY \
	}
#define BUT(kinds, call, ...)                            \
	{                                                \
#call, SYS_##call, {__VA_ARGS__ }, kinds \
	}

static const struct act acts[] = {
	/* files */
	ACT(open, P, O_RDONLY),
	ACT(open, P, O_RDWR | O_CREAT, 0600),
	ACT(openat, AT_FDCWD, P, O_RDONLY),
	ACT(openat2, AT_FDCWD, P, P, 24),
	ACT(creat, P, 0600),
	ACT(open_by_handle_at, 0, P, 0),
	ACT(name_to_handle_at, AT_FDCWD, P, P, P, 0),
	ACT(open_tree, AT_FDCWD, P, 0),
	ACT(memfd_create, P, 0),
	ACT(stat, P, P),
	ACT(newfstatat, AT_FDCWD, P, P, 0),
	ACT(statx, AT_FDCWD, P, 0, 0, P),
	ACT(access, P, 0),
	ACT(readlink, P, P, 10),
	ACT(getdents64, 0, P, 100),
	ACT(unlink, P),
	ACT(unlinkat, AT_FDCWD, P, 0),
	ACT(rename, P, P),
	ACT(link, P, P),
	ACT(symlink, P, P),
	ACT(mkdir, P, 0700),
	ACT(mknod, P, 0600, 0),
	ACT(chmod, P, 0777),
	ACT(fchmod, 0, 0777),
	ACT(chown, P, 0, 0),
	ACT(truncate, P, 0),
	ACT(ftruncate, 0, 0),
	ACT(chdir, P),
	ACT(fchdir, 0),
	ACT(inotify_init1, 0),
	ACT(fanotify_init, 0, 0),
	ACT(dup2, 0, 77),
	ACT(dup3, 0, 77, 0),
	ACT(fcntl, 0, F_DUPFD, 0),
	ACT(splice, 0, 0, 1, 0, 10, 0),
	ACT(sendfile, 1, 0, 0, 10),
	/* the network, and other processes */
	ACT(socket, AF_INET, SOCK_STREAM, 0),
	ACT(socket, AF_UNIX, SOCK_STREAM, 0),
	ACT(socketpair, AF_UNIX, SOCK_STREAM, 0, P),
	ACT(connect, 0, P, 16),
	ACT(bind, 0, P, 16),
	ACT(listen, 0, 1),
	ACT(accept4, 0, P, P, 0),
	ACT(sendmsg, 1, P, 0),
	ACT(recvmsg, 0, P, 0),
	ACT(sendto, 1, P, 1, 0, P, 16),
	ACT(pipe2, P, 0),
	ACT(shmget, 1, 4096, 0),
	ACT(msgget, 1, 0),
	ACT(semget, 1, 1, 0),
	ACT(mq_open, P, 0),
	/* programs and processes */
	ACT(execve, P, P, 0),
	ACT(execveat, AT_FDCWD, P, P, 0, 0),
	ACT(fork),
	ACT(vfork),
	ACT(clone, SIGCHLD),
	ACT(clone, CLONE_NEWUSER | SIGCHLD),
	ACT(clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND),
	ACT(kill, 1, 0),
	ACT(kill, -1, 0),
	ACT(tkill, 1, 0),
	ACT(tgkill, NO_PID, NO_PID, SIGUSR1),
	ACT(tgkill, NO_PID, NO_PID, SIGABRT),
	ACT(rt_sigqueueinfo, NO_PID, SIGUSR1, P),
	ACT(pidfd_open, 1, 0),
	ACT(pidfd_getfd, 0, 0, 0),
	ACT(pidfd_send_signal, 0, 0, 0, 0),
	ACT(ptrace, 16, NO_PID, 0, 0),
	ACT(process_vm_readv, 1, P, 1, P, 1, 0),
	ACT(process_vm_writev, 1, P, 1, P, 1, 0),
	ACT(kcmp, 1, 1, 0, 0, 0),
	ACT(prlimit64, 1, 0, 0, P),
	ACT(setrlimit, 7, P),
	ACT(sched_setaffinity, 1, 8, P),
	ACT(sched_setscheduler, 0, 1, P),
	ACT(setpriority, 0, 0, -5),
	/* memory that can be executed */
	ACT(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0),
	ACT(mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	ACT(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0),
	ACT(mprotect, P, 4096, PROT_READ | PROT_EXEC),
	ACT(pkey_mprotect, P, 4096, PROT_READ, 0),
	ACT(remap_file_pages, P, 4096, 0, 0, 0),
	ACT(madvise, P, 4096, MADV_HWPOISON),
	ACT(madvise, P, 4096, MADV_MERGEABLE),
	ACT(userfaultfd, 0),
	ACT(modify_ldt, 1, P, 16),
	ACT(arch_prctl, 0x1002, P),
	/* who it is, and where */
	ACT(setuid, 0),
	ACT(setgid, 0),
	ACT(setresuid, 0, 0, 0),
	ACT(setgroups, 0, P),
	ACT(setfsuid, 0),
	ACT(capset, P, P),
	ACT(prctl, PR_SET_DUMPABLE, 0),
	ACT(prctl, PR_SET_SECCOMP, 1),
	BUT(KIND(BLOCK) | KIND(VCPU), pwritev, -1, P, 1, 0, 0),
	BUT(KIND(VCPU), preadv, -1, P, 1, 0, 0),
	BUT(KIND(STARTER), seccomp, 1, 0, 0),
	BUT(KIND(STARTER), prctl, PR_SET_NAME, P),
	ACT(seccomp, 0, 0, 0),
	ACT(personality, 0x0040000),
	ACT(unshare, CLONE_NEWUSER),
	ACT(unshare, CLONE_NEWNS),
	ACT(setns, 0, 0),
	ACT(chroot, P),
	ACT(pivot_root, P, P),
	ACT(mount, P, P, P, 0, 0),
	ACT(umount2, P, 0),
	ACT(fsopen, P, 0),
	ACT(move_mount, 0, P, 0, P, 0),
	ACT(landlock_create_ruleset, 0, 0, 1),
	ACT(rt_sigaction, SIGSYS, 0, P, 8),
	ACT(sigaltstack, 0, P),
	/* the kernel */
	ACT(io_uring_setup, 1, P),
	ACT(io_uring_register, -1, 0, P, 0),
	BUT(KIND(BLOCK), io_uring_enter, -1, 1, 0, 0, 0),
	ACT(bpf, 0, P, 64),
	ACT(perf_event_open, P, 0, -1, -1, 0),
	ACT(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0),
	ACT(add_key, P, P, P, 1, 0),
	ACT(request_key, P, P, P, 0),
	ACT(init_module, P, 1, P),
	ACT(finit_module, 0, P, 0),
	ACT(delete_module, P, 0),
	ACT(kexec_load, 0, 0, P, 0),
	ACT(reboot, 0, 0, 0, 0),
	ACT(swapon, P, 0),
	ACT(iopl, 3),
	ACT(ioperm, 0, 1, 1),
	ACT(syslog, 3, P, -1),
	ACT(settimeofday, 0, 0),
	ACT(clock_settime, 0, P),
	ACT(sethostname, P, -1),
	ACT(quotactl, 0, P, 0, P),
	ACT(acct, 0),
	ACT(futex, P, FUTEX_LOCK_PI, 0, 0, 0, 0),
	ACT(futex, P, FUTEX_CMP_REQUEUE_PI, 0, 0, P, 0),
	ACT(timer_create, 0, P, P),
	ACT(vhangup),
	/* devices */
	ACT(ioctl, 0, 0x1234, P),
	ACT(ioctl, 0, 0x5412 /* TIOCSTI */, P),
	ACT(ioctl, 0, KVM_CREATE_VM, 0),
	ACT(ioctl, 0, KVM_CREATE_VCPU, 0),
	ACT(ioctl, 0, KVM_CREATE_DEVICE, P),
	ACT(ioctl, 0, (long)MSHV_CREATE_PARTITION, P),
	ACT(ioctl, 0, (long)MSHV_CREATE_VP, P),
	ACT(ioctl, 0, 0x400454ca /* TUNSETIFF */, P),
	ACT(ioctl, 0, 0x3b71 /* VFIO_IOMMU_MAP_DMA */, P),
	{"510", 510, {0}, NOBODY}, /* which no kernel has */
};

static int act(const struct act *a)
{
	const long *p = a->args;

	snprintf(page, sizeof(page), "%s", text);
	syscall(a->number, p[0], p[1], p[2], p[3], p[4], p[5]);
	return SURVIVED;
}

static int in_child(enum sandbox_calls calls, enum sandbox_thread kind,
		    const struct act *a, char *said, size_t size)
{
	int fds[2], status;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		/* What is refused must not be because of who asks. */
		close(STDERR_FILENO);
		if (trap_set(fds[1]) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(1);
		trap_set_kind(kind);
		if (filter_enter(calls, kind))
			_exit(2);
		syscall(SYS_exit_group, act(a));
	}
	assert_true(pid > 0);
	close(fds[1]);
	while ((n = read(fds[0], said + got, size - 1 - got)) > 0)
		got += (size_t)n;
	said[got] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void must_be_refused(enum sandbox_calls calls, enum sandbox_thread kind,
			    const struct act *a)
{
	char said[400], want[200];
	int status = in_child(calls, kind, a, said, sizeof(said));

	tried++;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != TRAP_EXIT_STATUS)
		fail_msg("%s in the %s thread: status 0x%x", a->name,
			 sandbox_thread_name(kind), status);
	snprintf(want, sizeof(want),
		 "error the VMM was stopped by its sandbox: system call %s in "
		 "the %s thread",
		 a->name, sandbox_thread_name(kind));
	assert_contains(said, want);
	refused++;
}

/* --- all of them, in one process per filter --------------------------------- */

static volatile sig_atomic_t trapped; /* the number of the last call */

static void on_trap(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	trapped = info->si_syscall;
}

struct outcome {
	unsigned int tried, refused;
	char done[40]; /* the last that was not refused */
};

/* In a process whose filter does not end it. */
static void try_all(enum sandbox_calls calls, enum sandbox_thread kind,
		    struct outcome *out)
{
	struct sigaction action = {.sa_sigaction = on_trap,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};
	size_t i;

	memset(out, 0, sizeof(*out));
	if (sigaction(SIGSYS, &action, NULL) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_enter(calls, kind))
		return;
	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		if (acts[i].allowed & SANDBOX_BIT(kind))
			continue;
		trapped = -1;
		act(&acts[i]);
		out->tried++;
		if (trapped == acts[i].number)
			out->refused++;
		else
			snprintf(out->done, sizeof(out->done), "%s",
				 acts[i].name);
	}
}

static void each_kind_is_held(enum sandbox_calls calls)
{
	struct outcome out;
	int fds[2], k;
	pid_t pid;

	for (k = 0; k < SANDBOX_THREAD_COUNT; k++) {
		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (!pid) {
			try_all(calls, (enum sandbox_thread)k, &out);
			syscall(SYS_write, fds[1], &out, sizeof(out));
			syscall(SYS_exit_group, 0);
		}
		close(fds[1]);
		assert_int_equal(read(fds[0], &out, sizeof(out)), sizeof(out));
		close(fds[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		tried += out.tried;
		refused += out.refused;
		assert_true(out.tried > 100);
		if (out.refused < out.tried)
			fail_msg("%s in the %s thread", out.done,
				 sandbox_thread_name((enum sandbox_thread)k));
	}
}

static void on_kvm_every_thread_is_held(void **state)
{
	(void)state;
	each_kind_is_held(SANDBOX_CALLS_KVM);
}

static void on_mshv_every_thread_is_held(void **state)
{
	(void)state;
	each_kind_is_held(SANDBOX_CALLS_MSHV);
}

static void on_the_emulator_every_thread_is_held(void **state)
{
	(void)state;
	each_kind_is_held(SANDBOX_CALLS_EMU);
}

/* One hypervisor's calls are not another's. */
static void a_filter_knows_one_hypervisor(void **state)
{
	static const struct act kvm = ACT(ioctl, 0, KVM_RUN, 0),
				mshv = ACT(ioctl, 0, (long)MSHV_RUN_VP, P),
				msrs = ACT(ioctl, 0, (long)KVM_SET_MSRS, P),
				regs = ACT(ioctl, 0, (long)KVM_SET_REGS, P),
				lapic = ACT(ioctl, 0, (long)KVM_GET_LAPIC, P),
				self = ACT(process_vm_readv, 0, P, 1, P, 1, 0);

	(void)state;
	must_be_refused(SANDBOX_CALLS_MSHV, SANDBOX_VCPU, &kvm);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_VCPU, &mshv);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_VCPU, &msrs);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_VCPU, &self);
	/* Who saves a guest reads its vCPUs, and nothing more. */
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_MAIN, &msrs);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_MAIN, &regs);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_VCPU, &lapic);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_MAIN, &kvm);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_BLOCK, &kvm);
	must_be_refused(SANDBOX_CALLS_KVM, SANDBOX_BELL, &kvm);
}

/* Each kind says its own name. */
static void a_forbidden_call_ends_the_vmm_and_is_named(void **state)
{
	int k;

	(void)state;
	for (k = 0; k < SANDBOX_THREAD_COUNT; k++) {
		must_be_refused(SANDBOX_CALLS_KVM, (enum sandbox_thread)k,
				&acts[0]);
		must_be_refused(SANDBOX_CALLS_KVM, (enum sandbox_thread)k,
				&acts[ARRAY_SIZE(acts) - 1]);
	}
}

/* By a filter for x86_64 alone, another ABI's call is the end without a word. */
static void other_abis_are_the_end(void **state)
{
	static const struct act x32 = {
		"x32 open", 0x40000000 + 2, {P, O_RDONLY}, NOBODY};
	char said[400];
	int status = in_child(SANDBOX_CALLS_KVM, SANDBOX_VCPU, &x32, said,
			      sizeof(said));

	(void)state;
	tried++;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	refused++;
}

/* --- what they need -------------------------------------------------------- */

#define SERVERS (KIND(MAIN) | KIND(VCPU) | KIND(BLOCK) | KIND(NET))
#define EVERY (SERVERS | KIND(BELL) | KIND(STARTER))

static const struct act needs[] = {
	BUT(EVERY, read, -1, P, 1),
	BUT(EVERY, write, -1, P, 1),
	BUT(EVERY, futex, P, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0),
	BUT(EVERY, mmap, 0, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	BUT(EVERY, madvise, P, 0, MADV_DONTNEED),
	BUT(EVERY, munmap, 0, 4096),
	BUT(EVERY, getrandom, P, 16, 0),
	BUT(EVERY, clock_gettime, 0, P),
	BUT(EVERY, rt_sigprocmask, 0, 0, P, 8),
	BUT(EVERY, clone3, 0, 0),
	BUT(SERVERS, close, -1),
	BUT(KIND(VCPU), ioctl, -1, KVM_RUN, 0),
	BUT(SERVERS, ioctl, -1, (long)KVM_SIGNAL_MSI, P),
	BUT(KIND(MAIN), ioctl, -1, (long)KVM_GET_MSRS, P),
	BUT(KIND(MAIN), ioctl, -1, (long)KVM_GET_LAPIC, P),
	BUT(KIND(MAIN), ioctl, -1, (long)KVM_GET_MP_STATE, P),
	BUT(KIND(VCPU), eventfd2, 0, 0),
	BUT(KIND(VCPU), sendto, -1, P, 1, 0, 0, 0),
	BUT(KIND(VCPU) | KIND(MAIN), pread64, -1, P, 1, 0),
	BUT(KIND(MAIN), epoll_wait, -1, P, 1, 0),
	BUT(KIND(MAIN) | KIND(NET), readv, -1, P, 1),
	BUT(KIND(NET), writev, -1, P, 1),
	BUT(KIND(BLOCK), io_uring_enter, -1, 0, 0, 0, 0, 0),
	BUT(KIND(BLOCK) | KIND(VCPU), pwritev, -1, P, 1, 0, 0),
	BUT(KIND(VCPU), preadv, -1, P, 1, 0, 0),
};

static void each_thread_may_what_it_needs(void **state)
{
	char said[400];
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < SANDBOX_THREAD_COUNT; k++)
		for (i = 0; i < ARRAY_SIZE(needs); i++) {
			int status;

			if (!(needs[i].allowed & SANDBOX_BIT(k)))
				continue;
			status = in_child(SANDBOX_CALLS_KVM,
					  (enum sandbox_thread)k, &needs[i],
					  said, sizeof(said));
			if (!WIFEXITED(status) ||
			    WEXITSTATUS(status) != SURVIVED)
				fail_msg("%s in the %s thread: %s",
					 needs[i].name,
					 sandbox_thread_name(
						 (enum sandbox_thread)k),
					 said);
		}
}

/* A signal to itself is one to a thread of its own, by its own number. */
static void a_vcpu_is_kicked_by_its_own_process_alone(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		signal(SIGUSR1, SIG_IGN);
		close(STDERR_FILENO);
		if (trap_set(-1) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    filter_enter(SANDBOX_CALLS_KVM, SANDBOX_MAIN) ||
		    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1))
			_exit(1);
		syscall(SYS_tgkill, getppid(), getppid(), SIGUSR1);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* getppid() is no call of its kind either. */
	assert_int_equal(WEXITSTATUS(status), TRAP_EXIT_STATUS);
}

static void calls_have_names(void **state)
{
	(void)state;
	assert_string_equal(filter_call_name(SYS_openat), "openat");
	assert_null(filter_call_name(-1));
	assert_null(filter_call_name(100000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_kvm_every_thread_is_held),
		cmocka_unit_test(on_mshv_every_thread_is_held),
		cmocka_unit_test(on_the_emulator_every_thread_is_held),
		cmocka_unit_test(a_filter_knows_one_hypervisor),
		cmocka_unit_test(a_forbidden_call_ends_the_vmm_and_is_named),
		cmocka_unit_test(other_abis_are_the_end),
		cmocka_unit_test(each_thread_may_what_it_needs),
		cmocka_unit_test(a_vcpu_is_kicked_by_its_own_process_alone),
		cmocka_unit_test(calls_have_names),
	};
	int failed = RUN_TESTS(tests);

	printf("# faults: sandbox: %u tried, %u survived\n", tried, refused);
	return failed;
}
