/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SESSION_SESSION_H
#define HARNESS_SESSION_SESSION_H

/*
 * session - boots measured at one site and kept in one store. The plan is
 * stored before the first boot, and each result when its boot ends. The
 * session starts a new worker if one dies. A command decides what to boot, and
 * shows the results.
 *
 * One thread; SIGPIPE must be ignored, because workers can die. A session may
 * have several runs one after the other, for example a pilot and the run after
 * it.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/plan.h"
#include "harness/session/site.h"

struct claims;
struct err;
struct result;
struct store;

struct session_wants {
	const char *db; /* the store's file; made where there is none */
	struct site_wants site;
};

struct session {
	struct site site;
	struct store *store; /* owned */
	struct schedule sched;
	size_t measured_count; /* of the schedule's boots, from the first on */
	size_t first_count;    /* of boots before the run was extended */
	int64_t run_id;        /* 0: no run has begun */
	char boot_id[40];  /* of the host, as the first result reported it */
	size_t lost_count; /* workers */

	/* Of this run: boots and series that failed, and requested runners that
	 * do not work here. */
	size_t failed_count;
};

/* What a run is by. All is borrowed until the run has ended. */
struct session_run {
	const struct plan *plan;
	const char *command;         /* makes this run again; NULL: unknown */
	const struct claims *claims; /* stored with the run; NULL: none */
	const json_t *imds;          /* of imds_get(); NULL: it was not asked */
};

/*
 * Whoever looks on while a schedule is measured; any of them may be NULL.
 * AT_BLOCK is asked before each block but the first, with the count of those
 * that are over, and may end the run by naming why in END.
 */
struct session_watch {
	void (*began)(void *arg, const struct bench_case *bc);
	void (*tick)(void *arg); /* five times per second */
	void (*ended)(void *arg, const struct bench_case *bc,
		      const struct result *res);
	int (*at_block)(void *arg, uint32_t done_count, const char **end,
			struct err *err);
	void *arg;
};

/*
 * Open store and site, and put into PLAN what works there: its runners and, in
 * the lab, a longer time limit. 0 also where none of them works; the site then
 * has no runner, and a refusal for each. Close the session in any case.
 */
int session_open(struct session *s, const struct session_wants *wants,
		 struct plan *plan, struct err *err);
void session_close(struct session *s);

/* Draw up the plan's schedule and register the run; -ENODEV where the plan has
 * nothing to boot. */
int session_begin(struct session *s, const struct session_run *run,
		  struct err *err);

/* A wanted runner that does not work here is part of the result: it stands in
 * every report, with its reason, and counts as failed. */
int session_keep_refusals(struct session *s, const struct plan *plan,
			  struct err *err);

/*
 * Boot BC, and keep what comes of it as the run's POSITION-th result, which
 * RES holds as well; the caller releases it in any case. A lost worker is
 * replaced, and costs this boot alone. -ECANCELED when stopped, -EHOSTDOWN when
 * the host was restarted meanwhile.
 */
int session_boot(struct session *s, uint32_t position,
		 const struct bench_case *bc, const struct session_watch *watch,
		 struct result *res, struct err *err);

/* Append COUNT blocks of SERIES, from FROM_BLOCK on, to the schedule, and to the
 * stored one. */
int session_extend(struct session *s, const struct plan *plan,
		   const struct bench_case *series, uint32_t from_block,
		   uint32_t count, struct err *err);

/* Boot what of the schedule has not been booted. END says why it ended before, if it
 * did; else it is left alone. */
int session_measure(struct session *s, const struct session_watch *watch,
		    const char **end, struct err *err);

/* The run is over: END is "complete" or what ended it, RET as its boots came
 * to. Returns RET, or why that cannot be stored. Another one may begin. */
int session_end(struct session *s, int ret, const char *end, struct err *err);

#endif
