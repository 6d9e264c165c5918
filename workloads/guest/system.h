/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_SYSTEM_H
#define WORKLOADS_GUEST_SYSTEM_H

/* system - what PID 1 of the guest has to do before it can be an agent. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mount /proc, /sys and /dev. */
void system_mount(void);

/* Allow transparent huge pages whatever the size of the guest. */
void system_enable_huge_pages(void);

/* Load FOLDER/ *.ko in name order. */
void system_load_modules(const char *folder);

/*
 * Give the controller of the NVMe disk PATH a queue that is polled and sends no
 * interrupts, or take it away: both reset the controller. False: it has none.
 */
bool system_nvme_poll(const char *path, bool is_on);

/* The first NVMe disk; waits a while for it. */
bool system_find_nvme(char *path, size_t size);

/* The device of the disk with that serial number; waits a while for it. */
bool system_find_disk(const char *serial, char *path, size_t size);

/* Mount the disk that programs come from, at /tools. */
bool system_mount_tools(void);

/*
 * Bring the first network card up with ADDRESS ("192.0.2.2/24") and, unless
 * it is empty, a default route through GATEWAY.
 */
bool system_net_up(const char *address, const char *gateway);

/* The result channel, opened; waits a while for it to appear. -1: none. */
int system_open_channel(void);

/*
 * The same over vsock, where the kernel was told "l1vh_vsock=1": the host's
 * port that has the number of our own CID. -1: no answer.
 */
int system_open_vsock(void);

/* Gain the stamp port, and write to it; nothing where the kernel was told
 * "l1vh_no_stamps=1", which is for VMMs that have no such port. */
void system_stamp_enable(void);
void system_stamp(uint32_t value);

/* By a reset where the kernel was told "l1vh_reboot=1", which is for VMMs that have
 * no other end. */
void system_power_off(void) __attribute__((noreturn));

#endif
