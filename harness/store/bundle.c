// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/sha256.h"
#include "harness/store/bundle_read.h"
#include "harness/store/store.h"

struct import {
	struct store *store;
	int64_t *run_id;
	bool has_begun;
};

static int import_head(void *arg, const struct bundle_head *head,
		       struct err *err)
{
	struct import *im = arg;
	int ret = store_import_begin(im->store, &head->info, head->uuid,
				     head->status, head->started_unix_ns,
				     head->ended_unix_ns, im->run_id, err);
	size_t i;

	im->has_begun = !ret;
	for (i = 0; i < json_array_size(head->schedule) && !ret; i++) {
		uint32_t position, block;
		const char *runner;

		bundle_schedule_row(head->schedule, i, &position, &block,
				    &runner);
		ret = store_schedule_add(im->store, *im->run_id, position,
					 block, runner, err);
	}
	return ret;
}

static int import_boot(void *arg, uint32_t position,
		       const struct bench_case *bc, struct result *res,
		       struct err *err)
{
	struct import *im = arg;

	return store_import_boot(im->store, *im->run_id, position, bc, res,
				 err);
}

/* Its signature was checked with it; whose key it is nobody has said. */
static int import_signer(const struct import *im,
			 const struct ed25519_key *signer, struct err *err)
{
	char fingerprint[SHA256_HEX + 1];

	ed25519_fingerprint(signer, fingerprint);
	return store_import_signed(im->store, *im->run_id, fingerprint, err);
}

int bundle_import_fd(struct store *store, int fd, int64_t *run_id, bool *is_new,
		     struct err *err)
{
	static const struct bundle_sink sink = {import_head, import_boot};
	struct import im = {.store = store, .run_id = run_id};
	struct bundle_facts facts;
	int ret;

	*is_new = false;
	if (lseek(fd, 0, SEEK_SET))
		return err_sys(err, -errno, "cannot read a bundle");
	ret = bundle_read(fd, &sink, &im, &facts, err);
	if (!ret && facts.signer)
		ret = import_signer(&im, facts.signer, err);
	*is_new = ret != -EEXIST;
	if (im.has_begun)
		ret = store_end(store, ret, err);
	bundle_facts_release(&facts);
	return ret == -EEXIST ? 0 : ret;
}

int bundle_import(struct store *store, const char *path, int64_t *run_id,
		  bool *is_new, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	*is_new = false;
	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	ret = bundle_import_fd(store, fd, run_id, is_new, err);
	close(fd);
	return ret ? err_wrap(err, "bundle '%s'", path) : 0;
}
