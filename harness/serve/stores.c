// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/stores.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "harness/base/xmalloc.h"
#include "harness/store/store.h"

/* Each has a cache of two MiB; more than CPUs are only of use while some wait
 * for a disk or a lock. */
#define MAX_READERS 8
/* A request that waits serves nobody; a writer holds the lock for less. */
#define BUSY_MS 2000
/* An upload has more time: who sent it would only send it again. */
#define WRITER_BUSY_MS 5000
/* For one of the readers, or for the file. Longer: what others do here ends. */
#define TURN_MS 8000
#define IDLE_NS (500 * NS_PER_MS)
#define WRITER_IDLE_NS (5 * NS_PER_S)
#define LOOK_AGAIN_NS (250 * NS_PER_MS)
#define CLOSER_STACK_BYTES (512 * KIB)

struct stores {
	const char *db;
	pthread_t closer;
	bool has_closer;

	pthread_mutex_t writer_lock; /* of the two below; before LOCK */
	struct store *writer;
	uint64_t writer_file;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t given; /* a reader, or the file itself, was */
	pthread_cond_t used;  /* there is something to close, in a while */
	bool is_stopping, closer_sleeps;
	bool is_reserved; /* the file, for its writer to come or to go */
	struct store *readers[MAX_READERS]; /* that nobody has now */
	size_t reader_count, lent_count;
	struct store *watcher; /* asked for the version alone */
	int64_t version;       /* as the watcher saw it last */
	uint64_t generation;   /* as of the last look, if that worked */
	bool is_known;
	atomic_uint_fast64_t look_count; /* that have begun; without the lock */
	dev_t dev;                       /* of the file that FILE counts */
	ino_t ino;
	uint64_t file;
	uint64_t used_mono_ns;
	bool has_writer;
	uint64_t written_mono_ns; /* at the end of the last use of it */
};

/* What is to be closed when the lock was given back: that takes long. */
struct closing {
	struct store *stores[MAX_READERS + 1];
	size_t count;
};

static void closing_end(struct closing *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		store_close(c->stores[i]);
}

/* Under the lock. */
static void detach(struct stores *s, struct closing *c)
{
	while (s->reader_count)
		c->stores[c->count++] = s->readers[--s->reader_count];
	if (s->watcher)
		c->stores[c->count++] = s->watcher;
	s->watcher = NULL;
}

/* Under the lock. The closer is woken only if it sleeps for good. */
static void note_use(struct stores *s)
{
	s->used_mono_ns = clock_mono_ns();
	if (s->closer_sleeps)
		pthread_cond_signal(&s->used);
	s->closer_sleeps = false;
}

/* Under the lock. What is open keeps its inode from being that of another. */
static void look_at_file(struct stores *s, struct closing *c)
{
	struct stat st = {.st_dev = 0};

	if (stat(s->db, &st))
		st = (struct stat){.st_dev = 0};
	note_use(s);
	if (st.st_dev == s->dev && st.st_ino == s->ino && s->file)
		return;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->file++;
	detach(s, c);
}

static struct timespec deadline(uint64_t in_ns)
{
	uint64_t at = clock_mono_ns() + in_ns;

	return (struct timespec){(time_t)(at / NS_PER_S),
				 (long)(at % NS_PER_S)};
}

/* Under the lock. */
static int wait_for_turn(struct stores *s, struct err *err)
{
	struct timespec until = deadline(TURN_MS * NS_PER_MS);

	while (s->lent_count == MAX_READERS || s->is_reserved)
		if (pthread_cond_timedwait(&s->given, &s->lock, &until))
			return err_set(err, -EBUSY,
				       "too many requests at once");
	s->lent_count++;
	return 0;
}

/*
 * Under the writer's lock. SQLite changes how a file is written to, which it does
 * when a writer comes and when it goes, while nobody reads: our own readers
 * would keep it waiting, and it them, until one of both gives up.
 */
static void reserve(struct stores *s)
{
	struct timespec until = deadline(TURN_MS * NS_PER_MS);
	struct closing closing = {.count = 0};

	pthread_mutex_lock(&s->lock);
	s->is_reserved = true;
	while (s->lent_count)
		if (pthread_cond_timedwait(&s->given, &s->lock, &until))
			break;
	detach(s, &closing);
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
}

static void unreserve(struct stores *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_reserved = false;
	pthread_cond_broadcast(&s->given);
	pthread_mutex_unlock(&s->lock);
}

/* Under the writer's lock, as is the one below. */
static int open_writer(struct stores *s, struct err *err)
{
	int ret;

	reserve(s);
	ret = store_open_within(s->db, WRITER_BUSY_MS, &s->writer, err);
	unreserve(s);
	return ret;
}

static void close_writer(struct stores *s)
{
	if (!s->writer)
		return;
	reserve(s);
	store_close(s->writer);
	unreserve(s);
	s->writer = NULL;
}

