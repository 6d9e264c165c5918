// SPDX-License-Identifier: GPL-3.0-or-later
/* serve - the store as web pages, until it is stopped. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/pruner.h"
#include "harness/serve/tokens.h"
#include "harness/store/samples_drop.h"

#define CLIENT_TIMEOUT_S 10
/* How often free memory goes back to the system, for the heap would keep for ever what
 * requests needed at most. */
#define TRIM_NS NS_PER_S
#define DAY_NS (86400 * NS_PER_S)
#define MAX_UPLOAD_BYTES (64 * MIB)
/* More than people and Prometheus ask for, less than takes a CPU. */
#define DEFAULT_RATE 100
#define MAX_RATE 1000000

struct serve_args {
	struct dashboard_config cfg;
	uint32_t keep_days; /* 0: samples stay for ever */
};

static int take_make_token(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	(void)o;
	(void)arg;
	(void)args;
	return err_set(err, -EINVAL,
		       "--make-token must be the first and only option");
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct serve_args, cfg.db)},
	{"store", "URL", "another name for --db: postgresql://HOST/NAME",
	 OPTION_TEXT(struct dashboard_config, db)},
	{"listen", "ADDR:PORT",
	 "address (127.0.0.1:8080); port 0: any free port",
	 OPTION_TEXT(struct serve_args, cfg.listen)},
	{"host", "NAME[,...]",
	 "names of this server in addresses; .NAME: all below it; *: any",
	 OPTION_TEXT(struct serve_args, cfg.hosts)},
	{"tokens", "FILE", "tokens for sending bundles; without it, no uploads",
	 OPTION_TEXT(struct serve_args, cfg.tokens)},
	{"read-needs-token", NULL, "reading needs a token as well",
	 OPTION_FLAG(struct serve_args, cfg.read_needs_token)},
	{"tls-cert", "FILE", "use TLS: the certificate and its chain, PEM",
	 OPTION_TEXT(struct serve_args, cfg.tls_cert)},
	{"tls-key", "FILE", "the certificate's key, PEM without a passphrase",
	 OPTION_TEXT(struct serve_args, cfg.tls_key)},
	{"max-rate", "N",
	 "requests per second from one address (100; 0: any number)",
	 OPTION_U32(struct serve_args, cfg.max_per_s, 0, MAX_RATE)},
	{"cache", "SIZE", "memory for answers that are kept (64M)",
	 OPTION_BYTES(struct serve_args, cfg.cache_bytes)},
	{"keep-samples", "DAYS",
	 "remove raw samples of older runs, hourly; figures stay",
	 OPTION_U32(struct serve_args, keep_days, 1, SAMPLES_MAX_KEEP_DAYS)},
	{"make-token", NULL, "print a new token, and its line for that file",
	 .take = take_make_token},
	{0},
};

static int parse_arguments(int argc, char **argv, struct serve_args *args,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, args, err);

	if (!ret && optind < argc)
		ret = err_set(err, -EINVAL, "'%s' is not an option",
			      argv[optind]);
	return ret;
}

/* Each connection has a thread, and pages of all sizes live long in caches: with an
 * arena per thread, and large pages among small ones, a night of uploads left 20 MiB
 * of holes. */
static void keep_heap_dense(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 128 * KIB);
}

static int serve(const struct serve_args *args, struct err *err)
{
	struct pruner *pruner = NULL;
	struct dashboard *d = NULL;
	int ret;

	keep_heap_dense();
	ret = dashboard_start(&args->cfg, &d, err);
	if (!ret && args->keep_days)
		ret = pruner_start(args->cfg.db, args->keep_days * DAY_NS,
				   &pruner, err);
	if (!ret) {
		printf("%s\n", dashboard_url(d));
		fflush(stdout);
		while (!wait_until_stopped(clock_mono_ns() + TRIM_NS))
			malloc_trim(0);
	}
	pruner_stop(pruner);
	dashboard_stop(d);
	return ret;
}

static int finish(int ret, const struct err *err)
{
	if (!ret)
		return STATUS_OK;
	return complain(ret == -EINVAL || ret == -ENOENT ? STATUS_USAGE
							 : STATUS_INTERNAL,
			"serve: %s", err->msg);
}

/* SCOPE NAME: shown once, and kept nowhere. */
static int make_token(int argc, char **argv)
{
	struct strbuf token = {0}, line = {0};
	struct err err = {0};
	int ret = argc == 2 ? tokens_make(argv[0], argv[1], &token, &line, &err)
			    : err_set(&err, -EINVAL,
				      "--make-token takes a scope and a name");

	if (!ret)
		printf("token: %s\nline for the file: %s\n", token.str,
		       line.str);
	strbuf_release(&token);
	strbuf_release(&line);
	return finish(ret, &err);
}

static int serve_run(int argc, char **argv)
{
	struct serve_args args = {
		.cfg = {.db = "results/l1vh.db",
			.listen = "127.0.0.1:8080",
			.timeout_s = CLIENT_TIMEOUT_S,
			.max_per_s = DEFAULT_RATE,
			.max_upload_bytes = MAX_UPLOAD_BYTES}};
	struct err err = {0};
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--make-token"))
		return make_token(argc - 2, argv + 2);
	ret = parse_arguments(argc, argv, &args, &err);
	stop_on_signals();
	if (!ret)
		ret = serve(&args, &err);
	return finish(ret, &err);
}

const struct command cmd_serve = {
	.name = "serve",
	.summary = "stored runs as web pages",
	.usage =
		"usage: l1vh-bench serve [options]\n"
		"       l1vh-bench serve --make-token read|write NAME\n"
		"Runs, comparisons and histories for browsers, JSON and OpenMetrics for\n"
		"programs (docs/dashboard.md), until SIGINT or SIGTERM.\n",
	.options = options,
	.help_column = 24,
	.notes =
		"Prints the URL. Exit status: 0 stopped, 64 usage, 70 cannot listen.\n",
	.run = serve_run,
};
