// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/cache.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/serve/accept.h"
#include "harness/serve/http.h"
#include "harness/serve/views.h"
#include "harness/store/stored_json.h"
#include "reports/data/openmetrics.h"

/* By enum exposition; who is content with either gets the older one, which
 * more programs read, and people too. */
static const char *const types[] = {METRICS_TYPE, METRICS_TYPE_TEXT};

static enum exposition choose(const char *accept)
{
	static const char *const offers[] = {METRICS_TYPE_TEXT, METRICS_TYPE};

	if (!accept || !*accept)
		return EXPOSITION_OPENMETRICS;
	return accept_choose(accept, offers, ARRAY_SIZE(offers)) == 1
		       ? EXPOSITION_OPENMETRICS
		       : EXPOSITION_PROMETHEUS;
}

/* The runs of one answer. */
struct scrape {
	struct strbuf *texts; /* owned: a line for the node, and samples */
	const char **samples; /* within these */
	size_t count;         /* of both */
	size_t sample_count;  /* lines of all of them */
	uint64_t omitted_runs;
};

static void scrape_release(struct scrape *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		strbuf_release(&s->texts[i]);
	free(s->texts);
	free(s->samples);
}

/* A run that is to be read. */
struct reading {
	struct store *store;
	const struct run_line *line;
};

/* ["FLEET", "NODE"], or nothing for a run outside of fleets. */
static void write_node(const char *fingerprint, struct strbuf *out)
{
	json_t *f = stored_json(fingerprint);
	json_t *node = json_pack("[O?, O?]", json_object_get(f, FLEET_NAME),
				 json_object_get(f, FLEET_NODE));
	char *text = NULL;

	if (json_is_string(json_array_get(node, 1)))
		text = json_dumps(node, JSON_COMPACT);
	strbuf_puts(out, text ? text : "");
	strbuf_puts(out, "\n");
	free(text);
	json_decref(node);
	json_decref(f);
}

static int read_run(void *arg, struct strbuf *out, struct err *err)
{
	const struct reading *r = arg;
	struct view_figures v;
	int ret = view_figures_load(r->store, r->line->uuid, &v, err);

	if (ret)
		return ret;
	write_node(v.run.fingerprint, out);
	openmetrics_run_samples(&v.model, r->line->host, out);
	view_figures_release(&v);
	return 0;
}

/* A run that goes on has more boots each time, and so another key. */
static void make_key(const struct run_line *line, uint8_t key[CACHE_KEY_BYTES])
{
	struct strbuf what = {0};

	strbuf_printf(&what, "%s %s %" PRIu64 " %" PRIu64, line->uuid,
		      line->status, line->ended_unix_ns, line->boot_count);
	EVP_Digest(what.str, what.len, key, NULL, EVP_sha256(), NULL);
	strbuf_release(&what);
}

/* Pods have names of their own: a node may be the latest of several hosts. */
static bool has_node(const struct scrape *s, const char *text)
{
	size_t len = strcspn(text, "\n") + 1;
	size_t i;

	for (i = 0; len > 1 && i < s->count; i++)
		if (!strncmp(s->texts[i].str, text, len))
			return true;
	return false;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

/* Whether it fits; TEXT is taken over, or released. */
static bool add_text(struct scrape *s, struct strbuf *text)
{
	size_t lines = count_lines(text->str) - 1;
	bool fits = s->sample_count + lines <= METRICS_MAX_SAMPLES;

	if (!fits || has_node(s, text->str)) {
		strbuf_release(text);
		return fits;
	}
	s->texts[s->count] = *text;
	s->samples[s->count++] = strchr(text->str, '\n') + 1;
	s->sample_count += lines;
	return true;
}

/* A run that was pruned meanwhile is no error. */
static int add_run(struct cache *kept, struct reading *r, struct scrape *s,
		   bool *fits, struct err *err)
{
	uint8_t key[CACHE_KEY_BYTES];
	struct strbuf text = {0};
	int ret;

	make_key(r->line, key);
	ret = cache_get(kept, key, read_run, r, &text, err);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*fits = add_text(s, &text);
	return 0;
}

static int scrape_load(struct cache *kept, struct store *store,
		       struct scrape *s, struct err *err)
{
	const struct run_filter f = {.is_latest_of_host = true,
				     .max_count = METRICS_MAX_RUNS};
	struct reading r = {.store = store};
	struct run_list list;
	bool fits = true;
	size_t i;
	int ret = run_list_load(store, &f, &list, err);

	if (ret)
		return ret;
	s->texts = xcalloc(list.count + 1, sizeof(*s->texts));
	s->samples = xcalloc(list.count + 1, sizeof(*s->samples));
	for (i = 0; i < list.count && !ret && fits; i++) {
		r.line = &list.lines[i];
		ret = add_run(kept, &r, s, &fits, err);
	}
	/* A run that a later one of its host took the place of. */
	if (!ret)
		cache_keep_newest(kept, i);
	s->omitted_runs = list.count - i + !fits + list.has_more;
	run_list_release(&list);
	return ret;
}

static void write_own(const struct http *http, uint64_t omitted_runs,
		      enum exposition format, struct strbuf *out)
{
	static const struct family omitted = {
		"l1vh_serve_omitted_runs", FAMILY_GAUGE, "runs",
		"Latest runs left out because this answer is full."};
	static const struct family replies = {
		"l1vh_serve_replies", FAMILY_COUNTER, NULL,
		"Responses of this server, by status."};
	unsigned int digit;
	char status[4];

	exposition_head(format, &omitted, out);
	strbuf_printf(out, "%s %" PRIu64 "\n", omitted.name, omitted_runs);
	exposition_head(format, &replies, out);
	for (digit = 2; digit < 6; digit++) {
		snprintf(status, sizeof(status), "%uxx", digit);
		exposition_sample(&replies, out);
		exposition_label("status", status, out);
		exposition_value((double)http_reply_count(http, digit), out);
	}
}

int metrics_show(struct cache *kept, struct store *store,
		 const struct http *http, const struct http_request *rq,
		 struct http_reply *re, struct err *err)
{
	enum exposition format = choose(rq->accept);
	struct scrape s = {.count = 0};
	int ret = scrape_load(kept, store, &s, err);

	if (!ret) {
		re->type = types[format];
		re->vary = "Accept";
		openmetrics_write_runs(format, s.samples, s.count, &re->body);
		write_own(http, s.omitted_runs, format, &re->body);
		exposition_end(format, &re->body);
	}
	scrape_release(&s);
	return ret;
}
