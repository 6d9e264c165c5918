// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/push.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define RETRY_COUNT 3
#define CONNECT_TIMEOUT_S 10L
/* Less than one byte per second for a minute counts as a failure. */
#define STALL_S 60L
#define MAX_REPLY_BYTES (64 * KIB)

static size_t take_reply(char *data, size_t size, size_t count, void *arg)
{
	struct strbuf *reply = arg;

	if (reply->len + size * count > MAX_REPLY_BYTES)
		return 0;
	strbuf_add(reply, data, size * count);
	return size * count;
}

/* The server's reason; the text may be anything. */
static int refusal(long status, const struct strbuf *reply, struct err *err)
{
	json_t *o = json_loads(strbuf_str(reply), 0, NULL);
	const char *text = json_string_value(json_object_get(o, "error"));
	char reason[200];

	snprintf(reason, sizeof(reason), "%s", text ? text : "no reason given");
	text_clean(reason);
	json_decref(o);
	return err_set(err, status >= 500 ? -EHOSTUNREACH : -EPROTO,
		       "the server answered %ld: %s", status, reason);
}

static void set_options(CURL *curl, const struct push *p, const char *url,
			FILE *f, struct curl_slist *headers,
			struct strbuf *reply)
{
	struct stat st = {.st_size = 0};

	fstat(fileno(f), &st);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READDATA, f);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)st.st_size);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	if (p->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, p->ca);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
}

static int send_once(CURL *curl, const struct push *p, const char *url, FILE *f,
		     struct curl_slist *headers, bool *is_new, struct err *err)
{
	struct strbuf reply = {0};
	long status = 0;
	CURLcode code;
	int ret = 0;

	rewind(f);
	set_options(curl, p, url, f, headers, &reply);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*is_new = status == 201;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
		ret = err_set(err, -EINVAL, "'%s' is not an address: %s", url,
			      curl_easy_strerror(code));
	else if (code != CURLE_OK)
		ret = err_set(err, -EHOSTUNREACH, "cannot reach '%s': %s", url,
			      curl_easy_strerror(code));
	else if (status != 200 && status != 201)
		ret = refusal(status, &reply, err);
	strbuf_release(&reply);
	return ret;
}

static struct curl_slist *headers_of(const struct push *p)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/gzip");
	char *line;

	if (!p->token)
		return headers;
	line = xasprintf("Authorization: Bearer %s", p->token);
	headers = curl_slist_append(headers, line);
	free(line);
	return headers;
}

static char *address_of(const char *url)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	return xasprintf("%.*s/api/v1/bundles", (int)len, url);
}

int push_bundle(const struct push *p, bool *is_new, struct err *err)
{
	FILE *f = fopen(p->path, "re");
	unsigned int wait_ms = p->retry_ms;
	struct curl_slist *headers;
	int i, ret = -EHOSTUNREACH;
	char *url;
	CURL *curl;

	*is_new = false;
	if (!f)
		return err_sys(err, -errno, "cannot read '%s'", p->path);
	url = address_of(p->url);
	headers = headers_of(p);
	curl = curl_easy_init();
	if (!curl)
		ret = err_set(err, -ENOMEM, "cannot set up a transfer");
	for (i = 0; i <= RETRY_COUNT && ret == -EHOSTUNREACH; i++) {
		if (i) {
			poll(NULL, 0, (int)wait_ms);
			wait_ms *= 2;
		}
		ret = send_once(curl, p, url, f, headers, is_new, err);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	free(url);
	fclose(f);
	return ret;
}
