/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_HV_H
#define RUNNERS_VMM_HV_H

/*
 * hv - the VMM's interface to a hypervisor.
 *
 * Backends implement it: runners/vmm/kvm.c over /dev/kvm, and one in mshv/
 * over /dev/mshv. Nothing above this header names either, and no type from
 * a kernel header crosses it.
 *
 * All calls on one vCPU come from the thread that runs it, except
 * hv_vcpu_kick(), which any thread may call; before that thread has begun and after
 * it was joined any one thread may. Calls on a VM may come from any thread;
 * hv_msi_send() and hv_route_set() may race with each other.
 *
 * Every function returns 0 or a negative errno and, where it takes an ERR,
 * fills it on failure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/sandbox/rules.h"

struct cpuid_table;
struct err;
struct hv_ops;
struct vcpu_regs;
struct vcpu_state;

enum hv_exit_kind {
	HV_EXIT_MMIO,
	HV_EXIT_PIO,
	HV_EXIT_MSR, /* see hv_vm_config.exit_msr */
	HV_EXIT_HALT,
	HV_EXIT_KICKED,   /* hv_vcpu_kick() was called, or a signal came */
	HV_EXIT_EOI,      /* the guest ended a level interrupt; see vector */
	HV_EXIT_SHUTDOWN, /* triple fault; the vCPU must not be run again */
	HV_EXIT_ERROR,    /* the hypervisor gave up; see detail */
	HV_EXIT_KIND_COUNT,
};

/* "mmio", "pio", ...: the stable names of the exit ledger. */
const char *hv_exit_kind_name(enum hv_exit_kind kind);

struct hv_access {
	uint64_t addr;     /* guest-physical, port number or MSR */
	uint64_t data;     /* in: written; out: what a read returns */
	uint8_t len_bytes; /* 1, 2, 4 or 8 */
	bool is_write;
	/* Of a read: it is to be made again, by the next run of this guest. */
	bool is_unanswered;
};

struct hv_exit {
	enum hv_exit_kind kind;
	uint32_t raw_reason;     /* the backend's own number */
	uint8_t vector;          /* EOI only */
	struct hv_access access; /* MMIO, PIO and MSR only */
	char detail[96];         /* ERROR only */
};

struct hv_mem {
	uint64_t gpa;
	uint64_t size_bytes;
	void *host; /* borrowed; must outlive the mapping */
	bool readonly;
	bool is_device; /* registers of a real device, not RAM */
};

/* A message-signalled interrupt as a device writes it (PCI 3.0, 6.8). */
struct hv_msi {
	uint64_t addr;
	uint32_t data;
};

/* A guest's write to a device that ends in an eventfd, not in an exit. */
struct hv_doorbell {
	uint64_t gpa;
	uint32_t len_bytes; /* of the write: 1, 2, 4 or 8; 0: of any */
	bool has_datamatch;
	uint64_t datamatch;
	int fd; /* eventfd, borrowed; must outlive the doorbell */
};

enum hv_paravirt {
	HV_PARAVIRT_IDENTICAL, /* no hypervisor's enlightenments */
	HV_PARAVIRT_BEST,      /* this hypervisor's own ones */
};

struct hv_vm_config {
	uint32_t vcpu_count;
	enum hv_paravirt paravirt;
	uint32_t exit_msr; /* comes up as HV_EXIT_MSR; 0: none does */
};

/* Backends embed these as their first member and find themselves again. */
struct hv_vm {
	const struct hv_ops *ops;
	uint32_t tsc_khz;  /* of the guest's TSC; 0 when unknown */
	bool has_exit_msr; /* false: not requested, or not available */
	/* Who said what CPUID shows, where that is not certain; NULL: the
	 * hypervisor alone can. */
	const char *cpuid_source;
	/* Prefaulting RAM may leave the hypervisor's own tables empty. */
	bool fills_lazily;
	bool doubts_bells;   /* doorbells may be dead without an error */
	bool has_dead_bells; /* and are (bell_check.h): none are set */
};

struct hv_vcpu {
	const struct hv_ops *ops;
	uint32_t index;
};

/* Interrupt routes 0..23 are the pins of the IOAPIC. */
#define HV_ROUTE_COUNT 24

/* Slots for messages that an eventfd sends. */
#define HV_IRQFD_COUNT 512

/*
 * What a snapshot takes of a hypervisor and gives to another one. Calls on a vCPU
 * come while nothing runs it.
 */
struct hv_state_ops {
	/* Before anything is saved: get ready, or say why this VM cannot be. The
	 * others open nothing (sandbox.h). NULL: there is nothing to do. */
	int (*prepare)(struct hv_vm *vm, struct err *err);
	/* The paravirtual clock, in nanoseconds, while time is stopped; 0 where there
	 * is none. */
	int (*clock_get)(struct hv_vm *vm, uint64_t *ns);
	int (*clock_set)(struct hv_vm *vm, uint64_t ns);
	/* Stop the guest's time, or let it go on: TSCs that are read and written one
	 * by one stay together, and no timer fires between. NULL: they do so
	 * anyway. */
	int (*time_stop)(struct hv_vm *vm, bool is_stopped);
	/* Of a vCPU that has not run: what it shows then. */
	int (*cpuid_get)(struct hv_vcpu *vcpu, struct cpuid_table *table,
			 struct err *err);
	int (*vcpu_get)(struct hv_vcpu *vcpu, struct vcpu_state *state,
			struct err *err);
	/* Into a vCPU that has not run. STATE is hostile: what the hypervisor
	 * does not take is an error. */
	int (*vcpu_set)(struct hv_vcpu *vcpu, const struct vcpu_state *state,
			struct err *err);
};

