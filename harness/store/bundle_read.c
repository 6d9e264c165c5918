// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/bundle_head.h"
#include "harness/store/bundle_limits.h"
#include "harness/store/bundle_lines.h"
#include "harness/store/bundle_plain.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/bundle_samples.h"
#include "harness/store/bundle_signature.h"

/* Of a line, by its first key; in this order they may follow each other. */
enum kind { KIND_BOOT, KIND_FINDINGS, KIND_MANIFEST, KIND_SIGNATURE, KIND_END };

struct reader {
	const struct bundle_sink *sink;
	void *arg;
	struct bundle_lines *in; /* owned, as all below */
	struct sha256 *sum;
	json_t *first; /* line */
	struct bundle_head_line head;
	struct bundle_samples samples; /* of the boot in hand */
	struct strbuf manifest;        /* its line, with its '\n' */
	enum kind last;
	struct bundle_facts *facts;
};

void bundle_facts_release(struct bundle_facts *facts)
{
	json_decref(facts->manifest);
	free(facts->findings);
	ed25519_destroy(facts->signer);
	memset(facts, 0, sizeof(*facts));
}

static enum kind kind_of(const char *line)
{
	static const char *const keys[] = {
		[KIND_FINDINGS] = "\"findings\"",
		[KIND_MANIFEST] = "\"manifest\"",
		[KIND_SIGNATURE] = "\"signature\"",
		[KIND_END] = "\"end\"",
	};
	size_t i;

	line += strspn(line, " \t\r");
	line += *line == '{';
	line += strspn(line, " \t\r");
	for (i = KIND_FINDINGS; i < ARRAY_SIZE(keys); i++)
		if (!strncmp(line, keys[i], strlen(keys[i])))
			return (enum kind)i;
	return KIND_BOOT;
}

static int parse(const char *line, size_t len, json_t **out, struct err *err)
{
	*out = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return err_set(err, -EPROTO, "a line is not a JSON object");
}

static void add_sum(struct reader *r, const char *line, size_t len)
{
	sha256_add(r->sum, line, len);
	sha256_add(r->sum, "\n", 1);
}

static void end_part(struct reader *r, enum bundle_part part)
{
	if (r->facts->version == BUNDLE_VERSION)
		sha256_take(r->sum, r->facts->sums[part].sha256);
}

static int read_head(struct reader *r, struct err *err)
{
	size_t len = 0;
	char *line = NULL;
	int ret = bundle_lines_next(r->in, &line, &len, err);

	if (ret)
		return ret;
	add_sum(r, line, len);
	ret = parse(line, len, &r->first, err);
	if (!ret)
		ret = bundle_head_parse(r->first, &r->head, err);
	if (ret)
		return ret;
	r->facts->version = r->head.version;
	r->facts->sums[PART_RUN].line_count = 1;
	end_part(r, PART_RUN);
	return r->sink->head(r->arg, &r->head.head, err);
}

static int case_of(const json_t *line, uint32_t *position,
		   struct bench_case *bc, json_t **result, struct err *err)
{
	json_int_t at, block, vcpus, ram;
	const char *runner, *paravirt;

	memset(bc, 0, sizeof(*bc));
	if (json_unpack((json_t *)line,
			"{s:{s:I, s:I, s:s, s:s, s:I, s:I}, s:o}", "boot",
			"position", &at, "block", &block, "runner", &runner,
			"paravirt", &paravirt, "vcpu_count", &vcpus,
			"ram_bytes", &ram, "result", result) ||
	    !bundle_is_name(runner, sizeof(bc->runner)) ||
	    !bundle_is_name(paravirt, sizeof(bc->paravirt)) || at < 0 ||
	    at > UINT32_MAX || block < 0 || block >= UINT32_MAX || vcpus < 0 ||
	    vcpus > UINT32_MAX || ram < 0)
		return err_set(err, -EPROTO, "a boot is not well formed");
	*position = (uint32_t)at;
	bc->block = (uint32_t)block;
	bc->vcpu_count = (uint32_t)vcpus;
	bc->ram_bytes = (uint64_t)ram;
	snprintf(bc->runner, sizeof(bc->runner), "%s", runner);
	snprintf(bc->paravirt, sizeof(bc->paravirt), "%s", paravirt);
	return 0;
}

