// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/dev/power.h"

#define SLP_EN 0x20
#define SLP_TYP(v) ((v) >> 2 & 7)
#define KEYBOARD_CMD_RESET 0xfe

void power_access(void *power, struct hv_access *access)
{
	struct power *p = power;

	if (!access->is_write) {
		access->data = 0;
		return;
	}
	if (access->addr == POWER_SLEEP_CONTROL && (access->data & SLP_EN) &&
	    SLP_TYP(access->data) == POWER_S5_TYPE)
		p->request(p->arg, POWER_REQUEST_OFF);
	else if (access->addr == POWER_RESET &&
		 (access->data & 0xff) == POWER_RESET_VALUE)
		p->request(p->arg, POWER_REQUEST_RESET);
}

void keyboard_access(void *power, struct hv_access *access)
{
	struct power *p = power;

	if (!access->is_write)
		access->data = 0;
	else if ((access->data & 0xff) == KEYBOARD_CMD_RESET)
		p->request(p->arg, POWER_REQUEST_RESET);
}
