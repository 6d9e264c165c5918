// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/build_id.h"
#include "harness/core/envinfo.h"
#include "harness/store/store.h"

#define MANIFEST_VERSION 1

const char *const bundle_part_names[PART_COUNT] = {
	[PART_RUN] = "run",
	[PART_BOOTS] = "boots",
	[PART_FINDINGS] = "findings",
};

void bundle_count_add(struct bundle_count *count, const struct result *res)
{
	uint64_t started = res->started_unix_ns;
	size_t i;

	count->boots[res->status]++;
	for (i = 0; i < res->series_count; i++)
		count->samples += res->series[i].sample_count;
	if (started &&
	    (!count->first_boot_unix_ns || started < count->first_boot_unix_ns))
		count->first_boot_unix_ns = started;
}

json_t *bundle_exporter(void)
{
	char id[BUILD_ID_SIZE];

	return json_pack("{s:s, s:s, s:i}", "revision", envinfo_revision(),
			 "build_id", build_id_own(id), "schema_version",
			 STORE_SCHEMA_VERSION);
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* Null where TEXT is empty. */
static json_t *sum_of(const char *text)
{
	char sum[SHA256_HEX + 1];

	if (!*text)
		return json_null();
	sha256_of(text, strlen(text), sum);
	return json_string(sum);
}

static json_t *sum_of_json(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	json_t *sum = sum_of(text ? text : "");

	free(text);
	return sum;
}

/* Lines "sha256 NAME SUM" of what workloads/guest/build-image writes. */
static json_t *guest_files(const char *manifest)
{
	char *copy = xstrdup(manifest), *rest = copy, *line;
	json_t *out = json_object();

	while ((line = strsep(&rest, "\n"))) {
		char *word = strsep(&line, " "), *name = strsep(&line, " ");

		if (line && !strcmp(word, "sha256"))
			json_object_set_new(out, name, json_string(line));
	}
	free(copy);
	return out;
}

static json_t *measurer(const json_t *run)
{
	const json_t *host = json_object_get(run, "fingerprint");
	const char *guest = text_at(run, "guest_manifest");

	return json_pack("{s:s, s:s, s:s, s:s, s:{s:o, s:o}, s:o}", "revision",
			 text_at(run, "revision"), "build_id",
			 text_at(host, "l1vh.build_id"), "vmm_build_id",
			 text_at(host, "l1vh.vmm_build_id"), "container_image",
			 text_at(host, "l1vh.image"), "guest_image",
			 "manifest_sha256", sum_of(guest), "files",
			 guest_files(guest), "host_fingerprint_sha256",
			 sum_of_json(host));
}

/* They are in the row that the run began with, before its first boot. */
static json_t *claims_of(const json_t *run)
{
	const json_t *claims =
		json_object_get(json_object_get(run, "plan"), "claims");
	const char *text = text_at(claims, "text");

	if (!*text)
		return json_null();
	return json_pack("{s:s, s:o, s:O}", "name", text_at(claims, "name"),
			 "sha256", sum_of(text), "registered_unix_ns",
			 json_object_get(run, "started_unix_ns"));
}

static json_t *boots_of(const struct bundle_count *count)
{
	json_t *out = json_object();
	int i;

	for (i = 0; i < RUN_STATUS_COUNT; i++)
		json_object_set_new(out, run_status_name((enum run_status)i),
				    json_integer((json_int_t)count->boots[i]));
	return out;
}

static json_t *parts_of(const struct bundle_sum sums[PART_COUNT])
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < PART_COUNT; i++)
		if (sums[i].line_count)
			json_array_append_new(
				out,
				json_pack("{s:s, s:I, s:s}", "name",
					  bundle_part_names[i], "line_count",
					  (json_int_t)sums[i].line_count,
					  "sha256", sums[i].sha256));
	return out;
}

static json_t *run_of(const json_t *run)
{
	static const char *const keys[] = {"uuid", "status", "is_lab",
					   "started_unix_ns", "ended_unix_ns"};
	const json_t *dropped = json_object_get(run, "samples_dropped_unix_ns");
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set(out, keys[i], json_object_get(run, keys[i]));
	json_object_set_new(out, "samples_dropped_unix_ns",
			    json_integer(json_integer_value(dropped)));
	return out;
}

json_t *bundle_manifest(const json_t *run, const json_t *exporter,
			const struct bundle_count *count,
			const struct bundle_sum sums[PART_COUNT])
{
	return json_pack("{s:i, s:o, s:o, s:O, s:o, s:o, s:I, s:I, s:o}",
			 "version", MANIFEST_VERSION, "run", run_of(run),
			 "measured_by", measurer(run), "exported_by", exporter,
			 "claims", claims_of(run), "boots", boots_of(count),
			 "first_boot_unix_ns",
			 (json_int_t)count->first_boot_unix_ns, "sample_count",
			 (json_int_t)count->samples, "parts", parts_of(sums));
}

/* Of two objects, the first key whose values differ; NULL: there is none. */
static const char *first_difference(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a, key, value)
		if (!json_equal(value, json_object_get(b, key)))
			return key;
	json_object_foreach((json_t *)b, key, value)
		if (!json_object_get(a, key))
			return key;
	return NULL;
}

const char *bundle_manifest_difference(const json_t *a, const json_t *b,
				       char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	while (json_is_object(a) && json_is_object(b) && len < size) {
		const char *key = first_difference(a, b);

		if (!key)
			break;
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
					len ? "." : "", key);
		a = json_object_get(a, key);
		b = json_object_get(b, key);
	}
	text_clean(buf);
	return buf;
}