/* The store keeps both rules as well; a bundle that is only judged meets no store. */
static int check_result(const struct reader *r, const struct bench_case *bc,
			struct result *res, struct err *err)
{
	const struct run_info *info = &r->head.head.info;

	if (info->is_lab && res->grade != GRADE_EMULATED)
		return err_set(err, -EPROTO, "a boot in the lab has grade '%s'",
			       grade_name(res->grade));
	if (!strcmp(bc->runner, "mshv-emu") && res->grade != GRADE_EMULATED)
		return err_set(err, -EPROTO, "mshv-emu is of grade emulated");
	if (!bundle_is_result_plain(res) ||
	    !bundle_is_of_kind(res, !info->samples_dropped_unix_ns))
		return err_set(err, -EPROTO,
			       "a boot has invalid names or values");
	return 0;
}

/* With the boot in hand. */
static int check_counts(const struct reader *r, struct err *err)
{
	const struct bundle_limits counts = {
		.sample_count = r->facts->count.samples,
		.boot_count = r->facts->sums[PART_BOOTS].line_count};

	return bundle_limits_check(&bundle_limits, &counts, -EPROTO, err);
}

static int give_boot(struct reader *r, const json_t *line, struct err *err)
{
	struct bundle_count *count = &r->facts->count;
	struct bench_case bc;
	struct result res;
	uint32_t position = 0;
	json_t *result;
	int ret = case_of(line, &position, &bc, &result, err);

	if (!ret)
		ret = result_from_json(result, &res, err);
	if (ret)
		return ret;
	ret = bundle_samples_give(&r->samples, &res, err);
	if (!ret)
		ret = check_result(r, &bc, &res, err);
	if (!ret)
		bundle_count_add(count, &res);
	if (!ret)
		ret = check_counts(r, err);
	if (!ret)
		ret = r->sink->boot(r->arg, position, &bc, &res, err);
	result_release(&res);
	return ret;
}

static int read_boot(struct reader *r, char *line, size_t len, struct err *err)
{
	json_t *json = NULL;
	int ret = bundle_samples_take(line, &len, &r->samples, err);

	r->facts->sums[PART_BOOTS].line_count++;
	if (!ret)
		ret = parse(line, len, &json, err);
	if (!ret)
		ret = give_boot(r, json, err);
	json_decref(json);
	return ret;
}

static int read_findings(struct reader *r, const char *line, size_t len,
			 struct err *err)
{
	json_t *json;
	int ret = parse(line, len, &json, err);

	json_decref(json);
	if (ret)
		return ret;
	r->facts->findings = xstrdup(line);
	r->facts->sums[PART_FINDINGS].line_count = 1;
	end_part(r, PART_FINDINGS);
	return 0;
}

/* That it is what this run's manifest has to be, by the exporter that it names. */
static int check_manifest(struct reader *r, const json_t *manifest,
			  struct err *err)
{
	json_t *exporter = json_object_get(manifest, "exported_by");
	const char *revision, *build_id;
	json_t *wanted;
	char path[200];
	int ret = 0, version;

	if (json_unpack(exporter, "{s:s, s:s, s:i!}", "revision", &revision,
			"build_id", &build_id, "schema_version", &version))
		return err_set(err, -EPROTO, "the manifest is not well formed");
	wanted = bundle_manifest(json_object_get(r->first, "run"), exporter,
				 &r->facts->count, r->facts->sums);
	if (!json_equal(wanted, manifest))
		ret = err_set(err, -EPROTO,
			      "the manifest does not fit the run: '%s' differs",
			      bundle_manifest_difference(wanted, manifest, path,
							 sizeof(path)));
	json_decref(wanted);
	return ret;
}

static int read_manifest(struct reader *r, const char *line, size_t len,
			 struct err *err)
{
	json_t *json;
	int ret = parse(line, len, &json, err);

