// SPDX-License-Identifier: GPL-3.0-or-later
/* The helper that runs libvirt's daemons, with this program in the place of
 * the daemons, of virsh and of QEMU, over a /run of its own. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "runners/libvirt/libvirt_daemon.h"
#include "runners/libvirt/libvirt_helper.h"
#include "runners/machine/machine.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/stage.h"

#define SOCKET "/run/libvirt/virtqemud-sock"
#define QEMU_PID "/run/libvirt/qemu/guest.pid"

static bool has_run; /* of its own */

/* --- what is played ------------------------------------------------------- */

static bool plays(const char *what)
{
	const char *play = getenv("L1VH_TEST_PLAY");

	return play && !strcmp(play, what);
}

/* Where virtqemud answers once it is up. */
static int play_daemon(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strcmp(name, "virtqemud"))
		for (;;)
			pause();
	if (plays("daemon_dies") ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 9))
		return 1;
	for (;;)
		pause();
}

/* QEMU has a session of its own, and outlives virsh. */
static int start_qemu(void)
{
	FILE *f = fopen(QEMU_PID, "w");
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		alarm(60); /* should nobody end it */
		close(1);
		close(2);
		for (;;)
			pause();
	}
	if (!f)
		return 1;
	fprintf(f, "%d\n", (int)pid);
	return fclose(f) != 0;
}

static int play_virsh(const char *verb)
{
	if (plays("create_fails") && !strcmp(verb, "create")) {
		fprintf(stderr, "error: no\x1b memory\n");
		return 1;
	}
	if (plays("no_process"))
		return 0;
	return strcmp(verb, "create") ? 0 : start_qemu();
}

/* --- the helper ----------------------------------------------------------- */

struct helper {
	pid_t pid;
	int out_fd, events_fd;
	pid_t qemu, virtqemud, virtlogd; /* once it is paused */
};

static void begin(struct helper *h, const char *play, const char *procs,
		  const char *memlock)
{
	char *const program = strdup(stage_path("test"));
	char *const console = strdup(stage_path("console"));
	const char *const argv[] = {program, "helper", "guest", "/the.xml",
				    console, procs,    memlock, NULL};
	int out[2], events[2];
	struct err err;

	setenv("L1VH_TEST_PLAY", play, 1);
	unlink(SOCKET);
	unlink(QEMU_PID);
	stage_forget("virsh.log");
	stage_file("console", "a console\n", 10);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, events), 0);
	{
		const struct proc_fd fds[] = {{-1, 0},
					      {out[1], 1},
					      {out[1], 2},
					      {events[1], MACHINE_EVENTS_FD}};
		const struct proc_spec spec = {
			.argv = argv, .fds = fds, .fd_count = ARRAY_SIZE(fds)};

		assert_int_equal(proc_spawn(&spec, &h->pid, &err), 0);
	}
	close(out[1]);
	close(events[1]);
	h->out_fd = out[0];
	h->events_fd = events[0];
	free(program);
	free(console);
}

static void await_pause(struct helper *h)
{
	char line[100] = "";
	int n[3];

	assert_true(read(h->events_fd, line, sizeof(line) - 1) > 0);
	assert_int_equal(sscanf(line, "paused %d %d %d", &n[0], &n[1], &n[2]),
			 3);
	h->qemu = n[0];
	h->virtqemud = n[1];
	h->virtlogd = n[2];
}

static void close_events(struct helper *h)
{
	if (h->events_fd >= 0)
		close(h->events_fd);
	h->events_fd = -1;
}

/* Its exit status; OUT is what it wrote, for the caller to free. */
static int finish(struct helper *h, char **out)
{
	struct strbuf text = {0};
	char buf[512];
	ssize_t n;
	int status;

	while ((n = read(h->out_fd, buf, sizeof(buf))) > 0)
		strbuf_add(&text, buf, (size_t)n);
	status = proc_reap(h->pid, 20 * NS_PER_S);
	assert_true(WIFEXITED(status));
	strbuf_puts(&text, "");
	*out = text.str;
	close(h->out_fd);
	close_events(h);
	return WEXITSTATUS(status);
}

