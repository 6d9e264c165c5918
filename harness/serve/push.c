// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/push.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define RETRY_COUNT 3
#define CONNECT_TIMEOUT_S 10L
/* Less than one byte per second for a minute counts as a failure. */
#define STALL_S 60L
/* Of a try that begins after *stop: who stops us waits only so long. */
#define LAST_TRY_S 10L
#define MAX_REPLY_BYTES (64 * KIB)
/* A server's Retry-After beyond this would be a mistake. */
#define MAX_RETRY_AFTER_S 600
#define LOOK_AGAIN_NS (100 * NS_PER_MS)
#define CLOCKS_AGREE_S 60

/* What a try came to. */
enum outcome {
	TAKEN,
	UNAVAILABLE,  /* may be better in a moment */
	UNAUTHORIZED, /* may be better once somebody has renewed the token */
	FINAL,
};

/* One call of push_bundle(). */
struct pushing {
	const struct push *p;
	CURL *curl;
	FILE *bundle;
	char *url;
	bool is_last; /* *stop was true before this try */
	long retry_after_s;
	struct push_reply *reply;
};

static bool is_stopped(const struct push *p)
{
	return p->stop && *p->stop;
}

static size_t take_reply(char *data, size_t size, size_t count, void *arg)
{
	struct strbuf *reply = arg;

	if (reply->len + size * count > MAX_REPLY_BYTES)
		return 0;
	strbuf_add(reply, data, size * count);
	return size * count;
}

/* A transfer under way when *stop becomes true makes room for the last try. */
static int look_at_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
			curl_off_t d)
{
	const struct pushing *x = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return !x->is_last && is_stopped(x->p);
}

/* Tokens are renewed and routes are set up while a fleet waits. */
static enum outcome outcome_of(long status)
{
	if (status == 200 || status == 201)
		return TAKEN;
	if (status >= 500 || status == 408 || status == 429)
		return UNAVAILABLE;
	return status == 401 || status == 403 || status == 404 || status == 421
		       ? UNAUTHORIZED
		       : FINAL;
}

/* The server's reason; the text may be anything. */
static void keep_refusal(long status, const struct strbuf *reply,
			 struct err *err)
{
	json_t *o = json_loads(strbuf_str(reply), 0, NULL);
	const char *text = json_string_value(json_object_get(o, "error"));
	char reason[200];

	snprintf(reason, sizeof(reason), "%s", text ? text : "no reason given");
	text_clean(reason);
	json_decref(o);
	err_set(err,
		outcome_of(status) == UNAVAILABLE ? -EHOSTUNREACH : -EPROTO,
		"the server answered %ld: %s", status, reason);
}

static void set_options(struct pushing *x, struct curl_slist *headers,
			struct strbuf *reply)
{
	struct stat st = {.st_size = 0};
	CURL *curl = x->curl;

	fstat(fileno(x->bundle), &st);
	curl_easy_setopt(curl, CURLOPT_URL, x->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READDATA, x->bundle);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)st.st_size);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	if (x->p->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, x->p->ca);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, x->is_last ? LAST_TRY_S : 0L);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_stop);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
}

static void add_header(struct curl_slist **headers, const char *name,
		       const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	*headers = curl_slist_append(*headers, line);
	free(line);
}

/* The date is for whoever looks for a node whose clock is wrong. */
static struct curl_slist *headers_of(const char *token)
{
	struct curl_slist *headers = NULL;
	time_t now = time(NULL);
	char text[300];
	struct tm tm;

	add_header(&headers, "Content-Type", "application/gzip");
	if (gmtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		add_header(&headers, "Date", text);
	if (*token) {
		snprintf(text, sizeof(text), "Bearer %s", token);
		add_header(&headers, "Authorization", text);
	}
	return headers;
}

static void look_at_headers(struct pushing *x)
{
	struct curl_header *date;
	curl_off_t after_s = 0;
	time_t theirs = -1;

	if (!curl_easy_header(x->curl, "Date", 0, CURLH_HEADER, -1, &date))
		theirs = curl_getdate(date->value, NULL);
	if (theirs >= 0)
		x->reply->clock_ahead_s = (int64_t)time(NULL) - theirs;
	curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &after_s);
	x->retry_after_s =
		after_s < MAX_RETRY_AFTER_S ? (long)after_s : MAX_RETRY_AFTER_S;
}

static enum outcome judge(struct pushing *x, CURLcode code,
			  const struct strbuf *reply, struct err *err)
{
	long status = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	x->reply->is_new = status == 201;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
		err_set(err, -EINVAL, "'%s' is not an address: %s", x->url,
			curl_easy_strerror(code));
		return FINAL;
	}
	if (code != CURLE_OK) {
		err_set(err, -EHOSTUNREACH, "cannot reach '%s': %s", x->url,
			curl_easy_strerror(code));
		return UNAVAILABLE;
	}
	look_at_headers(x);
	if (outcome_of(status) != TAKEN)
		keep_refusal(status, reply, err);
	return outcome_of(status);
}

static enum outcome send_once(struct pushing *x, struct err *err)
{
	struct strbuf reply = {0};
	struct curl_slist *headers;
	enum outcome outcome;
	char token[256] = "";

	x->retry_after_s = 0;
	x->is_last = is_stopped(x->p);
	if (x->p->token_file &&
	    push_read_token(x->p->token_file, token, sizeof(token), err))
		return UNAUTHORIZED;
	headers = headers_of(token);
	rewind(x->bundle);
	set_options(x, headers, &reply);
	outcome = judge(x, curl_easy_perform(x->curl), &reply, err);
	curl_slist_free_all(headers);
	strbuf_release(&reply);
	return outcome;
}

