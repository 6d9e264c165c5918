// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/sandbox/starter.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/base/thread.h"
#include "harness/base/base.h"
#include "runners/vmm/sandbox/sandbox.h"

#define STACK_BYTES (64 * KIB)

struct request {
	pthread_t *thread;
	size_t stack_bytes;
	void *(*run)(void *);
	void *arg;
	int ret;
	bool is_done;
};

static struct {
	pthread_t thread;
	bool is_open;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct request *asked; /* borrowed; NULL: none */
	bool is_ready, is_ending;
} starter = {.lock = PTHREAD_MUTEX_INITIALIZER,
	     .changed = PTHREAD_COND_INITIALIZER};

static void serve(struct request *r)
{
	r->ret = thread_start(r->thread, r->stack_bytes, r->run, r->arg);
	r->is_done = true;
}

static void *starter_main(void *arg)
{
	(void)arg;
	sandbox_enter(SANDBOX_STARTER);
	pthread_mutex_lock(&starter.lock);
	starter.is_ready = true;
	pthread_cond_broadcast(&starter.changed);
	while (!starter.is_ending) {
		if (starter.asked) {
			serve(starter.asked);
			starter.asked = NULL;
			pthread_cond_broadcast(&starter.changed);
		}
		pthread_cond_wait(&starter.changed, &starter.lock);
	}
	pthread_mutex_unlock(&starter.lock);
	return NULL;
}

int starter_open(void)
{
	int ret;

	starter.is_ready = starter.is_ending = false;
	ret = thread_start(&starter.thread, STACK_BYTES, starter_main, NULL);
	if (ret)
		return ret;
	starter.is_open = true;
	pthread_mutex_lock(&starter.lock);
	while (!starter.is_ready)
		pthread_cond_wait(&starter.changed, &starter.lock);
	pthread_mutex_unlock(&starter.lock);
	return 0;
}

void starter_close(void)
{
	if (!starter.is_open)
		return;
	pthread_mutex_lock(&starter.lock);
	starter.is_ending = true;
	pthread_cond_broadcast(&starter.changed);
	pthread_mutex_unlock(&starter.lock);
	pthread_join(starter.thread, NULL);
	starter.is_open = false;
}

int starter_ask(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		void *arg)
{
	struct request r = {.thread = thread,
			    .stack_bytes = stack_bytes,
			    .run = run,
			    .arg = arg};

	if (!starter.is_open)
		return thread_start(thread, stack_bytes, run, arg);
	pthread_mutex_lock(&starter.lock);
	while (starter.asked)
		pthread_cond_wait(&starter.changed, &starter.lock);
	starter.asked = &r;
	pthread_cond_broadcast(&starter.changed);
	while (!r.is_done)
		pthread_cond_wait(&starter.changed, &starter.lock);
	pthread_mutex_unlock(&starter.lock);
	return r.ret;
}
