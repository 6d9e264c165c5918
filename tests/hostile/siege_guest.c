// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/siege_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "runners/machine/args.h"
#include "tests/hostile/siege_host.h"

#define TAIL_BYTES 4096u
#define MAX_IMAGE_BYTES MIB
/* The numbers that the VMM is told; its image is one as well. */
enum { FD_CHANNEL = 3, FD_EVENTS, FD_IMAGE, FD_TAP };

static const char mark[] = "hostile-command=";
#define COMMAND_BYTES 79u

int guest_image(const struct guest_spec *spec, struct err *err)
{
	struct strbuf image = {0};
	char *at;
	int fd = -1;

	if (file_read_whole(spec->image, MAX_IMAGE_BYTES, &image))
		err_set(err, -EIO, "cannot read '%s'", spec->image);
	at = image.len ? memmem(image.str, image.len, mark, strlen(mark))
		       : NULL;
	if (at) {
		memset(at + strlen(mark), 0, COMMAND_BYTES);
		snprintf(at + strlen(mark), COMMAND_BYTES, "%s", spec->command);
		fd = memfd_create("hostile", MFD_CLOEXEC);
	}
	if (fd < 0 || write(fd, image.str, image.len) != (ssize_t)image.len)
		err_set(err, -EINVAL, "'%s' is no hostile image", spec->image);
	strbuf_release(&image);
	return fd;
}

static void add_devices(struct args *a, const struct guest_spec *spec)
{
	const struct host *host = spec->host;

	if (!host)
		return;
	args_add(a, "--disk");
	if (spec->is_neighbour) {
		args_add(a, "%s,readonly", host->paths[HOST_NEIGHBOUR]);
		return;
	}
	args_add(a, "%s", host->paths[HOST_DISK]);
	args_add(a, "--disk");
	args_add(a, "%s,readonly", host->paths[HOST_READONLY]);
	if (host->tap_fd >= 0) {
		args_add(a, "--net");
		args_add(a, "fd=%d,vhost=auto", FD_TAP);
	}
	if (!access("/dev/vhost-vsock", R_OK | W_OK)) {
		args_add(a, "--vsock-cid");
		args_add(a, "%u", 0x10000u + (uint32_t)getpid() % 0x8000u);
	}
}

/* All of its RAM is there at once, so that what comes later is the VMM's. */
static void add_args(struct args *a, const struct guest_spec *spec)
{
	args_add(a, "%s", spec->vmm);
	args_add(a, "--hv");
	args_add(a, "%s", spec->hv);
	args_add(a, spec->is_kernel ? "--kernel" : "--micro");
	args_add(a, "/proc/self/fd/%d", FD_IMAGE);
	args_add(a, "--memory");
	args_add(a, "%uM", GUEST_RAM_MIB);
	args_add(a, "--vcpus");
	args_add(a, "%d", spec->is_neighbour ? 1 : 2);
	args_add(a, "--prefault");
	if (spec->is_sanitized) {
		args_add(a, "--sandbox");
		args_add(a, "off");
	}
	args_add(a, "--channel-fd");
	args_add(a, "%d", FD_CHANNEL);
	args_add(a, "--events-fd");
	args_add(a, "%d", FD_EVENTS);
	add_devices(a, spec);
}

static int pipe_make(int ours[GUEST_STREAM_COUNT],
		     int theirs[GUEST_STREAM_COUNT])
{
	int pair[2], i;

	for (i = 0; i < GUEST_STREAM_COUNT; i++) {
		if (i == GUEST_CHANNEL
			    ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
					 pair)
			    : pipe2(pair, O_CLOEXEC))
			return -errno;
		ours[i] = pair[0];
		theirs[i] = pair[1];
		if (fcntl(pair[0], F_SETFL, O_NONBLOCK))
			return -errno;
	}
	return 0;
}

/* What a guest with a console finds waiting; the micro device's would take it
 * for a frame. */
static void say_something(const struct guest *g)
{
	static const char words[4096];

	if (write(g->fds[GUEST_CHANNEL], words, sizeof(words)) < 0)
		return;
}

