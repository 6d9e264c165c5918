// SPDX-License-Identifier: GPL-3.0-or-later
/* Kernel work for a process, where nested paging and mitigations show. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/list.h"

#define FAULT_PAGES 64u
#define PAGE_BYTES 4096u

static enum wl_answer syscall_run(struct wl_ctx *ctx, uint64_t iterations)
{
	while (iterations--)
		ctx->sink += (uint64_t)syscall(SYS_getppid);
	return WL_OK;
}

struct switch_state {
	int to_child[2];
	int to_parent[2];
	pid_t child;
};

static void echo_forever(const struct switch_state *s)
{
	char c;

	close(s->to_child[1]);
	while (read(s->to_child[0], &c, 1) == 1 &&
	       write(s->to_parent[1], &c, 1) == 1)
		;
	_exit(0);
}

/* Both processes share one CPU (the caller is pinned): two switches a turn. */
static enum wl_answer switch_setup(struct wl_ctx *ctx)
{
	struct switch_state *s = calloc(1, sizeof(*s));

	if (!s)
		return wl_say(ctx, WL_FAIL, "out of memory");
	memset(s->to_child, -1, sizeof(s->to_child));
	memset(s->to_parent, -1, sizeof(s->to_parent));
	ctx->state = s;
	ctx->ops_count = 2;
	if (pipe(s->to_child) || pipe(s->to_parent))
		return wl_say(ctx, WL_FAIL, "cannot make pipes");
	s->child = fork();
	if (s->child == 0)
		echo_forever(s);
	if (s->child < 0)
		return wl_say(ctx, WL_FAIL, "cannot fork");
	/* So that a read ends when the child has. */
	close(s->to_parent[1]);
	s->to_parent[1] = -1;
	return WL_OK;
}

static enum wl_answer switch_run(struct wl_ctx *ctx, uint64_t iterations)
{
	struct switch_state *s = ctx->state;
	char c = 0;

	while (iterations--)
		if (write(s->to_child[1], &c, 1) != 1 ||
		    read(s->to_parent[0], &c, 1) != 1)
			return wl_say(ctx, WL_FAIL, "the echo process is gone");
	return WL_OK;
}

static void switch_teardown(struct wl_ctx *ctx)
{
	struct switch_state *s = ctx->state;
	int i;

	if (!s)
		return;
	for (i = 0; i < 2; i++) {
		close(s->to_child[i]);
		close(s->to_parent[i]);
	}
	if (s->child > 0) {
		kill(s->child, SIGKILL);
		waitpid(s->child, NULL, 0);
	}
	free(s);
}

static enum wl_answer fault_setup(struct wl_ctx *ctx)
{
	ctx->state =
		mmap(NULL, FAULT_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ctx->state == MAP_FAILED) {
		ctx->state = NULL;
		return wl_say(ctx, WL_FAIL, "cannot map memory");
	}
	if (madvise(ctx->state, FAULT_PAGES * PAGE_BYTES, MADV_NOHUGEPAGE) &&
	    errno != EINVAL)
		return wl_say(ctx, WL_FAIL, "cannot choose small pages");
	ctx->ops_count = FAULT_PAGES;
	return WL_OK;
}

static enum wl_answer fault_run(struct wl_ctx *ctx, uint64_t iterations)
{
	volatile char *p = ctx->state;
	uint32_t i;

	while (iterations--) {
		if (madvise(ctx->state, FAULT_PAGES * PAGE_BYTES,
			    MADV_DONTNEED))
			return wl_say(ctx, WL_FAIL, "cannot drop pages");
		for (i = 0; i < FAULT_PAGES; i++)
			p[i * PAGE_BYTES] = 1;
	}
	return WL_OK;
}

static void fault_teardown(struct wl_ctx *ctx)
{
	if (ctx->state)
		munmap(ctx->state, FAULT_PAGES * PAGE_BYTES);
}

/* The program is this one, which ends at once when called so. */
static enum wl_answer forkexec_run(struct wl_ctx *ctx, uint64_t iterations)
{
	static char arg0[] = "agent", arg1[] = "--exit";
	char *const argv[] = {arg0, arg1, NULL};
	int status;
	pid_t pid;

	while (iterations--) {
		pid = vfork();
		if (pid == 0) {
			execv("/proc/self/exe", argv);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return wl_say(ctx, WL_FAIL, "cannot fork and exec");
	}
	return WL_OK;
}

static enum wl_answer mmap_run(struct wl_ctx *ctx, uint64_t iterations)
{
	while (iterations--) {
		void *p = mmap(NULL, 16 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || munmap(p, 16 * PAGE_BYTES))
			return wl_say(ctx, WL_FAIL, "cannot map memory");
	}
	return WL_OK;
}

#define KERNEL_WORKLOAD(sym, text, how, set, tear)                             \
	const struct workload wl_kernel_##sym = {.name = "kernel_" #sym,       \
						 .group = "kernel",            \
						 .summary = text,              \
						 .unit = WL_UNIT_NS,           \
						 .better = WL_LOWER_IS_BETTER, \
						 .flags = how,                 \
						 .points = &wl_no_point,       \
						 .point_count = 1,             \
						 .setup = set,                 \
						 .run = sym##_run,             \
						 .teardown = tear}

KERNEL_WORKLOAD(syscall, "getppid system call", 0, NULL, NULL);
KERNEL_WORKLOAD(switch, "context switch over a pipe, one CPU", WL_SHARES_CPU,
		switch_setup, switch_teardown);
KERNEL_WORKLOAD(fault, "drop a 4 KiB page and touch it again", 0, fault_setup,
		fault_teardown);
KERNEL_WORKLOAD(forkexec, "fork, exec and wait for a static program",
		WL_SHARES_CPU, NULL, NULL);
KERNEL_WORKLOAD(mmap, "mmap and munmap of 64 KiB", 0, NULL, NULL);
