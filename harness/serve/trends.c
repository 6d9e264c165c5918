// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/trends.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/cache.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/trend.h"
#include "harness/store/history.h"

/* A trend has few changes: less than a KiB. */
#define KEPT_BYTES (2 * MIB)

static struct cache *kept; /* for as long as the process lives */

static void make_kept(void)
{
	kept = cache_create(KEPT_BYTES);
}

/* All that trend_init() looks at. */
static void hash_of(const struct history *h, uint8_t key[CACHE_KEY_BYTES])
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	size_t i;

	EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	EVP_DigestUpdate(hash, &h->lower_is_better, sizeof(h->lower_is_better));
	EVP_DigestUpdate(hash, &h->value_count, sizeof(h->value_count));
	EVP_DigestUpdate(hash, h->values, h->value_count * sizeof(*h->values));
	for (i = 0; i < h->run_count; i++) {
		const struct history_run *r = &h->runs[i];

		EVP_DigestUpdate(hash, &r->count, sizeof(r->count));
		EVP_DigestUpdate(hash, r->grade, strlen(r->grade) + 1);
		EVP_DigestUpdate(hash, r->fingerprint,
				 strlen(r->fingerprint) + 1);
	}
	EVP_DigestFinal_ex(hash, key, NULL);
	EVP_MD_CTX_free(hash);
}

/* Both lists with their lengths; read back by this process alone. */
static int find(void *arg, struct strbuf *out, struct err *err)
{
	struct trend t;

	(void)err;
	trend_init(&t, arg, &change_defaults);
	strbuf_add(out, &t.change_count, sizeof(t.change_count));
	strbuf_add(out, &t.break_count, sizeof(t.break_count));
	strbuf_add(out, t.changes, t.change_count * sizeof(*t.changes));
	strbuf_add(out, t.breaks, t.break_count * sizeof(*t.breaks));
	trend_release(&t);
	return 0;
}

static void *take(const char **at, size_t count, size_t size)
{
	void *list = xcalloc(count, size);

	memcpy(list, *at, count * size);
	*at += count * size;
	return list;
}

void trends_find(struct trend *t, const struct history *h)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint8_t key[CACHE_KEY_BYTES];
	struct strbuf bytes = {0};
	struct err err;
	const char *at;

	pthread_once(&once, make_kept);
	hash_of(h, key);
	cache_get(kept, key, find, (void *)h, &bytes, &err);
	*t = (struct trend){.h = h};
	memcpy(&t->change_count, bytes.str, sizeof(t->change_count));
	memcpy(&t->break_count, bytes.str + sizeof(t->change_count),
	       sizeof(t->break_count));
	at = bytes.str + sizeof(t->change_count) + sizeof(t->break_count);
	t->changes = take(&at, t->change_count, sizeof(*t->changes));
	t->breaks = take(&at, t->break_count, sizeof(*t->breaks));
	strbuf_release(&bytes);
}
