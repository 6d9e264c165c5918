/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_SHA256_H
#define WORKLOADS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4, in portable C: as work to be timed, and for the guest to say
 * what it was booted from. */
void sha256(const void *bytes, size_t len, uint8_t digest[32]);

#endif
