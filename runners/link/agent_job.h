/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_AGENT_JOB_H
#define RUNNERS_LINK_AGENT_JOB_H

/*
 * agent_job - an agent's job, as text for workloads/wire.h: lines "=KEY VALUE"
 * about its environment, and one line per series.
 */
#include <stdbool.h>

struct bench_case;
struct link_env;

/* ENV may be NULL. Series that the host measures are left out. The caller frees
 * it. */
char *agent_job_text(const struct bench_case *bc, const struct link_env *env);

/* Whether the agent measures series of WORKLOAD. */
bool agent_job_has(const char *workload);

#endif
