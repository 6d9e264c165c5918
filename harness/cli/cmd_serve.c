// SPDX-License-Identifier: GPL-3.0-or-later
/* serve - the store as web pages, until it is stopped. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/cli/commands.h"
#include "harness/serve/dashboard.h"

#define CLIENT_TIMEOUT_S 10
/* How long a signal to another thread may go unnoticed. */
#define LOOK_AGAIN_MS 200

enum { O_DB = 1, O_LISTEN };

static const struct option options[] = {
	{"db", required_argument, NULL, O_DB},
	{"listen", required_argument, NULL, O_LISTEN},
	{NULL, 0, NULL, 0},
};

static int parse(int argc, char **argv, struct dashboard_config *cfg,
		 struct err *err)
{
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == O_DB)
			cfg->db = optarg;
		else if (id == O_LISTEN)
			cfg->listen = optarg;
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

static int serve_run(int argc, char **argv)
{
	struct dashboard_config cfg = {.db = "results/l1vh.db",
				       .listen = "127.0.0.1:8080",
				       .timeout_s = CLIENT_TIMEOUT_S};
	struct err err = {0};
	int ret = parse(argc, argv, &cfg, &err);

	stop_on_signals();
	if (!ret)
		ret = serve(&cfg, &err);
	if (ret == -EINVAL)
		return complain(STATUS_USAGE, "serve: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "serve: %s", err.msg)
		   : STATUS_OK;
}

const struct command cmd_serve = {
	.name = "serve",
	.summary = "stored runs as web pages",
	.usage =
		"usage: l1vh-bench serve [options]\n"
		"Runs, comparisons and histories for browsers, JSON and OpenMetrics for\n"
		"programs (docs/dashboard.md), until SIGINT or SIGTERM.\n"
		"  --db FILE           results (results/l1vh.db)\n"
		"  --listen ADDR:PORT  where (127.0.0.1:8080); port 0: any that is free\n"
		"Prints the URL. Exit status: 0 stopped, 64 usage, 70 it cannot listen.\n",
	.run = serve_run,
};
