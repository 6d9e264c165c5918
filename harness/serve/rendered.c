// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/rendered.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "harness/base/cache.h"
#include "harness/base/err.h"
#include "harness/serve/http.h"
#include "harness/serve/query.h"
#include "harness/serve/stores.h"
#include "harness/store/run_list.h"

/* Of one answer; STORE is NULL where it is still to be lent. */
struct making {
	const struct rendered *r;
	const struct http_route *route;
	const struct http_request *rq;
	struct store *store;
};

static const struct answer *answer_of(const struct http_route *route)
{
	return route->answer;
}

static int make_with(void *arg, struct strbuf *out, struct err *err)
{
	struct making *m = arg;
	struct http_reply re = {.status = 0};
	int ret = answer_of(m->route)->show(m->store, m->rq, &re, err);

	if (ret)
		strbuf_release(&re.body);
	*out = re.body;
	return ret;
}

/* A missing store must not look like a missing page. */
static int lend(const struct rendered *r, struct lease *lease, struct err *err)
{
	return stores_take(r->stores, lease, err) ? -EIO : 0;
}

/* With all that an answer may have beside its body. */
static int show_anew(const struct making *m, struct http_reply *re,
		     struct err *err)
{
	struct lease lease;
	int ret = lend(m->r, &lease, err);

	if (ret)
		return ret;
	ret = answer_of(m->route)->show(lease.store, m->rq, re, err);
	stores_give(m->r->stores, &lease, ret != -EIO);
	return ret;
}

static int make_answer(void *arg, struct strbuf *out, struct err *err)
{
	struct http_reply re = {.status = 0};
	int ret = show_anew(arg, &re, err);

	if (ret)
		strbuf_release(&re.body);
	*out = re.body;
	return ret;
}

/* All that an answer depends on: WHAT it is of, and what was asked. */
static void make_key(const struct making *m, const char *what,
		     uint8_t key[CACHE_KEY_BYTES])
{
	const struct query *q = m->rq->query;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	size_t i;

	EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	/* With their ends, so that no two lists of texts look the same. */
	EVP_DigestUpdate(hash, what, strlen(what) + 1);
	EVP_DigestUpdate(hash, m->route->pattern,
			 strlen(m->route->pattern) + 1);
	EVP_DigestUpdate(hash, m->rq->item, strlen(m->rq->item) + 1);
	for (i = 0; i < q->count; i++) {
		const struct query_parameter *p = &q->parameters[i];

		EVP_DigestUpdate(hash, p->name, strlen(p->name) + 1);
		EVP_DigestUpdate(hash, p->value, strlen(p->value) + 1);
	}
	EVP_DigestFinal_ex(hash, key, NULL);
	EVP_MD_CTX_free(hash);
}

static int show_kept(struct making *m, const char *what,
		     int (*maker)(void *arg, struct strbuf *out,
				  struct err *err),
		     struct http_reply *re, struct err *err)
{
	uint8_t key[CACHE_KEY_BYTES];

	make_key(m, what, key);
	return cache_get(m->r->cache, key, maker, m, &re->body, err);
}

/* A run that goes on has more boots each time, and so another key. */
static int show_run(struct making *m, struct http_reply *re, struct err *err)
{
	const struct run_filter f = {.uuid = m->rq->item, .max_count = 1};
	struct run_list list = {.count = 0};
	struct lease lease;
	char what[160] = "";
	int ret = lend(m->r, &lease, err);

	if (ret)
		return ret;
	m->store = lease.store;
	ret = run_list_load(m->store, &f, &list, err);
	if (!ret && list.count) {
		const struct run_line *line = &list.lines[0];

		snprintf(what, sizeof(what),
			 "run %" PRId64 " %.16s %" PRIu64 " %" PRIu64, line->id,
			 line->status, line->ended_unix_ns, line->boot_count);
		ret = show_kept(m, what, make_with, re, err);
	} else if (!ret) {
		ret = make_with(m, &re->body, err);
	}
	run_list_release(&list);
	stores_give(m->r->stores, &lease, ret != -EIO);
	return ret;
}

int rendered_show(const struct rendered *r, const struct http_route *route,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err)
{
	struct making m = {.r = r, .route = route, .rq = rq};
	const struct answer *answer = answer_of(route);
	uint64_t generation;
	char what[32];

	if (!answer->needs_store)
		return answer->show(NULL, rq, re, err);
	if (answer->keep == KEEP_RUN)
		return show_run(&m, re, err);
	generation =
		answer->keep == KEEP_VERSION ? stores_generation(r->stores) : 0;
	if (!generation)
		return show_anew(&m, re, err);
	snprintf(what, sizeof(what), "version %" PRIu64, generation);
	return show_kept(&m, what, make_answer, re, err);
}
