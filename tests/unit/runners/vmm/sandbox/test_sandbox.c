// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The whole sandbox, in a process per test: what is left of the host in it,
 * what the record says when a part of it cannot be had, and how devices start
 * threads in it.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/sandbox/sandbox_priv.h"
#include "tests/unit/fixture/expect.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

static unsigned int tried, refused;

/* --- a process of its own ------------------------------------------------- */

static FILE *report; /* to the test */

#define REPORT_BYTES 16384

/* Everything that FN writes to `report`, and its exit status or -1. */
static int child(void (*fn)(const void *arg), const void *arg, char *text)
{
	int fds[2], status;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		report = fdopen(fds[1], "w");
		setlinebuf(report);
		fn(arg);
		fflush(report);
		_exit(0);
	}
	assert_true(pid > 0);
	close(fds[1]);
	while ((n = read(fds[0], text + got, REPORT_BYTES - 1 - got)) > 0)
		got += (size_t)n;
	text[got] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The child's attempts: a line "forbidden NAME: refused" or "...: DONE". */
static void attempt(const char *name, bool was_done)
{
	fprintf(report, "forbidden %s: %s\n", name,
		was_done ? "DONE" : strerror(errno));
}

static void count_attempts(const char *text)
{
	size_t all = count_of(text, "forbidden "),
	       done = count_of(text, ": DONE");

	tried += (unsigned int)all;
	refused += (unsigned int)(all - done);
	assert_true(all > 0);
	if (done)
		fail_msg("%s", text);
}

static const struct sandbox_config on = {
	.mode = SANDBOX_ON, .calls = SANDBOX_CALLS_KVM, .events_fd = -1};

/* --- what is left of the host ---------------------------------------------- */

static size_t files_of_root(void)
{
	DIR *dir = opendir("/");
	const struct dirent *e;
	size_t count = 0;

	while (dir && (e = readdir(dir)))
		count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (dir)
		closedir(dir);
	return count;
}

static size_t interfaces_but_lo(void)
{
	struct if_nameindex *all = if_nameindex();
	size_t i, count = 0;

	for (i = 0; all && all[i].if_index; i++)
		count += strcmp(all[i].if_name, "lo") != 0;
	if (all)
		if_freenameindex(all);
	return count;
}

