// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define BUCKETS 1024u

struct entry {
	uint8_t key[CACHE_KEY_BYTES];
	void *bytes;       /* a mapping of its own, or NULL */
	size_t byte_count; /* of them, without the rest of the last page */
	bool is_made;
	bool is_listed;          /* in its bucket and among the others */
	unsigned int user_count; /* threads that make it or wait for it */
	int ret;
	struct err err;              /* with it */
	struct entry *next;          /* of its bucket */
	struct entry *newer, *older; /* by when they were last asked for */
};

struct cache {
	uint64_t max_bytes;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t made;
	uint64_t bytes;
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
};

struct cache *cache_create(uint64_t max_bytes)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	c->max_bytes = max_bytes;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->made, NULL);
	return c;
}

static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/*
 * What is cached lives long, and is of all sizes. In the heap, among what lives as
 * long as a request, it left holes that grew for hours.
 */
static int entry_keep(struct entry *e, const struct strbuf *made,
		      struct err *err)
{
	if (!made->len)
		return 0;
	e->bytes = mmap(NULL, whole_pages(made->len), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->bytes == MAP_FAILED) {
		e->bytes = NULL;
		return err_set(err, -errno, "cannot map %zu bytes", made->len);
	}
	memcpy(e->bytes, made->str, made->len);
	e->byte_count = made->len;
	return 0;
}

static void entry_free(struct entry *e)
{
	if (e->bytes)
		munmap(e->bytes, whole_pages(e->byte_count));
	free(e);
}

void cache_destroy(struct cache *c)
{
	struct entry *e, *older;

	if (!c)
		return;
	for (e = c->newest; e; e = older) {
		older = e->older;
		entry_free(e);
	}
	pthread_cond_destroy(&c->made);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static uint64_t size_of(const struct entry *e)
{
	return sizeof(*e) + whole_pages(e->byte_count);
}

/* The key is a hash: any of its bytes will do. */
static struct entry **bucket_of(struct cache *c,
				const uint8_t key[CACHE_KEY_BYTES])
{
	return &c->buckets[(key[0] | (unsigned int)key[1] << 8) % BUCKETS];
}

static void order_remove(struct cache *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void order_add(struct cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void list(struct cache *c, struct entry *e)
{
	struct entry **bucket = bucket_of(c, e->key);

	e->next = *bucket;
	*bucket = e;
	e->is_listed = true;
	c->bytes += size_of(e);
	order_add(c, e);
}

static void unlist(struct cache *c, struct entry *e)
{
	struct entry **at = bucket_of(c, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->is_listed = false;
	c->bytes -= size_of(e);
	order_remove(c, e);
	if (!e->user_count)
		entry_free(e);
}

static struct entry *find_entry(struct cache *c, const uint8_t *key)
{
	struct entry *e = *bucket_of(c, key);

	while (e && memcmp(e->key, key, CACHE_KEY_BYTES))
		e = e->next;
	return e;
}

/* What is being made stays: it weighs nothing yet, and others wait for it. */
static void make_room(struct cache *c)
{
	struct entry *e, *newer;

	for (e = c->oldest; e && c->bytes > c->max_bytes; e = newer) {
		newer = e->newer;
		if (e->is_made)
			unlist(c, e);
	}
}

/* Under the lock, which is given back meanwhile. */
static void entry_make(struct cache *c, struct entry *e,
		       int (*make)(void *arg, struct strbuf *out,
				   struct err *err),
		       void *arg)
{
	struct strbuf made = {0};
	struct err err = {0};
	int ret;

	pthread_mutex_unlock(&c->lock);
	ret = make(arg, &made, &err);
	/* Nobody reads these bytes before it is made. */
	if (!ret)
		ret = entry_keep(e, &made, &err);
	strbuf_release(&made);
	pthread_mutex_lock(&c->lock);
	e->ret = ret;
	e->err = err;
	e->is_made = true;
	c->bytes += whole_pages(e->byte_count);
	if (ret)
		unlist(c, e);
	else
		make_room(c);
	pthread_cond_broadcast(&c->made);
}

int cache_get(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
	      int (*make)(void *arg, struct strbuf *out, struct err *err),
	      void *arg, struct strbuf *out, struct err *err)
{
	struct entry *e;
	int ret;

	pthread_mutex_lock(&c->lock);
	e = find_entry(c, key);
	if (e) {
		e->user_count++;
		order_remove(c, e);
		order_add(c, e);
		while (!e->is_made)
			pthread_cond_wait(&c->made, &c->lock);
	} else {
		e = xcalloc(1, sizeof(*e));
		memcpy(e->key, key, CACHE_KEY_BYTES);
		e->user_count = 1;
		list(c, e);
		entry_make(c, e, make, arg);
	}
	pthread_mutex_unlock(&c->lock);
	/* It is complete and stays while it is in use: no thread changes it
	 * during the copy, and no thread waits for the copy. */
	ret = e->ret;
	if (ret)
		*err = e->err;
	else
		strbuf_add(out, e->bytes ? e->bytes : "", e->byte_count);
	pthread_mutex_lock(&c->lock);
	if (!--e->user_count && !e->is_listed)
		entry_free(e);
	pthread_mutex_unlock(&c->lock);
	return ret;
}

void cache_keep_newest(struct cache *c, size_t count)
{
	struct entry *e, *older;

	pthread_mutex_lock(&c->lock);
	for (e = c->newest; e; e = older) {
		older = e->older;
		if (count)
			count--;
		else if (e->is_made)
			unlist(c, e);
	}
	pthread_mutex_unlock(&c->lock);
}

uint64_t cache_bytes(struct cache *c)
{
	uint64_t bytes;

	pthread_mutex_lock(&c->lock);
	bytes = c->bytes;
	pthread_mutex_unlock(&c->lock);
	return bytes;
}
