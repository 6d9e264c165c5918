// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/store.h"

#define UUID_CHARS 32
#define MAX_BUNDLE_BYTES (1 * GIB)
#define MAX_BOOTS 100000

struct reader {
	gzFile file;
	EVP_MD_CTX *hash;
	struct strbuf in;
	size_t taken; /* of IN, by the last line */
	uint64_t total_bytes;
	bool is_at_end;
};

static int fill_buffer(struct reader *r, struct err *err)
{
	char buf[65536];
	int n = gzread(r->file, buf, sizeof(buf));
	int failed = errno;
	int code = Z_OK;

	if (n > 0) {
		r->total_bytes += (uint64_t)n;
		strbuf_add(&r->in, buf, (size_t)n);
	}
	gzerror(r->file, &code);
	/* The disk's fault, and not the bundle's. */
	if (code == Z_ERRNO)
		return err_sys(err, -(failed ? failed : EIO),
			       "cannot read the file");
	if (n < 0 || code < 0)
		return err_set(err, -EPROTO,
			       "the file is damaged or truncated");
	r->is_at_end = n == 0;
	if (r->in.len > BUNDLE_MAX_LINE_BYTES ||
	    r->total_bytes > MAX_BUNDLE_BYTES)
		return err_set(err, -EPROTO, "the file is larger than any run");
	return 0;
}

/* Ends in '\0' in place of '\n'; valid until the next call. */
static int next_line(struct reader *r, char **line, size_t *len,
		     struct err *err)
{
	size_t seen = 0;

	strbuf_consume(&r->in, r->taken);
	r->taken = 0;
	for (;;) {
		char *nl = r->in.len > seen ? memchr(r->in.str + seen, '\n',
						     r->in.len - seen)
					    : NULL;
		int ret;

		if (nl) {
			*line = r->in.str;
			*len = (size_t)(nl - r->in.str);
			*nl = '\0';
			r->taken = *len + 1;
			return 0;
		}
		if (r->is_at_end)
			return err_set(err, -EPROTO, "the file is truncated");
		seen = r->in.len;
		ret = fill_buffer(r, err);
		if (ret)
			return ret;
	}
}

static int next_object(struct reader *r, json_t **out, struct err *err)
{
	size_t len = 0;
	char *line = NULL;
	int ret = next_line(r, &line, &len, err);

	if (ret)
		return ret;
	*out = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		return err_set(err, -EPROTO, "a line is not a JSON object");
	}
	return 0;
}

/* Of the line in hand; the last one holds the sum of those before. */
static void hash_line(struct reader *r)
{
	EVP_DigestUpdate(r->hash, r->in.str, r->taken - 1);
	EVP_DigestUpdate(r->hash, "\n", 1);
}

/* Such as names are made of; what is shown is escaped all the same. */
static bool is_name(const char *text, size_t max)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 _./,:+%=@()-";

	return strlen(text) < max && !text[strspn(text, chars)];
}

static bool is_uuid(const char *text)
{
	return strlen(text) == UUID_CHARS &&
	       strspn(text, "0123456789abcdef") == UUID_CHARS;
}

static bool is_status(const char *text)
{
	static const char *const words[] = {"running", "complete",
					    "decided", "out of time",
					    "stopped", "failed"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], text))
			return true;
	return false;
}

static bool is_figure_plain(const struct figure *f)
{
	const double values[] = {f->median, f->mean, f->stddev, f->low,
				 f->high};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (!(values[i] >= 0) || !isfinite(values[i]))
			return false;
	return f->sample_count <= INT64_MAX &&
	       f->used_count <= f->sample_count &&
	       f->long_count <= f->used_count && f->low <= f->median &&
	       f->median <= f->high;
}

static bool is_result_plain(struct result *res)
{
	size_t i, k;

	text_clean(res->reason);
	text_clean(res->console);
	text_clean(res->identity);
	if (!is_name(res->boot_id, sizeof(res->boot_id)))
		return false;
	for (i = 0; i < res->series_count; i++) {
		struct series *s = &res->series[i];

		text_clean(s->reason);
		if (!is_name(s->workload, sizeof(s->workload)) ||
		    !is_name(s->point, sizeof(s->point)) ||
		    !is_name(s->unit, sizeof(s->unit)))
			return false;
		for (k = 0; k < s->sample_count; k++)
			if (!(s->samples[k].value >= 0))
				return false;
		if (s->figure && !is_figure_plain(s->figure))
			return false;
	}
	for (i = 0; i < res->phase_count; i++)
		if (!is_name(res->phases[i].name, sizeof(res->phases[i].name)))
			return false;
	for (i = 0; i < res->exit_count; i++)
		if (!is_name(res->exits[i].kind, sizeof(res->exits[i].kind)))
			return false;
	for (i = 0; i < res->document_count; i++) {
		text_clean(res->documents[i].text);
		if (!is_name(res->documents[i].workload,
			     sizeof(res->documents[i].workload)) ||
		    !is_name(res->documents[i].point,
			     sizeof(res->documents[i].point)))
			return false;
	}
	return true;
}

