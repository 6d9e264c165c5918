/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_CACHE_H
#define HARNESS_BASE_CACHE_H

/*
 * cache - bytes that take long to make, by a hash of what they are made of.
 * Bounded: what was not asked for longest is forgotten. Of several who ask for
 * the same at once one makes it, and the others wait for that one.
 */
#include <stddef.h>
#include <stdint.h>

struct cache;
struct err;
struct strbuf;

#define CACHE_KEY_BYTES 32 /* a SHA-256 */

struct cache *cache_create(uint64_t max_bytes); /* its own overhead included */
void cache_destroy(struct cache *c);            /* NULL is fine */

/* What a maker returns for bytes that are good for who waits for them alone. */
#define CACHE_NOT_KEPT 1

/*
 * Appends what is of KEY to OUT; MAKE is called if it has to be made. Who waits
 * for a MAKE that failed is told the same; the next who asks has it tried again.
 * Any thread may call; MAKE must not ask for its own KEY. 0 or what MAKE failed
 * with.
 */
int cache_get(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
	      int (*make)(void *arg, struct strbuf *out, struct err *err),
	      void *arg, struct strbuf *out, struct err *err);

/* What it holds now. */
uint64_t cache_bytes(struct cache *c);

#endif
