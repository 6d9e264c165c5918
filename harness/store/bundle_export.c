// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_export - the writer of bundles. */
#include "harness/store/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/err.h"
#include "harness/base/output.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_limits.h"
#include "harness/store/bundle_manifest.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/bundle_signature.h"
#include "harness/store/run_data.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

struct writer {
	gzFile file;
	struct sha256 *sum; /* owned; of the part in hand */
	struct bundle_sum sums[PART_COUNT];
	struct bundle_count count;
	const struct bundle_limits *limits;
	struct bundle_limits counts; /* so far */
};

/* Of no part; TEXT is one line, with its '\n'. */
static int write_text(struct writer *w, const char *text, size_t len,
		      struct err *err)
{
	int ret;

	w->counts.byte_count += len;
	ret = bundle_limits_check(w->limits, &w->counts, -EFBIG, err);
	if (ret)
		return ret;
	sha256_add(w->sum, text, len);
	if (gzwrite(w->file, text, (unsigned int)len) != (int)len)
		return err_set(err, -EIO, "cannot write the bundle");
	return 0;
}

/* LINE is consumed; *OUT is the caller's. */
static int line_of(json_t *line, char **out, size_t *len, struct err *err)
{
	char *text = json_dumps(line, JSON_COMPACT);

	json_decref(line);
	*out = NULL;
	if (!text)
		return err_set(err, -EIO, "cannot write the bundle");
	*out = xasprintf("%s\n", text);
	*len = strlen(*out);
	free(text);
	if (*len <= BUNDLE_MAX_LINE_BYTES)
		return 0;
	return err_set(err, -EFBIG,
		       "a boot is too large for a bundle: %zu bytes", *len - 1);
}

/* LINE is consumed. */
static int write_line(struct writer *w, json_t *line, struct err *err)
{
	size_t len = 0;
	char *text;
	int ret = line_of(line, &text, &len, err);

	if (!ret)
		ret = write_text(w, text, len, err);
	free(text);
	return ret;
}

static int write_part_line(struct writer *w, enum bundle_part part,
			   json_t *line, struct err *err)
{
	w->sums[part].line_count++;
	return write_line(w, line, err);
}

static void end_part(struct writer *w, enum bundle_part part)
{
	sha256_take(w->sum, w->sums[part].sha256);
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

/* SCHEDULE is consumed. NULL for a text that is not UTF-8. */
static json_t *run_of(const struct run_data *run, json_t *schedule)
{
	uint64_t dropped = run->samples_dropped_unix_ns;
	json_t *out = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o, s:s, s:o}",
		"uuid", run->uuid, "status", run->status, "started_unix_ns",
		(json_int_t)run->started_unix_ns, "ended_unix_ns",
		(json_int_t)run->ended_unix_ns, "seed", (json_int_t)run->seed,
		"revision", run->revision, "is_lab", run->is_lab, "plan",
		object_of(run->plan), "fingerprint",
		object_of(run->fingerprint), "probe", object_of(run->probe),
		"guest_manifest", run->guest_manifest, "schedule", schedule);

	if (out && dropped)
		json_object_set_new(out, "samples_dropped_unix_ns",
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

static int write_boots(struct writer *w, const struct run_data *run,
		       struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < run->boot_count && !ret; i++) {
		bundle_count_add(&w->count, &run->boots[i].res);
		w->counts.boot_count++;
		w->counts.sample_count = w->count.samples;
		ret = write_part_line(w, PART_BOOTS, boot_of(&run->boots[i]),
				      err);
	}
	end_part(w, PART_BOOTS);
	return ret;
}

static int write_findings(struct writer *w, const struct run_data *run,
			  const struct bundle_proof *proof, struct err *err)
{
	char *text = NULL;
	size_t len;
	int ret;

	if (!proof || !proof->findings)
		return 0;
	w->sums[PART_FINDINGS].line_count = 1;
	ret = proof->findings(run, &text, err);
	if (ret)
		return ret;
	len = strlen(text);
	if (len >= BUNDLE_MAX_LINE_BYTES)
		ret = err_set(err, -EFBIG,
			      "the findings are too large for a bundle");
	if (!ret) {
		text[len] = '\n';
		ret = write_text(w, text, len + 1, err);
	}
	free(text);
	end_part(w, PART_FINDINGS);
	return ret;
}

