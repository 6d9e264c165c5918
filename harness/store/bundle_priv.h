/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_PRIV_H
#define HARNESS_STORE_BUNDLE_PRIV_H

/* bundle_priv - what the writer and the reader of bundles share. */
#include <stdint.h>

#include "harness/base/base.h"

struct bundle_limits;
struct bundle_proof;
struct err;
struct store;

/* This program writes version 3 and reads all. */
#define BUNDLE_VERSION_SAMPLES 1
/* Of a run whose samples were removed: it has figures in their place. */
#define BUNDLE_VERSION_FIGURES 2
/* Of either kind, with a manifest. */
#define BUNDLE_VERSION 3
/* A quarter of a million samples per boot. What a line of hostile JSON takes in
 * memory is some fifty times as much. */
#define BUNDLE_MAX_LINE_BYTES (16 * MIB)

/* bundle_export() within other limits; -EFBIG: the run is above them. */
int bundle_export_within(struct store *store, int64_t run_id,
			 const struct bundle_proof *proof,
			 const struct bundle_limits *limits, const char *path,
			 struct err *err);

#endif
