// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/node/measuring.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/xmalloc.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"

#define LOOK_AGAIN_MS 200
/* A run that is stopped writes its report; then it is killed. */
#define LAST_WORDS_NS (20 * NS_PER_S)
#define LOCK_FD 3

/* Of the cgroup that this process is in: a pod sees its own as the root. */
static uint64_t oom_kills(void)
{
	return file_key_number("/sys/fs/cgroup/memory.events", "oom_kill ") +
	       file_key_number("/sys/fs/cgroup/memory/memory.oom_control",
			       "oom_kill ");
}

/* Ours come last, for the last one counts. */
static const char **command_of(const struct measuring *m, const char *program)
{
	size_t i, count = 0;
	const char **words;

	while (m->options[count])
		count++;
	words = xcalloc(count + 5, sizeof(*words));
	words[0] = program;
	words[1] = "run";
	for (i = 0; i < count; i++)
		words[2 + i] = m->options[i];
	words[2 + count] = "--db";
	words[3 + count] = m->db;
	return words;
}

static int start(const struct measuring *m, pid_t *pid, struct err *err)
{
	char *program = file_beside_exe("l1vh-bench");
	const char **words = command_of(m, program);
	const struct proc_fd fds[] = {{-1, STDIN_FILENO},
				      {STDOUT_FILENO, STDOUT_FILENO},
				      {STDERR_FILENO, STDERR_FILENO},
				      {m->lock_fd, LOCK_FD}};
	const struct proc_spec spec = {.argv = words,
				       .fds = fds,
				       .fd_count = (int)ARRAY_SIZE(fds) -
						   (m->lock_fd < 0)};
	int ret = proc_spawn(&spec, pid, err);

	free(words);
	free(program);
	return ret;
}

/* At once where the kernel can say that PID has ended, else in a while. */
static void look_again(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	poll(&p, 1, LOOK_AGAIN_MS);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid == pid;
}

static void await(const struct measuring *m, pid_t pid, struct measured *out)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	while (!has_ended(pid) && !*m->stop)
		look_again(fd);
	if (fd >= 0)
		close(fd);
	out->is_stopped = !has_ended(pid);
	if (out->is_stopped)
		kill(pid, SIGTERM);
	out->wait_status = proc_reap(pid, LAST_WORDS_NS);
}

static int read_run(struct store *store, int64_t run_id, struct measured *out,
		    struct err *err)
{
	struct run_data run;
	int ret = run_data_load(store, run_id, &run, err);
	size_t i;

	if (ret)
		return ret;
	snprintf(out->uuid, sizeof(out->uuid), "%s", run.uuid);
	snprintf(out->status, sizeof(out->status), "%s", run.status);
	out->boot_count = run.boot_count;
	for (i = 0; i < run.boot_count; i++)
		out->failed_count += result_has_failed(&run.boots[i].res);
	run_data_release(&run);
	return 0;
}

/* The latest run of DB, 0 where there is none; STORE is the caller's. */
static int64_t latest(const char *db, struct store **store, struct err *err)
{
	int64_t run_id = 0;

	*store = NULL;
	if (access(db, F_OK) || store_open_readonly(db, store, err) ||
	    store_run_latest(*store, &run_id, err))
		return 0;
	return run_id;
}

int measuring_run(const struct measuring *m, struct measured *out,
		  struct err *err)
{
	struct store *store;
	/* A container that is started again finds its first run there. */
	int64_t before = latest(m->db, &store, err), run_id;
	uint64_t kills = oom_kills();
	pid_t pid;
	int ret;

	*out = (struct measured){.is_stopped = false};
	store_close(store);
	ret = start(m, &pid, err);
	if (ret)
		return ret;
	await(m, pid, out);
	out->is_out_of_memory = oom_kills() > kills;
	run_id = latest(m->db, &store, err);
	if (run_id > before)
		ret = read_run(store, run_id, out, err);
	store_close(store);
	return ret;
}
