/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_RUN_STACKS_H
#define REPORTS_HTML_PICTURES_RUN_STACKS_H

/*
 * run_stacks - the bars of a run that are made of parts: the phases of a start, what a
 * guest costs beside KubeVirt's constants, and where the time of an operation went.
 * Each writes its pictures with their keys, and returns how many they are; 0: the run
 * has no figures for them, and nothing is written.
 */
#include <stddef.h>

struct footprints;
struct model;
struct strbuf;

/* Of guests with Linux, and of the micro guest. */
size_t run_stacks_start(const struct model *m, struct strbuf *out);

/* One guest of 1 vCPU, 1 GiB, one disk and one network card, so far as the shapes
 * determine it (footprint.h). */
size_t run_stacks_footprint(const struct model *m, const struct footprints *fs,
			    struct strbuf *out);

/* Of the first job that exits explain in part, for each runner (explain.h). */
size_t run_stacks_explained(const struct model *m, const char *workload,
			    struct strbuf *out);

#endif
