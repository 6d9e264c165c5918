/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_VMM_COMMAND_H
#define RUNNERS_MACHINE_VMM_COMMAND_H

/* vmm_command - the command line of our own VMM for one boot. */
struct args;
struct bench_case;
struct io_site;
struct vsock_listener;

/* HV is "kvm", "mshv" or "mshv-emu". All are borrowed; the descriptors that the
 * words name are those of machine.h. */
void vmm_command_add(struct args *a, const char *hv,
		     const struct bench_case *bc,
		     const struct vsock_listener *vsock,
		     const struct io_site *site);

#endif
