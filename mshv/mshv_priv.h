/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_MSHV_PRIV_H
#define MSHV_MSHV_PRIV_H

/* mshv_priv - what the backend's files share; nobody else includes it. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mshv/abi.h"
#include "mshv/insn.h"
#include "mshv/mshv.h"

struct vcpu_state;

#define MSHV_MAX_REGIONS 8
#define INSN_CACHE_SLOTS 64

struct mshv_vm {
	struct hv_vm base;
	struct hv_vm_config cfg;
	const struct mshv_sys *sys; /* borrowed */
	int dev_fd;
	int pt_fd;
	struct hv_mem regions[MSHV_MAX_REGIONS]; /* set before vCPUs run */
	uint32_t region_count;

	pthread_mutex_t route_lock; /* guards the two below */
	struct hv_msi routes[HV_IRQFD_COUNT];
	bool route_used[HV_IRQFD_COUNT];
};

/* A decoded instruction and the bytes that it was decoded from. */
struct insn_slot {
	uint8_t bytes[16];
	uint8_t mode;
	bool is_used;
	struct insn insn;
};

/*
 * What the instruction of the last exit still waits for. All other instructions
 * are complete when their access is returned.
 */
enum vp_step {
	VP_STEP_NONE,
	VP_STEP_IN,   /* IN waits for the port's value */
	VP_STEP_INS,  /* its string form does */
	VP_STEP_READ, /* an instruction waits for its operand */
	VP_STEP_MSR,  /* RDMSR waits for the register's value */
};

struct mshv_vcpu {
	struct hv_vcpu base;
	struct mshv_vm *vm;
	int fd;
	struct mshv_register_page *page; /* NULL where there is none */
	struct mshv_message msg;

	enum vp_step step;
	const struct insn *insn; /* in the cache */
	struct insn_cpu cpu;
	uint64_t gpr[16];    /* cpu.gpr where there is no register page */
	uint64_t gpa;        /* of the operand */
	uint64_t lost_page;  /* of RAM that the host could not give, the last */
	uint32_t lost_count; /* how often in a row */
	struct insn_slot cache[INSN_CACHE_SLOTS];

	pthread_t thread;       /* valid once has_thread is set */
	atomic_bool has_thread; /* release in run, acquire in kick */
	atomic_bool kicked;     /* set by kick, cleared when it was seen */
	atomic_bool in_run;     /* between the last look and the return */
};

/* partition.c: -ENOMEM, and what to do; WHAT is "for a partition". */
int mshv_no_memory(struct err *err, const char *what);

/* vp.c: a state of TYPE to or from BUF, of whole pages; REQUEST is one of
 * MSHV_GET_VP_STATE and MSHV_SET_VP_STATE. */
int mshv_state_move(struct mshv_vcpu *vcpu, unsigned long request, uint8_t type,
		    uint8_t *buf, uint32_t bytes);

/* vp_state.c: registers of the hypervisor's that are MSRs to a guest, COUNT of them with
 * numbers STEP apart. Those that a host lacks are left out. */
struct mshv_named_msr {
	uint32_t name, count, msr, step;
};
void mshv_msrs_get(struct mshv_vcpu *vcpu, struct vcpu_state *st,
		   const struct mshv_named_msr *list, size_t count);
/* 0: LIST does not know it. */
uint32_t mshv_msr_name(const struct mshv_named_msr *list, size_t count,
		       uint64_t index);

/* vp_synic.c: of a guest with this hypervisor's enlightenments; of others nothing. The
 * registers come before the rest, in both directions. */
bool mshv_is_enlightened(const struct mshv_vm *vm);
void mshv_synic_msrs_get(struct mshv_vcpu *vcpu, struct vcpu_state *st);
uint32_t mshv_synic_msr_name(const struct mshv_vcpu *vcpu, uint64_t index);
int mshv_synic_get(struct mshv_vcpu *vcpu, struct vcpu_state *st);
int mshv_synic_set(struct mshv_vcpu *vcpu, const struct vcpu_state *st);

/* vp_memory.c: guest memory as the VP sees it. */
const struct hv_mem *mshv_region(const struct mshv_vm *vm, uint64_t gpa);

/*
 * The driver could not fault in guest RAM of M and reported an access to it
 * (from Linux 6.19, where a region is movable): have the host find that memory,
 * so that the VP can be run again as if nothing had been. A negative errno when
 * it did not 20 times in a row.
 */
int mshv_ram_give(struct mshv_vcpu *vcpu, const struct hv_mem *m, uint64_t gpa);
void *mshv_ram(const struct mshv_vm *vm, uint64_t gpa, uint64_t len);
int mshv_translate(struct mshv_vcpu *vcpu, uint64_t gva, uint64_t *gpa);
int mshv_guest_read(struct mshv_vcpu *vcpu, uint64_t gva, void *to, size_t len);
int mshv_guest_write(struct mshv_vcpu *vcpu, uint64_t gva, const void *from,
		     size_t len);

/* vp_regs.c */
int mshv_cpu_load(struct mshv_vcpu *vcpu);
void mshv_segments_load(struct mshv_vcpu *vcpu);
int mshv_cpu_store(struct mshv_vcpu *vcpu);
int mshv_rip_rax_store(struct mshv_vcpu *vcpu, uint64_t rip, uint64_t rax);

/*
 * vp_exit.c: messages to exits. Both return true when EXIT has something for
 * the VMM, and false when the VP is to be run.
 */
bool mshv_exit_decode(struct mshv_vcpu *vcpu, struct hv_exit *exit);

/* Complete the instruction of EXIT, now that the VMM has answered. */
bool mshv_exit_resume(struct mshv_vcpu *vcpu, struct hv_exit *exit);

/* vp_cpuid.c: give VCPU the CPUID of the policy. */
int mshv_cpuid_set(struct mshv_vcpu *vcpu, struct err *err);

#endif