/* An orphan is ours to reap, see main(). */
static void expect_killed(pid_t qemu)
{
	int status = 0;

	assert_int_equal(waitpid(qemu, &status, 0), qemu);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static bool is_asked_for(const char *words)
{
	char *log = stage_text("virsh.log");
	bool found = log && strstr(log, words);

	free(log);
	return found;
}

/* Let the guest go on, and wait until the helper has asked for it. */
static void let_go_on(const struct helper *h)
{
	int left = 20000;

	assert_int_equal(write(h->events_fd, "\n", 1), 1);
	while (!is_asked_for("resume")) {
		assert_true(left-- > 0);
		usleep(1000);
	}
}

static void need_run(void)
{
	if (has_run)
		return;
	print_message("SKIP: cannot mount over /run\n");
	skip();
}

/* --- tests ---------------------------------------------------------------- */

static void a_guest_runs_to_its_end(void **state)
{
	static const char *const log[] = {
		"-q -c qemu:///system version",
		"-q -c qemu:///system create /the.xml --paused",
		"-q -c qemu:///system resume guest", NULL};
	struct helper h;
	char *out;

	(void)state;
	need_run();
	begin(&h, "fine", "-", "-");
	await_pause(&h);
	assert_false(is_asked_for("resume"));
	assert_int_equal(kill(h.virtqemud, 0), 0);
	assert_int_equal(kill(h.virtlogd, 0), 0);
	let_go_on(&h);
	kill(h.qemu, SIGKILL);
	expect_killed(h.qemu);
	assert_int_equal(finish(&h, &out), 0);
	assert_string_equal(out, "a console\n");
	stage_expect_lines("virsh.log", log);
	/* Nothing of it is left. */
	assert_int_equal(kill(h.virtqemud, 0), -1);
	assert_int_equal(kill(h.virtlogd, 0), -1);
	free(out);
}

/* Who looks at the processes may go away, or end it all by a signal. */
static void whoever_goes_away_ends_the_guest(void **state)
{
	static const struct {
		bool goes_on;
		int sig; /* 0: closes its end */
	} rows[] = {
		{false, 0},       {true, SIGTERM}, {true, SIGINT},
		{false, SIGTERM}, {false, SIGINT},
	};
	struct helper h;
	char *out;
	size_t i;

	(void)state;
	need_run();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&h, "fine", "-", "-");
		await_pause(&h);
		if (rows[i].goes_on)
			let_go_on(&h);
		if (rows[i].sig)
			kill(h.pid, rows[i].sig);
		else
			close_events(&h);
		assert_int_equal(finish(&h, &out), 0);
		expect_killed(h.qemu);
		assert_int_equal(is_asked_for("resume"), rows[i].goes_on);
		assert_int_equal(kill(h.virtqemud, 0), -1);
		free(out);
	}
}

static void each_failure_says_why(void **state)
{
	static const struct {
		const char *play, *procs, *words;
	} rows[] = {
		{"create_fails", "-", "virsh create: error: no? memory"},
		{"no_process", "-", "guest.pid' has no process"},
		{"fine", "/nonexistent/procs", "/nonexistent/procs"},
	};
	struct helper h;
	char *out;
	size_t i;

	(void)state;
	need_run();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&h, rows[i].play, rows[i].procs, "-");
		assert_int_equal(finish(&h, &out), 1);
		assert_contains(out, "a console\n");
		assert_contains(out, rows[i].words);
		assert_false(is_asked_for("resume"));
		free(out);
	}
}

/* A daemon that ends at once will not answer, however long one waits. */
static void a_daemon_that_ends_is_not_waited_for(void **state)
{
	uint64_t begin_ns = clock_mono_ns();
	struct helper h;
	char *out;

	(void)state;
	need_run();
	begin(&h, "daemon_dies", "-", "-");
	assert_int_equal(finish(&h, &out), 1);
	assert_contains(out, "virtqemud does not answer");
	assert_false(is_asked_for("version"));
	assert_true(clock_mono_ns() - begin_ns < 20 * NS_PER_S);
	free(out);
}