/* A run has all of its samples or none. */
static bool is_of_kind(const struct result *res, bool has_samples)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (has_samples ? res->series[i].figure != NULL
				: res->series[i].sample_count != 0)
			return false;
	return true;
}

static int import_boot(struct store *store, int64_t run_id,
		       const struct run_info *info, const json_t *line,
		       struct err *err)
{
	struct bench_case bc = {.block = 0};
	json_int_t position, block, vcpus, ram;
	const char *runner, *paravirt;
	struct result res;
	json_t *result;
	int ret;

	if (json_unpack((json_t *)line,
			"{s:{s:I, s:I, s:s, s:s, s:I, s:I}, s:o}", "boot",
			"position", &position, "block", &block, "runner",
			&runner, "paravirt", &paravirt, "vcpu_count", &vcpus,
			"ram_bytes", &ram, "result", &result) ||
	    !is_name(runner, sizeof(bc.runner)) ||
	    !is_name(paravirt, sizeof(bc.paravirt)) || position < 0 ||
	    position > UINT32_MAX || block < 0 || block >= UINT32_MAX ||
	    vcpus < 0 || vcpus > UINT32_MAX || ram < 0)
		return err_set(err, -EPROTO, "a boot is not well formed");
	ret = result_from_json(result, &res, err);
	if (ret)
		return ret;
	if (info->is_lab && res.grade != GRADE_EMULATED)
		ret = err_set(err, -EPROTO, "a boot in the lab has grade '%s'",
			      grade_name(res.grade));
	else if (!is_result_plain(&res) ||
		 !is_of_kind(&res, !info->samples_dropped_unix_ns))
		ret = err_set(err, -EPROTO,
			      "a boot has invalid names or values");
	bc.block = (uint32_t)block;
	bc.vcpu_count = (uint32_t)vcpus;
	bc.ram_bytes = (uint64_t)ram;
	snprintf(bc.runner, sizeof(bc.runner), "%s", runner);
	snprintf(bc.paravirt, sizeof(bc.paravirt), "%s", paravirt);
	if (!ret)
		ret = store_import_boot(store, run_id, (uint32_t)position, &bc,
					&res, err);
	result_release(&res);
	return ret;
}

static int import_schedule(struct store *store, int64_t run_id,
			   const json_t *schedule, struct err *err)
{
	json_int_t position, block;
	const char *runner;
	json_t *row;
	size_t i;
	int ret = 0;

	json_array_foreach((json_t *)schedule, i, row) {
		if (ret)
			break;
		if (json_unpack(row, "[I, I, s!]", &position, &block,
				&runner) ||
		    position < 0 || position > UINT32_MAX || block < 0 ||
		    block >= UINT32_MAX || !is_name(runner, 16))
			return err_set(err, -EPROTO,
				       "the schedule is not well formed");
		ret = store_schedule_add(store, run_id, (uint32_t)position,
					 (uint32_t)block, runner, err);
	}
	return ret;
}

/* Borrowed texts of the head, but for those that are dumped. */
struct head {
	struct run_info info;
	const char *uuid, *status;
	json_int_t started, ended;
	json_t *schedule;
	char *revision, *plan, *fingerprint, *probe, *manifest; /* owned */
};

static void head_release(struct head *h)
{
	free(h->revision);
	free(h->plan);
	free(h->fingerprint);
	free(h->probe);
	free(h->manifest);
}

/* When samples were removed, of a bundle of VERSION; below 0: it is wrong. */
static json_int_t dropped_of(const json_t *line, int version)
{
	json_int_t dropped = -1;

	if (version == BUNDLE_VERSION)
		return 0;
	if (json_unpack((json_t *)line, "{s:{s:I}}", "run",
			"samples_dropped_unix_ns", &dropped) ||
	    !dropped)
		return -1;
	return dropped;
}

