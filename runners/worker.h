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

/* Serve until "quit" or the end of input. NODE says what KubeVirt would find
 * on this host, for the probe; the answer's owner is the caller. NULL: nobody
 * asks. 0, or -EPROTO. */
int worker_serve(int in_fd, int out_fd, json_t *(*node)(void));

#endif
