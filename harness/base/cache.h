/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_CACHE_H
#define HARNESS_BASE_CACHE_H

/*
 * cache - bytes that are slow to make, by a hash of their input. The size is
 * bounded: the least recently used entry is dropped. If several threads ask for
 * the same entry at once, one makes it and the others wait.
 */
#include <stddef.h>
#include <stdint.h>

struct cache;
struct err;
struct strbuf;

#define CACHE_KEY_BYTES 32 /* a SHA-256 */

struct cache *cache_create(uint64_t max_bytes); /* its own overhead included */
void cache_destroy(struct cache *c);            /* NULL is fine */

/*
 * Appends the bytes of KEY to OUT, and calls MAKE if there are none. Waiters
 * get the error of a failed MAKE; the next call tries it again. Any thread may
 * call; MAKE must not ask for its own KEY. 0 or what MAKE failed with.
 */
int cache_get(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
	      int (*make)(void *arg, struct strbuf *out, struct err *err),
	      void *arg, struct strbuf *out, struct err *err);

/*
 * Drop all but the COUNT entries that were asked for last: for a caller that asks for
 * all it needs each time, so that what it needs no more does not stay until the cache
 * is full. Any thread.
 */
void cache_keep_newest(struct cache *c, size_t count);

/* What it holds now. */
uint64_t cache_bytes(struct cache *c);

#endif