static char *address_of(const char *url)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	return xasprintf("%.*s/api/v1/bundles", (int)len, url);
}

/* Between half of WAIT_NS and all of it. */
static uint64_t jittered(uint64_t wait_ns)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		return wait_ns;
	return wait_ns - random % (wait_ns / 2 + 1);
}

/* The time of the pause before try N, from 1; a token takes the longest. */
static uint64_t pause_ns(const struct pushing *x, unsigned int n,
			 enum outcome outcome)
{
	uint64_t most_ns = x->p->retry_max_ms * NS_PER_MS;
	uint64_t wait_ns = x->p->retry_ms * NS_PER_MS << (n < 30 ? n - 1 : 29);
	uint64_t asked_ns = (uint64_t)x->retry_after_s * NS_PER_S;

	if (most_ns && (wait_ns > most_ns || outcome == UNAUTHORIZED))
		wait_ns = most_ns;
	return asked_ns + jittered(wait_ns);
}

static void wait_for(const struct push *p, uint64_t wait_ns)
{
	uint64_t end_ns = clock_mono_ns() + wait_ns, now_ns;

	while (!is_stopped(p) && (now_ns = clock_mono_ns()) < end_ns) {
		uint64_t left_ns = end_ns - now_ns;

		if (left_ns > LOOK_AGAIN_NS)
			left_ns = LOOK_AGAIN_NS;
		poll(NULL, 0, (int)(left_ns / NS_PER_MS) + 1);
	}
}

/* Whether OUTCOME of the N-th try, from 1, leaves room for another. */
static bool goes_on(const struct pushing *x, unsigned int n,
		    enum outcome outcome, bool has_time)
{
	if (outcome == TAKEN || outcome == FINAL || x->is_last)
		return false;
	if (!x->p->patience_ns)
		return outcome == UNAVAILABLE && n <= RETRY_COUNT;
	return has_time;
}

static int push_all(struct pushing *x, struct err *err)
{
	uint64_t end_ns = clock_mono_ns() + x->p->patience_ns;
	enum outcome outcome;
	unsigned int n;

	for (n = 1;; n++) {
		uint64_t now_ns, wait_ns;

		outcome = send_once(x, err);
		now_ns = clock_mono_ns();
		if (!goes_on(x, n, outcome, now_ns < end_ns))
			break;
		wait_ns = pause_ns(x, n, outcome);
		if (x->p->patience_ns && wait_ns > end_ns - now_ns)
			wait_ns = end_ns - now_ns;
		if (x->p->waits && !is_stopped(x->p))
			x->p->waits(x->p->arg, err, wait_ns);
		wait_for(x->p, wait_ns);
	}
	return outcome == TAKEN ? 0 : err->code;
}

int push_bundle(const struct push *p, struct push_reply *reply, struct err *err)
{
	struct pushing x = {.p = p, .reply = reply};
	int ret;

	*reply = (struct push_reply){.is_new = false};
	x.bundle = fopen(p->path, "re");
	if (!x.bundle)
		return err_sys(err, -errno, "cannot read '%s'", p->path);
	x.url = address_of(p->url);
	x.curl = curl_easy_init();
	ret = x.curl ? push_all(&x, err)
		     : err_set(err, -ENOMEM, "cannot set up a transfer");
	curl_easy_cleanup(x.curl);
	free(x.url);
	fclose(x.bundle);
	return ret;
}

/* Bytes of a file with a token; only its first line is looked at. */
#define MAX_TOKEN_FILE_BYTES 65536

int push_read_token(const char *path, char *token, size_t size, struct err *err)
{
	struct strbuf text = {0};
	const char *line, *fault;
	size_t len, i;
	int ret = file_read(path, MAX_TOKEN_FILE_BYTES, &text);

	*token = '\0';
	if (ret)
		return err_set(err, -EINVAL, "'%s' has no token: %s", path,
			       strerror(-ret));
	line = strbuf_str(&text) + text_bom(strbuf_str(&text), text.len);
	len = strcspn(line, "\r\n");
	fault = text_fault(strbuf_str(&text), text.len);
	/* It goes into a header as it is. */
	for (i = 0; i < len && !fault; i++)
		if (line[i] <= ' ' || line[i] > '~')
			fault = "its first line has a space or a character outside ASCII";
	if (!fault && !len)
		fault = "its first line is empty";
	if (!fault && len >= size)
		fault = "its first line is too long";
	if (!fault)
		snprintf(token, size, "%.*s", (int)len, line);
	strbuf_release(&text);
	return fault ? err_set(err, -EINVAL, "'%s' has no token: %s", path,
			       fault)
		     : 0;
}

const char *push_clock_text(const struct push_reply *reply, char *buf,
			    size_t size)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	int64_t ahead_s = reply->clock_ahead_s;
	int64_t off_s = ahead_s < 0 ? -ahead_s : ahead_s;
	size_t i = 0;

	*buf = '\0';
	if (off_s <= CLOCKS_AGREE_S)
		return buf;
	while (off_s < 2 * units[i].seconds && i + 1 < ARRAY_SIZE(units))
		i++;
	snprintf(buf, size, "this node's clock is %lld %s%s %s the dashboard's",
		 (long long)(off_s / units[i].seconds), units[i].name,
		 off_s / units[i].seconds == 1 ? "" : "s",
		 ahead_s < 0 ? "behind" : "ahead of");
	return buf;
}
