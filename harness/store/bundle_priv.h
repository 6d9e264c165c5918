/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_PRIV_H
#define HARNESS_STORE_BUNDLE_PRIV_H

/* bundle_priv - what the writer and the reader of bundles share. */
#include "harness/base/base.h"

/* This program writes version 3 and reads all. */
#define BUNDLE_VERSION_SAMPLES 1
/* Of a run whose samples were removed: it has figures in their place. */
#define BUNDLE_VERSION_FIGURES 2
/* Of either kind, with a manifest. */
#define BUNDLE_VERSION 3
/* A quarter of a million samples per boot. What a line of hostile JSON takes in
 * memory is some fifty times as much. */
#define BUNDLE_MAX_LINE_BYTES (16 * MIB)

#endif
