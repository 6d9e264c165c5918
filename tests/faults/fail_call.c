// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fail-call - run a command in which one system call fails.
 *
 * A seccomp filter hands the chosen calls of the command and of all its children
 * to this program, which answers one of them with an error and lets all others
 * through. So calls made inside libraries and static programs count as well, and
 * the command runs unmodified, also with the sanitizers.
 *
 * What it is told with --log: every call that counted (--list), the call that
 * failed, how the command ended, and what it left running.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/call_site.h"
#include "tests/faults/call_table.h"

/* The command's children may end a moment after it. */
#define GRACE_NS 3000000000ULL

struct options {
	const char *class;   /* "all": every class */
	const char *role;    /* NULL: every program of ours */
	const char *site;    /* NULL: every place in the code */
	const char *skip[4]; /* calls from these libraries do not count */
	int skip_count;
	const char *fault;
	long nth; /* 0: nothing fails */
	int limit_s;
	bool is_list;
	FILE *log;
	const char *pid_file; /* gets the command's process id; may be NULL */
	char **argv;
};

/* The child's part of the descriptor table and memory is the parent's until the
 * command starts. */
struct start {
	const struct options *o;
	_Atomic int listener; /* -1 until there is one; below: an errno */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "fail-call: %s: %s\n", what, strerror(errno));
	exit(126);
}

/* Calls of the chosen class are handed over; execve() is, in every class. */
static int filter_install(const char *class)
{
	struct sock_filter code[2 * CALL_MAX + 8];
	struct sock_fprog prog = {.filter = code};
	unsigned short n = 0;
	const struct call *c;

	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						 AUDIT_ARCH_X86_64, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (c = calls; c->name; c++)
		if (call_is_of(c, class)) {
			code[n++] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)c->nr, 0,
				1);
			code[n++] = (struct sock_filter)BPF_STMT(
				BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
		}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ALLOW);
	prog.len = n;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Without the second flag a signal would repeat a call, and it would
	 * count twice. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER |
				    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			    &prog);
}

static int child_main(void *arg)
{
	const struct rlimit core = {.rlim_cur = 65536, .rlim_max = 65536};
	struct start *start = arg;
	int fd;

	setpgid(0, 0);
	/* Without an answer its calls would wait for ever. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A crash of any of its processes leaves a file. */
	setrlimit(RLIMIT_CORE, &core);
	fd = filter_install(start->o->class);
	if (fd < 0) {
		start->listener = -errno - 1;
		return 126;
	}
	start->listener = fd;
	execvp(start->o->argv[0], start->o->argv);
	return 127;
}

static pid_t command_start(const struct options *o, int *listener)
{
	static char stack[1 << 18] __attribute__((aligned(16)));
	struct start *start = mmap(NULL, sizeof(*start), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (start == MAP_FAILED)
		fail("mmap");
	start->o = o;
	start->listener = -1;
	pid = clone(child_main, stack + sizeof(stack), CLONE_FILES | SIGCHLD,
		    start);
	if (pid < 0)
		fail("clone");
	while (start->listener == -1)
		usleep(100);
	if (start->listener < -1) {
		errno = -(start->listener + 1);
		fail("cannot install a seccomp filter with a listener");
	}
	*listener = start->listener;
	return pid;
}

/* Half of what was asked for, done in the caller's place: the call is short.
 * Negative where this call cannot be, because it would wait or takes one byte. */
static long do_half(const struct seccomp_notif *n, bool is_read)
{
	size_t len = (size_t)n->data.args[2] / 2;
	static char buf[1 << 20];
	pid_t tgid = call_site_tgid((pid_t)n->pid);
	int pidfd = (int)syscall(SYS_pidfd_open, tgid, 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)n->data.args[0], 0);
	struct pollfd p = {.fd = fd, .events = is_read ? POLLIN : POLLOUT};
	struct iovec ours = {buf, len};
	struct iovec theirs = {(void *)(uintptr_t)n->data.args[1], len};
	long done = -1;

	if (fd < 0 || !len || len > sizeof(buf) || poll(&p, 1, 0) != 1)
		goto out;
	if (!is_read &&
	    process_vm_readv(tgid, &ours, 1, &theirs, 1, 0) != (ssize_t)len)
		goto out;
	if (n->data.nr == SYS_pread64 || n->data.nr == SYS_pwrite64)
		done = is_read ? pread(fd, buf, len, (off_t)n->data.args[3])
			       : pwrite(fd, buf, len, (off_t)n->data.args[3]);
	else
		done = is_read ? read(fd, buf, len) : write(fd, buf, len);
	ours.iov_len = done > 0 ? (size_t)done : 0;
	if (is_read && done > 0)
		process_vm_writev(tgid, &ours, 1, &theirs, 1, 0);
out:
	if (fd >= 0)
		close(fd);
	if (pidfd >= 0)
		close(pidfd);
	return done;
}

