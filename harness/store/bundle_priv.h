/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_PRIV_H
#define HARNESS_STORE_BUNDLE_PRIV_H

/* bundle_priv - what the writer and the reader of bundles share. */
#include <openssl/evp.h>

#include "harness/base/base.h"

#define BUNDLE_VERSION 1
/* Of a run whose samples were removed: it has figures in their place. */
#define BUNDLE_VERSION_FIGURES 2
/* A quarter of a million samples per boot. What a line of hostile JSON takes in
 * memory is some fifty times as much. */
#define BUNDLE_MAX_LINE_BYTES (16 * MIB)
#define SHA256_HEX 64

/* Ends HASH; its sum in hexadecimal. */
void bundle_hash_text(EVP_MD_CTX *hash, char text[SHA256_HEX + 1]);

#endif
