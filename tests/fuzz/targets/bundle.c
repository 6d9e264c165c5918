// SPDX-License-Identifier: GPL-3.0-or-later
/* Bundles of other hosts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/store/bundle.h"
#include "harness/store/store.h"
#include "tests/fuzz/fuzz.h"

/* A head that is fine, and what may follow it. */
static void fuzz_bundle(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"{\"l1vh_bundle\": 1, \"run\": {\"uuid\":"
		" \"00000000000000000000000000000000\", \"status\":"
		" \"complete\", \"started_unix_ns\": 1, \"ended_unix_ns\": 1,"
		" \"seed\": 1, \"revision\": \"\", \"is_lab\": false, \"plan\":"
		" {}, \"fingerprint\": {}, \"probe\": {}, \"guest_manifest\":"
		" \"\", \"schedule\": []}}\n%.*s",
	};
	static struct store *store;
	char text[2048], path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		int fd = memfd_create("bundle", MFD_CLOEXEC);
		struct err err;
		int64_t id;
		bool is_new;
		int len = snprintf(text, sizeof(text), formats[i],
				   (int)(size < 512 ? size : 512),
				   (const char *)data);

		if (!store) {
			snprintf(path, sizeof(path), "/tmp/l1vh-fuzz-%d.db",
				 (int)getpid());
			if (store_open(path, &store, &err))
				abort();
		}
		if (write(fd, text, (size_t)len) != len)
			abort();
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		bundle_import(store, path, &id, &is_new, &err);
		close(fd);
	}
}

const struct fuzz_target targets_bundle[] = {
	{.name = "bundle",
	 .run = fuzz_bundle,
	 .max_bytes = 512,
	 .dictionary = "bundle"},
	{0},
};