/* The value of KEY in a file of /proc/PID, as text. */
static void proc_text(pid_t pid, const char *file, const char *key, char *value)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	assert_non_null(f);
	*value = '\0';
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), " %31s", value);
	fclose(f);
}

/* As in a pod: in its cgroup, below the limit, and without a right to pass
 * it. */
static void a_limit_holds_for_the_daemon(void **state)
{
	char text[32], *procs = strdup(stage_path("procs")), *out;
	unsigned long long caps;
	struct helper h;

	(void)state;
	need_run();
	stage_file("procs", "", 0);
	begin(&h, "fine", procs, "1048576");
	await_pause(&h);
	proc_text(h.virtqemud, "limits", "Max locked memory", text);
	assert_string_equal(text, "1048576");
	proc_text(h.virtqemud, "status", "CapBnd:", text);
	caps = strtoull(text, NULL, 16);
	assert_int_equal(caps & 1ull << CAP_IPC_LOCK, 0);
	assert_int_equal(caps & 1ull << CAP_SYS_RESOURCE, 0);
	close_events(&h);
	assert_int_equal(finish(&h, &out), 0);
	expect_killed(h.qemu);
	free(out);
	out = stage_text("procs");
	assert_string_equal(out, "00"); /* virtlogd's and virtqemud's */
	free(out);
	free(procs);
}

static void daemons_are_found_by_name_and_socket(void **state)
{
	char *path = strdup(getenv("PATH"));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)state;
	need_run();
	unlink(SOCKET);
	setenv("PATH", stage_folder(), 1);
	assert_string_equal(libvirt_daemon_name(), "virtqemud");
	stage_forget("virtqemud");
	assert_null(libvirt_daemon_name());
	stage_script("libvirtd", "exit 1");
	assert_string_equal(libvirt_daemon_name(), "libvirtd");
	setenv("PATH", path, 1);
	assert_null(libvirt_daemon_socket());
	/* The older daemon's; a socket alone, without a listener, is none. */
	snprintf(at.sun_path, sizeof(at.sun_path), "%s",
		 "/run/libvirt/libvirt-sock");
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_null(libvirt_daemon_socket());
	assert_int_equal(listen(fd, 1), 0);
	assert_string_equal(libvirt_daemon_socket(), at.sun_path);
	close(fd);
	unlink(at.sun_path);
	free(path);
}

static void words_are_counted(void **state)
{
	static char word[] = "-";
	char *argv[] = {word, word, word, word, word, word, word};
	int argc;

	(void)state;
	for (argc = 1; argc < 6; argc++)
		assert_int_equal(libvirt_helper_main(argc, argv), 64);
	assert_int_equal(libvirt_helper_main(7, argv), 64);
}

/* --- -------------------------------------------------------------------- */

/* The real one stays as it is: who has no right to this skips. */
static void make_run(void)
{
	if (mountns_enter() || mountns_cover("/run") ||
	    mkdir("/run/libvirt", 0700) || mkdir("/run/libvirt/qemu", 0700))
		return;
	/* QEMU's parent, virsh, ends before it. */
	has_run = !prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_runs_to_its_end),
		cmocka_unit_test(whoever_goes_away_ends_the_guest),
		cmocka_unit_test(each_failure_says_why),
		cmocka_unit_test(a_daemon_that_ends_is_not_waited_for),
		cmocka_unit_test(a_limit_holds_for_the_daemon),
		cmocka_unit_test(words_are_counted),
		cmocka_unit_test(daemons_are_found_by_name_and_socket),
	};

	make_run();
	stage_script("virsh", "echo \"$*\" >>\"$here/virsh.log\"\n"
			      "exec \"$here/test\" virsh \"$4\"\n");
	stage_script("virtqemud", "exec \"$here/test\" daemon virtqemud\n");
	stage_script("virtlogd", "exec \"$here/test\" daemon virtlogd\n");
	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "helper")) {
		alarm(30); /* one that hangs fails its test */
		return libvirt_helper_main(argc - 1, argv + 1);
	}
	if (argc > 2 && !strcmp(argv[1], "daemon"))
		return play_daemon(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "virsh"))
		return play_virsh(argv[2]);
	return stage_main(all_tests);
}
