// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/bundle_plain.h"

#include <math.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/core/result.h"

#define UUID_CHARS 32

bool bundle_is_name(const char *text, size_t max)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 _./,:+%=@()-";

	return strlen(text) < max && !text[strspn(text, chars)];
}

bool bundle_is_uuid(const char *text)
{
	return strlen(text) == UUID_CHARS &&
	       strspn(text, "0123456789abcdef") == UUID_CHARS;
}

bool bundle_is_status(const char *text)
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

bool bundle_is_result_plain(struct result *res)
{
	size_t i, k;

	text_clean(res->reason);
	text_clean(res->console);
	text_clean(res->identity);
	if (!bundle_is_name(res->boot_id, sizeof(res->boot_id)))
		return false;
	for (i = 0; i < res->series_count; i++) {
		struct series *s = &res->series[i];

		text_clean(s->reason);
		if (!bundle_is_name(s->workload, sizeof(s->workload)) ||
		    !bundle_is_name(s->point, sizeof(s->point)) ||
		    !bundle_is_name(s->unit, sizeof(s->unit)))
			return false;
		for (k = 0; k < s->sample_count; k++)
			if (!(s->samples[k].value >= 0))
				return false;
		if (s->figure && !is_figure_plain(s->figure))
			return false;
	}
	for (i = 0; i < res->phase_count; i++)
		if (!bundle_is_name(res->phases[i].name,
				    sizeof(res->phases[i].name)))
			return false;
	for (i = 0; i < res->exit_count; i++)
		if (!bundle_is_name(res->exits[i].kind,
				    sizeof(res->exits[i].kind)))
			return false;
	for (i = 0; i < res->document_count; i++) {
		text_clean(res->documents[i].text);
		if (!bundle_is_name(res->documents[i].workload,
				    sizeof(res->documents[i].workload)) ||
		    !bundle_is_name(res->documents[i].point,
				    sizeof(res->documents[i].point)))
			return false;
	}
	return true;
}

bool bundle_is_of_kind(const struct result *res, bool has_samples)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (has_samples ? res->series[i].figure != NULL
				: res->series[i].sample_count != 0)
			return false;
	return true;
}
