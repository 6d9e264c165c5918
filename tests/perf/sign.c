// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sign - what evidence adds to an export: it reads the key, sums all lines of the
 * bundle, and signs as many bytes as a manifest has. One line `sign MILLISECONDS MIB`
 * per round, with the size of the lines.
 *
 * usage: sign KEY BUNDLE ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"

#define MANIFEST_BYTES 2048

static int read_all(const char *path, struct strbuf *out)
{
	char buf[65536];
	gzFile f = gzopen(path, "rbe");
	int n;

	if (!f)
		return -1;
	while ((n = gzread(f, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
	gzclose(f);
	return n < 0 || out->len < MANIFEST_BYTES ? -1 : 0;
}

static int sign_once(const char *path, const struct strbuf *lines,
		     struct err *err)
{
	unsigned char signature[ED25519_SIGNATURE_BYTES];
	char sum[SHA256_HEX + 1];
	struct ed25519_key *key;
	int ret = ed25519_load_private(path, &key, err);

	if (ret)
		return ret;
	sha256_of(lines->str, lines->len, sum);
	ret = ed25519_sign(key, lines->str, MANIFEST_BYTES, signature, err);
	ed25519_destroy(key);
	return ret;
}

int main(int argc, char **argv)
{
	struct strbuf lines = {0};
	struct err err = {0};
	long i, rounds;

	if (argc != 4 || read_all(argv[2], &lines))
		return 64;
	rounds = strtol(argv[3], NULL, 10);
	for (i = 0; i < rounds; i++) {
		uint64_t began = clock_mono_ns();

		if (sign_once(argv[1], &lines, &err)) {
			fprintf(stderr, "%s\n", err.msg);
			return 70;
		}
		printf("sign %.3f %.1f\n",
		       (double)(clock_mono_ns() - began) / NS_PER_MS,
		       (double)lines.len / MIB);
	}
	strbuf_release(&lines);
	return 0;
}
