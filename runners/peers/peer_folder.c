// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/peers/peer_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/link/vsock_listener.h"
#include "runners/peers/peer.h"

/* A name may be taken, by whom we do not know. */
#define NAME_TRIES 64
/* A machine that dies at the same moment may still make a file. */
#define REMOVE_TRIES 200
#define REMOVE_STEP_NS (20 * NS_PER_MS)

static const struct {
	const char *name;
	int flags; /* of unlinkat() */
} entries[] = {
	{PEER_FOLDER_CONFIG, 0},
	{PEER_FOLDER_SOCKET, 0},
	{PEER_FOLDER_SOCKET VSOCK_FILE_SUFFIX, 0},
	/* kvmtool's, in what it takes for the user's home */
	{".lkvm/" PEER_NAME ".sock", 0},
	{".lkvm", AT_REMOVEDIR},
};

static void remove_folder(const char *path)
{
	const struct timespec step = {.tv_nsec = REMOVE_STEP_NS};
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;
	int try;

	for (try = 0; dir >= 0 && try < REMOVE_TRIES; try++) {
		if (try)
			nanosleep(&step, NULL);
		for (i = 0; i < ARRAY_SIZE(entries); i++)
			unlinkat(dir, entries[i].name, entries[i].flags);
		if (!rmdir(path) || errno == ENOENT)
			break;
	}
}

/* The child of a process that may have threads: it calls only what a signal handler
 * may. A byte says that there is no folder. */
static void guard(const char *path, int fd)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT,
				      SIGPIPE};
	size_t i;
	ssize_t n;
	char c;

	setsid();
	/* Who kills all l1vh-bench means the others. */
	prctl(PR_SET_NAME, PEER_GUARD_NAME);
	for (i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	close_range(STDIN_FILENO + 1, ~0U, 0);
	do {
		n = read(STDIN_FILENO, &c, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		remove_folder(path);
	_exit(0);
}

/* The guard comes first, so that there is never a folder without one. */
static int open_as(struct peer_folder *f, unsigned int number, struct err *err)
{
	int ends[2], ret = 0;

	*f = (struct peer_folder){.alive_fd = -1, .guard = -1};
	snprintf(f->path, sizeof(f->path), "/tmp/l1vh-peer-%d-%u",
		 (int)getpid(), number);
	if (pipe2(ends, O_CLOEXEC))
		return err_sys(err, -errno, "cannot make a pipe");
	f->guard = fork();
	if (!f->guard)
		guard(f->path, ends[0]);
	close(ends[0]);
	f->alive_fd = ends[1];
	if (f->guard < 0)
		ret = err_sys(err, -errno, "cannot fork");
	else if (mkdir(f->path, 0700))
		ret = err_sys(err, -errno, "cannot make the folder '%s'",
			      f->path);
	/* It may be another's. */
	if (ret && f->guard > 0 && write(f->alive_fd, "", 1) < 0)
		kill(f->guard, SIGKILL);
	if (ret)
		peer_folder_close(f);
	return ret;
}

int peer_folder_open(struct peer_folder *f, struct err *err)
{
	static atomic_uint count;
	int ret = -EEXIST;
	int try;

	for (try = 0; ret == -EEXIST && try < NAME_TRIES; try++)
		ret = open_as(f, atomic_fetch_add(&count, 1), err);
	return ret;
}

void peer_folder_close(struct peer_folder *f)
{
	if (f->alive_fd >= 0)
		close(f->alive_fd);
	if (f->guard > 0)
		waitpid(f->guard, NULL, 0);
	*f = (struct peer_folder){.alive_fd = -1, .guard = -1};
}
