// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/dashboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/cache.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/api.h"
#include "harness/serve/fleet_pages.h"
#include "harness/serve/host_pages.h"
#include "harness/serve/http.h"
#include "harness/serve/live.h"
#include "harness/serve/metrics.h"
#include "harness/serve/overview.h"
#include "harness/serve/pages.h"
#include "harness/serve/rates.h"
#include "harness/serve/rendered.h"
#include "harness/serve/search.h"
#include "harness/serve/series_page.h"
#include "harness/serve/stores.h"
#include "harness/serve/tls.h"
#include "harness/serve/tokens.h"
#include "harness/serve/upload.h"
#include "harness/serve/watch.h"
#include "reports/html/html.h"

/* A half for pages: a list takes 30 KiB, the page of a run up to some MiB with its
 * plots. A half for figures: room for METRICS_MAX_SAMPLES lines. */
#define CACHE_BYTES (64 * MIB)

struct dashboard {
	struct dashboard_config cfg;
	struct http *http; /* owned */
	struct tokens tokens;
	bool has_tokens;
	struct tls tls;
	struct rates rates;
	struct stores *stores; /* owned */
	struct cache *pages;   /* owned */
	struct cache *figures; /* owned; of /metrics */
	struct watch *watch;   /* owned */
	struct upload upload;
};

static int show_health(struct store *store, const struct http_request *rq,
		       struct http_reply *re, struct err *err)
{
	(void)store;
	(void)rq;
	(void)err;
	strbuf_puts(&re->body, "ok\n");
	return 0;
}

static int show_metrics(struct store *store, const struct http_request *rq,
			struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	return metrics_show(d->figures, store, d->http, rq, re, err);
}

static int take_bundle(struct store *store, const struct http_request *rq,
		       struct http_reply *re, struct err *err)
{
	struct dashboard *d = rq->arg;

	(void)store;
	return upload_import(&d->upload, rq->body_fd, re, err);
}

/* These are made of what the watch knows, which takes no time. */
static int show_overview(struct store *store, const struct http_request *rq,
			 struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	return overview_page(d->watch, store, rq, re, err);
}

static int show_board(struct store *store, const struct http_request *rq,
		      struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	return overview_board(d->watch, store, rq, re, err);
}

static int show_host(struct store *store, const struct http_request *rq,
		     struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	(void)store;
	return host_page(d->watch, rq, re, err);
}

static int show_claims(struct store *store, const struct http_request *rq,
		       struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	(void)store;
	return host_claims_page(d->watch, rq, re, err);
}

static int show_search(struct store *store, const struct http_request *rq,
		       struct http_reply *re, struct err *err)
{
	const struct dashboard *d = rq->arg;

	return search_page(d->watch, store, rq, re, err);
}

#define TOLD(http_keep, needs_store, keep, show) \
	&(const struct answer){needs_store, keep, show}, http_keep
#define ANSWER(needs_store, keep, show) \
	TOLD(HTTP_REVALIDATE, needs_store, keep, show)

static const struct http_route routes[] = {
	{"GET", "/", HTTP_HTML, ANSWER(true, KEEP_NOT, show_overview)},
	{"GET", "/board", HTTP_HTML, ANSWER(true, KEEP_NOT, show_board)},
	{"GET", "/host", HTTP_HTML, ANSWER(false, KEEP_NOT, show_host)},
	{"GET", "/claims", HTTP_HTML, ANSWER(false, KEEP_NOT, show_claims)},
	{"GET", "/runs", HTTP_HTML, ANSWER(true, KEEP_VERSION, page_runs)},
	{"GET", "/search", HTTP_HTML, ANSWER(true, KEEP_NOT, show_search)},
	{"GET", "/runs/*.json", HTTP_JSON, ANSWER(true, KEEP_RUN, api_run)},
	{"GET", "/runs/*", HTTP_HTML, ANSWER(true, KEEP_RUN, page_run)},
	{"GET", "/compare", HTTP_HTML,
	 ANSWER(true, KEEP_VERSION, page_compare)},
	{"GET", "/history", HTTP_HTML, ANSWER(true, KEEP_VERSION, series_page)},
	{"GET", "/hosts", HTTP_HTML, ANSWER(true, KEEP_VERSION, page_hosts)},
	{"GET", "/fleets", HTTP_HTML, ANSWER(true, KEEP_VERSION, page_fleets)},
	{"GET", "/fleets/*", HTTP_HTML, ANSWER(true, KEEP_VERSION, page_fleet)},
	{"GET", "/nodes/*", HTTP_HTML, ANSWER(true, KEEP_VERSION, page_node)},
	{"GET", "/api/v1/fleets", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_fleets)},
	{"GET", "/api/v1/fleets/*", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_fleet)},
	{"GET", "/api/v1/nodes/*", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_node)},
	{"GET", "/api/v1/runs", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_runs)},
	{"GET", "/api/v1/runs/*", HTTP_JSON, ANSWER(true, KEEP_RUN, api_run)},
	{"GET", "/api/v1/compare", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_compare)},
	{"GET", "/api/v1/history", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_history)},
	{"GET", "/api/v1/hosts", HTTP_JSON,
	 ANSWER(true, KEEP_VERSION, api_hosts)},
	{"GET", "/live", HTTP_HTML, ANSWER(true, KEEP_VERSION, live_page)},
	{"GET", "/api/v1/live", LIVE_EVENTS,
	 TOLD(HTTP_NO_STORE, true, KEEP_VERSION, live_event)},
	{"GET", "/static/live.js", LIVE_SCRIPT,
	 ANSWER(false, KEEP_NOT, live_script)},
	{"POST", "/api/v1/bundles", HTTP_JSON,
	 ANSWER(false, KEEP_NOT, take_bundle)},
	{"GET", "/metrics", METRICS_TYPE,
	 TOLD(HTTP_NO_STORE, true, KEEP_NOT, show_metrics)},
	{"GET", "/healthz", HTTP_TEXT,
	 TOLD(HTTP_NO_STORE, false, KEEP_NOT, show_health)},
	{"GET", "/favicon.ico", "image/svg+xml",
	 TOLD(HTTP_ASSET, false, KEEP_NOT, page_icon)},
	{0},
};

