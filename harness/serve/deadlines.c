// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/deadlines.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"

#define STACK_BYTES (64 * KIB)
#define NEVER UINT64_MAX

struct deadline {
	struct deadlines *owner;
	int fd;
	uint64_t until_mono_ns;
	struct deadline *next, **link;
};

struct deadlines {
	uint64_t grace_ns;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	bool is_stopping;
	struct deadline *first;
};

static uint64_t time_for(const struct deadlines *d, uint64_t bytes)
{
	return d->grace_ns + bytes * (NS_PER_S / DEADLINES_BYTES_PER_S);
}

/* Under the lock. The thread of the connection closes it: it is woken, and
 * finds that nothing can come any more. */
static void end_late(struct deadlines *d)
{
	uint64_t now_ns = clock_mono_ns();
	struct deadline *at;

	for (at = d->first; at; at = at->next) {
		if (at->until_mono_ns > now_ns)
			continue;
		shutdown(at->fd, SHUT_RDWR);
		at->until_mono_ns = NEVER;
	}
}

static void *run(void *arg)
{
	struct deadlines *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->is_stopping) {
		uint64_t until_ns = clock_mono_ns() + NS_PER_S;
		const struct timespec until = {(time_t)(until_ns / NS_PER_S),
					       (long)(until_ns % NS_PER_S)};

		pthread_cond_timedwait(&d->changed, &d->lock, &until);
		end_late(d);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void release(struct deadlines *d)
{
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

int deadlines_start(unsigned int grace_s, struct deadlines **out,
		    struct err *err)
{
	struct deadlines *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attr;
	int ret;

	d->grace_ns = grace_s * NS_PER_S;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
	pthread_condattr_destroy(&attr);
	ret = thread_start(&d->thread, STACK_BYTES, run, d);
	if (ret) {
		release(d);
		return err_sys(err, ret, "cannot start a thread");
	}
	*out = d;
	return 0;
}

void deadlines_stop(struct deadlines *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->is_stopping = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	release(d);
}

struct deadline *deadline_add(struct deadlines *d, int fd)
{
	struct deadline *at = xcalloc(1, sizeof(*at));

	at->owner = d;
	at->fd = fd;
	at->until_mono_ns = NEVER;
	pthread_mutex_lock(&d->lock);
	at->next = d->first;
	at->link = &d->first;
	if (at->next)
		at->next->link = &at->next;
	d->first = at;
	pthread_mutex_unlock(&d->lock);
	return at;
}

void deadline_remove(struct deadline *at)
{
	struct deadlines *d;

	if (!at)
		return;
	d = at->owner;
	pthread_mutex_lock(&d->lock);
	*at->link = at->next;
	if (at->next)
		at->next->link = at->link;
	pthread_mutex_unlock(&d->lock);
	free(at);
}

static void set(struct deadline *at, uint64_t until_mono_ns)
{
	if (!at)
		return;
	pthread_mutex_lock(&at->owner->lock);
	at->until_mono_ns = until_mono_ns;
	pthread_mutex_unlock(&at->owner->lock);
}

void deadline_set(struct deadline *at, uint64_t bytes)
{
	if (at)
		set(at, clock_mono_ns() + time_for(at->owner, bytes));
}

void deadline_extend(struct deadline *at, uint64_t bytes)
{
	if (!at)
		return;
	pthread_mutex_lock(&at->owner->lock);
	if (at->until_mono_ns != NEVER)
		at->until_mono_ns += bytes * (NS_PER_S / DEADLINES_BYTES_PER_S);
	pthread_mutex_unlock(&at->owner->lock);
}

void deadline_clear(struct deadline *at)
{
	set(at, NEVER);
}