/* The signature is of the manifest's line as it is in the file, with its '\n'. */
static int write_manifest(struct writer *w, const json_t *run,
			  const struct ed25519_key *key, struct err *err)
{
	json_t *exporter = bundle_exporter();
	json_t *manifest = bundle_manifest(run, exporter, &w->count, w->sums);
	size_t len = 0;
	json_t *signature = NULL;
	char *text;
	int ret = line_of(json_pack("{s:o}", "manifest", manifest), &text, &len,
			  err);

	json_decref(exporter);
	if (!ret)
		ret = write_text(w, text, len, err);
	if (!ret && key)
		ret = bundle_signature_make(key, text, len, &signature, err);
	if (!ret && key)
		ret = write_line(w, signature, err);
	free(text);
	return ret;
}

static int write_end(struct writer *w, const struct run_data *run,
		     struct err *err)
{
	char sum[SHA256_HEX + 1];

	sha256_take(w->sum, sum);
	return write_line(w,
			  json_pack("{s:{s:I, s:s}}", "end", "boot_count",
				    (json_int_t)run->boot_count, "sha256", sum),
			  err);
}

static int write_run(struct writer *w, struct store *store,
		     const struct run_data *run,
		     const struct bundle_proof *proof, struct err *err)
{
	json_t *schedule, *object;
	int ret = read_schedule(store, run->id, &schedule, err);

	if (ret) {
		json_decref(schedule);
		return ret;
	}
	object = run_of(run, schedule);
	ret = write_part_line(w, PART_RUN,
			      json_pack("{s:i, s:O}", "l1vh_bundle",
					BUNDLE_VERSION, "run", object),
			      err);
	end_part(w, PART_RUN);
	if (!ret)
		ret = write_boots(w, run, err);
	if (!ret)
		ret = write_findings(w, run, proof, err);
	if (!ret)
		ret = write_manifest(w, object, proof ? proof->key : NULL, err);
	json_decref(object);
	return ret ? ret : write_end(w, run, err);
}

/* gzclose() closes what it was given, so that it is given a second one. */
static int write_packed(struct writer *w, struct store *store,
			const struct run_data *run,
			const struct bundle_proof *proof, struct output *out,
			struct err *err)
{
	int own = fcntl(out->fd, F_DUPFD_CLOEXEC, 0), ret;

	w->file = own >= 0 ? gzdopen(own, "wb") : NULL;
	if (!w->file) {
		ret = err_sys(err, -errno, "cannot write '%s'", out->path);
		if (own >= 0)
			close(own);
		return ret;
	}
	w->sum = sha256_create();
	ret = write_run(w, store, run, proof, err);
	if (gzclose(w->file) != Z_OK && !ret)
		ret = err_set(err, -EIO, "cannot write the bundle");
	sha256_destroy(w->sum);
	return ret ? err_wrap(err, "'%s'", out->path) : 0;
}

int bundle_export_within(struct store *store, int64_t run_id,
			 const struct bundle_proof *proof,
			 const struct bundle_limits *limits, const char *path,
			 struct err *err)
{
	struct writer w = {.limits = limits};
	struct output out;
	struct run_data run;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	ret = output_begin(&out, path, err);
	if (!ret) {
		ret = write_packed(&w, store, &run, proof, &out, err);
		ret = output_end(&out, ret, true, err);
	}
	run_data_release(&run);
	return ret;
}

int bundle_export(struct store *store, int64_t run_id,
		  const struct bundle_proof *proof, const char *path,
		  struct err *err)
{
	return bundle_export_within(store, run_id, proof, &bundle_limits, path,
				    err);
}
