/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_VIRSH_H
#define RUNNERS_LIBVIRT_VIRSH_H

/* virsh - libvirt's own program, against the daemons that a helper started. */
#include <stdbool.h>
#include <stdint.h>

struct err;

/* Run VERB with its arguments, of which MORE may be NULL. If it fails, its output
 * is the error's text. */
int virsh(const char *verb, const char *arg, const char *more, struct err *err);

/* Where vCPU 0 of the domain NAME is, by QEMU's monitor; false where it does not
 * answer within a second. */
bool virsh_guest_rip(const char *name, uint64_t *rip);

#endif
