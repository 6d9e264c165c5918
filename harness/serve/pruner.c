// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/pruner.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "harness/base/xmalloc.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"

#define PERIOD_NS (3600 * NS_PER_S)
#define STACK_BYTES (512 * KIB)
/* A writer holds the lock for less. */
#define BUSY_MS 10000

struct pruner {
	const char *db;
	uint64_t keep_ns;
	pthread_t thread;

	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* any of it */
	bool is_stopping;
	uint64_t look_count;
};

static bool is_stopping(struct pruner *p)
{
	bool is;

	pthread_mutex_lock(&p->lock);
	is = p->is_stopping;
	pthread_mutex_unlock(&p->lock);
	return is;
}

static int after_run(void *arg, const struct samples_dropped *run)
{
	(void)run;
	return is_stopping(arg);
}

static void prune(struct pruner *p)
{
	uint64_t now = clock_unix_ns();
	struct store *store = NULL;
	struct err err = {0};
	int ret = store_open_within(p->db, BUSY_MS, &store, &err);

	if (!ret)
		ret = samples_drop(store,
				   now > p->keep_ns ? now - p->keep_ns : 0,
				   after_run, p, &err);
	if (ret)
		fprintf(stderr, "l1vh-bench: cannot remove old samples: %s\n",
			err.msg);
	store_close(store);
}

static void wait_for_next(struct pruner *p)
{
	uint64_t until_ns = clock_mono_ns() + PERIOD_NS;
	const struct timespec until = {(time_t)(until_ns / NS_PER_S),
				       (long)(until_ns % NS_PER_S)};

	pthread_mutex_lock(&p->lock);
	p->look_count++;
	pthread_cond_broadcast(&p->changed);
	while (!p->is_stopping && clock_mono_ns() < until_ns)
		pthread_cond_timedwait(&p->changed, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
}

static void *run_pruner(void *arg)
{
	struct pruner *p = arg;

	while (!is_stopping(p)) {
		prune(p);
		wait_for_next(p);
	}
	return NULL;
}

static void release(struct pruner *p)
{
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int pruner_start(const char *db, uint64_t keep_ns, struct pruner **out,
		 struct err *err)
{
	struct pruner *p = xcalloc(1, sizeof(*p));
	pthread_condattr_t attr;
	int ret;

	p->db = db;
	p->keep_ns = keep_ns;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &attr);
	pthread_condattr_destroy(&attr);
	ret = thread_start(&p->thread, STACK_BYTES, run_pruner, p);
	if (ret) {
		release(p);
		return err_sys(err, ret, "cannot start a thread");
	}
	*out = p;
	return 0;
}

void pruner_stop(struct pruner *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_stopping = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	release(p);
}

uint64_t pruner_wait(struct pruner *p, uint64_t more_than)
{
	uint64_t count;

	pthread_mutex_lock(&p->lock);
	while (p->look_count <= more_than)
		pthread_cond_wait(&p->changed, &p->lock);
	count = p->look_count;
	pthread_mutex_unlock(&p->lock);
	return count;
}
