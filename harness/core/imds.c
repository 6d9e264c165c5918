// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/imds.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define TIMEOUT_S 2L
#define MAX_ANSWER_BYTES (1 * MIB)

static size_t take_answer(char *bytes, size_t size, size_t count, void *arg)
{
	struct strbuf *answer = arg;

	if (answer->len + size * count > MAX_ANSWER_BYTES)
		return 0;
	strbuf_add(answer, bytes, size * count);
	return size * count;
}

static void keep_text(json_t *out, const char *name, const json_t *from,
		      const char *key)
{
	const char *value = json_string_value(json_object_get(from, key));
	char *copy;

	if (!value)
		return;
	copy = xstrdup(value);
	text_clean(copy);
	json_object_set_new(out, name, json_string(copy));
	free(copy);
}

static void keep_tag(json_t *tags, const char *name, const json_t *tag)
{
	char *clean = xstrdup(name);

	text_clean(clean);
	keep_text(tags, clean, tag, "value");
	free(clean);
}

/* "tagsList": [{"name": ..., "value": ...}], or in short "tags": "a:b;c:d",
 * where a value may have colons of its own. */
static json_t *tags_of(const json_t *compute)
{
	json_t *tags = json_object(), *tag;
	size_t i;

	json_array_foreach(json_object_get(compute, "tagsList"), i, tag) {
		const char *name =
			json_string_value(json_object_get(tag, "name"));

		if (name)
			keep_tag(tags, name, tag);
	}
	if (!json_object_size(tags))
		keep_text(tags, "all", compute, "tags");
	return tags;
}

int imds_parse(const char *text, size_t len, json_t **out, struct err *err)
{
	json_t *answer = json_loadb(text, len, 0, NULL);
	const json_t *compute = json_object_get(answer, "compute");

	*out = NULL;
	if (!json_is_object(compute)) {
		json_decref(answer);
		return err_set(err, -EPROTO,
			       "what answers is not the metadata service");
	}
	*out = json_object();
	keep_text(*out, "vm_size", compute, "vmSize");
	keep_text(*out, "location", compute, "location");
	keep_text(*out, "offer", compute, "offer");
	keep_text(*out, "sku", compute, "sku");
	json_object_set_new(*out, "tags", tags_of(compute));
	json_decref(answer);
	return 0;
}

int imds_get(const char *url, json_t **out, struct err *err)
{
	/* Without this header the service refuses: no page can be made to ask. */
	struct curl_slist *headers = curl_slist_append(NULL, "Metadata: true");
	struct strbuf answer = {0};
	CURL *curl = curl_easy_init();
	CURLcode code;
	int ret;

	*out = NULL;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	code = curl ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
	if (code == CURLE_OK)
		ret = imds_parse(strbuf_str(&answer), answer.len, out, err);
	else
		ret = err_set(err, -EHOSTUNREACH,
			      "the metadata service does not answer: %s",
			      curl_easy_strerror(code));
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	strbuf_release(&answer);
	return ret;
}
