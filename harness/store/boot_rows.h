/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BOOT_ROWS_H
#define HARNESS_STORE_BOOT_ROWS_H

/* boot_rows - a boot's result as rows of the store: the boot, its series, their
 * samples, phases, exits and documents. */
#include <stdint.h>

struct bench_case;
struct err;
struct result;
struct store;

/* Within a transaction of the caller's. */
int boot_rows_add(struct store *store, int64_t run_id, uint32_t position,
		  const struct bench_case *bc, const struct result *res,
		  struct err *err);

#endif
