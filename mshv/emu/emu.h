/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_EMU_EMU_H
#define MSHV_EMU_EMU_H

/*
 * emu - the /dev/mshv interface, answered by KVM.
 *
 * It shows that a VMM written for the device works, on machines without the
 * device. It is strict: it rejects what the driver or the hypervisor rejects,
 * with the same errno. docs/mshv.md lists what KVM cannot do. It says nothing
 * about speed.
 *
 * VMMs use it through mshv_sys_emu (linked) or libmshv-emu.so (preloaded). It
 * shares no code with the KVM backend of the VMM.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mshv/sys.h"

struct hv_ops;

extern const struct mshv_sys mshv_sys_emu;

/*
 * What the emulator asks of KVM while a guest runs: in a call that runs a VP or
 * reads or sets its registers, and in any other. Each list ends with 0.
 */
extern const unsigned long emu_vp_requests[];
extern const unsigned long
	emu_state_requests[]; /* once no VP runs: reads alone */
extern const unsigned long emu_other_requests[];

/* The mshv backend on it: the machine that results are called mshv-emu for. */
extern const struct hv_ops hv_mshv_emu;

/* What tests change; set before the device is opened. */
struct emu_knobs {
	/*
	 * Which kernel's driver to emulate: 615, 619 or 700. Also taken from
	 * L1VH_MSHV_EMU_KERNEL ("6.15", ...).
	 */
	int kernel;
	uint8_t insn_bytes;    /* most bytes that a message carries */
	bool no_register_page; /* mmap of it: ENODEV */
	bool page_aligned_gpa; /* as some Intel hosts report it */
	bool no_gva_gpa;       /* gva_gpa_valid is never set */
	bool no_hyperv;        /* as a KVM that was built without it */
	/*
	 * A signal that comes between two RUN_VPs waits for the second and ends it;
	 * the driver's has been handled by then. Also by L1VH_MSHV_EMU_KICKS=kept.
	 */
	bool keeps_kicks;
};
extern struct emu_knobs emu_knobs;

/*
 * For the interposing library: the same calls as the kernel's, with
 * -errno for failure. FDs are real descriptors.
 */
int emu_open(void);
/* The log's file is opened now and stays so, for a program that can open none
 * later. Others may close any descriptor, this one too. */
void emu_log_keep(void);
int emu_ioctl(int fd, unsigned long request, void *arg);
bool emu_owns(int fd);
/* Whether FD, not known yet, is the device: it is ours then. */
bool emu_adopt(int fd);
void emu_dup(int from, int to);  /* TO is now FROM */
void emu_close(int fd);          /* before the real close() */
void emu_mappings_changed(void); /* of the program, after the call */
int emu_mmap_check(int fd, uint64_t offset); /* 0 or -errno */

#endif
