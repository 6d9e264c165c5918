/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_WORKER_H
#define RUNNERS_WORKER_H

/*
 * worker - the process that runs cases: on this host, or inside the lab. The
 * session talks to it in lines of JSON over stdin and stdout and keeps
 * everything itself, so a worker that dies costs one case.
 *
 *   {"op":"hello"}              {"hello":{fingerprint, probe, runners}}
 *   {"op":"run","case":{...}}   {"result":{...}}
 *   {"op":"quit"}               (ends)
 */

#include <jansson.h>

/* Serve until "quit" or the end of input. NODE returns KubeVirt's facts about this
 * host, for the probe; the caller owns them. NULL: they are not needed. 0, or
 * -EPROTO. */
int worker_serve(int in_fd, int out_fd, json_t *(*node)(void));

#endif
