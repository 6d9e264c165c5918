// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/siege_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "runners/machine/args.h"

/* Of the largest process of a run; one that goes well takes 30 MiB. */
#define MEMORY_MAX_KIB (192u * 1024u)
/* One that goes well takes 130 KiB. */
#define STORE_MAX_BYTES (4u * MIB)

static const char *const programs[] = {"l1vh-bench", "l1vh-vmm", "guest-agent"};
static const char *const products[] = {"micro.bin",  "run.db",
				       "run.db-wal", "run.db-shm",
				       "run.html",   "run.db.spare"};

/* They look for each other in the folder that they are in. */
int link_run_create(struct link_run *r, const char *build, struct err *err)
{
	char from[400], to[400];
	size_t i;

	*r = (struct link_run){.status = 0};
	snprintf(r->folder, sizeof(r->folder), "%.250s/siege-XXXXXX", build);
	if (!mkdtemp(r->folder))
		return err_sys(err, -errno, "cannot make '%s'", r->folder);
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		snprintf(from, sizeof(from), "%.250s/%s", build, programs[i]);
		snprintf(to, sizeof(to), "%s/%s", r->folder, programs[i]);
		if (link(from, to))
			return err_sys(err, -errno, "cannot link '%s'", from);
	}
	return 0;
}

static void remove_all(const struct link_run *r, const char *const *names,
		       size_t count)
{
	char path[400];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", r->folder, names[i]);
		unlink(path);
	}
}

static int place_image(const struct link_run *r, int image_fd)
{
	char path[400];
	struct stat st;
	off_t from = 0;
	int fd, ret;

	snprintf(path, sizeof(path), "%s/micro.bin", r->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd < 0 || fstat(image_fd, &st))
		return -errno;
	ret = sendfile(fd, image_fd, &from, (size_t)st.st_size) == st.st_size
		      ? 0
		      : -EIO;
	return close(fd) ? -errno : ret;
}

static int spawn(const struct link_run *r, const char *hv, uint32_t slow,
		 pid_t *pid, int *out_fd)
{
	const struct proc_fd fds[] = {{-1, 0}, {0, 1}, {0, 2}};
	struct proc_fd own[3];
	struct proc_spec proc = {.fds = own, .fd_count = 3};
	struct args a = {.count = 0};
	struct err err;
	int pair[2], ret;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	memcpy(own, fds, sizeof(own));
	own[1].parent = own[2].parent = pair[1];
	args_add(&a, "%s/l1vh-bench", r->folder);
	args_add(&a, "run");
	args_add(&a, "--no-lab");
	args_add(&a, "--db");
	args_add(&a, "%s/run.db", r->folder);
	args_add(&a, "--runners");
	args_add(&a, "%s", !strcmp(hv, "mshv-emu") ? "mshv" : hv);
	args_add(&a, "--mshv-emu");
	args_add(&a, "--blocks");
	args_add(&a, "1");
	args_add(&a, "--timeout");
	args_add(&a, "%u", LINK_RUN_S / 2 * slow);
	args_add(&a, "--suite");
	args_add(&a, "micro_exit:null,ring3");
	proc.argv = (const char *const *)a.words;
	ret = proc_spawn(&proc, pid, &err);
	args_release(&a);
	close(pair[1]);
	*out_fd = pair[0];
	return ret;
}

/* Its last words, until it is silent for good; -ETIMEDOUT. */
static int hear(struct link_run *r, int fd, uint64_t until_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t half = sizeof(r->said) / 2, len = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (clock_mono_ns() > until_ns)
			return -ETIMEDOUT;
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (len >= half) {
			memmove(r->said, r->said + len - half / 2, half / 2);
			len = half / 2;
		}
		n = read(fd, r->said + len, half - 1);
		len += n > 0 ? (size_t)n : 0;
		r->said[len] = '\0';
	}
	return 0;
}

static uint64_t store_bytes(const struct link_run *r)
{
	char path[400];
	struct stat st;

	snprintf(path, sizeof(path), "%s/run.db", r->folder);
	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

const char *link_run_try(struct link_run *r, const char *hv, int image_fd,
			 uint32_t slow)
{
	uint64_t until_ns = clock_mono_ns() + LINK_RUN_S * slow * NS_PER_S;
	struct rusage usage;
	pid_t pid = 0;
	int fd = -1, code;

	remove_all(r, products, ARRAY_SIZE(products));
	r->said[0] = '\0';
	if (place_image(r, image_fd) || spawn(r, hv, slow, &pid, &fd))
		return "the run did not start";
	if (hear(r, fd, until_ns)) {
		proc_kill(pid);
		close(fd);
		return "the run did not end within its limit";
	}
	close(fd);
	wait4(pid, &r->status, 0, &usage);
	r->memory_kib = (uint64_t)usage.ru_maxrss;
	r->store_bytes = store_bytes(r);
	code = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
	/* 70: its guest cannot even be tried, which the run says first. */
	if (code != 2 && code != 70)
		return "the run crashed, or took lies for a result";
	if (r->memory_kib > MEMORY_MAX_KIB)
		return "the run took too much memory";
	return r->store_bytes > STORE_MAX_BYTES ? "the store grew too much"
						: NULL;
}

void link_run_destroy(struct link_run *r)
{
	if (!r->folder[0])
		return;
	remove_all(r, products, ARRAY_SIZE(products));
	remove_all(r, programs, ARRAY_SIZE(programs));
	if (rmdir(r->folder))
		fprintf(stderr, "cannot remove '%s': %s\n", r->folder,
			strerror(errno));
}
