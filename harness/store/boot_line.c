// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/boot_line.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/digits.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/run_data.h"

/* Where the samples of a series go. No text has it: its quotes are escaped there. */
#define PLACE "\"samples\":["

/* As sample_fields has them. What JSON has no number for is left out. */
static void add_samples(const struct series *s, struct strbuf *out)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < s->sample_count; i++) {
		const struct sample *p = &s->samples[i];

		if (!isfinite(p->value))
			continue;
		strbuf_puts(out, before);
		strbuf_puts(out, "[");
		digits_add_count(out, p->section);
		strbuf_puts(out, ",");
		digits_add_count(out, p->elapsed_ns);
		strbuf_puts(out, ",");
		digits_add_count(out, p->host_elapsed_ns);
		strbuf_puts(out, ",");
		digits_add_real(out, p->value);
		strbuf_puts(out, ",");
		digits_add_count(out, p->waited_ns);
		strbuf_puts(out, ",");
		digits_add_count(out, p->disturbances);
		strbuf_puts(out, "]");
		before = ",";
	}
}

/* Without samples; the caller frees it. NULL: JSON cannot hold it. */
static char *frame_of(const struct boot_data *b)
{
	struct result bare = b->res;
	size_t i, bytes = bare.series_count * sizeof(*bare.series);
	json_t *line;
	char *text;

	bare.series = xcalloc(bare.series_count + 1, sizeof(*bare.series));
	if (bytes)
		memcpy(bare.series, b->res.series, bytes);
	for (i = 0; i < bare.series_count; i++)
		bare.series[i].sample_count = 0;
	line = json_pack(
		"{s:{s:I, s:I, s:s, s:s, s:I, s:I}, s:o}", "boot", "position",
		(json_int_t)b->position, "block", (json_int_t)b->bc.block,
		"runner", b->bc.runner, "paravirt", b->bc.paravirt,
		"vcpu_count", (json_int_t)b->bc.vcpu_count, "ram_bytes",
		(json_int_t)b->bc.ram_bytes, "result", result_to_json(&bare));
	free(bare.series);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	return text;
}

/* False: a series is not in FRAME, because it has text that JSON cannot hold. */
static bool fill_frame(const char *frame, const struct result *res,
		       struct strbuf *out)
{
	const char *at;
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		at = strstr(frame, PLACE);
		if (!at)
			return false;
		at += strlen(PLACE);
		strbuf_add(out, frame, (size_t)(at - frame));
		add_samples(&res->series[i], out);
		frame = at;
	}
	strbuf_puts(out, frame);
	strbuf_puts(out, "\n");
	return true;
}

int boot_line_add(const struct boot_data *b, struct strbuf *out,
		  struct err *err)
{
	char *frame = frame_of(b);
	size_t begin = out->len, len;
	bool is_whole = frame && fill_frame(frame, &b->res, out);

	free(frame);
	len = out->len - begin;
	if (is_whole && len <= BUNDLE_MAX_LINE_BYTES)
		return 0;
	out->len = begin;
	return is_whole ? err_set(err, -EFBIG,
				  "a boot is too large for a bundle: %zu bytes",
				  len - 1)
			: err_set(err, -EIO, "cannot write the bundle");
}
