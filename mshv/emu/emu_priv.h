/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_EMU_EMU_PRIV_H
#define MSHV_EMU_EMU_PRIV_H

/* emu_priv - what the emulator's files share; nobody else includes it. */

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/features.h"

#define EMU_MAX_FDS 8192
#define EMU_MAX_REGIONS 256
#define EMU_MAX_OVERRIDES 8192
#define EMU_MAX_PROPERTIES 64
#define EMU_MAX_MSRS 8 /* of KVM's ranges, which are 16 */
#define EMU_MAX_SHADOWS 96
#define EMU_HIDDEN_ROUTES 64
#define EMU_VP_PAGES 3
#define EMU_ENDINGS 32

enum emu_kind { EMU_DEVICE, EMU_PARTITION, EMU_VP };

struct emu_region {
	struct mshv_mem_region map;
	bool is_used;   /* its index is the KVM slot */
	uint8_t *dirty; /* one bit per page, while tracking is on */
};

struct emu_msr {
	uint32_t index;
	uint32_t mask; /* enum mshv_access_mask */
};

/* An MSR that KVM lacks. */
struct emu_shadow {
	uint32_t msr;
	uint64_t value;
};

struct emu_property {
	uint32_t code;
	uint64_t value;
};

/* Lives until its own and all VPs' descriptors are closed. */
struct emu_partition {
	pthread_mutex_t lock; /* guards everything below */
	int refs;             /* descriptors; guarded by the table's lock */
	int vm_fd;
	int device_fd; /* of /dev/kvm */
	uint64_t flags;
	bool is_initialized;
	bool has_run;
	bool is_tracking;
	uint64_t disabled[MSHV_BANK_COUNT];
	struct emu_region regions[EMU_MAX_REGIONS];
	uint32_t region_end; /* behind the last one that was ever used */
	struct mshv_route *routes;
	uint32_t route_count;
	struct mshv_route hidden[EMU_HIDDEN_ROUTES]; /* for level interrupts */
	uint32_t hidden_count;
	struct emu_property properties[EMU_MAX_PROPERTIES];
	uint32_t property_count;
	uint64_t frozen_at; /* 100 ns, while IS_FROZEN */
	bool is_frozen;
	bool ignores_msrs;                 /* that nobody has */
	struct emu_msr msrs[EMU_MAX_MSRS]; /* that the VMM asked for */
	uint32_t msr_count;
	struct mshv_in_cpuid_result *overrides;
	uint32_t override_count;
	struct emu_vp *vps[MSHV_MAX_VPS]; /* owned */
};

/* The general register that an instruction loads which does nothing else, apart
 * from advancing RIP. */
struct emu_load {
	uint8_t number;    /* of the register, as encoded */
	uint8_t shift;     /* 8 for AH, CH, DH and BH */
	uint8_t reg_bytes; /* of the register, that are written */
	uint8_t bytes;     /* that are read; 0: it is no such instruction */
	bool is_signed;
};

/* An instruction of LEN bytes that wrote ends at RIP. */
struct emu_ending {
	uint64_t rip;
	uint8_t len; /* 0: none is known */
};

struct emu_vp {
	struct emu_partition *pt;
	uint32_t index;
	pthread_mutex_t lock; /* held for the whole of RUN_VP */
	int vcpu_fd;
	struct kvm_run *run;
	size_t run_bytes;
	uint8_t *pages;
	bool page_is_stale; /* the register page's segments and control registers */
	bool has_cpuid;
	bool has_synic; /* in KVM */

	/* As the VMM sees the VP while it is stopped. */
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_vcpu_events events; /* at the last exit */
	uint32_t synced;               /* KVM_SYNC_X86_*, what KVM can bring */
	bool regs_are_dirty; /* to be given to KVM on the next entry */
	/* emu_finish.c: KVM has still to finish the last exit's instruction. DUE
	 * are its registers then, apart from what LOAD loads. */
	bool is_unfinished;
	struct kvm_regs due;
	struct emu_load load;
	uint64_t resume_rip; /* where it was entered last */
	/* Of a PIC, with the next entry: its vector + 1, or 0 for none. */
	_Atomic uint32_t extint;
	struct emu_ending endings[EMU_ENDINGS];
	struct emu_code *code; /* owned; emu_decode.c */
	const void *checked;   /* a buffer known to be writable */
	bool has_signals;      /* KVM has that mask of signals */
	uint64_t signals;
	uint8_t timers[sizeof(struct mshv_timers)];
	/* SIMP and SIEFP, for as long as the guest has none. */
	uint8_t synic_pages[2][MSHV_PAGE_BYTES];
	struct emu_shadow shadows[EMU_MAX_SHADOWS];
	uint32_t shadow_count;
	/* The guest's own, as long as its SynIC is on; 0: none. */
	_Atomic uint64_t event_page, message_page;
};

struct emu_object {
	enum emu_kind kind;
	struct emu_partition *pt; /* partition and VP */
	struct emu_vp *vp;
};

