/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_LIBVIRT_HELPER_H
#define RUNNERS_LIBVIRT_LIBVIRT_HELPER_H

/*
 * libvirt_helper - the process that is a machine under libvirt: it starts
 * virtlogd and virtqemud (or libvirtd, where a distribution has no virtqemud)
 * as KubeVirt's virt-launcher does, in the given cgroup; creates a paused
 * domain; resumes it on request; and ends with it. Both daemons and the
 * guest's QEMU end with the helper.
 *
 * It writes "paused QEMU VIRTQEMUD VIRTLOGD" (processes) to MACHINE_EVENTS_FD,
 * and resumes the domain when it reads a line there; the guest's console is
 * its standard output.
 *
 * argv: NAME XML_FILE CONSOLE_FILE CGROUP_PROCS_FILE MEMLOCK_BYTES, the last
 * two "-" where there is none.
 */

int libvirt_helper_main(int argc, char **argv); /* returns an exit status */

#endif
