// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/evidence/evidence.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/core/envinfo.h"
#include "harness/evidence/judge.h"
#include "harness/store/bundle.h"

int evidence_export(struct store *store, int64_t run_id,
		    const struct ed25519_key *key, const char *path,
		    struct err *err)
{
	const struct bundle_proof proof = {judge_line, key};

	return bundle_export(store, run_id, &proof, path, err);
}

void evidence_release(struct evidence *e)
{
	json_decref(e->claims);
	bundle_facts_release(&e->facts);
	run_data_release(&e->run);
}

static void conclude(struct evidence *e, enum evidence_outcome outcome,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The first reason stays. */
static void conclude(struct evidence *e, enum evidence_outcome outcome,
		     const char *fmt, ...)
{
	va_list ap;

	if (e->outcome != EVIDENCE_VERIFIED)
		return;
	e->outcome = outcome;
	va_start(ap, fmt);
	vsnprintf(e->reason, sizeof(e->reason), fmt, ap);
	va_end(ap);
}

static void check_signer(struct evidence *e, const struct ed25519_keys *keys)
{
	char known[SHA256_HEX + 1];
	size_t i;

	if (e->facts.signer)
		ed25519_fingerprint(e->facts.signer, e->signer);
	if (!keys)
		return;
	for (i = 0; i < keys->count && *e->signer; i++) {
		ed25519_fingerprint(keys->keys[i], known);
		if (!strcmp(known, e->signer) && !e->known_key)
			e->known_key = i + 1;
	}
	if (!*e->signer)
		conclude(e, EVIDENCE_REFUTED,
			 "it has no signature, and --key asks for one");
	else if (!e->known_key)
		conclude(e, EVIDENCE_REFUTED,
			 "it is signed by %s, which --key does not have",
			 e->signer);
}

/* By the clock of the host; a lab's boots have another. */
static void check_registration(struct evidence *e)
{
	const json_t *claims = json_object_get(e->facts.manifest, "claims");
	uint64_t first = e->facts.count.first_boot_unix_ns;

	if (json_is_object(claims) && !e->run.is_lab && first &&
	    first < e->run.started_unix_ns)
		conclude(
			e, EVIDENCE_OPEN,
			"a boot began before the claims were registered, by the host's clock");
}

static void show(const json_t *value, char *buf, size_t size)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
					       JSON_REAL_PRECISION(6));

	snprintf(buf, size, "%s", text ? text : "nothing");
	text_clean(buf);
	free(text);
}

static void differ(struct evidence *e, const char *name, const char *key,
		   const json_t *stored, const json_t *judged)
{
	struct evidence_difference *d;

	if (e->difference_count++ >= EVIDENCE_MAX_SHOWN)
		return;
	d = &e->shown[e->difference_count - 1];
	snprintf(d->where, sizeof(d->where), "%s%s%s", name, *key ? ": " : "",
		 key);
	text_clean(d->where);
	show(stored, d->stored, sizeof(d->stored));
	show(judged, d->judged, sizeof(d->judged));
}

/* Of two objects, or of two values of any other kind. */
static void compare(struct evidence *e, const char *name, const json_t *stored,
		    const json_t *judged)
{
	const char *key;
	json_t *value;

	if (!json_is_object(stored) || !json_is_object(judged)) {
		if (!json_equal(stored, judged))
			differ(e, name, "", stored, judged);
		return;
	}
	json_object_foreach((json_t *)judged, key, value)
		if (!json_equal(json_object_get(stored, key), value))
			differ(e, name, key, json_object_get(stored, key),
			       value);
	json_object_foreach((json_t *)stored, key, value)
		if (!json_object_get(judged, key))
			differ(e, name, key, value, NULL);
}

/* "claim c1", "figure mem_latency 16MiB on kvm"; ROW may be anything. */
static void name_row(const json_t *row, const char *kind, size_t i,
		     char buf[120])
{
	const char *id = "", *workload = "", *point = "", *runner = "";

	if (!json_unpack((json_t *)row, "{s:s}", "id", &id))
		snprintf(buf, 120, "%s %s", kind, id);
	else if (!json_unpack((json_t *)row, "{s:s, s:s, s:s}", "workload",
			      &workload, "point", &point, "runner", &runner))
		snprintf(buf, 120, "%s %s%s%s on %s", kind, workload,
			 *point ? " " : "", point, runner);
	else
		snprintf(buf, 120, "%s %zu", kind, i + 1);
}