int stores_take(struct stores *s, struct lease *lease, struct err *err)
{
	struct closing closing = {.count = 0};
	int ret;

	*lease = (struct lease){.store = NULL};
	pthread_mutex_lock(&s->lock);
	ret = wait_for_turn(s, err);
	if (!ret)
		look_at_file(s, &closing);
	lease->file = s->file;
	if (!ret && s->reader_count)
		lease->store = s->readers[--s->reader_count];
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
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
	note_use(s);
	if (store && is_sound && lease->file == s->file) {
		s->readers[s->reader_count++] = store;
		store = NULL;
	}
	pthread_cond_broadcast(&s->given);
	pthread_mutex_unlock(&s->lock);
	store_close(store);
	lease->store = NULL;
}

int stores_take_writer(struct stores *s, struct store **out, struct err *err)
{
	struct closing closing = {.count = 0};
	bool is_other;
	int ret;

	pthread_mutex_lock(&s->writer_lock);
	pthread_mutex_lock(&s->lock);
	look_at_file(s, &closing);
	is_other = s->writer && s->writer_file != s->file;
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
	if (is_other)
		close_writer(s);
	ret = s->writer ? store_check(s->writer, err) : open_writer(s, err);
	*out = s->writer;
	if (ret)
		stores_give_writer(s, false);
	return ret;
}

void stores_give_writer(struct stores *s, bool is_sound)
{
	struct closing closing = {.count = 0};

	if (!is_sound)
		close_writer(s);
	pthread_mutex_lock(&s->lock);
	/* It may have been made just now. */
	look_at_file(s, &closing);
	s->writer_file = s->file;
	s->has_writer = s->writer;
	s->written_mono_ns = clock_mono_ns();
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
	pthread_mutex_unlock(&s->writer_lock);
}

/* Under the lock: it never waits for that of the file. */
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
	struct closing closing = {.count = 0};
	uint64_t generation, seen = atomic_load(&s->look_count);
	struct timespec until = deadline(TURN_MS * NS_PER_MS);

	pthread_mutex_lock(&s->lock);
	while (s->is_reserved &&
	       !pthread_cond_timedwait(&s->given, &s->lock, &until))
		;
	/* A look that began after this call did is as good as one of its own. */
	if (atomic_load(&s->look_count) == seen) {
		atomic_fetch_add(&s->look_count, 1);
		look_at_file(s, &closing);
		s->is_known = look_at_version(s);
	}
	generation = s->is_known ? s->generation : 0;
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
	return generation;
}

/* A writer that is at work is not idle, however long it takes. */
static void close_idle_writer(struct stores *s)
{
	if (pthread_mutex_trylock(&s->writer_lock))
		return;
	close_writer(s);
	pthread_mutex_lock(&s->lock);
	s->has_writer = false;
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->writer_lock);
}

/*
 * Under the lock, which is given back meanwhile. While a reader is lent others
 * may wait for what it gives. The writer stays longer, and as long as there are
 * readers: making one plain file again needs the file for itself.
 */
static void close_idle(struct stores *s)
{
	struct closing closing = {.count = 0};
	uint64_t now_ns = clock_mono_ns();
	bool is_writer_idle = now_ns - s->written_mono_ns >= WRITER_IDLE_NS;

	if (s->lent_count || now_ns - s->used_mono_ns < IDLE_NS)
		return;
	s->closer_sleeps = !s->has_writer || is_writer_idle;
	detach(s, &closing);
	pthread_mutex_unlock(&s->lock);
	closing_end(&closing);
	if (is_writer_idle)
		close_idle_writer(s);
	pthread_mutex_lock(&s->lock);
}

static void *close_when_idle(void *arg)
{
	struct stores *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->is_stopping) {
		struct timespec until = deadline(LOOK_AGAIN_NS);

		if (s->closer_sleeps) {
			pthread_cond_wait(&s->used, &s->lock);
			continue;
		}
		pthread_cond_timedwait(&s->used, &s->lock, &until);
		if (!s->is_stopping)
			close_idle(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int stores_create(const char *db, struct stores **out, struct err *err)
{
	struct stores *s = xcalloc(1, sizeof(*s));
	int ret;

	s->db = db;
	pthread_mutex_init(&s->writer_lock, NULL);
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->given);
	cond_init(&s->used);
	ret = thread_start(&s->closer, CLOSER_STACK_BYTES, close_when_idle, s);
	if (ret) {
		stores_destroy(s);
		return err_sys(err, ret, "cannot start a thread");
	}
	s->has_closer = true;
	*out = s;
	return 0;
}

void stores_destroy(struct stores *s)
{
	struct closing closing = {.count = 0};

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_stopping = true;
	pthread_cond_signal(&s->used);
	pthread_mutex_unlock(&s->lock);
	if (s->has_closer)
		pthread_join(s->closer, NULL);
	detach(s, &closing);
	closing_end(&closing);
	store_close(s->writer);
	pthread_cond_destroy(&s->given);
	pthread_cond_destroy(&s->used);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->writer_lock);
	free(s);
}
