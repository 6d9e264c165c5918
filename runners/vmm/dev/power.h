/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_POWER_H
#define RUNNERS_VMM_DEV_POWER_H

/*
 * power - the three ways in which a guest asks for its end: the ACPI sleep
 * control register (ACPI 6.5, 4.8.3.7), the ACPI reset register, and the
 * keyboard controller's reset line, which Linux tries where ACPI fails.
 */
#include "runners/vmm/hv.h"

#define POWER_PORT 0x604
#define POWER_PORT_COUNT 4
#define POWER_SLEEP_CONTROL 0 /* register offsets from POWER_PORT */
#define POWER_SLEEP_STATUS 1
#define POWER_RESET 2
#define POWER_RESET_VALUE 0x01
#define POWER_S5_TYPE 5

#define KEYBOARD_PORT 0x64

enum power_request { POWER_NONE, POWER_REQUEST_OFF, POWER_REQUEST_RESET };

/* Called on the vCPU thread that asked. */
struct power {
	void (*request)(void *arg, enum power_request request);
	void *arg;
};

void power_access(void *power, struct hv_access *access);
void keyboard_access(void *power, struct hv_access *access);

#endif
