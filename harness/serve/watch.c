// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/watch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/standing.h"
#include "harness/serve/stores.h"
#include "harness/serve/views.h"
#include "harness/store/run_list.h"

#define POLL_MS 1000
#define RETRY_MS 10000
#define FIRST_LOOK_MS 250
#define NICENESS 10 /* who measures on this host comes first */

struct watch {
	struct stores *stores;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* to is_stopping, and after each pass */
	bool is_stopping;
	bool has_looked;          /* at all hosts, once */
	struct timespec patience; /* so long one waits for that */
	/* The thread alone changes them, under the lock. */
	struct standing *hosts;
	size_t count, pending_count;
	struct err err;
	uint64_t generation; /* the thread's own */
};

/* Whether nothing of the host that LINE is the latest run of has changed since S. */
static bool is_current(const struct standing *s, const struct run_line *line,
		       struct store *store)
{
	return s->run_count == line->host_run_count && s->shown_count &&
	       !strcmp(s->runs[0].uuid, line->uuid) &&
	       !strcmp(s->runs[0].status, line->status) &&
	       !standing_is_stale(store, s);
}

/* The search begins at FROM: hosts are mostly in the order of the list that one goes
 * through. The count if there is none. */
static size_t index_of(const struct watch *w, const char *host, size_t from)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		size_t at = (from + i) % w->count;

		if (!strcmp(w->hosts[at].host, host))
			return at;
	}
	return w->count;
}

static bool is_stopping(struct watch *w)
{
	bool is;

	pthread_mutex_lock(&w->lock);
	is = w->is_stopping;
	pthread_mutex_unlock(&w->lock);
	return is;
}

static void put(struct watch *w, size_t at, const struct standing *s)
{
	pthread_mutex_lock(&w->lock);
	if (at == w->count) {
		w->hosts = xrealloc(w->hosts, w->count + 1, sizeof(*w->hosts));
		w->count++;
	} else {
		standing_release(&w->hosts[at]);
	}
	w->hosts[at] = *s;
	pthread_mutex_unlock(&w->lock);
}

static int look_at_host(struct watch *w, struct store *store,
			const struct run_line *line, size_t from,
			struct err *err)
{
	size_t at = index_of(w, line->host, from);
	bool is_known = at < w->count;
	struct standing s;
	int ret;

	if (is_known && is_current(&w->hosts[at], line, store))
		return 0;
	ret = standing_load(store, line, is_known ? &w->hosts[at] : NULL, &s,
			    err);
	if (!ret)
		put(w, at, &s);
	return ret;
}

/* A host whose last run was pruned is gone. */
static void drop_absent(struct watch *w, const struct run_list *list)
{
	size_t i, k;

	pthread_mutex_lock(&w->lock);
	for (i = w->count; i-- > 0;) {
		for (k = 0; k < list->count; k++)
			if (!strcmp(list->lines[(i + k) % list->count].host,
				    w->hosts[i].host))
				break;
		if (k < list->count)
			continue;
		standing_release(&w->hosts[i]);
		w->count--;
		memmove(&w->hosts[i], &w->hosts[i + 1],
			(w->count - i) * sizeof(*w->hosts));
	}
	pthread_mutex_unlock(&w->lock);
}

static void set_pending(struct watch *w, size_t count)
{
	pthread_mutex_lock(&w->lock);
	w->pending_count = count;
	pthread_mutex_unlock(&w->lock);
}

static void swap(struct watch *w, size_t a, size_t b)
{
	struct standing host = w->hosts[a];

	w->hosts[a] = w->hosts[b];
	w->hosts[b] = host;
}

/* As LIST has them. */
static void put_in_order(struct watch *w, const struct run_list *list)
{
	size_t i, at, next = 0;

	pthread_mutex_lock(&w->lock);
	for (i = 0; i < list->count; i++) {
		at = index_of(w, list->lines[i].host, i);
		if (at < w->count)
			swap(w, next++, at);
	}
	pthread_mutex_unlock(&w->lock);
}

static int look_at_all(struct watch *w, struct store *store, struct err *err)
{
	struct run_list list;
	int ret = view_all_hosts_load(store, &list, err);
	size_t i;

	if (ret)
		return ret;
	drop_absent(w, &list);
	for (i = 0; i < list.count && !is_stopping(w); i++) {
		/* One that cannot be read is no reason to leave others out. */
		int failed = look_at_host(w, store, &list.lines[i], i, err);

		ret = failed ? failed : ret;
		set_pending(w, list.count - i - 1);
	}
	set_pending(w, list.count - i);
	put_in_order(w, &list);
	run_list_release(&list);
	return ret;
}

static void pass(struct watch *w)
{
	uint64_t generation = stores_generation(w->stores);
	struct err err = {0};
	struct lease lease;
	int ret;

	if (generation && generation == w->generation)
		return;
	ret = stores_take(w->stores, &lease, &err);
	if (!ret) {
		ret = look_at_all(w, lease.store, &err);
		stores_give(w->stores, &lease, !ret);
	}
	w->generation = ret ? 0 : generation;
	pthread_mutex_lock(&w->lock);
	w->err = ret ? err : (struct err){0};
	w->has_looked = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static struct timespec after_ms(uint64_t ms)
{
	uint64_t ns = clock_mono_ns() + ms * NS_PER_MS;

	return (struct timespec){(time_t)(ns / NS_PER_S),
				 (long)(ns % NS_PER_S)};
}

static void *run(void *arg)
{
	struct watch *w = arg;

	/* Of this thread alone, as Linux has it. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
	while (!is_stopping(w)) {
		struct timespec until;

		pass(w);
		until = after_ms(w->generation ? POLL_MS : RETRY_MS);
		pthread_mutex_lock(&w->lock);
		while (!w->is_stopping &&
		       !pthread_cond_timedwait(&w->changed, &w->lock, &until))
			;
		pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

struct watch *watch_create(struct stores *stores)
{
	struct watch *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t attr;

	w->stores = stores;
	w->patience = after_ms(FIRST_LOOK_MS);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&w->thread, NULL, run, w)) {
		err_set(&w->err, -1, "no thread looks at the hosts");
		w->has_looked = true;
		w->is_stopping = true;
	}
	return w;
}

void watch_destroy(struct watch *w)
{
	bool has_thread;
	size_t i;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	has_thread = !w->is_stopping;
	w->is_stopping = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (has_thread)
		pthread_join(w->thread, NULL);
	for (i = 0; i < w->count; i++)
		standing_release(&w->hosts[i]);
	free(w->hosts);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void watch_look(struct watch *w, struct watch_view *v)
{
	pthread_mutex_lock(&w->lock);
	while (!w->has_looked &&
	       !pthread_cond_timedwait(&w->changed, &w->lock, &w->patience))
		;
	*v = (struct watch_view){.hosts = w->hosts,
				 .count = w->count,
				 .has_looked = w->has_looked,
				 .pending_count = w->pending_count,
				 .reason = w->err.msg};
}

void watch_leave(struct watch *w)
{
	pthread_mutex_unlock(&w->lock);
}

bool watch_is_whole(const struct watch_view *v)
{
	return v->has_looked && !v->pending_count && !*v->reason;
}

const struct standing *watch_find(const struct watch_view *v, const char *host)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (!strcmp(v->hosts[i].host, host))
			return &v->hosts[i];
	return NULL;
}
