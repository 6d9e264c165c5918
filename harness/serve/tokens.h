/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_TOKENS_H
#define HARNESS_SERVE_TOKENS_H

/*
 * tokens - access rights: lines of SCOPE, SHA-256 and NAME. The file holds only
 * hashes, so a reader of the file cannot use the tokens. The module also limits
 * how many wrong tokens an address may send.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct strbuf;

enum token_scope {
	TOKEN_READ,
	TOKEN_WRITE, /* and read */
	TOKEN_SCOPE_COUNT
};

#define TOKEN_SHA256_BYTES 32
#define TOKEN_ADDRESS_BYTES 16
#define TOKEN_ADDRESSES 256

struct token {
	enum token_scope scope;
	unsigned char sha256[TOKEN_SHA256_BYTES];
};

struct tokens {
	struct token *list; /* owned */
	size_t count;
	pthread_mutex_t lock; /* of all below */
	struct token_failures {
		uint8_t address[TOKEN_ADDRESS_BYTES];
		uint64_t since_mono_ns;
		unsigned int count;
	} failures[TOKEN_ADDRESSES];
};

/* -EINVAL with the invalid line. Call tokens_release() only after 0. */
int tokens_load(const char *path, struct tokens *t, struct err *err);
void tokens_release(struct tokens *t);

/*
 * Checks the value of the header Authorization (NULL: absent), from ADDRESS.
 * 0; -EACCES: no known token; -EPERM: the token lacks the scope; -EAGAIN: too
 * many wrong tokens from that address.
 */
int tokens_check(struct tokens *t, const char *authorization,
		 enum token_scope wanted,
		 const uint8_t address[TOKEN_ADDRESS_BYTES], struct err *err);

/* Makes a new token, which is not stored, and its line for the file. */
int tokens_make(const char *scope, const char *name, struct strbuf *token,
		struct strbuf *line, struct err *err);

#endif
