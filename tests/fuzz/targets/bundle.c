// SPDX-License-Identifier: GPL-3.0-or-later
/* Bundles of other hosts. */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/store/bundle.h"
#include "harness/store/store.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

#define HEAD                                                                 \
	"{\"l1vh_bundle\":1,\"run\":{\"uuid\":\"%032x\",\"status\":"         \
	"\"complete\",\"started_unix_ns\":1,\"ended_unix_ns\":1,\"seed\":1," \
	"\"revision\":\"\",\"is_lab\":false,\"plan\":{},\"fingerprint\":{}," \
	"\"probe\":{},\"guest_manifest\":\"\",\"schedule\":[]}}\n"

static void unlink_store(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char file[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		unlink(file);
	}
}

/* A store grows; a new one now and then keeps imports fast. It has no name any more
 * once it is open, and goes with the process. */
static struct store *store_now(void)
{
	static struct store *store;
	static unsigned int uses;
	char path[64];
	struct err err;

	if (store && uses++ % 1000)
		return store;
	store_close(store);
	snprintf(path, sizeof(path), "%s/l1vh-fuzz-%d.db",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
	unlink_store(path);
	if (store_open(path, &store, &err))
		abort();
	unlink_store(path);
	return store;
}

static bool import(const void *bytes, size_t len)
{
	bool is_new = false;
	struct err err;
	int64_t id;

	return !bundle_import(store_now(), files_real(bytes, len), &id, &is_new,
			      &err) &&
	       is_new;
}

static void fuzz_bundle(const uint8_t *data, size_t size)
{
	import(data, size);
}

static void add_sum(struct strbuf *text, unsigned long boots)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;

	EVP_Digest(text->str, text->len, sum, &len, EVP_sha256(), NULL);
	strbuf_printf(text, "{\"end\":{\"boot_count\":%lu,\"sha256\":\"",
		      boots);
	for (i = 0; i < len; i++)
		strbuf_printf(text, "%02x", sum[i]);
	strbuf_puts(text, "\"}}\n");
}

/* Boots and results between a right head and the right end. */
static void fuzz_boots(const uint8_t *data, size_t size)
{
	static unsigned int uuid;
	struct strbuf text = {0};
	unsigned long boots = 0;
	size_t i;

	for (i = 0; i < size; i++)
		boots += data[i] == '\n';
	strbuf_printf(&text, HEAD, ++uuid);
	strbuf_add(&text, data, size);
	if (size && data[size - 1] != '\n') {
		strbuf_puts(&text, "\n");
		boots++;
	}
	add_sum(&text, boots);
	if (!size && !import(text.str, text.len))
		abort();
	if (size)
		import(text.str, text.len);
	strbuf_release(&text);
}

const struct fuzz_target targets_bundle[] = {
	{.name = "bundle",
	 .run = fuzz_bundle,
	 .max_bytes = 1024,
	 .dictionary = "bundle",
	 .share = 4},
	{.name = "boots",
	 .run = fuzz_boots,
	 .max_bytes = 1536,
	 .dictionary = "bundle",
	 .share = 16},
	{0},
};