/* Log to stderr, or to the file that L1VH_MSHV_EMU_LOG names. */
void emu_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, for what a VMM may do again and again: each text is there once. */
void emu_log_once(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Past libmshv-emu.so, which may hide it; -errno for failure. */
int emu_kvm_open(void);

int emu_kernel(void); /* 615, 619 or 700 */

/* User memory that may be anywhere: -EFAULT instead of a crash. */
int emu_copy_in(void *to, uint64_t from, size_t len);
int emu_copy_out(uint64_t to, const void *from, size_t len);

/* emu.c: descriptors. Returns the new one or -errno. */
int emu_fd_add(int fd, enum emu_kind kind, struct emu_partition *pt,
	       struct emu_vp *vp);

/* emu_partition.c */
int emu_partition_create(void *arg);
void emu_partition_destroy(struct emu_partition *pt);
int emu_partition_ioctl(struct emu_partition *pt, unsigned long request,
			void *arg);
void *emu_ram(struct emu_partition *pt, uint64_t gpa, uint64_t len);
bool emu_is_readonly(struct emu_partition *pt, uint64_t gpa);
int emu_tracking_set(struct emu_partition *pt, bool on);

/* emu_irq.c */
int emu_irqfd(struct emu_partition *pt, const struct mshv_irqfd *arg);
int emu_ioeventfd(struct emu_partition *pt, const struct mshv_ioeventfd *arg);
int emu_routes_set(struct emu_partition *pt, uint64_t arg);
uint16_t emu_assert(struct emu_partition *pt, const struct mshv_in_assert *in);
/* Before each entry, with the VP's lock, for KVM takes an ExtINT from nobody while
 * the VP runs. 0 or -errno. */
int emu_extint_inject(struct emu_vp *vp);
bool emu_is_level(struct emu_partition *pt, uint8_t vector);

/* A GSI that interrupts VP by SINT; the same for the same two. 0 or -errno. */
int emu_sint_route(struct emu_partition *pt, uint32_t vp, uint32_t sint,
		   uint32_t *gsi);

/* emu_synic.c. ENABLE as the partition was promised, before the guest or the VMM uses
 * it; NOTE at KVM's exit for it, NOTE_SET when the VMM has set where its pages are. The
 * others return a status, and *IS_NEW whether the flag was not set yet. */
bool emu_synic_is_promised(struct emu_partition *pt);
void emu_synic_enable(struct emu_vp *vp);
void emu_synic_note(struct emu_vp *vp);
void emu_synic_note_set(struct emu_vp *vp);
uint16_t emu_synic_signal(struct emu_partition *pt,
			  const struct mshv_in_signal_event *in,
			  uint8_t *is_new);
uint16_t emu_synic_post(struct emu_partition *pt,
			const struct mshv_in_post_message *in);

/* emu_status.c: what the driver makes of a hypervisor's status, by the table of
 * drivers/hv/hv_common.c: a negative errno, 0 for success. */
int emu_status_errno(uint16_t status);

/* emu_hvcall.c: VP is NULL on a partition's descriptor, PT on the device's. */
int emu_hvcall(struct emu_partition *pt, struct emu_vp *vp, void *arg);
uint64_t emu_property(struct emu_partition *pt, uint32_t code);

/* emu_msr.c */
uint16_t emu_msr_action_set(struct emu_partition *pt, uint64_t action);
uint16_t emu_msr_intercept(struct emu_partition *pt,
			   const struct mshv_in_intercept *in);
bool emu_msr_is_wanted(struct emu_vp *vp);
/* Of an MSR that KVM lacks: what was set last, at first 0. */
uint16_t emu_msr_shadow(struct emu_vp *vp, uint32_t msr, uint64_t *value,
			bool is_set);

/* emu_cpuid.c */
uint16_t emu_cpuid_register(struct emu_partition *pt,
			    const struct mshv_in_cpuid_result *in);
uint16_t emu_cpuid_get(struct emu_partition *pt, uint32_t vp, uint32_t flags,
		       const struct mshv_cpuid_query *query, uint32_t out[4]);
/* Which features of a bank KVM supports, and a register of what it does. */
uint64_t emu_features(uint32_t bank);
bool emu_cpuid_has(uint32_t leaf); /* KVM, or Hyper-V's own range */
uint32_t emu_cpuid_supported(uint32_t leaf, enum mshv_cpuid_reg reg);
/* KVM checks registers against CPUID, so a new VP needs one; with the lock. */
int emu_cpuid_prepare(struct emu_vp *vp);
/* The last word, before the first run. */
int emu_cpuid_apply(struct emu_vp *vp);

/* emu_vp.c */
int emu_vp_create(struct emu_partition *pt, uint32_t index);
void emu_vp_destroy(struct emu_vp *vp);
int emu_vp_ioctl(struct emu_vp *vp, unsigned long request, void *arg);
int emu_vp_sregs_flush(struct emu_vp *vp);

/* emu_regs.c: hypercall statuses; the VP's lock is held. */
uint16_t emu_reg_get(struct emu_vp *vp, uint32_t name, union mshv_value *value);
uint16_t emu_reg_set(struct emu_vp *vp, uint32_t name,
		     const union mshv_value *value, bool *sregs_changed);
struct mshv_segment emu_segment(const struct kvm_segment *k);
void emu_segment_set(struct kvm_segment *k, const struct mshv_segment *m);
/* es cs ss ds fs gs ldtr tr, as encoded. */
struct kvm_segment *emu_segment_slot(struct kvm_sregs *s, uint32_t number);
uint64_t emu_interruption(const struct kvm_vcpu_events *e);
uint64_t emu_interrupt_state(const struct kvm_vcpu_events *e);
/* By its number in instructions, as the hypervisor's names have it too. */
uint64_t *emu_gpr(struct kvm_regs *k, uint32_t number);

/* emu_page.c: the register page. */
struct mshv_register_page *emu_page_of(const struct emu_vp *vp);
void emu_page_fill(struct emu_vp *vp);
/* The same, but for what the VMM has written there and not run yet. */
void emu_page_refresh(struct emu_vp *vp);
int emu_page_apply(struct emu_vp *vp);

/* emu_signal.c: around RUN_VP, before the VP's lock is taken and after it is given
 * back, for handlers may use the VP. RET is RUN_VP's. What failed holds none. */
int emu_signals_hold(struct emu_vp *vp);
void emu_signals_release(int ret);

/* emu_run.c */
int emu_run(struct emu_vp *vp, uint64_t arg);
int emu_translate(struct emu_vp *vp, uint64_t gva, uint64_t *gpa);

/* emu_decode.c: the instruction of an exit. */
#define EMU_FETCH_BYTES 16
struct emu_insn {
	uint8_t bytes[EMU_FETCH_BYTES];
	uint8_t count;         /* of bytes that could be fetched */
	uint8_t length;        /* 0: not decoded */
	uint8_t element_bytes; /* of a string instruction */
	bool is_string;
	bool is_rep;
	bool moves_to_ram; /* MOVS or INS */
	bool is_the_out;   /* an OUT as the last exit reports it */
	struct emu_load load;
	bool has_gva;
	uint64_t gva; /* of the operand that is at the exit's address */
};

/* The instruction at vp->regs.rip. GPA: where an operand is expected. */
void emu_describe(struct emu_vp *vp, uint64_t gpa, struct emu_insn *insn);
uint64_t emu_string_dest(const struct emu_vp *vp);
size_t emu_guest_copy(struct emu_vp *vp, uint64_t gva, uint8_t *to,
		      const uint8_t *from, size_t len);
/* At each entry: the code is as it was no more. */
void emu_code_forget(struct emu_vp *vp);
bool emu_code_create(struct emu_vp *vp);
void emu_code_destroy(struct emu_vp *vp);

/* emu_rewind.c: from KVM's state back to the state before the instruction. */
/* Whether an OUT or OUTS may end right before vp->regs.rip. */
bool emu_out_may_be_behind(struct emu_vp *vp);
/* INSN is then what emu_describe() says. */
void emu_rewind_out(struct emu_vp *vp, struct emu_insn *insn);
/* A store of BYTES (0: of any size) of which the exit is the first piece. True if
 * the exit is known to be for all of it. */
bool emu_rewind_mmio_write(struct emu_vp *vp, uint32_t bytes,
			   struct emu_insn *insn);

/*
 * emu_finish.c: KVM's part in the instruction of an exit, at once, or with the
 * next entry. After emu_finish*() KVM's registers are undefined.
 */
void emu_finish(struct emu_vp *vp);
/* How many bytes the store has in all; the exit is the same then. */
uint32_t emu_finish_write(struct emu_vp *vp);
void emu_finish_in(struct emu_vp *vp, const struct emu_insn *insn);
void emu_finish_read(struct emu_vp *vp, const struct emu_insn *insn);
/* Leave it to the next entry; KVM's registers will be vp->due. */
void emu_leave(struct emu_vp *vp);
/* The same, for an instruction at vp->regs.rip that does no more than LOAD (NULL:
 * nothing) and advance RIP. False: it may do more, and is not left. */
bool emu_leave_step(struct emu_vp *vp, const struct emu_insn *insn,
		    const struct emu_load *load);
/* Before each entry: finish what was left, by the entry itself if it can be. */
void emu_finish_by_entry(struct emu_vp *vp);
/* ioctl() on the VP in KVM; for all but KVM_RUN after its first one. */
int emu_kvm(struct emu_vp *vp, unsigned long request, void *arg);

/* emu_state.c */
int emu_vp_state(struct emu_vp *vp, void *arg, bool is_set);
/* What is carried of the XSAVE state: its size, compacted, and a bit each. */
uint64_t emu_xsave_bytes(void);
uint64_t emu_xsave_components(void);

#endif
