// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Network: throughput by iperf3, latency by a request/response pair of ours
 * (rr.h), because iperf3 has no such test. The peer runs both servers.
 */
#include <stdio.h>

#include "workloads/list.h"
#include "workloads/rr.h"

/* iperf3 counts in whole seconds. */
static unsigned long long seconds(const struct wl_env *env)
{
	unsigned long long s = (env->io_ns + 500000000) / 1000000000;

	return s ? s : 1;
}

static const struct wl_point network_points[] = {
	{.name = "tcp-1", .args = ""},
	{.name = "tcp-4", .args = "-P4"},
	{.name = "tcp-1-reverse", .args = "-R"},
	{.name = "tcp-4-reverse", .args = "-RP4"},
	/* Unlimited rate, so that losses appear. */
	{.name = "udp", .args = "-ub0"},
	{.name = "udp-reverse", .args = "-Rub0"},
};

static void network_program(const struct wl_point *point,
			    const struct wl_env *env, struct wl_program *out)
{
	int n = 0;

	snprintf(out->text, sizeof(out->text), "-t%llu", seconds(env));
	out->argv[n++] = "iperf3";
	out->argv[n++] = "--json";
	out->argv[n++] = "--client";
	out->argv[n++] = env->peer;
	out->argv[n++] = "--port=" RR_IPERF_PORT_TEXT;
	out->argv[n++] = "--connect-timeout=5000";
	out->argv[n++] = out->text;
	if (*point->args)
		out->argv[n++] = point->args;
}

static const struct wl_point rr_points[] = {
	{.name = "tcp-1B", .bytes = 1, .args = "tcp"},
	{.name = "tcp-1KiB", .bytes = 1024, .args = "tcp"},
	{.name = "udp-1B", .bytes = 1, .args = "udp"},
	{.name = "udp-1KiB", .bytes = 1024, .args = "udp"},
};

/* The agent itself, by another name. */
static void rr_program(const struct wl_point *point, const struct wl_env *env,
		       struct wl_program *out)
{
	char *bytes = out->text, *ns = out->text + 32;

	snprintf(bytes, 32, "%llu", (unsigned long long)point->bytes);
	snprintf(ns, 32, "%llu", (unsigned long long)env->io_ns);
	out->argv[0] = "/proc/self/exe";
	out->argv[1] = "--rr";
	out->argv[2] = point->args;
	out->argv[3] = env->peer;
	out->argv[4] = bytes;
	out->argv[5] = ns;
}

const struct workload wl_network = {
	.name = "network",
	.group = "network",
	.summary = "iperf3 to and from a peer; throughput, loss and cost",
	.unit = WL_UNIT_DOCUMENT,
	.better = WL_HIGHER_IS_BETTER,
	.flags = WL_NEEDS_NET,
	.points = network_points,
	.point_count = sizeof(network_points) / sizeof(network_points[0]),
	.program = network_program,
	.main_metric = "bandwidth",
};

const struct workload wl_network_rr = {
	.name = "network_rr",
	.group = "network",
	.summary = "one request, one response, with a peer; latency and cost",
	.unit = WL_UNIT_DOCUMENT,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_NET,
	.points = rr_points,
	.point_count = sizeof(rr_points) / sizeof(rr_points[0]),
	.program = rr_program,
	.main_metric = "p50",
};
