/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_WORKER_LINK_H
#define RUNNERS_WORKER_LINK_H

/* worker_link - the session's end of the connection to a worker. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_case;
struct err;
struct result;
struct strbuf;

struct worker_link {
	pid_t pid;
	int to_fd;
	int from_fd;
	bool is_lab;
	struct strbuf *in; /* owned */
};

/* Whether the lab is installed: a container image leaves it out. */
bool worker_link_has_lab(void);

/* Start a worker on this host, or one inside the lab, which HAS_IOMMU gives
 * devices for guests. */
int worker_link_open(struct worker_link *w, bool in_lab, bool has_iommu,
		     struct err *err);

/* Ask it to end, then make sure that it does. Zeroed is fine. */
void worker_link_close(struct worker_link *w);

/* Kill it now; the lab ends with it. */
void worker_link_abort(struct worker_link *w);

/* Who it is; the object is the caller's. */
int worker_link_hello(struct worker_link *w, const volatile bool *stop,
		      json_t **hello, struct err *err);

/*
 * Run one case there. -ECANCELED when STOP became true while waiting; any
 * other failure means that the worker is lost.
 */
int worker_link_run(struct worker_link *w, const struct bench_case *bc,
		    const volatile bool *stop, void (*tick)(void *arg),
		    void *tick_arg, struct result *res, struct err *err);

#endif