static bool has_capability(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	unsigned int i;

	if (syscall(SYS_capget, &head, data))
		return true;
	for (i = 0; i < 2; i++)
		if (data[i].effective | data[i].permitted | data[i].inheritable)
			return true;
	for (i = 0; i < 41; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1 ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			return true;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static bool reaches_host_network(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(53),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
	       send(fd, "", 1, 0) == 1;
}

/* Before any filter, so that the namespaces alone must refuse. */
static void try_in_namespaces(const void *arg)
{
	pid_t parent = getppid();
	struct err err = {0};

	(void)arg;
	sandbox_init(&on);
	if (sandbox_isolate(false, &err)) {
		fprintf(report, "%s\n", err.msg);
		return;
	}
	sandbox_seal(&err);
	fprintf(report, "%s\n", sandbox_text());
	attempt("a capability", has_capability());
	if (!strstr(sandbox_text(), "user+mount+net"))
		return;
	attempt("root's name", !getuid());
	attempt("a file of the root", files_of_root() > 0);
	attempt("/etc/passwd", open("/etc/passwd", O_RDONLY) >= 0);
	attempt("/proc/1/mem", open("/proc/1/mem", O_RDONLY) >= 0);
	attempt("../etc/passwd", open("../../etc/passwd", O_RDONLY) >= 0);
	attempt("a new file", open("/x", O_RDWR | O_CREAT, 0600) >= 0);
	attempt("a mount", !mount("none", "/", "tmpfs", 0, NULL));
	attempt("a remount",
		!mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	attempt("an unmount", !umount2("/", MNT_DETACH));
	attempt("another root", !chroot("/"));
	attempt("a user namespace", !unshare(CLONE_NEWUSER));
	attempt("a mount namespace", !unshare(CLONE_NEWNS));
	attempt("a name of the host", !sethostname("x", 1));
	attempt("to be root", !setuid(0));
	attempt("another group", !setgroups(0, NULL));
	attempt("an interface", interfaces_but_lo() > 0);
	attempt("the host's network", reaches_host_network());
	attempt("a raw socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
	attempt("a packet socket", socket(AF_PACKET, SOCK_RAW, 0) >= 0);
	attempt("tracing the parent",
		!ptrace(PTRACE_ATTACH, parent, NULL, NULL));
	attempt("a device node", !mknod("/d", S_IFCHR | 0600, 0));
}

static void little_is_left_of_the_host(void **state)
{
	static char text[REPORT_BYTES];

	(void)state;
	assert_int_equal(child(try_in_namespaces, NULL, text), 0);
	count_attempts(text);
	if (strstr(text, "user+mount+net"))
		return;
	printf("SKIP: this host permits no namespaces: %.*s\n",
	       (int)strcspn(text, "\n"), text);
	skip();
}

/* --- Landlock alone --------------------------------------------------------- */

static bool binds_tcp(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !bind(fd, (struct sockaddr *)&any, sizeof(any));
}

static bool connects_tcp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(1),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && (!connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
			   errno == ECONNREFUSED);
}

static bool runs_true(void)
{
	static char *const argv[] = {(char *)"true", NULL};

	execv("/bin/true", argv);
	return false;
}

static void try_in_landlock(const void *arg)
{
	const char *folder = arg;
	int version = landlock_version();
	int fd = landlock_open(version);
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	fprintf(report, "version %d\n", version);
	if (fd < 0)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (landlock_enter(fd))
		fprintf(report, "forbidden entry: DONE\n");
	attempt("/etc/passwd", open("/etc/passwd", O_RDONLY) >= 0);
	attempt("a write", open("f", O_WRONLY) >= 0);
	attempt("a folder", open("/", O_RDONLY | O_DIRECTORY) >= 0);
	attempt("a new file", openat(dir, "new", O_RDWR | O_CREAT, 0600) >= 0);
	attempt("a new folder", !mkdirat(dir, "d", 0700));
	attempt("a link", !symlinkat("/", dir, "l"));
	attempt("a pipe", !mknodat(dir, "p", S_IFIFO | 0600, 0));
	attempt("a removal", !unlinkat(dir, "f", 0));
	attempt("a name", !renameat(dir, "f", dir, "g"));
	attempt("a mount", !mount("none", "/", "tmpfs", 0, NULL));
	attempt("tracing the parent",
		!ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	if (version >= 3)
		attempt("truncation", !truncate("f", 0));
	if (version >= 4) {
		attempt("a TCP server", binds_tcp());
		attempt("a TCP client", connects_tcp());
	}
	attempt("a program", runs_true());
}

static void landlock_alone_opens_nothing(void **state)
{
	static char text[REPORT_BYTES];
	char folder[] = "/tmp/l1vh-box-XXXXXX", file[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/f", folder);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(child(try_in_landlock, folder, text), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(folder), 0);
	if (strstr(text, "version -")) {
		printf("SKIP: no Landlock here: %s", text);
		skip();
	}
	count_attempts(text);
}

/* --- what cannot be had ------------------------------------------------------ */

/* From here on CALL fails with EPERM for this process. */
static void forbid(long call)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {.len = ARRAY_SIZE(insns),
					.filter = insns};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		_exit(9);
}

static const struct lack {
	long call;
	const char *words; /* of what is lacking then */
} lacks[] = {
	{SYS_unshare, "user+mount+net"},
	{SYS_mount, "mount"},
	{SYS_chroot, "mount"},
	{SYS_chdir, "mount"},
	{444, "landlock"},
	{446, "landlock"},
	{SYS_capset, "no capabilities"},
	{SYS_seccomp, "seccomp"},
	{SYS_openat, ""},
};

static void try_lacking(const void *arg)
{
	const struct lack *l = arg;
	struct sandbox_config cfg = on;
	struct err err = {0};
	int ret;

	cfg.has_seccomp = l->call == SYS_seccomp;
	forbid(l->call);
	sandbox_init(&cfg);
	ret = sandbox_isolate(false, &err);
	if (!ret)
		ret = sandbox_seal(&err);
	fprintf(report, "%d %s\n", ret, sandbox_text());
	cfg.mode = SANDBOX_REQUIRED;
	sandbox_init(&cfg);
	ret = sandbox_seal(&err);
	fprintf(report, "%d %s\n", ret, err.msg);
	sandbox_release();
}

static void what_is_lacking_is_recorded(void **state)
{
	static char text[REPORT_BYTES];
	const char *lacking;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lacks); i++) {
		assert_int_equal(child(try_lacking, &lacks[i], text), 0);
		tried++;
		assert_int_equal(strncmp(text, "0 ", 2), 0);
		lacking = strstr(text, "not: ");
		assert_non_null(lacking);
		assert_contains(lacking, lacks[i].words);
		assert_contains(text, "\n-1 this host does not permit the "
				      "whole sandbox: ");
		refused++;
	}
}

/* --- threads ---------------------------------------------------------------- */

static void *card_thread(void *arg)
{
	sandbox_enter(SANDBOX_NET);
	*(int *)arg = 7;
	return NULL;
}

static void *vcpu_thread(void *arg)
{
	pthread_t thread;
	int answer = 0;

	(void)arg;
	sandbox_enter(SANDBOX_VCPU);
	if (sandbox_thread_start(&thread, 65536, card_thread, &answer))
		return NULL;
	pthread_join(thread, NULL);
	fprintf(report, "a card's thread answered %d\n", answer);
	fflush(report);
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0)
		fprintf(report, "forbidden process: DONE\n");
	return NULL;
}

static void run_threads(const void *arg)
{
	struct sandbox_config cfg = on;
	struct err err = {0};
	pthread_t vcpu;

	(void)arg;
	cfg.has_seccomp = true;
	cfg.events_fd = fileno(report);
	close(STDERR_FILENO);
	sandbox_init(&cfg);
	if (sandbox_isolate(true, &err) ||
	    sandbox_thread_start(&vcpu, 65536, vcpu_thread, NULL) ||
	    sandbox_seal(&err))
		_exit(3);
	sandbox_go();
	pthread_join(vcpu, NULL);
	_exit(4);
}

static void a_vcpu_has_threads_started_and_starts_none(void **state)
{
	static char text[REPORT_BYTES];

	(void)state;
	if (is_sanitized) {
		printf("SKIP: a sanitizer makes calls of its own per thread\n");
		skip();
	}
	assert_int_equal(child(run_threads, NULL, text), TRAP_EXIT_STATUS);
	tried++;
	assert_contains(text, "a card's thread answered 7\n");
	assert_contains(text, "error the VMM was stopped by its sandbox: "
			      "system call clone in the vCPU thread\n");
	refused++;
}

/* Tests and fuzzers use devices without one. */
static void without_one_nothing_changes(void **state)
{
	struct err err = {0};
	pthread_t thread;
	int answer = 0;

	(void)state;
	assert_false(sandbox_is_on());
	assert_string_equal(sandbox_text(), "off");
	assert_int_equal(sandbox_isolate(true, &err), 0);
	assert_int_equal(
		sandbox_thread_start(&thread, 65536, card_thread, &answer), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(answer, 7);
	assert_int_equal(sandbox_seal(&err), 0);
	sandbox_go();
	sandbox_release();
	assert_true(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_one_nothing_changes),
		cmocka_unit_test(little_is_left_of_the_host),
		cmocka_unit_test(landlock_alone_opens_nothing),
		cmocka_unit_test(what_is_lacking_is_recorded),
		cmocka_unit_test(a_vcpu_has_threads_started_and_starts_none),
	};
	int failed = RUN_TESTS(tests);

	printf("# faults: sandbox: %u tried, %u survived\n", tried, refused);
	return failed;
}