/* True where the fault could be given to this call. */
static bool inject(const struct options *o, const struct call *c,
		   const struct seccomp_notif *n,
		   struct seccomp_notif_resp *answer)
{
	int code = call_errno(o->fault);
	bool is_counter = strstr(call_site_subject((pid_t)n->pid, c, &n->data),
				 "anon_inode:[");
	long half;

	/* The kernel reads and writes the numbers of eventfds and timers whole, and
	 * only a read may wait. */
	if (is_counter && c->class[0] != 'i' &&
	    (strcmp(o->fault, "EINTR") || c->class[0] == 'w'))
		return false;
	/* Everybody may read a limit. */
	if (n->data.nr == SYS_prlimit64 && !n->data.args[2])
		return false;
	if (strcmp(o->fault, "short")) {
		answer->error = -code;
		answer->flags = 0;
		return true;
	}
	half = do_half(n, c->class[0] == 'r');
	if (half <= 0)
		return false;
	answer->val = half;
	answer->flags = 0;
	return true;
}

/* One call: counted where it is one of those asked for, and failed where it is
 * the one. */
static void answer_call(const struct options *o, int listener, long *count,
			bool *is_done)
{
	static struct seccomp_notif n;
	static struct seccomp_notif_resp answer;
	const struct call *c;
	struct call_site site;

	memset(&n, 0, sizeof(n));
	memset(&answer, 0, sizeof(answer));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n))
		return;
	answer.id = n.id;
	answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	c = call_find(n.data.nr);
	if (c && (o->is_list || !*is_done) &&
	    call_site_get((pid_t)n.pid, &n.data, o->skip, &site) &&
	    (!o->role || !strcmp(o->role, site.role)) &&
	    (!o->site || !strcmp(o->site, site.hash))) {
		++*count;
		if (o->is_list)
			fprintf(o->log, "call %ld %s %s %s %s %s\n", *count,
				site.role, c->class, c->name, site.hash,
				c->faults);
		if (!*is_done && o->nth && *count >= o->nth &&
		    call_has_fault(c, o->fault) && inject(o, c, &n, &answer)) {
			*is_done = true;
			fprintf(o->log, "failed %s %s in %s: %s; from%s\n",
				c->name, o->fault, site.role,
				call_site_subject((pid_t)n.pid, c, &n.data),
				site.frames);
		}
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* What is left of the command's processes, told and killed. */
static int leftovers_end(const struct options *o, const char *why)
{
	char path[64], list[4096];
	int count = 0, fd;
	char *p, *rest = list;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, list, sizeof(list) - 1);
	if (fd >= 0)
		close(fd);
	list[n > 0 ? n : 0] = '\0';
	while ((p = strsep(&rest, " ")))
		if (*p) {
			pid_t pid = (pid_t)strtol(p, NULL, 10);

			fprintf(o->log, "%s %d %s\n", why, pid,
				call_site_command(pid));
			kill(pid, SIGKILL);
			count++;
		}
	return count;
}

/* The command's status, once it has ended. Other children are orphans. */
static void reap(pid_t command, int *status)
{
	int s;
	pid_t pid;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
		if (pid == command)
			*status = s;
}

