// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/evidence_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/units.h"
#include "harness/core/envinfo.h"
#include "harness/evidence/evidence.h"
#include "harness/evidence/judge.h"
#include "harness/verdict/claims.h"

static void line(FILE *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A bundle may hold any text; in this one nothing of it begins a line, or moves a
 * terminal's cursor. */
static void line(FILE *out, const char *fmt, ...)
{
	char *text = NULL, *at;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	for (at = text; at && *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	fprintf(out, "%s\n", text ? text : "");
	free(text);
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && *text ? text : "unknown";
}

/* The worst of all boots that ran. */
static void print_grade(FILE *out, const struct evidence *e)
{
	enum grade worst = GRADE_HARDWARE;
	bool has_figure = false;
	size_t i;

	for (i = 0; i < e->run.boot_count; i++) {
		const struct result *res = &e->run.boots[i].res;

		has_figure = has_figure || res->series_count;
		if (res->series_count && res->grade > worst)
			worst = res->grade;
	}
	if (!has_figure) {
		line(out, "grade       none: no boot has a figure");
		return;
	}
	line(out, "grade       %s%s", grade_name(worst),
	     worst == GRADE_HARDWARE
		     ? ""
		     : ": it shows that all works, not how fast anything is");
}

static void print_sums(FILE *out, const struct evidence *e)
{
	const struct bundle_sum *sums = e->facts.sums;
	size_t i;

	if (!e->facts.manifest) {
		line(out, "checksums   right; version %d has no manifest",
		     e->facts.version);
		return;
	}
	fprintf(out, "%-11s right:", "checksums");
	for (i = 0; i < PART_COUNT; i++)
		if (sums[i].line_count)
			fprintf(out, "%s %s (%" PRIu64 " %s)", i ? "," : "",
				bundle_part_names[i], sums[i].line_count,
				sums[i].line_count == 1 ? "line" : "lines");
	fputc('\n', out);
}

static void print_signature(FILE *out, const struct evidence *e,
			    const struct evidence_text *w)
{
	if (!*e->signer)
		line(out, "signature   none: anybody can have made this file");
	else if (e->known_key)
		line(out, "signature   right, by %s (key %zu of '%s')",
		     e->signer, e->known_key, w->key_path);
	else if (w->key_path)
		line(out, "signature   by %s, which is not in '%s'", e->signer,
		     w->key_path);
	else
		line(out,
		     "signature   right, by %s, which no --key shows to be anybody's",
		     e->signer);
}

static void print_makers(FILE *out, const struct evidence *e)
{
	const json_t *manifest = e->facts.manifest;
	const json_t *by = json_object_get(manifest, "measured_by");
	const json_t *exporter = json_object_get(manifest, "exported_by");
	const json_t *guest = json_object_get(by, "guest_image");

	line(out, "measured by revision %s, build id %s",
	     text_at(by, "revision"), text_at(by, "build_id"));
	line(out, "            VMM's build id %s", text_at(by, "vmm_build_id"));
	line(out, "            guest image sha256 %s",
	     text_at(guest, "manifest_sha256"));
	line(out, "            container image %s",
	     text_at(by, "container_image"));
	line(out, "host        fingerprint sha256 %s",
	     text_at(by, "host_fingerprint_sha256"));
	line(out, "exported by revision %s, build id %s",
	     text_at(exporter, "revision"), text_at(exporter, "build_id"));
	if (strcmp(text_at(exporter, "revision"), envinfo_revision()))
		line(out,
		     "judged by   revision %s, which is another one: its rules may differ",
		     envinfo_revision());
}

static void print_verdicts(FILE *out, const json_t *claims)
{
	const json_t *rows = json_object_get(claims, "verdicts");
	size_t i;

	for (i = 0; i < json_array_size(rows); i++) {
		const json_t *v = json_array_get(rows, i);
		const char *why =
			json_string_value(json_object_get(v, "reason"));

		line(out, "  %s: %s%s%s", text_at(v, "id"),
		     text_at(v, "verdict"), why && *why ? ": " : "",
		     why ? why : "");
	}
}

/* An older bundle has no manifest, and its plan may have claims. */
static const json_t *own_claims(const struct evidence *e)
{
	return json_is_object(e->claims)
		       ? e->claims
		       : json_object_get(e->facts.manifest, "claims");
}

static void print_claims(FILE *out, const struct evidence *e)
{
	const json_t *claims = own_claims(e);
	uint64_t first = e->facts.count.first_boot_unix_ns;
	uint64_t registered = e->run.started_unix_ns;
	char date[40];

	if (!json_is_object(claims)) {
		line(out, "claims      none were registered");
		return;
	}
	line(out, "claims      %s, sha256 %s", text_at(claims, "name"),
	     text_at(claims, "sha256"));
	units_format_instant(registered, date, sizeof(date));
	if (!first || first < registered)
		line(out, "            registered at %s", date);
	else
		line(out,
		     "            registered at %s, %.3f s before the first boot",
		     date, (double)(first - registered) / NS_PER_S);
	print_verdicts(out, e->claims);
}

static void print_findings(FILE *out, const struct evidence *e)
{
	const char *answer = !e->facts.findings
				     ? "there is nothing to compare with"
			     : e->is_same ? "the same bytes"
					  : "not what the bundle has";
	char from[80];
	size_t i;

	if (!e->is_judged) {
		line(out, "judged      not by this program");
		return;
	}
	snprintf(from, sizeof(from), "%" PRIu64 " raw samples",
		 e->facts.count.samples);
	line(out, "judged      %zu %s and %zu %s from %s: %s", e->verdict_count,
	     e->verdict_count == 1 ? "verdict" : "verdicts", e->figure_count,
	     e->figure_count == 1 ? "figure" : "figures",
	     e->run.samples_dropped_unix_ns
		     ? "the medians that were kept, without samples"
		     : from,
	     answer);
	for (i = 0; i < e->difference_count && i < EVIDENCE_MAX_SHOWN; i++)
		line(out, "  %s: stored %s, judged %s", e->shown[i].where,
		     e->shown[i].stored, e->shown[i].judged);
	if (e->difference_count > EVIDENCE_MAX_SHOWN)
		line(out, "  and %zu more",
		     e->difference_count - EVIDENCE_MAX_SHOWN);
}

/* Of claims that were named here, not by who measured. */
static void print_named_claims(FILE *out, const struct evidence *e,
			       const struct claims *claims,
			       const json_t *judged)
{
	const json_t *own = own_claims(e);

	line(out, "--claims    %s, sha256 %s: %s", claims->name, claims->sha256,
	     !strcmp(text_at(own, "sha256"), claims->sha256)
		     ? "those that were registered"
		     : "POST HOC, they were not registered before the run");
	print_verdicts(out, judged);
}

int evidence_text_write(const struct evidence *e, const struct evidence_text *w,
			FILE *out, struct err *err)
{
	char started[32], ended[32];
	json_t *named = NULL;
	int ret = e->is_read && w->claims
			  ? judge_claims(&e->run, w->claims, &named, err)
			  : 0;

	if (ret)
		return ret;
	fprintf(out, "%s\n", w->name);
	if (e->is_read) {
		units_format_date(e->run.started_unix_ns, started,
				  sizeof(started));
		units_format_date(e->run.ended_unix_ns, ended, sizeof(ended));
		line(out, "run         %s, %s, %zu boots", e->run.uuid,
		     e->run.status, e->run.boot_count);
		line(out, "            %s to %s UTC", started,
		     e->run.ended_unix_ns ? ended : "an unknown time");
		print_grade(out, e);
		print_sums(out, e);
		print_signature(out, e, w);
		if (e->facts.manifest)
			print_makers(out, e);
		print_findings(out, e);
		print_claims(out, e);
		if (w->claims)
			print_named_claims(out, e, w->claims, named);
	}
	if (e->outcome == EVIDENCE_VERIFIED)
		fputs(e->known_key ? "VERIFIED\n"
				   : "VERIFIED, but not who made it\n",
		      out);
	else
		line(out, "%-11s %s",
		     e->outcome == EVIDENCE_OPEN ? "OPEN" : "REFUTED",
		     e->reason);
	json_decref(named);
	return 0;
}
