// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/serve/http.h"
#include "harness/serve/query.h"

#define NO_CONTENT 204
#define METHOD_NOT_ALLOWED 405
#define NOT_IMPLEMENTED 501

/* ITEM is what the '*' stands for. */
static bool matches(const char *pattern, const char *path, char *item,
		    size_t size)
{
	size_t head = strcspn(pattern, "*");
	size_t tail, len = strlen(path);

	item[0] = '\0';
	if (!pattern[head])
		return !strcmp(pattern, path);
	tail = strlen(pattern + head + 1);
	if (len <= head + tail || len - head - tail >= size ||
	    strncmp(pattern, path, head) ||
	    strcmp(pattern + head + 1, path + len - tail))
		return false;
	snprintf(item, size, "%.*s", (int)(len - head - tail), path + head);
	return !strchr(item, '/');
}

static void add_method(char *allow, const char *method)
{
	size_t len = strlen(allow);

	snprintf(allow + len, ROUTES_ALLOW_BYTES - len, "%s%s", len ? ", " : "",
		 method);
}

bool route_is_get(const struct http_route *r)
{
	return !strcmp(r->method, "GET");
}

/* NULL: there is none; OUT gets the methods that the path has then. */
static const struct http_route *find(const struct http_route *r,
				     const char *method, const char *path,
				     struct routed *out)
{
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (; r->pattern; r++) {
		if (!matches(r->pattern, path, out->item, sizeof(out->item)))
			continue;
		if (!strcmp(r->method, method))
			return r;
		/* A path fits several patterns, of which the first answers. */
		if (!strstr(out->allow, r->method))
			add_method(out->allow,
				   route_is_get(r) ? "GET, HEAD" : r->method);
	}
	if (out->allow[0])
		add_method(out->allow, "OPTIONS");
	return NULL;
}

/* Those of RFC 9110 and 5789; others are not known at all. */
static bool is_method(const char *method)
{
	static const char *const known[] = {"GET", "HEAD",   "POST",  "OPTIONS",
					    "PUT", "DELETE", "TRACE", "PATCH"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(method, known[i]))
			return true;
	return false;
}

static const char all[] = "GET, HEAD, POST, OPTIONS";

static int find_path(const struct http_route *routes, const char *method,
		     const struct query *q, struct routed *out, struct err *err)
{
	bool asks = !strcmp(method, "OPTIONS");

	if (!strcmp(q->path, "*")) {
		if (!asks)
			return err_set(err, -EINVAL, "the address has no path");
		snprintf(out->allow, sizeof(out->allow), "%s", all);
	} else {
		out->route = find(routes, method, q->path, out);
	}
	if (out->route) {
		out->allow[0] = '\0';
		return 0;
	}
	if (!out->allow[0])
		return err_set(err, -ENOENT, "there is no such page");
	out->status = asks ? NO_CONTENT : METHOD_NOT_ALLOWED;
	return asks ? 0
		    : err_set(err, -EINVAL,
			      "this address does not accept that method");
}

int routes_find(const struct http_route *routes, const char *method,
		const struct query *q, struct routed *out, struct err *err)
{
	*out = (struct routed){.status = 0};
	if (is_method(method))
		return q->path ? find_path(routes, method, q, out, err)
			       : -EINVAL;
	out->status = NOT_IMPLEMENTED;
	snprintf(out->allow, sizeof(out->allow), "%s", all);
	return err_set(err, -EINVAL, "this server does not know that method");
}
