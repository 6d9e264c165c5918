/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_BENCH_CASE_H
#define HARNESS_CORE_BENCH_CASE_H

/*
 * bench_case - one boot (or one native process) and the series measured in
 * it, in the order in which they run.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct case_item {
	char workload[32];
	char point[32]; /* "" for a workload without points */
};

struct bench_case {
	char runner[16];
	uint32_t block;
	uint32_t vcpu_count;
	uint64_t ram_bytes;
	char paravirt[16];
	uint32_t warmup_count;
	uint32_t sample_count;
	uint64_t target_ns;
	uint64_t timeout_ns;
	struct case_item *items; /* owned */
	size_t item_count;
};

void bench_case_release(struct bench_case *bc);

/* Append one series. */
void bench_case_add(struct bench_case *bc, const char *workload,
		    const char *point);

/* As an object, and back. -EPROTO when it is not one of ours. */
json_t *bench_case_to_json(const struct bench_case *bc); /* caller owns */
int bench_case_from_json(const json_t *json, struct bench_case *bc,
			 struct err *err);

#endif
