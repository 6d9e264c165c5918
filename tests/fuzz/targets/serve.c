// SPDX-License-Identifier: GPL-3.0-or-later
/* What a client sends to the dashboard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/serve/accept.h"
#include "harness/serve/push.h"
#include "harness/serve/query.h"
#include "harness/serve/tokens.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

/* An address, and a parameter in one that is right but for it. */
static void fuzz_query(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {"%.*s", "/?host=%.*s",
					      "/runs/%.*s?page=1&q=x"};
	char text[1024];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct query q;
		struct err err;

		snprintf(text, sizeof(text), formats[i],
			 (int)(size < 512 ? size : 512), (const char *)data);
		if (query_parse(text, &q, &err))
			continue;
		if ((q.path[0] != '/' && strcmp(q.path, "*")) ||
		    !portable_is_text(q.path))
			abort();
		for (k = 0; k < q.count; k++)
			if (!portable_is_text(q.parameters[k].name) ||
			    !portable_is_text(q.parameters[k].value))
				abort();
		query_release(&q);
	}
}

/* Each beginning of it in a block of its own: what is cut off behind any byte
 * must not be read on. */
static void fuzz_accept(const uint8_t *data, size_t size)
{
	static const char *const offers[] = {
		"text/plain; version=0.0.4",
		"application/openmetrics-text; version=1.0.0"};
	size_t len;

	for (len = 0; len <= size && len <= 64; len++) {
		char *header = strndup((const char *)data, len);

		if (accept_choose(header, offers, ARRAY_SIZE(offers)) >
		    ARRAY_SIZE(offers))
			abort();
		free(header);
	}
}

/* The first line is the header Authorization, the rest the file. */
static void fuzz_tokens(const uint8_t *data, size_t size)
{
	static const uint8_t address[TOKEN_ADDRESS_BYTES] = {1};
	const uint8_t *end = memchr(data, '\n', size);
	size_t head = end ? (size_t)(end - data) : size;
	char *header = strndup((const char *)data, head);
	struct tokens t;
	struct err err;

	files_put("/tokens", data + head, size - head);
	if (!tokens_load("/tokens", &t, &err)) {
		if (!tokens_check(&t, header, TOKEN_READ, address, &err) &&
		    !t.count)
			abort();
		tokens_release(&t);
	}
	files_forget();
	free(header);
}

static void fuzz_push_token(const uint8_t *data, size_t size)
{
	char token[100];
	struct err err;

	files_put("/token", data, size);
	if (!push_read_token("/token", token, sizeof(token), &err) &&
	    (!token[0] || strpbrk(token, "\r\n")))
		abort();
	files_forget();
}

const struct fuzz_target targets_serve[] = {
	{.name = "query",
	 .run = fuzz_query,
	 .max_bytes = 512,
	 .dictionary = "http"},
	{.name = "accept",
	 .run = fuzz_accept,
	 .max_bytes = 128,
	 .dictionary = "http"},
	{.name = "tokens",
	 .run = fuzz_tokens,
	 .max_bytes = 384,
	 .dictionary = "http"},
	{.name = "push_token",
	 .run = fuzz_push_token,
	 .max_bytes = 128,
	 .dictionary = "http"},
	{0},
};