static int parse_head(const json_t *line, struct head *h, struct err *err)
{
	json_t *plan, *fingerprint, *probe;
	const char *revision, *manifest;
	json_int_t seed, dropped;
	int version, is_lab;

	memset(h, 0, sizeof(*h));
	if (json_unpack((json_t *)line, "{s:i}", "l1vh_bundle", &version))
		return err_set(err, -EPROTO, "the file is not a bundle");
	if (version != BUNDLE_VERSION && version != BUNDLE_VERSION_FIGURES)
		return err_set(
			err, -EPROTO,
			"the bundle has version %d; this program reads versions %d and %d",
			version, BUNDLE_VERSION, BUNDLE_VERSION_FIGURES);
	dropped = dropped_of(line, version);
	if (json_unpack((json_t *)line,
			"{s:{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o,"
			" s:s, s:o}}",
			"run", "uuid", &h->uuid, "status", &h->status,
			"started_unix_ns", &h->started, "ended_unix_ns",
			&h->ended, "seed", &seed, "revision", &revision,
			"is_lab", &is_lab, "plan", &plan, "fingerprint",
			&fingerprint, "probe", &probe, "guest_manifest",
			&manifest, "schedule", &h->schedule) ||
	    !is_uuid(h->uuid) || !is_status(h->status) || h->started < 0 ||
	    h->ended < 0 || dropped < 0 || !json_is_object(plan) ||
	    !json_is_object(fingerprint) || !json_is_object(probe) ||
	    !json_is_array(h->schedule))
		return err_set(err, -EPROTO, "the head is not well formed");
	h->revision = xstrdup(revision);
	h->manifest = xstrdup(manifest);
	text_clean(h->revision);
	text_clean(h->manifest);
	h->plan = json_dumps(plan, JSON_COMPACT);
	h->fingerprint = json_dumps(fingerprint, JSON_COMPACT);
	h->probe = json_dumps(probe, JSON_COMPACT);
	h->info = (struct run_info){.seed = (uint64_t)seed,
				    .revision = h->revision,
				    .plan_json = h->plan,
				    .fingerprint_json = h->fingerprint,
				    .probe_json = h->probe,
				    .guest_manifest = h->manifest,
				    .is_lab = is_lab,
				    .samples_dropped_unix_ns = dropped};
	return 0;
}

static int check_end(struct reader *r, const json_t *line, json_int_t boots,
		     struct err *err)
{
	char sha256[SHA256_HEX + 1] = "";
	const char *wanted;
	json_int_t count;
	int ret = 0;

	bundle_hash_text(r->hash, sha256);
	if (json_unpack((json_t *)line, "{s:{s:I, s:s}}", "end", "boot_count",
			&count, "sha256", &wanted) ||
	    count != boots || strcmp(wanted, sha256))
		return err_set(
			err, -EPROTO,
			"the checksum does not match: the file is damaged");
	while (!ret && !r->is_at_end && r->in.len == r->taken)
		ret = fill_buffer(r, err);
	if (!ret && r->in.len != r->taken)
		ret = err_set(err, -EPROTO,
			      "the file has data after its end record");
	return ret;
}

static int import_boots(struct reader *r, struct store *store, int64_t run_id,
			const struct run_info *info, struct err *err)
{
	json_int_t boots = 0;

	for (;;) {
		json_t *line;
		int ret = next_object(r, &line, err);

		if (ret)
			return ret;
		if (json_object_get(line, "end")) {
			ret = check_end(r, line, boots, err);
			json_decref(line);
			return ret;
		}
		hash_line(r);
		ret = boots++ < MAX_BOOTS
			      ? import_boot(store, run_id, info, line, err)
			      : err_set(err, -EPROTO,
					"the bundle has too many boots");
		json_decref(line);
		if (ret)
			return ret;
	}
}

static int import_all(struct reader *r, struct store *store, int64_t *run_id,
		      bool *is_new, struct err *err)
{
	struct head head;
	json_t *line;
	int ret = next_object(r, &line, err);

	if (ret)
		return ret;
	hash_line(r);
	ret = parse_head(line, &head, err);
	if (!ret)
		ret = store_import_begin(store, &head.info, head.uuid,
					 head.status, head.started, head.ended,
					 run_id, err);
	*is_new = ret != -EEXIST;
	if (!ret) {
		ret = import_schedule(store, *run_id, head.schedule, err);
		if (!ret)
			ret = import_boots(r, store, *run_id, &head.info, err);
		ret = store_end(store, ret, err);
	}
	head_release(&head);
	json_decref(line);
	return ret == -EEXIST ? 0 : ret;
}

int bundle_import_fd(struct store *store, int fd, int64_t *run_id, bool *is_new,
		     struct err *err)
{
	struct reader r = {.file = NULL};
	int ret, own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	*is_new = false;
	if (own < 0 || lseek(own, 0, SEEK_SET) ||
	    !(r.file = gzdopen(own, "rb"))) {
		ret = err_sys(err, -errno, "cannot read a bundle");
		if (own >= 0)
			close(own);
		return ret;
	}
	r.hash = EVP_MD_CTX_new();
	EVP_DigestInit_ex(r.hash, EVP_sha256(), NULL);
	ret = import_all(&r, store, run_id, is_new, err);
	EVP_MD_CTX_free(r.hash);
	strbuf_release(&r.in);
	gzclose(r.file);
	return ret;
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
