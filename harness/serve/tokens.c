// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/tokens.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define MAX_FILE_BYTES (1 * MIB)
#define MAX_NAME 64
#define TOKEN_BYTES 32
/* Wrong tokens per minute; there are 2^256 possible tokens. */
#define MAX_FAILURES 10
#define WINDOW_NS (60 * NS_PER_S)

static const char *const scopes[TOKEN_SCOPE_COUNT] = {"read", "write"};

static int scope_parse(const char *text, enum token_scope *scope)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scopes); i++)
		if (!strcmp(scopes[i], text)) {
			*scope = (enum token_scope)i;
			return 0;
		}
	return -EINVAL;
}

static void hash_of(const char *text, size_t len, unsigned char *sha256)
{
	EVP_Digest(text, len, sha256, NULL, EVP_sha256(), NULL);
}

static void add_hex(struct strbuf *out, const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		strbuf_printf(out, "%02x", bytes[i]);
}

static int parse_line(char *line, struct token *token)
{
	char *scope, *hex, *name;
	size_t len = 0;

	scope = strtok_r(line, " \t\r", &line);
	hex = strtok_r(NULL, " \t\r", &line);
	name = strtok_r(NULL, " \t\r", &line);
	if (!scope || !hex || !name || scope_parse(scope, &token->scope) ||
	    strlen(hex) != 2 * TOKEN_SHA256_BYTES ||
	    strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
		return -EINVAL;
	return OPENSSL_hexstr2buf_ex(token->sha256, sizeof(token->sha256), &len,
				     hex, '\0')
		       ? 0
		       : -EINVAL;
}

static int parse_tokens(char *text, const char *path, struct tokens *t,
			struct err *err)
{
	size_t number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		line[strcspn(line, "#")] = '\0';
		number++;
		if (!line[strspn(line, " \t\r")])
			continue;
		t->list = xrealloc(t->list, t->count + 1, sizeof(*t->list));
		/* Not the line itself: a token may stand there by mistake. */
		if (parse_line(line, &t->list[t->count]))
			return err_set(
				err, -EINVAL,
				"%s:%zu: not a scope (read, write), 64 hexadecimal digits and a name",
				path, number);
		t->count++;
	}
	return 0;
}

int tokens_load(const char *path, struct tokens *t, struct err *err)
{
	struct strbuf text = {0};
	const char *fault;
	int ret = file_read_whole(path, MAX_FILE_BYTES, &text);

	*t = (struct tokens){.count = 0};
	if (ret)
		ret = err_sys(err, ret, "cannot read '%s'", path);
	else if (text.len && (fault = text_fault(text.str, text.len)))
		ret = err_set(err, -EINVAL, "'%s': %s", path, fault);
	else if (text.len)
		ret = parse_tokens(text.str + text_bom(text.str, text.len),
				   path, t, err);
	strbuf_release(&text);
	if (ret)
		free(t->list);
	else
		pthread_mutex_init(&t->lock, NULL);
	return ret;
}

void tokens_release(struct tokens *t)
{
	free(t->list);
	t->list = NULL;
	pthread_mutex_destroy(&t->lock);
}

/* Under the lock. The slot of ADDRESS, or the oldest, which is emptied. */
static struct token_failures *slot_of(struct tokens *t, const uint8_t *address,
				      uint64_t now_ns)
{
	struct token_failures *slot = &t->failures[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t->failures); i++) {
		struct token_failures *f = &t->failures[i];

		if (!memcmp(f->address, address, sizeof(f->address))) {
			slot = f;
			break;
		}
		if (f->since_mono_ns < slot->since_mono_ns)
			slot = f;
	}
	if (i == ARRAY_SIZE(t->failures) ||
	    now_ns - slot->since_mono_ns > WINDOW_NS) {
		memcpy(slot->address, address, sizeof(slot->address));
		slot->since_mono_ns = now_ns;
		slot->count = 0;
	}
	return slot;
}

static bool is_barred(struct tokens *t, const uint8_t *address, bool is_failure)
{
	struct token_failures *slot;
	bool is;

	pthread_mutex_lock(&t->lock);
	slot = slot_of(t, address, clock_mono_ns());
	is = slot->count >= MAX_FAILURES;
	slot->count += is_failure && !is;
	pthread_mutex_unlock(&t->lock);
	return is;
}

/* Compare with all tokens, so that the time does not show which one matches. */
static const struct token *find_token(const struct tokens *t, const char *text)
{
	unsigned char sha256[TOKEN_SHA256_BYTES];
	const struct token *found = NULL;
	size_t i;

	hash_of(text, strlen(text), sha256);
	for (i = 0; i < t->count; i++)
		if (!CRYPTO_memcmp(t->list[i].sha256, sha256, sizeof(sha256)))
			found = &t->list[i];
	return found;
}

int tokens_check(struct tokens *t, const char *authorization,
		 enum token_scope wanted,
		 const uint8_t address[TOKEN_ADDRESS_BYTES], struct err *err)
{
	static const char scheme[] = "Bearer ";
	const struct token *token;

	if (is_barred(t, address, false))
		return err_set(err, -EAGAIN,
			       "too many wrong tokens from this address");
	if (!authorization ||
	    strncasecmp(authorization, scheme, sizeof(scheme) - 1))
		return err_set(err, -EACCES, "this request needs a token");
	token = find_token(t, authorization + sizeof(scheme) - 1);
	if (!token) {
		is_barred(t, address, true);
		return err_set(err, -EACCES, "the token is unknown");
	}
	return token->scope >= wanted
		       ? 0
		       : err_set(err, -EPERM, "the token allows only reading");
}

int tokens_make(const char *scope, const char *name, struct strbuf *token,
		struct strbuf *line, struct err *err)
{
	unsigned char bytes[TOKEN_BYTES], sha256[TOKEN_SHA256_BYTES];
	enum token_scope parsed;

	if (scope_parse(scope, &parsed))
		return err_set(err, -EINVAL,
			       "'%s' is not a scope: read, or write", scope);
	if (!*name || strlen(name) > MAX_NAME || strpbrk(name, " \t\r\n#"))
		return err_set(err, -EINVAL, "'%.64s' is not a name: one word",
			       name);
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(err, -errno, "cannot get random bytes");
	add_hex(token, bytes, sizeof(bytes));
	hash_of(token->str, token->len, sha256);
	strbuf_printf(line, "%s ", scope);
	add_hex(line, sha256, sizeof(sha256));
	strbuf_printf(line, " %s", name);
	return 0;
}
