/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_RUN_DATA_H
#define HARNESS_STORE_RUN_DATA_H

/*
 * run_data - one stored run in memory, as reports need it. A report depends
 * only on this data.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/sha256.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"

struct err;
struct store;

struct boot_data {
	uint32_t position;
	struct bench_case bc; /* runner, block and shape; no items */
	struct result res;
};

struct run_data {
	int64_t id;
	char uuid[40];
	uint64_t started_unix_ns;
	uint64_t ended_unix_ns;           /* 0: it did not end */
	uint64_t samples_dropped_unix_ns; /* 0: they are there */
	/* Fingerprint of the key by which the imported bundle had a right signature;
	 * "": none. */
	char signer[SHA256_HEX + 1];
	char *status;
	uint64_t seed;
	char *revision;
	bool is_lab;
	char *plan;
	char *fingerprint;
	char *probe;
	char *guest_manifest;
	uint32_t scheduled_count;
	uint32_t done_block_count; /* all of whose boots have ended */
	struct boot_data *boots;   /* owned, in the order they ran */
	size_t boot_count;
};

/* -ENOENT if there is no such run. The series of one whose samples were removed have
 * figures in their place. */
int run_data_load(struct store *store, int64_t run_id, struct run_data *run,
		  struct err *err);
void run_data_release(struct run_data *run);

/* Who looks at each boot of a run as soon as it is there, and may then take out of it
 * what nobody else needs: ten million samples are no more in memory than those of one
 * boot. */
struct run_data_reader {
	void (*begin)(void *arg); /* optional; the list of boots is complete */
	void (*boot)(void *arg, struct boot_data *b);
	void *arg;
};

int run_data_read(struct store *store, int64_t run_id, struct run_data *run,
		  const struct run_data_reader *reader, struct err *err);

/* "raw samples were removed on 2026-03-01 02:00:00, after 90 days" into BUF; "" where
 * they are there. */
const char *run_data_removal(const struct run_data *run, char *buf,
			     size_t size);

/* "imported from a file signed by key ..." into BUF, with all that was checked; "" where
 * there was no signature, or nobody knows. */
const char *run_data_signer(const struct run_data *run, char *buf, size_t size);

#endif
