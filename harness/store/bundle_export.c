// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_export - the writer of bundles. */
#include "harness/store/bundle.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/durable.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/run_data.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

void bundle_hash_text(EVP_MD_CTX *hash, char text[SHA256_HEX + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;

	EVP_DigestFinal_ex(hash, digest, &len);
	for (i = 0; i < len && i < SHA256_HEX / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

struct writer {
	gzFile file;
	EVP_MD_CTX *hash;
};

/* LINE is consumed. */
static int write_line(struct writer *w, json_t *line, struct err *err)
{
	char *text = json_dumps(line, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	int ret = 0;

	json_decref(line);
	if (len >= BUNDLE_MAX_LINE_BYTES)
		ret = err_set(err, -EFBIG,
			      "a boot is too large for a bundle: %zu bytes",
			      len);
	else if (!text ||
		 gzwrite(w->file, text, (unsigned int)len) != (int)len ||
		 gzputc(w->file, '\n') < 0)
		ret = err_set(err, -EIO, "cannot write the bundle");
	EVP_DigestUpdate(w->hash, text ? text : "", len);
	EVP_DigestUpdate(w->hash, "\n", 1);
	free(text);
	return ret;
}

/* *OUT is the caller's, also after an error. */
static int read_schedule(struct store *store, int64_t run_id, json_t **out,
			 struct err *err)
{
	struct sql *db = store_handle(store);
	struct sql_stmt *s;
	int ret = sql_prepare(db,
			      "SELECT position, block, runner FROM schedule"
			      " WHERE run_id = ? ORDER BY position",
			      &s);

	*out = json_array();
	if (!ret) {
		sql_bind_int64(s, 1, run_id);
		while ((ret = sql_step(s)) > 0)
			json_array_append_new(
				*out, json_pack("[I, I, s]",
						(json_int_t)sql_int64(s, 0),
						(json_int_t)sql_int64(s, 1),
						sql_column_text(s, 2)));
	}
	sql_finalize(s);
	return ret ? err_set(err, -EIO, "cannot read the schedule: %s",
			     sql_text(db))
		   : 0;
}

static json_t *object_of(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	if (json_is_object(o))
		return o;
	json_decref(o);
	return json_object();
}

/* SCHEDULE is consumed. */
static json_t *head_of(const struct run_data *run, json_t *schedule)
{
	uint64_t dropped = run->samples_dropped_unix_ns;
	json_t *out = json_pack(
		"{s:i, s:{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o,"
		" s:s, s:o}}",
		"l1vh_bundle",
		dropped ? BUNDLE_VERSION_FIGURES : BUNDLE_VERSION, "run",
		"uuid", run->uuid, "status", run->status, "started_unix_ns",
		(json_int_t)run->started_unix_ns, "ended_unix_ns",
		(json_int_t)run->ended_unix_ns, "seed", (json_int_t)run->seed,
		"revision", run->revision, "is_lab", run->is_lab, "plan",
		object_of(run->plan), "fingerprint",
		object_of(run->fingerprint), "probe", object_of(run->probe),
		"guest_manifest", run->guest_manifest, "schedule", schedule);

	if (dropped)
		json_object_set_new(json_object_get(out, "run"),
				    "samples_dropped_unix_ns",
				    json_integer((json_int_t)dropped));
	return out;
}

static json_t *boot_of(const struct boot_data *b)
{
	return json_pack(
		"{s:{s:I, s:I, s:s, s:s, s:I, s:I}, s:o}", "boot", "position",
		(json_int_t)b->position, "block", (json_int_t)b->bc.block,
		"runner", b->bc.runner, "paravirt", b->bc.paravirt,
		"vcpu_count", (json_int_t)b->bc.vcpu_count, "ram_bytes",
		(json_int_t)b->bc.ram_bytes, "result", result_to_json(&b->res));
}

static int write_run(struct writer *w, struct store *store,
		     const struct run_data *run, struct err *err)
{
	char sha256[SHA256_HEX + 1] = "";
	json_t *schedule;
	int ret = read_schedule(store, run->id, &schedule, err);
	size_t i;

	if (ret) {
		json_decref(schedule);
		return ret;
	}
	ret = write_line(w, head_of(run, schedule), err);
	for (i = 0; i < run->boot_count && !ret; i++)
		ret = write_line(w, boot_of(&run->boots[i]), err);
	bundle_hash_text(w->hash, sha256);
	return ret ? ret
		   : write_line(w,
				json_pack("{s:{s:I, s:s}}", "end", "boot_count",
					  (json_int_t)run->boot_count, "sha256",
					  sha256),
				err);
}

int bundle_export(struct store *store, int64_t run_id, const char *path,
		  struct err *err)
{
	bool is_special = file_is_special(path);
	char *part = is_special ? xstrdup(path) : xasprintf("%s.part", path);
	struct run_data run;
	struct writer w = {NULL, NULL};
	int ret = run_data_load(store, run_id, &run, err);

	if (ret) {
		free(part);
		return ret;
	}
	w.file = gzopen(part, "wbe");
	w.hash = EVP_MD_CTX_new();
	EVP_DigestInit_ex(w.hash, EVP_sha256(), NULL);
	ret = w.file ? write_run(&w, store, &run, err)
		     : err_sys(err, -errno, "cannot create '%s'", part);
	if (w.file && gzclose(w.file) != Z_OK && !ret)
		ret = err_set(err, -EIO, "cannot write '%s'", part);
	if (!ret && !is_special)
		ret = durable_rename(part, path, err);
	if (ret && !is_special)
		unlink(part);
	EVP_MD_CTX_free(w.hash);
	run_data_release(&run);
	free(part);
	return ret;
}
