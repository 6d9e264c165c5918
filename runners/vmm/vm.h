/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VM_H
#define RUNNERS_VMM_VM_H

/*
 * vm - one machine: memory, devices and vCPUs, on any hypervisor.
 *
 * vm_create() builds it, vm_run() runs it on the calling thread plus one
 * thread per vCPU, vm_destroy() undoes whatever was built.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "runners/vmm/bus.h"
#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/dev/legacy.h"
#include "runners/vmm/dev/micro.h"
#include "runners/vmm/dev/pci.h"
#include "runners/vmm/dev/power.h"
#include "runners/vmm/dev/uart16550.h"
#include "runners/vmm/hv.h"
#include "runners/vmm/ledger.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/snapshot/snap_records.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vfio/vfio_set.h"
#include "runners/vmm/virtio/console.h"
#include "runners/vmm/virtio/rng.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "runners/vmm/vm_devices.h"

struct err;
struct profile;
struct snap_file;
struct snapshot_config;

#define VM_MAX_VCPUS 64

struct vm_config {
	const char *kernel_path; /* NULL: load nothing, see vm_create() */
	const char *micro_path;  /* in its place: the micro guest's image */
	bool checks_bells;       /* of the micro guest, see bell_check.h */
	const char *initrd_path;
	const char *cmdline;
	struct mem_config mem;
	uint32_t vcpu_count;
	enum hv_paravirt paravirt;
	struct vm_devices_config devices;
	struct vfio_set_config vfio;
	int serial_fd;           /* guest's COM1 output; -1: dropped */
	int channel_fd;          /* result channel; -1: none */
	int input_fd;            /* keys for COM1; -1: none */
	FILE *events;            /* events for the harness; NULL: none */
	struct profile *profile; /* borrowed: of the start; NULL: none */
	const struct snapshot_config *saves; /* borrowed; NULL: it cannot be */
	const struct snap_file *restores; /* borrowed; in place of an image */
	bool checks_ram;                  /* of it: all, in any case */
};

/* How a machine ended. Each is also an exit status of the VMM process. */
enum vm_end {
	VM_END_NONE,
	VM_END_POWER_OFF,
	VM_END_RESET,
	VM_END_TRIPLE_FAULT,
	VM_END_HV_ERROR, /* see vm->end_detail */
	VM_END_STOPPED,  /* vm_stop() */
	VM_END_DEVICE,   /* of the host's, handed on: vm->end_detail */
	VM_END_SNAPSHOT, /* it can be saved now, see snapshot_save() */
	VM_END_COUNT,
};

const char *vm_end_name(enum vm_end end);

struct vm_vcpu {
	struct vm *vm;
	struct hv_vcpu *hv; /* owned */
	pthread_t thread;
	bool has_thread;
	sem_t ended; /* posted by the thread when all its work is done */
	struct thread_wait wait; /* its own thread's */
	struct ledger ledger;
	uint64_t last_rip; /* its own thread's until joined */
};

struct vm {
	struct vm_config cfg; /* strings borrowed */
	struct hv_vm *hv;     /* owned */
	struct mem mem;
	struct bus ports;
	struct bus mmio;
	struct ioapic ioapic;
	struct uart uart;
	struct power power;
	struct rtc rtc;
	struct pci_bus pci;
	struct console console;
	struct virtio_pci console_pci;
	struct rng rng;
	struct virtio_pci rng_pci;
	struct vm_devices devices;
	struct vfio_set vfio;
	struct micro micro; /* with cfg.micro_path alone */
	struct stamp_log stamps;
	bool devices_ready;
	struct vm_vcpu vcpus[VM_MAX_VCPUS];
	uint32_t vcpu_count;
	bool is_stuck;          /* a vCPU's thread did not come back */
	bool input_escaped;     /* Ctrl-A was the last key */
	int wake_fd;            /* eventfd; vm_run() sleeps on it */
	atomic_bool asks_place; /* of vCPU 0; see vm_ask_place() */
	_Atomic(int) end;       /* enum vm_end; the first to set it wins */
	_Atomic(int) cut;       /* as end, but not where it is to be saved */
	char end_detail[160];   /* written by the winner, before wake_fd */
	struct snap_records records; /* of a machine that may be saved */
};

/*
 * Build a machine. Without a kernel path the caller fills guest RAM and sets
 * registers itself before vm_run(): for tests with a few bytes of code.
 */
int vm_create(const struct hv_ops *ops, const struct vm_config *cfg,
	      struct vm **out, struct err *err);
void vm_destroy(struct vm *vm); /* NULL is fine */

/*
 * Run until the guest ends or vm_stop(). All threads are joined on return,
 * except those of vCPUs that are stuck in the hypervisor: then the end is
 * VM_END_HV_ERROR, and vm_destroy() leaves everything as it is.
 */
int vm_run(struct vm *vm, enum vm_end *end, struct err *err);

/* From any thread or signal handler. */
void vm_stop(struct vm *vm);

/* The same, to be saved; nothing where the configuration does not allow for it. */
void vm_snapshot(struct vm *vm);

/* From any thread or signal handler: vCPU 0 writes an event with its place as
 * soon as it leaves the guest. */
void vm_ask_place(struct vm *vm);

/* First call wins; wakes vm_run(). */
void vm_finish(struct vm *vm, enum vm_end end, const char *detail);

/* The ledger of all vCPUs, as "ledger VCPU KIND COUNT NS" lines. */
void vm_write_ledger(const struct vm *vm, FILE *out);

/*
 * The counters so far, of all vCPUs and devices, as "count NUMBER NAME
 * VALUE" lines: exits by kind and the time they took, requests, doorbells and
 * interrupts by device.
 * For a guest that asks before and after some work. Any thread.
 */
void vm_write_counts(struct vm *vm, uint32_t number);

/* A vCPU thread's main (vcpu_loop.c), which posts its end. ARG is a struct
 * vm_vcpu. */
void *vcpu_loop(void *arg);

#endif