	if (ret)
		return ret;
	if (json_object_size(json) != 1)
		ret = err_set(err, -EPROTO, "the manifest is not well formed");
	else
		ret = check_manifest(r, json_object_get(json, "manifest"), err);
	r->facts->manifest = json_incref(json_object_get(json, "manifest"));
	strbuf_add(&r->manifest, line, len);
	strbuf_add(&r->manifest, "\n", 1);
	json_decref(json);
	return ret;
}

static int read_signature(struct reader *r, const char *line, size_t len,
			  struct err *err)
{
	json_t *json;
	int ret = parse(line, len, &json, err);

	if (!ret)
		ret = bundle_signature_check(json, r->manifest.str,
					     r->manifest.len, &r->facts->signer,
					     err);
	json_decref(json);
	return ret;
}

static int read_end(struct reader *r, const char *line, size_t len,
		    struct err *err)
{
	char sum[SHA256_HEX + 1];
	const char *wanted;
	json_int_t count;
	json_t *json;
	int ret = parse(line, len, &json, err);

	sha256_take(r->sum, sum);
	if (!ret && (json_unpack(json, "{s:{s:I, s:s!}!}", "end", "boot_count",
				 &count, "sha256", &wanted) ||
		     (uint64_t)count != r->facts->sums[PART_BOOTS].line_count ||
		     strcmp(wanted, sum)))
		ret = err_set(
			err, -EPROTO,
			"the checksum does not match: the file is damaged");
	json_decref(json);
	return ret ? ret : bundle_lines_end(r->in, err);
}

/* Whether a line of that kind may stand here. */
static int check_order(const struct reader *r, enum kind kind, struct err *err)
{
	bool is_old = r->facts->version != BUNDLE_VERSION;

	if (kind == KIND_BOOT && r->last == KIND_BOOT)
		return 0;
	if (kind == KIND_END && (is_old || r->last >= KIND_MANIFEST))
		return 0;
	if (!is_old && kind > r->last && kind <= KIND_MANIFEST)
		return 0;
	if (kind == KIND_SIGNATURE && r->last == KIND_MANIFEST)
		return 0;
	return err_set(err, -EPROTO, "a line is missing, or not in its place");
}

static int read_line(struct reader *r, enum kind kind, char *line, size_t len,
		     struct err *err)
{
	int ret = check_order(r, kind, err);

	if (ret)
		return ret;
	if (r->last == KIND_BOOT && kind != KIND_BOOT)
		end_part(r, PART_BOOTS);
	r->last = kind;
	if (kind != KIND_END)
		add_sum(r, line, len);
	switch (kind) {
	case KIND_BOOT:
		return read_boot(r, line, len, err);
	case KIND_FINDINGS:
		return read_findings(r, line, len, err);
	case KIND_MANIFEST:
		return read_manifest(r, line, len, err);
	case KIND_SIGNATURE:
		return read_signature(r, line, len, err);
	case KIND_END:
		break;
	}
	return read_end(r, line, len, err);
}

static int read_lines(struct reader *r, struct err *err)
{
	int ret = read_head(r, err);

	while (!ret && r->last != KIND_END) {
		size_t len = 0;
		char *line = NULL;

		ret = bundle_lines_next(r->in, &line, &len, err);
		if (!ret)
			ret = read_line(r, kind_of(line), line, len, err);
	}
	return ret;
}

int bundle_read(int fd, const struct bundle_sink *sink, void *arg,
		struct bundle_facts *facts, struct err *err)
{
	struct reader r = {.sink = sink, .arg = arg, .facts = facts};
	int ret;

	memset(facts, 0, sizeof(*facts));
	r.in = bundle_lines_create(fd);
	r.sum = sha256_create();
	ret = read_lines(&r, err);
	bundle_head_release(&r.head);
	json_decref(r.first);
	strbuf_release(&r.manifest);
	bundle_samples_release(&r.samples);
	sha256_destroy(r.sum);
	bundle_lines_destroy(r.in);
	return ret;
}