static size_t compare_rows(struct evidence *e, const char *kind,
			   const json_t *stored, const json_t *judged)
{
	size_t i, n = json_array_size(judged), m = json_array_size(stored);

	for (i = 0; i < n || i < m; i++) {
		const json_t *was = json_array_get(stored, i);
		const json_t *is = json_array_get(judged, i);
		char name[120];

		if (was && is && json_equal(was, is))
			continue;
		name_row(is ? is : was, kind, i, name);
		compare(e, name, was, is);
	}
	return n;
}

/* Without the members WITHOUT, up to NULL, which are compared by themselves. */
static void compare_frames(struct evidence *e, const char *name,
			   const json_t *stored, const json_t *judged,
			   const char *const *without)
{
	json_t *was = json_copy((json_t *)stored);
	json_t *is = json_copy((json_t *)judged);

	for (; *without; without++) {
		json_object_del(was, *without);
		json_object_del(is, *without);
	}
	compare(e, name, was, is);
	json_decref(was);
	json_decref(is);
}

static void compare_findings(struct evidence *e, const json_t *stored,
			     const json_t *judged)
{
	static const char *const rows[] = {"verdicts", NULL};
	static const char *const parts[] = {"claims", "figures", NULL};
	const json_t *was = json_object_get(stored, "claims");
	const json_t *is = json_object_get(judged, "claims");

	compare_frames(e, "claims", was, is, rows);
	e->verdict_count =
		compare_rows(e, "claim", json_object_get(was, "verdicts"),
			     json_object_get(is, "verdicts"));
	e->figure_count =
		compare_rows(e, "figure", json_object_get(stored, "figures"),
			     json_object_get(judged, "figures"));
	compare_frames(e, "findings", stored, judged, parts);
}

/* Another program may judge by other rules, which is no forgery and no proof. */
static void refute_findings(struct evidence *e)
{
	const char *exporter = json_string_value(json_object_get(
		json_object_get(e->facts.manifest, "exported_by"), "revision"));

	if (!e->difference_count)
		conclude(e, EVIDENCE_REFUTED,
			 "its findings are not in canonical form");
	else if (exporter && strcmp(exporter, envinfo_revision()))
		conclude(
			e, EVIDENCE_REFUTED,
			"the samples give other findings by revision %s; %.100s exported it: verify with that one",
			envinfo_revision(), exporter);
	else
		conclude(e, EVIDENCE_REFUTED,
			 "the samples give other findings");
}

/* The bytes decide; what differs in them is only for people. */
static void compare_lines(struct evidence *e, const char *line,
			  const json_t *judged)
{
	const char *was = e->facts.findings ? e->facts.findings : "{}";
	json_t *stored = json_loads(was, 0, NULL);

	compare_findings(e, json_object_get(stored, "findings"),
			 json_object_get(judged, "findings"));
	e->is_judged = true;
	e->is_same = !strcmp(was, line);
	if (!e->facts.findings)
		conclude(e, EVIDENCE_OPEN,
			 "it has no findings to compare with");
	else if (!e->is_same)
		refute_findings(e);
	if (!e->facts.findings)
		e->difference_count = 0;
	e->claims = json_incref(
		json_object_get(json_object_get(judged, "findings"), "claims"));
	json_decref(stored);
}

/* That this program cannot read the claims does not refute them. */
static int judge_again(struct evidence *e, struct err *err)
{
	json_t *judged = NULL;
	char *line;
	int ret = judge_line(&e->run, &line, err);

	if (ret == -EPROTO) {
		conclude(e, EVIDENCE_OPEN, "it cannot be judged again: %s",
			 err->msg);
		return 0;
	}
	if (!ret && !(judged = json_loads(line, 0, NULL)))
		ret = err_set(err, -EIO, "cannot read the findings again");
	if (!ret)
		compare_lines(e, line, judged);
	json_decref(judged);
	free(line);
	return ret;
}

int evidence_verify(int fd, const struct ed25519_keys *keys, struct evidence *e,
		    struct err *err)
{
	int ret;

	memset(e, 0, sizeof(*e));
	ret = bundle_load(fd, &e->run, &e->facts, err);
	if (ret && ret != -EPROTO)
		return ret;
	if (ret) {
		conclude(e, EVIDENCE_REFUTED, "%s", err->msg);
		return 0;
	}
	e->is_read = true;
	check_signer(e, keys);
	ret = judge_again(e, err);
	if (ret)
		return ret;
	if (e->run.samples_dropped_unix_ns)
		conclude(
			e, EVIDENCE_OPEN,
			"its raw samples were removed: the findings are those of the figures that were kept, and nobody can judge them again");
	check_registration(e);
	return 0;
}
