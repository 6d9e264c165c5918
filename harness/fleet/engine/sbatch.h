/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_SBATCH_H
#define HARNESS_FLEET_ENGINE_SBATCH_H

/*
 * sbatch - a fleet as a bash script for Slurm: one array job per node, whose
 * index is the run's. Slurm gives no promise that the tasks of one array job
 * reach all nodes, so each job names its node (docs/fleet-slurm.md). The script
 * is a head with the values, made here, and sbatch.sh behind it. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

#define SBATCH_MAX_RUNS 1000 /* Slurm's MaxArraySize is 1001 by default */
#define SBATCH_MAX_NODES 100000

/* Texts are borrowed; those that may be NULL say so. */
struct sbatch {
	const char *fleet; /* also the jobs' name */
	/* Either that many nodes, or Slurm's list of hosts: "n[1-3],n7". */
	uint32_t node_count;
	const char *nodes;
	const char *partition;  /* NULL: Slurm's default */
	const char *constraint; /* NULL: none; features of nodes */
	const char *arm;        /* NULL: none */
	uint32_t run_count;     /* on each node */
	uint64_t time_ns;       /* of one run; 0: the partition's limit */
	const char *results;    /* folder that all nodes share */
	const char *push_url;   /* NULL: nothing is pushed */
	const char *token_file; /* NULL: none; nodes read it */
	const char *ca_file;    /* NULL: the system's */
	bool asks_imds;
	const char *plan;             /* NULL: none; nodes read it */
	const char *const *run_words; /* further options of `run` */
	size_t run_word_count;
	const char *version; /* of this program, for a comment */
};

/*
 * Slurm's list of hosts from the text of a file: one name or list per line, '#'
 * begins a comment. The caller frees *OUT. -EINVAL, with the line, where a line
 * is no list; -ENODATA where there is none.
 */
int sbatch_nodes_read(const char *text, char **out, struct err *err);

/* -EINVAL or -E2BIG, with the reason, where a value is not possible, or would
 * mean something else in a script. */
int sbatch_check(const struct sbatch *s, struct err *err);

/* S must have passed the check. */
void sbatch_write(const struct sbatch *s, FILE *out);

#endif
