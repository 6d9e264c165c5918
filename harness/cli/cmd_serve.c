// SPDX-License-Identifier: GPL-3.0-or-later
/* serve - the store as web pages, until it is stopped. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/tokens.h"

#define CLIENT_TIMEOUT_S 10
#define MAX_UPLOAD_BYTES (64 * MIB)
/* More than people and Prometheus ask for, less than takes a CPU. */
#define DEFAULT_RATE 100
#define MAX_RATE 1000000
/* How long a signal to another thread may go unnoticed. */
#define LOOK_AGAIN_MS 200

enum {
	O_DB = 1,
	O_LISTEN,
	O_TOKENS,
	O_READ_NEEDS_TOKEN,
	O_TLS_CERT,
	O_TLS_KEY,
	O_MAX_RATE,
};

static const struct option options[] = {
	{"db", required_argument, NULL, O_DB},
	{"listen", required_argument, NULL, O_LISTEN},
	{"tokens", required_argument, NULL, O_TOKENS},
	{"read-needs-token", no_argument, NULL, O_READ_NEEDS_TOKEN},
	{"tls-cert", required_argument, NULL, O_TLS_CERT},
	{"tls-key", required_argument, NULL, O_TLS_KEY},
	{"max-rate", required_argument, NULL, O_MAX_RATE},
	{NULL, 0, NULL, 0},
};

static int parse(int argc, char **argv, struct dashboard_config *cfg,
		 struct err *err)
{
	uint64_t rate;
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == O_DB)
			cfg->db = optarg;
		else if (id == O_LISTEN)
			cfg->listen = optarg;
		else if (id == O_TOKENS)
			cfg->tokens = optarg;
		else if (id == O_READ_NEEDS_TOKEN)
			cfg->read_needs_token = true;
		else if (id == O_TLS_CERT)
			cfg->tls_cert = optarg;
		else if (id == O_TLS_KEY)
			cfg->tls_key = optarg;
		else if (id == O_MAX_RATE &&
			 !units_parse_uint(optarg, 0, MAX_RATE, &rate, err))
			cfg->max_per_s = (unsigned int)rate;
		else if (id == O_MAX_RATE)
			return -EINVAL;
		else
			return err_set(err, -EINVAL,
				       "see 'l1vh-bench serve --help'");
	}
	return optind < argc ? err_set(err, -EINVAL, "'%s' is no option",
				       argv[optind])
			     : 0;
}

static int serve(const struct dashboard_config *cfg, struct err *err)
{
	struct dashboard *d = NULL;
	int ret = dashboard_start(cfg, &d, err);

	if (ret)
		return ret;
	printf("%s\n", dashboard_url(d));
	fflush(stdout);
	while (!stop_wanted)
		poll(NULL, 0, LOOK_AGAIN_MS);
	dashboard_stop(d);
	return 0;
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
	struct dashboard_config cfg = {.db = "results/l1vh.db",
				       .listen = "127.0.0.1:8080",
				       .timeout_s = CLIENT_TIMEOUT_S,
				       .max_per_s = DEFAULT_RATE,
				       .max_upload_bytes = MAX_UPLOAD_BYTES};
	struct err err = {0};
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--make-token"))
		return make_token(argc - 2, argv + 2);
	ret = parse(argc, argv, &cfg, &err);
	stop_on_signals();
	if (!ret)
		ret = serve(&cfg, &err);
	return finish(ret, &err);
}

const struct command cmd_serve = {
	.name = "serve",
	.summary = "stored runs as web pages",
	.usage =
		"usage: l1vh-bench serve [options]\n"
		"       l1vh-bench serve --make-token read|write NAME\n"
		"Runs, comparisons and histories for browsers, JSON and OpenMetrics for\n"
		"programs (docs/dashboard.md), until SIGINT or SIGTERM.\n"
		"  --db FILE           results (results/l1vh.db)\n"
		"  --listen ADDR:PORT  where (127.0.0.1:8080); port 0: any that is free\n"
		"  --tokens FILE       who may send bundles; without it nobody may\n"
		"  --read-needs-token  nobody reads without one either\n"
		"  --tls-cert FILE     speak TLS: the certificate, with what signed it, PEM\n"
		"  --tls-key FILE      and its key, PEM without a passphrase\n"
		"  --max-rate N        requests a second from one address (100; 0: any number)\n"
		"  --make-token        print a new token, and its line for that file\n"
		"Prints the URL. Exit status: 0 stopped, 64 usage, 70 it cannot listen.\n",
	.run = serve_run,
};
