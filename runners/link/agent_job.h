/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_AGENT_JOB_H
#define RUNNERS_LINK_AGENT_JOB_H

/*
 * agent_job - what an agent is told to do, as text for workloads/wire.h: lines
 * "=KEY VALUE" of where it is, and one line per series.
 */
#include <stdbool.h>

struct bench_case;
struct link_env;

/* ENV may be NULL. Series that the host measures are left out. The caller frees
 * it. */
char *agent_job_text(const struct bench_case *bc, const struct link_env *env);

/* Whether series of WORKLOAD are the agent's to measure. */
bool agent_job_has(const char *workload);

#endif