int guest_start(struct guest *g, const struct guest_spec *spec, struct err *err)
{
	int theirs[GUEST_STREAM_COUNT] = {-1, -1, -1, -1};
	int tap = spec->host && !spec->is_neighbour ? spec->host->tap_fd : -1;
	int image = guest_image(spec, err);
	struct args a = {.count = 0};
	int ret = image < 0 ? -EINVAL : 0;
	int i;

	memset(g, 0, sizeof(*g));
	for (i = 0; i < GUEST_STREAM_COUNT; i++)
		g->fds[i] = -1;
	if (!ret && pipe_make(g->fds, theirs))
		ret = err_sys(err, -errno, "cannot make streams");
	if (!ret) {
		const struct proc_fd fds[] = {
			{-1, 0},
			{theirs[GUEST_SERIAL], 1},
			{theirs[GUEST_WORDS], 2},
			{theirs[GUEST_CHANNEL], FD_CHANNEL},
			{theirs[GUEST_EVENTS], FD_EVENTS},
			{image, FD_IMAGE},
			{tap, FD_TAP},
		};
		struct proc_spec proc = {.fds = fds,
					 .fd_count = (int)ARRAY_SIZE(fds) -
						     (tap < 0)};

		add_args(&a, spec);
		proc.argv = (const char *const *)a.words;
		ret = proc_spawn(&proc, &g->pid, err);
		args_release(&a);
	}
	if (!ret && spec->is_kernel)
		say_something(g);
	for (i = 0; i < GUEST_STREAM_COUNT; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (image >= 0)
		close(image);
	return ret;
}

static void take_round(struct guest *g, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			if (g->line_len + 1 < sizeof(g->line))
				g->line[g->line_len++] = bytes[i];
			continue;
		}
		g->line[g->line_len] = '\0';
		g->line_len = 0;
		if (strncmp(g->line, "round ", 6))
			continue;
		g->right_count += strstr(g->line, " right") != NULL;
		g->wrong_count += strstr(g->line, " wrong") != NULL;
	}
}

static void hear(struct guest *g, int stream)
{
	char buf[65536];
	ssize_t n = read(g->fds[stream], buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(g->fds[stream]);
		g->fds[stream] = -1;
		return;
	}
	g->bytes[stream] += (uint64_t)n;
	strbuf_add(&g->tails[stream], buf, (size_t)n);
	strbuf_keep_tail(&g->tails[stream], TAIL_BYTES);
	if (stream == GUEST_SERIAL)
		take_round(g, buf, (size_t)n);
}

static bool is_silent(const struct guest *g)
{
	int i;

	for (i = 0; i < GUEST_STREAM_COUNT; i++)
		if (g->fds[i] >= 0)
			return false;
	return true;
}

/* Only once all was heard, so that its last words are there. */
static void look(struct guest *g)
{
	struct rusage usage;

	if (g->has_ended || !is_silent(g) ||
	    wait4(g->pid, &g->status, WNOHANG, &usage) != g->pid)
		return;
	g->has_ended = true;
	g->memory_kib = (uint64_t)usage.ru_maxrss;
}

void guests_hear(struct guest *const *guests, uint32_t count, int timeout_ms)
{
	struct pollfd fds[2 * GUEST_STREAM_COUNT];
	uint32_t i;

	for (i = 0; i < count * GUEST_STREAM_COUNT; i++)
		fds[i] = (struct pollfd){
			.fd = guests[i / GUEST_STREAM_COUNT]
				      ->fds[i % GUEST_STREAM_COUNT],
			.events = POLLIN};
	if (poll(fds, i, timeout_ms) > 0)
		for (i = 0; i < count * GUEST_STREAM_COUNT; i++)
			if (fds[i].revents)
				hear(guests[i / GUEST_STREAM_COUNT],
				     (int)(i % GUEST_STREAM_COUNT));
	for (i = 0; i < count; i++)
		look(guests[i]);
}

bool guest_said(const struct guest *g, enum guest_stream stream,
		const char *text)
{
	const struct strbuf *tail = &g->tails[stream];

	return tail->len &&
	       memmem(tail->str, tail->len, text, strlen(text)) != NULL;
}

void guest_ask(struct guest *g)
{
	if (g->pid <= 0 || g->has_ended ||
	    g->asked_count > g->right_count + g->wrong_count)
		return;
	if (send(g->fds[GUEST_CHANNEL], "?", 1, MSG_NOSIGNAL) == 1)
		g->asked_count++;
}

void guest_kill(struct guest *g)
{
	if (g->pid > 0 && !g->has_ended)
		proc_kill(g->pid);
	g->has_ended = true;
}

void guest_release(struct guest *g)
{
	int i;

	guest_kill(g);
	for (i = 0; i < GUEST_STREAM_COUNT; i++) {
		if (g->fds[i] >= 0)
			close(g->fds[i]);
		strbuf_release(&g->tails[i]);
	}
}