/* Until the command and all that it started have ended, or the time is up. */
static int supervise(const struct options *o, int listener, pid_t command)
{
	uint64_t deadline = now_ns() + (uint64_t)o->limit_s * 1000000000ULL;
	struct pollfd p = {.fd = listener, .events = POLLIN};
	bool is_done = false, has_ended = false;
	int status = -1;
	long count = 0;

	for (;;) {
		poll(&p, 1, 20);
		if (p.revents & POLLIN)
			answer_call(o, listener, &count, &is_done);
		else if (p.revents)
			usleep(1000);
		if ((p.revents & POLLIN) && now_ns() < deadline)
			continue;
		reap(command, &status);
		if (status != -1 && !has_ended) {
			has_ended = true;
			deadline = now_ns() + GRACE_NS;
		}
		if (has_ended && waitpid(-1, NULL, WNOHANG) < 0 &&
		    errno == ECHILD)
			break;
		if (now_ns() >= deadline) {
			if (leftovers_end(o, has_ended ? "left" : "hang") == 0)
				break;
			deadline = now_ns() + GRACE_NS;
		}
	}
	fprintf(o->log, "counted %ld\n", count);
	fprintf(o->log, "%s\n", is_done ? "reached" : "not reached");
	if (WIFSIGNALED(status))
		fprintf(o->log, "ended signal %d\n", WTERMSIG(status));
	else
		fprintf(o->log, "ended exit %d\n", WEXITSTATUS(status));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void pid_write(const struct options *o, pid_t pid)
{
	FILE *f = o->pid_file ? fopen(o->pid_file, "we") : NULL;

	if (f) {
		fprintf(f, "%d\n", pid);
		fclose(f);
	}
}

static void usage(void)
{
	fprintf(stderr,
		"usage: fail-call [OPTIONS] -- COMMAND...\n"
		"  --class NAME   calls that count: %s, or all (all)\n"
		"  --nth N        which of them fails, or the next that can; 0: none (0)\n"
		"  --fault NAME   how: EIO, ..., or short\n"
		"  --role NAME    calls of this program only: bench, worker, vmm, agent\n"
		"  --site HASH    calls from this place in its code only (see --list)\n"
		"  --skip NAME    calls of this library do not count\n"
		"  --limit S      the command may take this long (30)\n"
		"  --list         write every call to the log\n"
		"  --pid-file FILE  gets the command's process id\n"
		"  --log FILE     what happened (standard error)\n",
		call_classes());
	exit(64);
}

static void options_read(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{"class", 1, NULL, 'c'}, {"nth", 1, NULL, 'n'},
		{"fault", 1, NULL, 'f'}, {"role", 1, NULL, 'r'},
		{"site", 1, NULL, 's'},  {"skip", 1, NULL, 'k'},
		{"limit", 1, NULL, 'l'}, {"list", 0, NULL, 'L'},
		{"log", 1, NULL, 'o'},   {"pid-file", 1, NULL, 'p'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->class = optarg;
			break;
		case 'n':
			o->nth = strtol(optarg, NULL, 10);
			break;
		case 'f':
			o->fault = optarg;
			break;
		case 'r':
			o->role = optarg;
			break;
		case 's':
			o->site = optarg;
			break;
		case 'k':
			if (o->skip_count < 3)
				o->skip[o->skip_count++] = optarg;
			break;
		case 'l':
			o->limit_s = (int)strtol(optarg, NULL, 10);
			break;
		case 'L':
			o->is_list = true;
			break;
		case 'o':
			o->log = fopen(optarg, "we");
			break;
		case 'p':
			o->pid_file = optarg;
			break;
		default:
			usage();
		}
	}
	o->argv = argv + optind;
	if (!o->argv[0] || !o->log || (o->nth && !call_errno(o->fault)))
		usage();
}

int main(int argc, char **argv)
{
	struct options o = {
		.class = "all", .fault = "", .limit_s = 30, .log = stderr};
	int listener;
	pid_t pid;

	options_read(argc, argv, &o);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = command_start(&o, &listener);
	pid_write(&o, pid);
	return supervise(&o, listener, pid);
}
