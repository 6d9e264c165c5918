/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_MICRO_H
#define TESTS_UNIT_MICRO_H

/*
 * micro - guests of a few bytes, in 64-bit mode, that need no hardware
 * assistance: they run on a /dev/kvm in software as well.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runners/vmm/vm.h"

#define MICRO_CODE_GPA 0x100000ULL

/* mov $0x604,%dx; mov $0x34,%al; out %al,(%dx); hlt */
#define POWER_OFF 0x66, 0xba, 0x04, 0x06, 0xb0, 0x34, 0xee, 0xf4

/* True, having said why, where there is no /dev/kvm. */
bool micro_cannot_run(void);

/* A machine with CODE at its start; fails the test where there is none. */
struct vm *micro_vm(const struct hv_ops *hv, const uint8_t *code, size_t len,
		    FILE *events);

/*
 * Run CODE on HV; with STOP somebody calls vm_stop() soon. EVENTS is what
 * the harness would hear, with the exit ledger; the caller frees it.
 */
enum vm_end micro_run(const struct hv_ops *hv, const uint8_t *code, size_t len,
		      bool stop, char **events);

#endif
