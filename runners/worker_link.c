// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/worker_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"

#define TICK_MS 200
/* A lab takes six seconds to start, and several times that on a busy host. */
#define HELLO_NS (120 * NS_PER_S)
#define QUIT_NS (20 * NS_PER_S)
#define ABORT_NS (5 * NS_PER_S)
/* A case ends by its own time limit; this is for a worker that is stuck. */
#define GRACE_NS (60 * NS_PER_S)

static char *lab_program(void)
{
	return file_beside_exe("../ci/lab/run");
}

bool worker_link_has_lab(void)
{
	char *lab = lab_program();
	bool has = !access(lab, X_OK);

	free(lab);
	return has;
}

int worker_link_open(struct worker_link *w, bool in_lab, bool has_iommu,
		     struct err *err)
{
	char *self = file_beside_exe("l1vh-bench");
	char *lab = lab_program();
	const char *inside = "build/l1vh-bench";
	const char *const local_argv[] = {self, "worker", NULL};
	const char *const lab_argv[] = {
		lab, "--timeout", "0", "--programs",
		/* Twice the same where nothing is to be added. */
		has_iommu ? "--iommu" : "--programs", "--", inside, "worker",
		NULL};
	int ret;

	*w = (struct worker_link){.to_fd = -1, .from_fd = -1, .is_lab = in_lab};
	w->in = xcalloc(1, sizeof(*w->in));
	ret = proc_spawn_piped(in_lab ? lab_argv : local_argv, &w->pid,
			       &w->to_fd, &w->from_fd, err);
	if (ret)
		err_wrap(err, in_lab ? "cannot start the lab"
				     : "cannot start a worker");
	free(lab);
	free(self);
	return ret;
}

static int send_line(struct worker_link *w, json_t *request, struct err *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	struct strbuf line = {0};
	size_t done = 0;
	int ret = 0;

	json_decref(request);
	strbuf_printf(&line, "%s\n", text ? text : "{}");
	while (done < line.len && !ret) {
		ssize_t n = write(w->to_fd, line.str + done, line.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			ret = err_set(err, -EPIPE, "the worker is gone");
	}
	strbuf_release(&line);
	free(text);
	return ret;
}

/* One that was never opened has no descriptors: 0 is another's. */
static void release(struct worker_link *w)
{
	if (!w->in)
		return;
	if (w->to_fd >= 0)
		close(w->to_fd);
	if (w->from_fd >= 0)
		close(w->from_fd);
	strbuf_release(w->in);
	free(w->in);
	*w = (struct worker_link){.to_fd = -1, .from_fd = -1};
}

void worker_link_close(struct worker_link *w)
{
	struct err ignored = {0};

	if (w->pid > 0) {
		send_line(w, json_pack("{s:s}", "op", "quit"), &ignored);
		close(w->to_fd);
		w->to_fd = -1;
		proc_reap(w->pid, QUIT_NS);
	}
	release(w);
}

void worker_link_abort(struct worker_link *w)
{
	if (w->pid > 0) {
		kill(-w->pid, SIGTERM);
		proc_reap(w->pid, ABORT_NS);
	}
	release(w);
}

static int take_line(struct worker_link *w, json_t **reply, struct err *err)
{
	json_error_t bad;
	char *nl;

	if (!w->in->len)
		return -EAGAIN;
	nl = memchr(w->in->str, '\n', w->in->len);
	if (!nl)
		return -EAGAIN;
	*nl = '\0';
	*reply = json_loads(w->in->str, 0, &bad);
	strbuf_consume(w->in, (size_t)(nl - w->in->str) + 1);
	if (!*reply)
		return err_set(err, -EPROTO,
			       "the worker's answer is damaged: %s", bad.text);
	return 0;
}

static int receive_line(struct worker_link *w, uint64_t timeout_ns,
			const volatile bool *stop, void (*tick)(void *arg),
			void *tick_arg, json_t **reply, struct err *err)
{
	uint64_t deadline = clock_mono_ns() + timeout_ns;
	struct pollfd pfd = {.fd = w->from_fd, .events = POLLIN};
	char buf[65536];
	ssize_t n;
	int ret;

	for (;;) {
		ret = take_line(w, reply, err);
		if (ret != -EAGAIN)
			return ret;
		if (stop && *stop)
			return err_set(err, -ECANCELED, "stopped");
		if (clock_mono_ns() > deadline)
			return err_set(err, -ETIMEDOUT,
				       "the worker did not answer in time");
		if (tick)
			tick(tick_arg);
		if (poll(&pfd, 1, TICK_MS) <= 0)
			continue;
		n = read(w->from_fd, buf, sizeof(buf));
		if (n == 0)
			return err_set(err, -EPIPE, "the worker has ended");
		if (n > 0)
			strbuf_add(w->in, buf, (size_t)n);
	}
}

int worker_link_hello(struct worker_link *w, const volatile bool *stop,
		      json_t **hello, struct err *err)
{
	json_t *reply = NULL;
	int ret = send_line(w, json_pack("{s:s}", "op", "hello"), err);

	if (!ret)
		ret = receive_line(w, HELLO_NS, stop, NULL, NULL, &reply, err);
	if (ret)
		return ret;
	*hello = json_incref(json_object_get(reply, "hello"));
	json_decref(reply);
	if (!*hello)
		return err_set(err, -EPROTO, "the worker did not say hello");
	return 0;
}

int worker_link_run(struct worker_link *w, const struct bench_case *bc,
		    const volatile bool *stop, void (*tick)(void *arg),
		    void *tick_arg, struct result *res, struct err *err)
{
	json_t *reply = NULL;
	int ret = send_line(w,
			    json_pack("{s:s, s:o}", "op", "run", "case",
				      bench_case_to_json(bc)),
			    err);

	if (!ret)
		ret = receive_line(
			w,
			runner_attempts(bc->runner) * bc->timeout_ns + GRACE_NS,
			stop, tick, tick_arg, &reply, err);
	if (ret)
		return ret;
	ret = result_from_json(json_object_get(reply, "result"), res, err);
	json_decref(reply);
	return ret;
}
