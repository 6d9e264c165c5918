// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/stores.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/store/store.h"

/* Each has a cache of two MiB. More of them than CPUs help only while some wait
 * for a disk. */
#define MAX_READERS 8
/* A writer holds the lock for less; a longer wait helps no client. */
#define BUSY_MS 2000
/* For one of the readers. After that others fail here too. */
#define TURN_MS 8000

struct stores {
	const char *db;

	pthread_mutex_t lock;               /* of all below */
	pthread_cond_t given;               /* a reader came back */
	struct store *readers[MAX_READERS]; /* that nobody has now */
	size_t reader_count, lent_count;
	struct store *watcher; /* asked for the version alone */
	int64_t version;       /* as the watcher saw it last */
	uint64_t generation;
	struct store_file_id id; /* of the file that FILE counts */
	uint64_t file;
};

/* Under the lock, as are the ones below. */
static void close_all(struct stores *s)
{
	while (s->reader_count)
		store_close(s->readers[--s->reader_count]);
	store_close(s->watcher);
	s->watcher = NULL;
}

/* An open handle keeps its inode from becoming that of another file. */
static void look_at_file(struct stores *s)
{
	struct store_file_id id = store_file_id(s->db);

	if (id.device == s->id.device && id.inode == s->id.inode && s->file)
		return;
	s->id = id;
	s->file++;
	close_all(s);
}

static int wait_for_turn(struct stores *s, struct err *err)
{
	uint64_t until_ns = clock_mono_ns() + TURN_MS * NS_PER_MS;
	const struct timespec until = {(time_t)(until_ns / NS_PER_S),
				       (long)(until_ns % NS_PER_S)};

	while (s->lent_count == MAX_READERS)
		if (pthread_cond_timedwait(&s->given, &s->lock, &until))
			return err_set(err, -EBUSY,
				       "too many requests at once");
	s->lent_count++;
	return 0;
}

int stores_take(struct stores *s, struct lease *lease, struct err *err)
{
	int ret;

	*lease = (struct lease){.store = NULL};
	pthread_mutex_lock(&s->lock);
	ret = wait_for_turn(s, err);
	if (!ret)
		look_at_file(s);
	lease->file = s->file;
	if (!ret && s->reader_count)
		lease->store = s->readers[--s->reader_count];
	pthread_mutex_unlock(&s->lock);
	if (ret)
		return ret;
	ret = lease->store ? store_check(lease->store, err)
			   : store_open_impatient(s->db, BUSY_MS, &lease->store,
						  err);
	if (ret)
		stores_give(s, lease, false);
	return ret;
}

void stores_give(struct stores *s, struct lease *lease, bool is_sound)
{
	struct store *store = lease->store;

	pthread_mutex_lock(&s->lock);
	s->lent_count--;
	if (store && is_sound && lease->file == s->file) {
		s->readers[s->reader_count++] = store;
		store = NULL;
	}
	pthread_cond_signal(&s->given);
	pthread_mutex_unlock(&s->lock);
	store_close(store);
	lease->store = NULL;
}

/* It does not wait for the file: a store that is locked has no version now. */
static bool look_at_version(struct stores *s)
{
	struct err err;
	bool is_new = !s->watcher;
	int64_t version;

	if (is_new && store_open_impatient(s->db, 0, &s->watcher, &err))
		return false;
	version = store_data_version(s->watcher);
	if (is_new || version != s->version)
		s->generation++;
	s->version = version;
	return version >= 0;
}

uint64_t stores_generation(struct stores *s)
{
	uint64_t generation;

	pthread_mutex_lock(&s->lock);
	look_at_file(s);
	generation = look_at_version(s) ? s->generation : 0;
	pthread_mutex_unlock(&s->lock);
	return generation;
}

struct stores *stores_create(const char *db)
{
	struct stores *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t attr;

	s->db = db;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->given, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

void stores_destroy(struct stores *s)
{
	if (!s)
		return;
	close_all(s);
	pthread_cond_destroy(&s->given);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
