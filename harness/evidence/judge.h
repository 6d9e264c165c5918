/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_EVIDENCE_JUDGE_H
#define HARNESS_EVIDENCE_JUDGE_H

/*
 * judge - the figures and verdicts of a run as one line of canonical JSON: keys in
 * order, no spaces, six significant digits. So the same run gives the same bytes on
 * every machine, although the last digits of exp() and log() depend on the CPU.
 */
#include <jansson.h>

struct claims;
struct err;
struct run_data;

/*
 * {"findings": {"claims": ..., "figures": [...]}} of RUN's registered claims, with room
 * for '\n' in place of its '\0'. The caller frees *LINE, which is NULL after an error.
 * What cannot be judged is never an empty judgement: -EPROTO for a plan or claims that
 * this program cannot read, -EIO for findings that are no JSON, or without memory.
 */
int judge_line(const struct run_data *run, char **line, struct err *err);

/* The verdicts on CLAIMS in the form that judge_line() has them; the caller owns *OUT.
 * -EIO as above. */
int judge_claims(const struct run_data *run, const struct claims *claims,
		 json_t **out, struct err *err);

#endif
