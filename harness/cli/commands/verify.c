// SPDX-License-Identifier: GPL-3.0-or-later
/* verify - whether a bundle is what it says, judged again from its raw samples. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/ed25519.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/core/envinfo.h"
#include "harness/evidence/evidence.h"
#include "harness/evidence/judge.h"
#include "harness/verdict/claims.h"

struct verify_args {
	const char *key;    /* NULL: any */
	const char *claims; /* NULL: only those of the run */
};

static const struct option_row options[] = {
	{"key", "FILE", "public keys in PEM, one of which must have signed",
	 OPTION_TEXT(struct verify_args, key)},
	{"claims", "NAME", "judge these claims as well: a name or a file",
	 OPTION_TEXT(struct verify_args, claims)},
	{0},
};

/* What one bundle is held against; all may be NULL. */
struct wants {
	const struct ed25519_keys *keys;
	const char *key_path;
	const struct claims *claims;
};

static void row(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void row(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("%-11s ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && *text ? text : "unknown";
}

static void print_sums(const struct evidence *e)
{
	const struct bundle_sum *sums = e->facts.sums;
	size_t i;

	if (!e->facts.manifest) {
		row("checksums", "right; version %d has no manifest",
		    e->facts.version);
		return;
	}
	printf("%-11s right:", "checksums");
	for (i = 0; i < PART_COUNT; i++)
		if (sums[i].line_count)
			printf("%s %s (%" PRIu64 " %s)", i ? "," : "",
			       bundle_part_names[i], sums[i].line_count,
			       sums[i].line_count == 1 ? "line" : "lines");
	putchar('\n');
}

static void print_signature(const struct evidence *e, const struct wants *w)
{
	if (!*e->signer)
		row("signature", "none: anybody can have made this file");
	else if (e->known_key)
		row("signature", "right, by %s (key %zu of '%s')", e->signer,
		    e->known_key, w->key_path);
	else if (w->keys)
		row("signature", "by %s, which is not in '%s'", e->signer,
		    w->key_path);
	else
		row("signature",
		    "right, by %s, which no --key shows to be anybody's",
		    e->signer);
}

static void print_makers(const struct evidence *e)
{
	const json_t *manifest = e->facts.manifest;
	const json_t *by = json_object_get(manifest, "measured_by");
	const json_t *exporter = json_object_get(manifest, "exported_by");
	const json_t *guest = json_object_get(by, "guest_image");

	row("measured by", "revision %s, build id %s", text_at(by, "revision"),
	    text_at(by, "build_id"));
	row("", "VMM's build id %s", text_at(by, "vmm_build_id"));
	row("", "guest image sha256 %s", text_at(guest, "manifest_sha256"));
	row("", "container image %s", text_at(by, "container_image"));
	row("host", "fingerprint sha256 %s",
	    text_at(by, "host_fingerprint_sha256"));
	row("exported by", "revision %s, build id %s",
	    text_at(exporter, "revision"), text_at(exporter, "build_id"));
	if (strcmp(text_at(exporter, "revision"), envinfo_revision()))
		row("judged by",
		    "revision %s, which is another one: its rules may differ",
		    envinfo_revision());
}

static void print_verdicts(const json_t *claims)
{
	const json_t *rows = json_object_get(claims, "verdicts");
	size_t i;

	for (i = 0; i < json_array_size(rows); i++) {
		const json_t *v = json_array_get(rows, i);
		const char *why =
			json_string_value(json_object_get(v, "reason"));

		printf("  %s: %s%s%s\n", text_at(v, "id"),
		       text_at(v, "verdict"), why && *why ? ": " : "",
		       why ? why : "");
	}
}

static void print_claims(const struct evidence *e)
{
	const json_t *claims = json_object_get(e->facts.manifest, "claims");
	uint64_t first = e->facts.count.first_boot_unix_ns;
	uint64_t registered = e->run.started_unix_ns;
	char date[40];

	if (!json_is_object(claims)) {
		row("claims", "none were registered");
		return;
	}
	row("claims", "%s, sha256 %s", text_at(claims, "name"),
	    text_at(claims, "sha256"));
	units_format_instant(registered, date, sizeof(date));
	if (!first || first < registered)
		row("", "registered at %s", date);
	else
		row("", "registered at %s, %.3f s before the first boot", date,
		    (double)(first - registered) / NS_PER_S);
	print_verdicts(e->claims);
}

static void print_findings(const struct evidence *e)
{
	size_t i;

	row("judged", "%zu %s and %zu %s from %" PRIu64 " raw samples: %s",
	    e->verdict_count, e->verdict_count == 1 ? "verdict" : "verdicts",
	    e->figure_count, e->figure_count == 1 ? "figure" : "figures",
	    e->facts.count.samples,
	    !e->facts.findings    ? "there is nothing to compare with"
	    : e->difference_count ? "not what the bundle has"
				  : "the same bytes");
	for (i = 0; i < e->difference_count && i < EVIDENCE_MAX_SHOWN; i++)
		printf("  %s: stored %s, judged %s\n", e->shown[i].where,
		       e->shown[i].stored, e->shown[i].judged);
	if (e->difference_count > EVIDENCE_MAX_SHOWN)
		printf("  and %zu more\n",
		       e->difference_count - EVIDENCE_MAX_SHOWN);
}

/* Of claims that were named here, not by who measured. */
static void print_named_claims(const struct evidence *e,
			       const struct claims *claims)
{
	json_t *judged = judge_claims(&e->run, claims);
	const json_t *own = json_object_get(e->facts.manifest, "claims");

	row("--claims", "%s, sha256 %s: %s", claims->name, claims->sha256,
	    !strcmp(text_at(own, "sha256"), claims->sha256)
		    ? "those that were registered"
		    : "POST HOC, they were not registered before the run");
	print_verdicts(judged);
	json_decref(judged);
}

static void print_evidence(const char *name, const struct evidence *e,
			   const struct wants *w)
{
	char started[32], ended[32];

	printf("%s\n", name);
	if (e->is_read) {
		units_format_date(e->run.started_unix_ns, started,
				  sizeof(started));
		units_format_date(e->run.ended_unix_ns, ended, sizeof(ended));
		row("run", "%s, %s, %zu boots", e->run.uuid, e->run.status,
		    e->run.boot_count);
		row("", "%s to %s UTC", started,
		    e->run.ended_unix_ns ? ended : "an unknown time");
		print_sums(e);
		print_signature(e, w);
		if (e->facts.manifest)
			print_makers(e);
		print_findings(e);
		print_claims(e);
		if (w->claims)
			print_named_claims(e, w->claims);
	}
	if (e->outcome == EVIDENCE_VERIFIED)
		puts(e->known_key ? "VERIFIED"
				  : "VERIFIED, but not who made it");
	else
		row(e->outcome == EVIDENCE_OPEN ? "OPEN" : "REFUTED", "%s",
		    e->reason);
}

static const enum exit_status statuses[] = {
	[EVIDENCE_VERIFIED] = STATUS_OK,
	[EVIDENCE_REFUTED] = STATUS_WORSE,
	[EVIDENCE_OPEN] = STATUS_UNDECIDED,
};

static int verify_fd(int fd, const char *name, const struct wants *w,
		     enum exit_status *status, struct err *err)
{
	struct evidence e;
	int ret = evidence_verify(fd, w->keys, &e, err);

	if (!ret) {
		print_evidence(name, &e, w);
		*status = statuses[e.outcome];
	}
	evidence_release(&e);
	return ret ? err_wrap(err, "'%s'", name) : 0;
}

static int verify_one(const char *path, const struct wants *w,
		      enum exit_status *status, struct err *err)
{
	int fd, ret;

	if (!strcmp(path, "-"))
		return verify_fd(STDIN_FILENO, "standard input", w, status,
				 err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	ret = verify_fd(fd, path, w, status, err);
	close(fd);
	return ret;
}

/* The worst of all: refuted, then open. */
static enum exit_status worse(enum exit_status a, enum exit_status b)
{
	if (a == STATUS_WORSE || b == STATUS_WORSE)
		return STATUS_WORSE;
	return a > b ? a : b;
}

static int verify_all(int argc, char **argv, const struct wants *w,
		      enum exit_status *status, struct err *err)
{
	int i, ret = 0;

	for (i = optind; i < argc && !ret; i++) {
		enum exit_status one = STATUS_OK;

		if (i > optind)
			putchar('\n');
		ret = verify_one(argv[i], w, &one, err);
		*status = worse(*status, one);
	}
	return ret;
}

static int verify_run(int argc, char **argv)
{
	struct verify_args args = {.key = NULL};
	struct ed25519_keys keys = {.count = 0};
	enum exit_status status = STATUS_OK;
	struct claims *claims = NULL;
	struct wants w = {.keys = NULL};
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	if (!ret && optind == argc)
		ret = err_set(&err, -EINVAL, "name a file, or - for stdin");
	if (!ret && args.key)
		ret = ed25519_load_public(args.key, &keys, &err);
	if (!ret && args.claims)
		ret = claims_arg_load(args.claims, &claims, &err);
	w.keys = args.key ? &keys : NULL;
	w.key_path = args.key;
	w.claims = claims;
	if (!ret)
		ret = verify_all(argc, argv, &w, &status, &err);
	ed25519_keys_release(&keys);
	claims_free(claims);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "verify: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "verify: %s", err.msg)
		   : (int)status;
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "check an exported file, and judge it again",
	.usage =
		"usage: l1vh-bench verify FILE... [options]\n"
		"Checks the checksums and the signature of exported runs and judges each again\n"
		"from its raw samples. It needs no results file, and no network. - is stdin.\n",
	.options = options,
	.help_column = 18,
	.notes =
		"Exit status: 0 verified; 1 damaged, forged, or judged otherwise; 2 nothing is\n"
		"wrong, but not all can be judged again; 64 usage; 70 a file cannot be read.\n",
	.run = verify_run,
};
