/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAP_DEVICES_H
#define RUNNERS_VMM_SNAPSHOT_SNAP_DEVICES_H

/*
 * snap_devices - the devices of a machine as records of a snapshot. Each device's
 * own file has its record's struct, gives it and takes it. No vCPU runs.
 */
struct err;
struct snap_records;
struct vm;

/* Ends the devices' threads: nothing is in flight afterwards. */
void snap_devices_save(struct vm *vm, struct snap_records *r);

/* R is hostile. -ENODEV where the machine has not the devices of the snapshot. */
int snap_devices_load(struct vm *vm, const struct snap_records *r,
		      struct err *err);

void snap_devices_resume(struct vm *vm);

#endif
