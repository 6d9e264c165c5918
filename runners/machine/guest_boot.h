/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_GUEST_BOOT_H
#define RUNNERS_MACHINE_GUEST_BOOT_H

/* guest_boot - boot parameters that all guests in all VMMs share. */
#include <stdbool.h>

/*
 * nokaslr: the same addresses at each boot; tsc=reliable: a machine without
 * legacy timers has nothing to check the TSC against; no_timer_check: where there
 * is one, a busy host may be late for the kernel's test of it, which then panics;
 * one UART: three are not there to be probed; reboot=acpi: a panic would otherwise
 * leave through real mode; cryptomgr.notests: a good part of a boot would be tests
 * of cryptography.
 *
 * noreplace-smp: a kernel that finds one CPU takes the LOCK prefixes out of its own
 * code. The host's kernel, which has more, keeps them, so a guest would look nearer
 * to native than it is.
 */
#define GUEST_CMDLINE                                                   \
	"console=ttyS0 quiet loglevel=4 panic=-1 nokaslr tsc=reliable " \
	"clocksource=tsc no_timer_check 8250.nr_uarts=1 "               \
	"random.trust_cpu=on reboot=acpi cryptomgr.notests noreplace-smp"

/* More of it for a guest whose agent connects over vsock. */
#define GUEST_VSOCK " l1vh_vsock=1"

/* The same for a guest of another's VMM, which has no port for stamps; MORE is
 * put behind it. The caller frees it. */
char *guest_cmdline_foreign(const char *more);

/* Of its network card. */
#define GUEST_MAC "52:54:00:4c:31:56"

struct bench_case;

/* The file of BC's kernel; caller frees. */
char *guest_boot_kernel(const struct bench_case *bc);

/* The ELF file inside the bzImage, which needs no decompression in the guest.
 * Caller frees; the file may be absent. */
char *guest_boot_elf(void);
bool guest_boot_has_elf(void);

#endif
