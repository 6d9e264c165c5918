/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_CLOCK_H
#define HARNESS_BASE_CLOCK_H

#include <stdint.h>

/* clock - the two clocks of the harness, in nanoseconds. */
uint64_t clock_mono_ns(void); /* intervals and deadlines */
uint64_t clock_unix_ns(void); /* dates */

#endif
