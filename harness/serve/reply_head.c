// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/reply_head.h"

#include <microhttpd.h>
#include <openssl/evp.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/serve/entity.h"
#include "harness/serve/http.h"
#include "harness/serve/routes.h"

static const struct {
	const char *name, *value;
} headers[] = {
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
};

static void add_header(struct MHD_Response *r, const char *name,
		       const char *value)
{
	if (value && *value)
		MHD_add_response_header(r, name, value);
}

static bool is_success(const struct http_reply *re)
{
	return re->status < 300 || re->status == MHD_HTTP_NOT_MODIFIED;
}

/* What caches are told, here and with 304 as with 200 (RFC 9110, 15.4.5). */
static void add_cache_headers(struct MHD_Response *r,
			      const struct reply_head *h)
{
	static const char *const keeps[] = {
		[HTTP_REVALIDATE] = "no-cache",
		[HTTP_NO_STORE] = "no-store",
		[HTTP_ASSET] = "public, max-age=86400",
	};
	const struct http_reply *re = h->reply;
	bool is_kept = is_success(re) && h->route && route_is_get(h->route);
	char vary[80];

	add_header(r, MHD_HTTP_HEADER_CACHE_CONTROL,
		   keeps[is_kept ? h->route->keep : HTTP_NO_STORE]);
	if (!is_kept)
		return;
	snprintf(vary, sizeof(vary), "%s%sAccept-Encoding",
		 re->vary ? re->vary : "", re->vary ? ", " : "");
	add_header(r, MHD_HTTP_HEADER_VARY, vary);
	add_header(r, MHD_HTTP_HEADER_ETAG, h->entity->tag);
	add_header(r, MHD_HTTP_HEADER_ACCEPT_RANGES, "none");
}

void reply_head_add(struct MHD_Response *r, const struct reply_head *h)
{
	const struct http_reply *re = h->reply;
	size_t i;

	if (re->status != MHD_HTTP_NOT_MODIFIED) {
		add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, re->type);
		if (h->entity->is_gzip)
			add_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	}
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		add_header(r, headers[i].name, headers[i].value);
	add_header(r, MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, h->policy);
	add_cache_headers(r, h);
	add_header(r, MHD_HTTP_HEADER_LOCATION, re->location);
	add_header(r, MHD_HTTP_HEADER_ALLOW, h->allow);
	add_header(r, MHD_HTTP_HEADER_RETRY_AFTER, re->retry_after);
	if (re->status == MHD_HTTP_UNAUTHORIZED)
		add_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (re->status == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE)
		add_header(r, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip");
	if (h->is_last)
		add_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Styles by the hash of the only one that pages have; no script within. */
void reply_policy(const char *style, char policy[REPLY_POLICY_BYTES])
{
	unsigned char hash[EVP_MAX_MD_SIZE], text[64] = "";
	unsigned int len = 0;

	if (style) {
		EVP_Digest(style, strlen(style), hash, &len, EVP_sha256(),
			   NULL);
		EVP_EncodeBlock(text, hash, (int)len);
	}
	snprintf(policy, REPLY_POLICY_BYTES,
		 "default-src 'none'; script-src 'self'; connect-src 'self';"
		 " img-src 'self' data:; style-src %s%s%s; base-uri 'none';"
		 " form-action 'self'; frame-ancestors 'none'",
		 len ? "'sha256-" : "'none'", (const char *)text,
		 len ? "'" : "");
}
