// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/ordered.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/thread.h"
#include "harness/base/xmalloc.h"

#define USUALLY_AHEAD 4
#define STACK_BYTES (1UL << 20)

struct crew {
	const struct ordered *o;
	size_t ahead;         /* items at most that are made and not taken */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t moved; /* something was made or taken */
	size_t next;          /* to be made */
	size_t taken;
	bool has_ended;
	struct slot {
		void *made;
		bool is_there;
	} * slots; /* owned; of item I: I % ahead */
};

struct worker {
	struct crew *crew;
	unsigned int number;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct slot *slot = &c->slots[c->next % c->ahead];
		size_t at = c->next;
		void *made;

		if (c->has_ended || at == c->o->count)
			break;
		if (at >= c->taken + c->ahead) {
			pthread_cond_wait(&c->moved, &c->lock);
			continue;
		}
		c->next++;
		pthread_mutex_unlock(&c->lock);
		made = c->o->make(c->o->arg, at, w->number);
		pthread_mutex_lock(&c->lock);
		*slot = (struct slot){made, true};
		pthread_cond_broadcast(&c->moved);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Without the lock, which TAKE does not need. */
static int take_each(struct crew *c)
{
	int ret = 0;

	while (!ret && c->taken < c->o->count) {
		struct slot *slot = &c->slots[c->taken % c->ahead];
		void *made;

		pthread_mutex_lock(&c->lock);
		while (!slot->is_there)
			pthread_cond_wait(&c->moved, &c->lock);
		made = slot->made;
		slot->is_there = false;
		pthread_mutex_unlock(&c->lock);
		ret = c->o->take(c->o->arg, c->taken, made);
		pthread_mutex_lock(&c->lock);
		c->taken++;
		pthread_cond_broadcast(&c->moved);
		pthread_mutex_unlock(&c->lock);
	}
	return ret;
}

static int run_alone(const struct ordered *o)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < o->count && !ret; i++)
		ret = o->take(o->arg, i, o->make(o->arg, i, 0));
	return ret;
}

static void end(struct crew *c, struct worker *workers, unsigned int count)
{
	unsigned int i;

	pthread_mutex_lock(&c->lock);
	c->has_ended = true;
	pthread_cond_broadcast(&c->moved);
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < c->ahead; i++)
		if (c->slots[i].is_there)
			c->o->drop(c->slots[i].made);
	pthread_cond_destroy(&c->moved);
	pthread_mutex_destroy(&c->lock);
	free(c->slots);
}

int ordered_run(const struct ordered *o, unsigned int thread_count)
{
	struct worker workers[ORDERED_MAX_THREADS];
	struct crew c = {.o = o,
			 .lock = PTHREAD_MUTEX_INITIALIZER,
			 .moved = PTHREAD_COND_INITIALIZER};
	unsigned int i;
	int ret;

	if (thread_count > ORDERED_MAX_THREADS)
		thread_count = ORDERED_MAX_THREADS;
	c.ahead = (o->ahead_of_each ? o->ahead_of_each : USUALLY_AHEAD) *
		  thread_count;
	c.slots = xcalloc(c.ahead + 1, sizeof(*c.slots));
	for (i = 0; i < thread_count && thread_count > 1; i++) {
		workers[i].crew = &c;
		workers[i].number = i;
		if (thread_start(&workers[i].thread, STACK_BYTES, work,
				 &workers[i]))
			break;
	}
	if (!i) {
		free(c.slots);
		return run_alone(o);
	}
	ret = take_each(&c);
	end(&c, workers, i);
	return ret;
}

unsigned int ordered_threads(void)
{
	cpu_set_t cpus;
	int count;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return 1;
	count = CPU_COUNT(&cpus);
	return count > ORDERED_MAX_THREADS ? ORDERED_MAX_THREADS
					   : (unsigned int)count;
}
