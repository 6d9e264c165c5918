// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/snap_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/output.h"

#define MAX_FD 1024

/* What the VMM has open beside, a pipe to its harness among it, is to end with the
 * VMM. */
static void close_others(int file, int talk)
{
	int fd;

	for (fd = 0; fd < MAX_FD; fd++)
		if (fd != file && fd != talk && fd != STDERR_FILENO)
			close(fd);
}

/* A Ctrl-C is for the whole group: the VMM decides what becomes of it. */
static void ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static void set_time(int fd, uint64_t unix_ns)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = (time_t)(unix_ns / NS_PER_S),
		 .tv_nsec = (long)(unix_ns % NS_PER_S)}};

	/* Without it a restore reads all of the file, which is no harm. */
	if (futimens(fd, times))
		return;
}

/* The VMM's end, however it comes, ends the wait. */
static void keep(struct output *out, int talk)
{
	struct err err = {0};
	uint64_t unix_ns = 0;
	ssize_t n;
	int ret;

	do {
		n = read(talk, &unix_ns, sizeof(unix_ns));
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(unix_ns) || !unix_ns) {
		output_end(out, -ECANCELED, false, &err);
		_exit(0);
	}
	/* What is written back later would be a later time; and an error comes once. */
	ret = fsync(out->fd)
		      ? err_sys(&err, -errno, "cannot write the snapshot")
		      : 0;
	if (!ret)
		set_time(out->fd, unix_ns);
	output_end(out, ret, true, &err);
	if (send(talk, &err, sizeof(err), MSG_NOSIGNAL) < 0)
		_exit(1);
	_exit(0);
}

/* The child's alone from now on. */
static void forget(struct output *out)
{
	free(out->path);
	free(out->target);
	free(out->part);
	close(out->fd);
}

static int fork_keeper(struct snap_keeper *k, struct output *out)
{
	int talk[2];
	pid_t pid;

	k->fd = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
	if (k->fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk))
		return -errno;
	k->talk = talk[0];
	pid = fork();
	if (!pid) {
		ignore_signals();
		close_others(out->fd, talk[1]);
		keep(out, talk[1]);
	}
	close(talk[1]);
	return pid < 0 ? -errno : 0;
}

int snap_keeper_start(struct snap_keeper *k, const char *path, struct err *err)
{
	struct output out;
	int ret;

	*k = (struct snap_keeper){.fd = -1, .talk = -1};
	ret = output_begin(&out, path, err);
	if (ret)
		return ret;
	if (!out.target) {
		output_end(&out, -EPERM, false, err);
		return err_set(
			err, -EPERM,
			"cannot write the snapshot '%s': no file that is replaced as a whole; name a new one",
			path);
	}
	ret = fork_keeper(k, &out);
	if (ret) {
		output_end(&out, ret, false, err);
		return err_sys(err, ret, "cannot start who keeps '%s'", path);
	}
	forget(&out);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int snap_keeper_finish(struct snap_keeper *k, uint64_t modified_unix_ns,
		       struct err *err)
{
	struct err answer = {0};
	ssize_t n = 0;
	int ret = 0;

	close_fd(&k->fd);
	if (k->talk >= 0 &&
	    write(k->talk, &modified_unix_ns, sizeof(modified_unix_ns)) > 0 &&
	    modified_unix_ns) {
		do {
			n = read(k->talk, &answer, sizeof(answer));
		} while (n < 0 && errno == EINTR);
		answer.msg[sizeof(answer.msg) - 1] = '\0';
	}
	if (modified_unix_ns && n != sizeof(answer))
		ret = err_set(err, -EIO,
			      "the snapshot is lost: who keeps it has ended");
	else if (answer.code)
		ret = err_set(err, answer.code, "%s", answer.msg);
	close_fd(&k->talk);
	return ret;
}