static int admit(void *arg, const struct http_route *route,
		 const struct http_request *rq, struct err *err)
{
	struct dashboard *d = arg;
	const struct answer *answer = route->answer;
	bool is_write = answer->show == take_bundle;
	int ret;

	/* A health check needs no token and has no rate limit. */
	if (answer->show == show_health)
		return 0;
	ret = rates_check(&d->rates, rq->address, clock_mono_ns(), err);
	if (ret)
		return ret;
	if (!is_write && !d->cfg.read_needs_token)
		return 0;
	if (!d->has_tokens)
		return err_set(
			err, -EPERM,
			"this server has no tokens file and accepts no bundles");
	ret = tokens_check(&d->tokens, rq->authorization,
			   is_write ? TOKEN_WRITE : TOKEN_READ, rq->address,
			   err);
	return ret || !is_write ? ret : upload_check_type(rq, err);
}

static int open_body(void *arg, struct err *err)
{
	struct dashboard *d = arg;

	return upload_open(&d->upload, err);
}

static int call(void *arg, const struct http_route *route,
		const struct http_request *rq, struct http_reply *re,
		struct err *err)
{
	const struct dashboard *d = arg;
	const struct rendered rendered = {d->pages, d->stores};

	return rendered_show(&rendered, route, rq, re, err);
}

static void write_error(const char *reason, const char *type,
			struct http_reply *re)
{
	re->type = type;
	if (!strcmp(type, HTTP_JSON))
		api_error(reason, re);
	else
		page_error(reason, re);
}

static int load_tokens(struct dashboard *d, struct err *err)
{
	int ret;

	if (!d->cfg.tokens)
		return d->cfg.read_needs_token
			       ? err_set(err, -EINVAL,
					 "readers need a token, but there is no tokens file")
			       : 0;
	ret = tokens_load(d->cfg.tokens, &d->tokens, err);
	d->has_tokens = !ret;
	return ret;
}

int dashboard_start(const struct dashboard_config *cfg, struct dashboard **out,
		    struct err *err)
{
	struct dashboard *d = xcalloc(1, sizeof(*d));
	struct http_config http = {.listen = cfg->listen,
				   .timeout_s = cfg->timeout_s,
				   .max_upload_bytes = cfg->max_upload_bytes,
				   .routes = routes,
				   .hosts = cfg->hosts,
				   .style = html_style(),
				   .admit = admit,
				   .open_body = open_body,
				   .call = call,
				   .write_error = write_error,
				   .arg = d};
	int ret;

	d->cfg = *cfg;
	rates_init(&d->rates, cfg->max_per_s);
	ret = load_tokens(d, err);
	if (!ret)
		ret = tls_load(cfg->tls_cert, cfg->tls_key, &d->tls, err);
	d->stores = stores_create(cfg->db);
	d->pages = cache_create((cfg->cache_bytes ?: CACHE_BYTES) / 2);
	d->figures = cache_create((cfg->cache_bytes ?: CACHE_BYTES) / 2);
	upload_init(&d->upload, cfg->db);
	if (!ret)
		d->watch = watch_create(d->stores);
	http.cert = d->tls.cert;
	http.key = d->tls.key;
	if (!ret)
		ret = http_start(&http, &d->http, err);
	if (ret) {
		dashboard_stop(d);
		return ret;
	}
	*out = d;
	return 0;
}

void dashboard_stop(struct dashboard *d)
{
	if (!d)
		return;
	http_stop(d->http);
	if (d->has_tokens)
		tokens_release(&d->tokens);
	tls_release(&d->tls);
	rates_release(&d->rates);
	upload_release(&d->upload);
	watch_destroy(d->watch);
	stores_destroy(d->stores);
	cache_destroy(d->pages);
	cache_destroy(d->figures);
	free(d);
}

const char *dashboard_url(const struct dashboard *d)
{
	return http_url(d->http);
}
