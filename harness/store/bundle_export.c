// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_export - the writer of bundles. */
#include "harness/store/bundle.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/gzip_parts.h"
#include "harness/base/ordered.h"
#include "harness/base/output.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/boot_line.h"
#include "harness/store/bundle_limits.h"
#include "harness/store/bundle_manifest.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/bundle_signature.h"
#include "harness/store/run_data.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

/* Of text that is compressed at once, about. */
#define GROUP_BYTES MIB
/* Of boots whose lines are together, unless a single one has more: a line has some 50
 * bytes a sample. */
#define GROUP_SAMPLES 20000

struct writer {
	struct gzip_file file;
	struct strbuf text; /* owned; not written yet */
	struct sha256 *sum; /* owned; of the part in hand */
	struct bundle_sum sums[PART_COUNT];
	struct bundle_count count;
	const struct bundle_limits *limits;
	struct bundle_limits counts; /* so far */
};

/* What was gathered, as one part of the file. */
static int flush(struct writer *w, struct err *err)
{
	struct gzip_part part;
	int ret;

	if (!w->text.len)
		return 0;
	ret = gzip_part_make(&part, w->text.str, w->text.len, err);
	if (!ret)
		ret = gzip_file_add(&w->file, &part, err);
	gzip_part_release(&part);
	strbuf_consume(&w->text, w->text.len);
	return ret ? err_wrap(err, "cannot write the bundle") : 0;
}

/* LEN more bytes, of no part of the bundle. */
static int sum_up(struct writer *w, const char *text, size_t len,
		  struct err *err)
{
	int ret;

	w->counts.byte_count += len;
	ret = bundle_limits_check(w->limits, &w->counts, -EFBIG, err);
	if (!ret)
		sha256_add(w->sum, text, len);
	return ret;
}

/* Of no part of the bundle; TEXT is one line, with its '\n'. */
static int write_text(struct writer *w, const char *text, size_t len,
		      struct err *err)
{
	int ret = sum_up(w, text, len, err);

	if (ret)
		return ret;
	strbuf_add(&w->text, text, len);
	return w->text.len < GROUP_BYTES ? 0 : flush(w, err);
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

/* Boots whose lines are made and compressed together. */
struct group {
	size_t first, end; /* of the run's boots */
};

struct grouping {
	struct writer *w;
	const struct run_data *run;
	struct group *groups; /* owned */
	size_t count;
	struct err *err;
};

/* What a thread made of a group. */
struct packed {
	struct strbuf lines;
	struct gzip_part part;
	struct err err;
	int ret;
};

static void group_boots(struct grouping *g)
{
	const struct run_data *run = g->run;
	size_t i, k, samples = 0;

	g->groups = xcalloc(run->boot_count + 1, sizeof(*g->groups));
	for (i = 0; i < run->boot_count; i++) {
		const struct result *res = &run->boots[i].res;

		if (!i || samples >= GROUP_SAMPLES) {
			g->groups[g->count++].first = i;
			samples = 0;
		}
		g->groups[g->count - 1].end = i + 1;
		for (k = 0; k < res->series_count; k++)
			samples += res->series[k].sample_count;
	}
}

static void *pack_group(void *arg, size_t at, unsigned int thread)
{
	const struct grouping *g = arg;
	struct packed *p = xcalloc(1, sizeof(*p));
	size_t i;

	(void)thread;
	for (i = g->groups[at].first; i < g->groups[at].end && !p->ret; i++)
		p->ret = boot_line_add(&g->run->boots[i], &p->lines, &p->err);
	if (!p->ret)
		p->ret = gzip_part_make(&p->part, p->lines.str, p->lines.len,
					&p->err);
	return p;
}

static void release_packed(void *made)
{
	struct packed *p = made;

	strbuf_release(&p->lines);
	gzip_part_release(&p->part);
	free(p);
}

static int write_packed_lines(struct writer *w, const struct packed *p,
			      struct err *err)
{
	int ret = sum_up(w, p->lines.str, p->lines.len, err);

	if (ret)
		return ret;
	ret = gzip_file_add(&w->file, &p->part, err);
	return ret ? err_wrap(err, "cannot write the bundle") : 0;
}

static int write_group(void *arg, size_t at, void *made)
{
	struct grouping *g = arg;
	struct packed *p = made;
	size_t i;
	int ret = p->ret;

	for (i = g->groups[at].first; i < g->groups[at].end; i++)
		bundle_count_add(&g->w->count, &g->run->boots[i].res);
	g->w->sums[PART_BOOTS].line_count +=
		g->groups[at].end - g->groups[at].first;
	g->w->counts.boot_count = g->groups[at].end;
	g->w->counts.sample_count = g->w->count.samples;
	if (ret)
		*g->err = p->err;
	else
		ret = write_packed_lines(g->w, p, g->err);
	release_packed(p);
	return ret;
}

static int write_boots(struct writer *w, const struct run_data *run,
		       struct err *err)
{
	struct grouping g = {.w = w, .run = run, .err = err};
	struct ordered o = {.make = pack_group,
			    .take = write_group,
			    .drop = release_packed,
			    .arg = &g};
	int ret = flush(w, err);

	group_boots(&g);
	o.count = g.count;
	if (!ret)
		ret = ordered_run(&o, ordered_threads());
	end_part(w, PART_BOOTS);
	free(g.groups);
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

static int write_packed(struct writer *w, struct store *store,
			const struct run_data *run,
			const struct bundle_proof *proof, struct output *out,
			struct err *err)
{
	int ret = gzip_file_begin(&w->file, out->fd, err);

	w->sum = sha256_create();
	if (!ret)
		ret = write_run(w, store, run, proof, err);
	if (!ret)
		ret = flush(w, err);
	if (!ret)
		ret = gzip_file_end(&w->file, err);
	sha256_destroy(w->sum);
	strbuf_release(&w->text);
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