struct hv_ops {
	const char *name;         /* "kvm", "mshv": stored with every result */
	enum sandbox_calls calls; /* what its threads may ask of the kernel */

	int (*vm_create)(const struct hv_vm_config *cfg, struct hv_vm **out,
			 struct err *err);
	void (*vm_destroy)(struct hv_vm *vm);
	int (*mem_map)(struct hv_vm *vm, const struct hv_mem *mem,
		       struct err *err);
	int (*mem_unmap)(struct hv_vm *vm, const struct hv_mem *mem);
	int (*device_attach)(struct hv_vm *vm, int fd, struct err *err);
	int (*msi_send)(struct hv_vm *vm, const struct hv_msi *msi);
	int (*route_set)(struct hv_vm *vm, uint32_t route,
			 const struct hv_msi *msi); /* msi NULL: masked */
	int (*irqfd_set)(struct hv_vm *vm, uint32_t slot, int fd,
			 const struct hv_msi *msi); /* msi NULL: detach */
	int (*doorbell_set)(struct hv_vm *vm, const struct hv_doorbell *bell,
			    bool is_on);

	int (*vcpu_create)(struct hv_vm *vm, uint32_t index,
			   struct hv_vcpu **out, struct err *err);
	void (*vcpu_destroy)(struct hv_vcpu *vcpu);
	int (*vcpu_regs_get)(struct hv_vcpu *vcpu, struct vcpu_regs *regs);
	int (*vcpu_regs_set)(struct hv_vcpu *vcpu,
			     const struct vcpu_regs *regs);
	int (*vcpu_run)(struct hv_vcpu *vcpu, struct hv_exit *exit);
	void (*vcpu_kick)(struct hv_vcpu *vcpu);
	const struct hv_state_ops *state; /* NULL: cannot be saved */
};

/* On success *OUT is the caller's, to be given to hv_vm_destroy(). */
int hv_vm_create(const struct hv_ops *ops, const struct hv_vm_config *cfg,
		 struct hv_vm **out, struct err *err);
void hv_vm_destroy(struct hv_vm *vm); /* NULL is fine */
int hv_mem_map(struct hv_vm *vm, const struct hv_mem *mem, struct err *err);

/* Of what was mapped as a whole, at MEM->gpa. -ENOENT when nothing is there. */
int hv_mem_unmap(struct hv_vm *vm, const struct hv_mem *mem);

/*
 * The guest is about to get the host's devices behind FD: a group or a device of
 * vfio, borrowed for the call; a hypervisor that needs it longer holds it itself.
 * -ENODEV where this hypervisor gives no guest a device.
 */
int hv_device_attach(struct hv_vm *vm, int fd, struct err *err);

/* Deliver an interrupt message now. */
int hv_msi_send(struct hv_vm *vm, const struct hv_msi *msi);

/*
 * Tell the hypervisor which message a level-capable pin stands for, so that
 * it reports the end of that interrupt as HV_EXIT_EOI.
 */
int hv_route_set(struct hv_vm *vm, uint32_t route, const struct hv_msi *msi);

/*
 * From now on a signal on the eventfd FD delivers MSI without the VMM; with
 * MSI NULL no longer. A slot has one eventfd, an eventfd one slot: -EBUSY.
 */
int hv_irqfd_set(struct hv_vm *vm, uint32_t slot, int fd,
		 const struct hv_msi *msi);

/* -EEXIST when such a doorbell is there, -ENOENT when it is not; -ENODEV when
 * doorbells are dead here, and the write is to come as an exit. */
int hv_doorbell_set(struct hv_vm *vm, const struct hv_doorbell *bell,
		    bool is_on);

int hv_vcpu_create(struct hv_vm *vm, uint32_t index, struct hv_vcpu **out,
		   struct err *err);
void hv_vcpu_destroy(struct hv_vcpu *vcpu); /* NULL is fine */
int hv_vcpu_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs);
int hv_vcpu_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs);

/*
 * Enter the guest until something needs the VMM. For an access with
 * is_write false, set exit->access.data and call again with the same EXIT:
 * the value reaches the guest on that next entry.
 */
int hv_vcpu_run(struct hv_vcpu *vcpu, struct hv_exit *exit);

/* Make a running or the next hv_vcpu_run() return HV_EXIT_KICKED. */
void hv_vcpu_kick(struct hv_vcpu *vcpu);

/* -ENOTSUP where this hypervisor cannot be saved or restored; the others are
 * called after it alone. See struct hv_state_ops. */
int hv_state_prepare(struct hv_vm *vm, struct err *err);
int hv_clock_get(struct hv_vm *vm, uint64_t *ns);
int hv_clock_set(struct hv_vm *vm, uint64_t ns);
int hv_time_stop(struct hv_vm *vm, bool is_stopped);
int hv_vcpu_cpuid_get(struct hv_vcpu *vcpu, struct cpuid_table *table,
		      struct err *err);
int hv_vcpu_state_get(struct hv_vcpu *vcpu, struct vcpu_state *state,
		      struct err *err);
int hv_vcpu_state_set(struct hv_vcpu *vcpu, const struct vcpu_state *state,
		      struct err *err);

#endif
