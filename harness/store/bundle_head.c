// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_head.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_plain.h"
#include "harness/store/bundle_priv.h"

#define RUNNER_SIZE 16

void bundle_head_release(struct bundle_head_line *h)
{
	free(h->revision);
	free(h->plan);
	free(h->fingerprint);
	free(h->probe);
	free(h->manifest);
	memset(h, 0, sizeof(*h));
}

/* When samples were removed; 0: they are there; below 0: that is wrong. */
static json_int_t dropped_of(const json_t *line, int version)
{
	const json_t *value = json_object_get(json_object_get(line, "run"),
					      "samples_dropped_unix_ns");

	if (version == BUNDLE_VERSION_SAMPLES)
		return 0;
	if (!value)
		return version == BUNDLE_VERSION_FIGURES ? -1 : 0;
	return json_integer_value(value) > 0 ? json_integer_value(value) : -1;
}

static bool is_schedule(const json_t *schedule)
{
	json_int_t position, block;
	const char *runner;
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)schedule, i, row)
		if (json_unpack(row, "[I, I, s!]", &position, &block,
				&runner) ||
		    position < 0 || position > UINT32_MAX || block < 0 ||
		    block >= UINT32_MAX || !bundle_is_name(runner, RUNNER_SIZE))
			return false;
	return json_is_array(schedule);
}

void bundle_schedule_row(const json_t *schedule, size_t i, uint32_t *position,
			 uint32_t *block, const char **runner)
{
	json_int_t at = 0, of = 0;

	*runner = "";
	json_unpack(json_array_get(schedule, i), "[I, I, s]", &at, &of, runner);
	*position = (uint32_t)at;
	*block = (uint32_t)of;
}

static void take_texts(struct bundle_head_line *h, const json_t *run,
		       const char *revision, const char *manifest)
{
	h->revision = xstrdup(revision);
	h->manifest = xstrdup(manifest);
	text_clean(h->revision);
	text_clean(h->manifest);
	h->plan = json_dumps(json_object_get(run, "plan"), JSON_COMPACT);
	h->fingerprint =
		json_dumps(json_object_get(run, "fingerprint"), JSON_COMPACT);
	h->probe = json_dumps(json_object_get(run, "probe"), JSON_COMPACT);
}

static int parse_run(const json_t *line, struct bundle_head_line *h,
		     struct err *err)
{
	json_t *run = json_object_get(line, "run");
	json_t *plan, *fingerprint, *probe, *schedule;
	json_int_t seed, started, ended, dropped = dropped_of(line, h->version);
	struct bundle_head *head = &h->head;
	const char *revision, *manifest;
	int is_lab;

	if (json_unpack(run,
			"{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o,"
			" s:s, s:o}",
			"uuid", &head->uuid, "status", &head->status,
			"started_unix_ns", &started, "ended_unix_ns", &ended,
			"seed", &seed, "revision", &revision, "is_lab", &is_lab,
			"plan", &plan, "fingerprint", &fingerprint, "probe",
			&probe, "guest_manifest", &manifest, "schedule",
			&schedule) ||
	    !bundle_is_uuid(head->uuid) || !bundle_is_status(head->status) ||
	    started < 0 || ended < 0 || dropped < 0 || !json_is_object(plan) ||
	    !json_is_object(fingerprint) || !json_is_object(probe))
		return err_set(err, -EPROTO, "the head is not well formed");
	if (!is_schedule(schedule))
		return err_set(err, -EPROTO, "the schedule is not well formed");
	take_texts(h, run, revision, manifest);
	head->started_unix_ns = started;
	head->ended_unix_ns = ended;
	head->schedule = schedule;
	head->info = (struct run_info){.seed = (uint64_t)seed,
				       .revision = h->revision,
				       .plan_json = h->plan,
				       .fingerprint_json = h->fingerprint,
				       .probe_json = h->probe,
				       .guest_manifest = h->manifest,
				       .is_lab = is_lab,
				       .samples_dropped_unix_ns = dropped};
	return 0;
}

int bundle_head_parse(const json_t *line, struct bundle_head_line *out,
		      struct err *err)
{
	memset(out, 0, sizeof(*out));
	if (json_unpack((json_t *)line, "{s:i}", "l1vh_bundle", &out->version))
		return err_set(err, -EPROTO, "the file is not a bundle");
	if (out->version < BUNDLE_VERSION_SAMPLES ||
	    out->version > BUNDLE_VERSION)
		return err_set(
			err, -EPROTO,
			"the bundle has version %d; this program reads versions %d to %d",
			out->version, BUNDLE_VERSION_SAMPLES, BUNDLE_VERSION);
	return parse_run(line, out, err);
}
