/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_ENVINFO_H
#define HARNESS_CORE_ENVINFO_H

/*
 * envinfo - the host's fingerprint: what has to be equal, or said to be
 * different, before figures of two runs are put side by side.
 */
#include <jansson.h>

/* An object of "key": "value"; what cannot be read is "unknown". Owned by
 * the caller. */
json_t *envinfo_fingerprint(void);

/* The revision that this program was built from. */
const char *envinfo_revision(void);

#endif
