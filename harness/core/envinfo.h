/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_ENVINFO_H
#define HARNESS_CORE_ENVINFO_H

/*
 * envinfo - the host's fingerprint. Before figures of two runs are compared,
 * its keys must be equal or their differences must be reported.
 */
#include <jansson.h>

/* An object of "key": "value"; an unreadable value is "unknown". Owned by
 * the caller. */
json_t *envinfo_fingerprint(void);

/* Of its first CPU, by a file as /proc/cpuinfo: "cpu.flags" and so on, whole. */
void envinfo_put_cpu(json_t *o, const char *path);

/* The revision that this program was built from. */
const char *envinfo_revision(void);

#endif
