/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_ABI_H
#define MSHV_ABI_H

/*
 * abi - the /dev/mshv interface of Linux 6.15 and later on x86-64, in our
 * own words, so that we build where the kernel's headers are older.
 *
 * Sources: include/uapi/linux/mshv.h and drivers/hv/mshv_root_main.c for the
 * ioctls; include/hyperv/hvhdk.h and hvgdk.h for the hypervisor's structures
 * behind them; the Hypervisor Top Level Functional Specification for the
 * meaning. Every size and every offset that is not obvious is asserted.
 *
 * The backend finds missing features by trying, never by a version number:
 * MSHV_PT_CPU_AND_XSAVE gives EINVAL before 6.19, MSHV_ROOT_HVCALL on the
 * device itself gives ENOTTY, and so on (see docs/mshv.md).
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define MSHV_PAGE_BYTES 4096u
#define MSHV_MAX_VPS 256u
#define MSHV_MAX_ROUTES 4096u

/* --- ioctl arguments ---------------------------------------------------- */

enum mshv_pt_flag {
	MSHV_PT_LAPIC = 1 << 0,
	MSHV_PT_X2APIC = 1 << 1,
	MSHV_PT_SUPER_PAGES = 1 << 2,
	MSHV_PT_CPU_AND_XSAVE = 1 << 3, /* takes the second form; 6.19 */
	MSHV_PT_NESTED = 1 << 4,        /* 7.0 */
	MSHV_PT_SMT_GUEST = 1 << 5,     /* 7.0 */
};

struct mshv_create_partition {
	uint64_t flags;
	uint64_t isolation; /* 0 */
};

#define MSHV_CPU_BANKS 2
struct mshv_create_partition_v2 {
	uint64_t flags;
	uint64_t isolation;
	uint16_t bank_count; /* MSHV_CPU_BANKS */
	uint8_t rsvd[6];
	uint64_t disabled_cpu[MSHV_CPU_BANKS];
	uint64_t rsvd1[2];
	uint64_t disabled_xsave;
};

struct mshv_create_vp {
	uint32_t index;
};

enum mshv_mem_flag {
	MSHV_MEM_WRITABLE = 1 << 0,
	MSHV_MEM_EXECUTABLE = 1 << 1,
	MSHV_MEM_UNMAP = 1 << 2,
};

struct mshv_mem_region {
	uint64_t size_bytes;
	uint64_t guest_pfn;
	uint64_t host_addr;
	uint8_t flags;
	uint8_t rsvd[7];
};

enum mshv_irqfd_flag {
	MSHV_IRQFD_DEASSIGN = 1 << 0,
	MSHV_IRQFD_RESAMPLE = 1 << 1,
};

struct mshv_irqfd {
	int32_t fd;
	int32_t resample_fd;
	uint32_t gsi;
	uint32_t flags;
};

enum mshv_ioeventfd_flag {
	MSHV_IOEVENTFD_DATAMATCH = 1 << 0,
	MSHV_IOEVENTFD_PIO = 1 << 1, /* known, and refused */
	MSHV_IOEVENTFD_DEASSIGN = 1 << 2,
};

struct mshv_ioeventfd {
	uint64_t datamatch;
	uint64_t addr;
	uint32_t len_bytes; /* 0: any */
	int32_t fd;
	uint32_t flags;
	uint8_t rsvd[4];
};

struct mshv_route {
	uint32_t gsi;
	uint32_t addr_lo;
	uint32_t addr_hi;
	uint32_t data;
};

struct mshv_route_table {
	uint32_t count;
	uint32_t rsvd;
	struct mshv_route entries[];
};

enum mshv_bitmap_type { MSHV_BITMAP_ACCESSED, MSHV_BITMAP_DIRTY };
enum mshv_bitmap_op { MSHV_BITMAP_NOOP, MSHV_BITMAP_CLEAR, MSHV_BITMAP_SET };

struct mshv_gpap_bitmap {
	uint8_t type;
	uint8_t op;
	uint8_t rsvd[6];
	uint64_t page_count;
	uint64_t first_pfn;
	uint64_t bitmap_ptr;
};

struct mshv_hvcall {
	uint16_t code;
	uint16_t reps;
	uint16_t in_bytes;
	uint16_t out_bytes;
	uint16_t status;
	uint8_t rsvd[6];
	uint64_t in_ptr;
	uint64_t out_ptr;
};

struct mshv_message {
	uint32_t type;
	uint8_t payload_bytes;
	uint8_t flags;
	uint8_t rsvd[2];
	uint64_t sender;
	uint8_t payload[240];
};

enum mshv_vp_state_type {
	MSHV_STATE_LAPIC,
	MSHV_STATE_XSAVE,
	MSHV_STATE_SIMP,
	MSHV_STATE_SIEFP,
	MSHV_STATE_TIMERS,
	MSHV_STATE_COUNT,
};

struct mshv_vp_state {
	uint8_t type;
	uint8_t rsvd[3];
	uint32_t buf_bytes;
	uint64_t buf_ptr;
};

/*
 * Numbers repeat between the three kinds of file descriptor, so the meaning of
 * a request depends on the kind of its descriptor.
 */
#define MSHV_MAGIC 0xb8
#define MSHV_CREATE_PARTITION _IOW(MSHV_MAGIC, 0, struct mshv_create_partition)
#define MSHV_ROOT_HVCALL _IOWR(MSHV_MAGIC, 7, struct mshv_hvcall)
#define MSHV_INITIALIZE_PARTITION _IO(MSHV_MAGIC, 0)
#define MSHV_CREATE_VP _IOW(MSHV_MAGIC, 1, struct mshv_create_vp)
#define MSHV_SET_GUEST_MEMORY _IOW(MSHV_MAGIC, 2, struct mshv_mem_region)
#define MSHV_IRQFD _IOW(MSHV_MAGIC, 3, struct mshv_irqfd)
#define MSHV_IOEVENTFD _IOW(MSHV_MAGIC, 4, struct mshv_ioeventfd)
#define MSHV_SET_MSI_ROUTING _IOW(MSHV_MAGIC, 5, struct mshv_route_table)
#define MSHV_GET_GPAP_BITMAP _IOWR(MSHV_MAGIC, 6, struct mshv_gpap_bitmap)
#define MSHV_RUN_VP _IOR(MSHV_MAGIC, 0, struct mshv_message)
#define MSHV_GET_VP_STATE _IOWR(MSHV_MAGIC, 1, struct mshv_vp_state)
#define MSHV_SET_VP_STATE _IOWR(MSHV_MAGIC, 2, struct mshv_vp_state)

/* Pages that a VP's descriptor maps, by page index. */
enum mshv_vp_page {
	MSHV_VP_PAGE_REGISTERS,
	MSHV_VP_PAGE_MESSAGE,
	MSHV_VP_PAGE_GHCB,
	MSHV_VP_PAGE_COUNT,
};

/* --- what hypercalls take ----------------------------------------------- */

enum mshv_hvcall_code {
	MSHV_HVCALL_GET_PROPERTY = 0x44,
	MSHV_HVCALL_SET_PROPERTY = 0x45,
	MSHV_HVCALL_INSTALL_INTERCEPT = 0x4d,
	MSHV_HVCALL_GET_VP_REGISTERS = 0x50,
	MSHV_HVCALL_SET_VP_REGISTERS = 0x51,
	MSHV_HVCALL_TRANSLATE = 0x52,
	MSHV_HVCALL_CLEAR_INTERRUPT = 0x56,
	MSHV_HVCALL_REGISTER_RESULT = 0x91,
	MSHV_HVCALL_ASSERT_INTERRUPT = 0x94,
	MSHV_HVCALL_SIGNAL_EVENT = 0xc0,
	MSHV_HVCALL_POST_MESSAGE = 0xc1,
	MSHV_HVCALL_GET_ACCESS_STATES = 0xc9,
	MSHV_HVCALL_GET_CPUID = 0xf4,
	MSHV_HVCALL_GET_PROPERTY_EX = 0x101,
};

enum mshv_status {
	MSHV_STATUS_SUCCESS = 0,
	MSHV_STATUS_INVALID_CODE = 0x2,
	MSHV_STATUS_INVALID_INPUT = 0x3,
	MSHV_STATUS_INVALID_ALIGNMENT = 0x4,
	MSHV_STATUS_INVALID_PARAMETER = 0x5,
	MSHV_STATUS_ACCESS_DENIED = 0x6,
	MSHV_STATUS_INVALID_PARTITION_STATE = 0x7,
	MSHV_STATUS_OPERATION_DENIED = 0x8,
	MSHV_STATUS_UNKNOWN_PROPERTY = 0x9,
	MSHV_STATUS_OUT_OF_RANGE = 0xa,
	MSHV_STATUS_INSUFFICIENT_MEMORY = 0xb,
	MSHV_STATUS_INVALID_PARTITION_ID = 0xd,
	MSHV_STATUS_INVALID_VP_INDEX = 0xe,
	MSHV_STATUS_NOT_FOUND = 0x10,
	MSHV_STATUS_INVALID_PORT_ID = 0x11,
	MSHV_STATUS_INVALID_CONNECTION_ID = 0x12,
	MSHV_STATUS_INVALID_VP_STATE = 0x15,
	MSHV_STATUS_INVALID_SYNIC_STATE = 0x18,
	MSHV_STATUS_OBJECT_IN_USE = 0x19,
	MSHV_STATUS_INVALID_LP_INDEX = 0x41,
	MSHV_STATUS_INVALID_REGISTER_VALUE = 0x50,
	MSHV_STATUS_INSUFFICIENT_ROOT_MEMORY = 0x73,
	MSHV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY = 0x75,
	MSHV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY = 0x83,
};

enum mshv_property {
	MSHV_PROP_PRIVILEGE_FLAGS = 0x10000,
	MSHV_PROP_SYNTHETIC_FEATURES = 0x10001, /* before INITIALIZE only */
	MSHV_PROP_TIME_FREEZE = 0x30003,
	MSHV_PROP_REFERENCE_TIME = 0x30005, /* 100 ns */
	MSHV_PROP_PROCESSORS_PER_SOCKET = 0x50003,
	MSHV_PROP_ACCESS_TRACKING = 0x50005,
	MSHV_PROP_UNIMPLEMENTED_MSR_ACTION = 0x50017, /* 0 #GP, 1 ignore */
	MSHV_PROP_PROCESSOR_VENDOR = 0x60000,         /* enum mshv_vendor */
	MSHV_PROP_XSAVE_FEATURES = 0x60002,
	MSHV_PROP_CLFLUSH_SIZE = 0x60003,
	MSHV_PROP_COMPATIBILITY_VERSION = 0x60005,
	MSHV_PROP_PHYSICAL_ADDRESS_WIDTH = 0x60006,
	MSHV_PROP_XSAVE_STATES = 0x60007,
	MSHV_PROP_MAX_XSAVE_BYTES = 0x60008,
	MSHV_PROP_CLOCK_FREQUENCY = 0x60009, /* Hz */
	MSHV_PROP_PROCESSOR_FEATURES0 = 0x6000a,
	MSHV_PROP_PROCESSOR_FEATURES1 = 0x6000b,
	MSHV_PROP_VMM_CAPABILITIES = 0x90007,     /* EX */
	MSHV_PROP_ASSIGNABLE_SYNTHETIC = 0x90009, /* EX */
};

/* Bits of SYNTHETIC_FEATURES that we ask for in `best` mode. */
enum mshv_synthetic {
	MSHV_SYN_HYPERVISOR_PRESENT = 0,
	MSHV_SYN_HV1 = 1,
	MSHV_SYN_VP_RUNTIME = 2,
	MSHV_SYN_REFERENCE_COUNTER = 3,
	MSHV_SYN_SYNIC = 4,
	MSHV_SYN_SYNTHETIC_TIMERS = 5,
	MSHV_SYN_INTERRUPT_CONTROL = 6,
	MSHV_SYN_HYPERCALL = 7,
	MSHV_SYN_VP_INDEX = 8,
	MSHV_SYN_REFERENCE_TSC = 9,
	MSHV_SYN_GUEST_IDLE = 10,
	MSHV_SYN_FREQUENCIES = 11,
	MSHV_SYN_DIRECT_TIMERS = 22,
	MSHV_SYN_EXTENDED_MASKS = 24,
	MSHV_SYN_TLB_FLUSH = 25,
	MSHV_SYN_CLUSTER_IPI = 26,
};

#define MSHV_VP_ANY 0xffffffffu

struct mshv_segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t attr; /* a descriptor's second word, bits 8 to 23 */
};

struct mshv_table {
	uint16_t rsvd[3];
	uint16_t limit;
	uint64_t base;
};

union mshv_value {
	uint64_t u64;
	uint64_t words[2];
	struct mshv_segment segment;
	struct mshv_table table;
	uint8_t bytes[16];
};

struct mshv_register {
	uint32_t name;
	uint32_t rsvd0;
	uint64_t rsvd1;
	union mshv_value value;
};

/* The kernel writes the partition's id over each first field. */
struct mshv_in_registers {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t rsvd0;
	uint16_t rsvd1;
};

enum mshv_access_mask {
	MSHV_ACCESS_MASK_READ = 1,
	MSHV_ACCESS_MASK_WRITE = 2,
	MSHV_ACCESS_MASK_EXECUTE = 4,
};

struct mshv_in_intercept {
	uint64_t partition;
	uint32_t access_mask;
	uint32_t type;
	uint64_t parameter;
};

/* A flag of the event page of VP; out is a byte, whether it was not set yet. */
struct mshv_in_signal_event {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t sint;
	uint16_t flag;
};

struct mshv_in_post_message {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t rsvd[3];
	uint32_t sint;
	uint8_t message[256];
	uint32_t rsvd1;
};

struct mshv_in_assert {
	uint64_t partition;
	uint64_t control;
	uint64_t dest;
	uint32_t vector;
	uint8_t vtl;
	uint8_t rsvd0;
	uint16_t rsvd1;
};
#define MSHV_ASSERT_LEVEL (1ULL << 32)
#define MSHV_ASSERT_LOGICAL (1ULL << 33)
enum mshv_interrupt_type {
	MSHV_INT_FIXED,
	MSHV_INT_LOWEST,
	MSHV_INT_SMI,
	MSHV_INT_REMOTE_READ,
	MSHV_INT_NMI,
	MSHV_INT_INIT,
	MSHV_INT_SIPI,
	MSHV_INT_EXTINT,
};

struct mshv_in_translate {
	uint64_t partition;
	uint32_t vp;
	uint32_t rsvd;
	uint64_t flags;
	uint64_t gva_page;
};

struct mshv_out_translate {
	uint64_t result;
	uint64_t gpa_page;
};

struct mshv_masked {
	uint32_t value;
	uint32_t mask;
};

/* eax, ebx, ecx, edx */
struct mshv_in_cpuid_result {
	uint64_t partition;
	uint32_t vp;
	uint32_t type; /* MSHV_INTERCEPT_CPUID */
	uint32_t leaf;
	uint32_t subleaf;
	uint8_t is_subleaf;
	uint8_t always;
	uint16_t rsvd;
	struct mshv_masked out[4];
} __attribute__((packed));

struct mshv_in_get_property {
	uint64_t partition;
	uint32_t code;
	uint32_t rsvd;
};

struct mshv_in_set_property {
	uint64_t partition;
	uint32_t code;
	uint32_t rsvd;
	uint64_t value;
};

struct mshv_in_get_property_ex {
	uint64_t partition;
	uint32_t code;
	uint32_t rsvd;
	uint64_t arg;
};

struct mshv_cpuid_query {
	uint32_t leaf;
	uint32_t subleaf;
	uint64_t xfem;
	uint64_t xss;
};

struct mshv_in_cpuid {
	uint64_t partition;
	uint32_t vp;
	uint32_t flags; /* 2: with the overrides */
	uint32_t rsvd0;
	uint32_t rsvd1;
};

struct mshv_in_signal {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t sint;
	uint16_t flag;
};

struct mshv_in_post {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl;
	uint8_t rsvd0[3];
	uint32_t sint;
	uint8_t message[256];
	uint32_t rsvd1;
};

enum mshv_intercept {
	MSHV_INTERCEPT_IO_PORT = 0,
	MSHV_INTERCEPT_MSR = 1,
	MSHV_INTERCEPT_CPUID = 2,
	MSHV_INTERCEPT_EXCEPTION = 3,
	MSHV_INTERCEPT_HYPERCALL = 8,
	MSHV_INTERCEPT_MSR_INDEX = 0xc,
	MSHV_INTERCEPT_UNKNOWN_SYNIC = 0xd,
	MSHV_INTERCEPT_UNKNOWN_DEVICE = 0xf,
};

enum mshv_vendor {
	MSHV_VENDOR_AMD = 0,
	MSHV_VENDOR_INTEL = 1,
	MSHV_VENDOR_HYGON = 2,
};

enum mshv_register_name {
	MSHV_REG_EXPLICIT_SUSPEND = 0x0,
	MSHV_REG_INTERCEPT_SUSPEND = 0x1,
	MSHV_REG_ACTIVITY = 0x4,
	MSHV_REG_VERSION = 0x100,
	MSHV_REG_PENDING_INTERRUPTION = 0x10002,
	MSHV_REG_INTERRUPT_STATE = 0x10003,
	MSHV_REG_PENDING_EVENT0 = 0x10004,
	MSHV_REG_PENDING_EVENT1 = 0x10005,
	MSHV_REG_DELIVERABILITY = 0x10006,
	MSHV_REG_RAX = 0x20000, /* 16, in the order of the encodings */
	MSHV_REG_RCX = 0x20001,
	MSHV_REG_RDX = 0x20002,
	MSHV_REG_RBX = 0x20003,
	MSHV_REG_RSP = 0x20004,
	MSHV_REG_RSI = 0x20006,
	MSHV_REG_RDI = 0x20007,
	MSHV_REG_R15 = 0x2000f,
	MSHV_REG_RIP = 0x20010,
	MSHV_REG_RFLAGS = 0x20011,
	MSHV_REG_XMM0 = 0x30000,   /* 16 */
	MSHV_REG_FPMMX0 = 0x30010, /* 8 */
	MSHV_REG_FP_CONTROL = 0x30018,
	MSHV_REG_XMM_CONTROL = 0x30019,
	MSHV_REG_CR0 = 0x40000,
	MSHV_REG_CR2 = 0x40001,
	MSHV_REG_CR3 = 0x40002,
	MSHV_REG_CR4 = 0x40003,
	MSHV_REG_CR8 = 0x40004,
	MSHV_REG_XFEM = 0x40005,
	MSHV_REG_INTERMEDIATE_CR0 = 0x41000,
	MSHV_REG_INTERMEDIATE_CR3 = 0x41002,
	MSHV_REG_INTERMEDIATE_CR4 = 0x41003,
	MSHV_REG_INTERMEDIATE_CR8 = 0x41004,
	MSHV_REG_DR0 = 0x50000, /* 4 */
	MSHV_REG_DR6 = 0x50004,
	MSHV_REG_DR7 = 0x50005,
	MSHV_REG_ES = 0x60000, /* es cs ss ds fs gs */
	MSHV_REG_CS = 0x60001,
	MSHV_REG_SS = 0x60002,
	MSHV_REG_DS = 0x60003,
	MSHV_REG_FS = 0x60004,
	MSHV_REG_GS = 0x60005,
	MSHV_REG_LDTR = 0x60006,
	MSHV_REG_TR = 0x60007,
	MSHV_REG_IDTR = 0x70000,
	MSHV_REG_GDTR = 0x70001,
	MSHV_REG_TSC = 0x80000,
	MSHV_REG_EFER = 0x80001,
	MSHV_REG_KERNEL_GS_BASE = 0x80002,
	MSHV_REG_APIC_BASE = 0x80003,
	MSHV_REG_PAT = 0x80004,
	MSHV_REG_SYSENTER_CS = 0x80005,
	MSHV_REG_SYSENTER_EIP = 0x80006,
	MSHV_REG_SYSENTER_ESP = 0x80007,
	MSHV_REG_STAR = 0x80008,
	MSHV_REG_LSTAR = 0x80009,
	MSHV_REG_CSTAR = 0x8000a,
	MSHV_REG_SFMASK = 0x8000b,
	MSHV_REG_INITIAL_APIC_ID = 0x8000c,
	MSHV_REG_MTRR_CAP = 0x8000d,
	MSHV_REG_MTRR_DEF_TYPE = 0x8000e,
	MSHV_REG_MTRR_PHYS_BASE0 = 0x80010, /* 16 */
	MSHV_REG_MTRR_PHYS_MASK0 = 0x80040, /* 16 */
	MSHV_REG_MTRR_FIX64K = 0x80070,
	MSHV_REG_MTRR_FIX16K = 0x80071, /* 2 */
	MSHV_REG_MTRR_FIX4K = 0x80073,  /* 8 */
	MSHV_REG_TSC_AUX = 0x8007b,
	MSHV_REG_BNDCFGS = 0x8007c,
	MSHV_REG_DEBUG_CTL = 0x8007d,
	MSHV_REG_SPEC_CTRL = 0x80084,
	MSHV_REG_U_XSS = 0x8008b,
	MSHV_REG_U_CET = 0x8008c,
	MSHV_REG_S_CET = 0x8008d,
	MSHV_REG_SSP = 0x8008e,
	MSHV_REG_PL0_SSP = 0x8008f, /* 4 */
	MSHV_REG_SSP_TABLE = 0x80093,
	/* By OpenVMM's hvdef; Linux's headers do not have it. */
	MSHV_REG_TSC_DEADLINE = 0x80095,
	MSHV_REG_TSC_ADJUST = 0x80096,
	MSHV_REG_MISC_ENABLE = 0x800a0,
	MSHV_REG_APIC_ID = 0x84802,
	MSHV_REG_VP_RUNTIME = 0x90000,
	MSHV_REG_HYPERCALL = 0x90001,
	MSHV_REG_GUEST_OS_ID = 0x90002,
	MSHV_REG_VP_INDEX = 0x90003,
	MSHV_REG_TIME_REF_COUNT = 0x90004,
	MSHV_REG_VP_ASSIST_PAGE = 0x90013,
	MSHV_REG_REFERENCE_TSC = 0x90017,
	MSHV_REG_SINT0 = 0xa0000, /* 16 */
	MSHV_REG_SCONTROL = 0xa0010,
	MSHV_REG_SVERSION = 0xa0011,
	MSHV_REG_SIEFP = 0xa0012,
	MSHV_REG_SIMP = 0xa0013,
	MSHV_REG_EOM = 0xa0014,
	MSHV_REG_STIMER0_CONFIG = 0xb0000, /* 4 pairs of config and count */
};

#define MSHV_SEGMENT_COUNT 6 /* es cs ss ds fs gs, as encoded */

enum mshv_dirty {
	MSHV_DIRTY_GPR = 1 << 0,
	MSHV_DIRTY_RIP = 1 << 1,
	MSHV_DIRTY_XMM = 1 << 2,
	MSHV_DIRTY_SEGMENTS = 1 << 3,
	MSHV_DIRTY_FLAGS = 1 << 4,
};

/* Valid while the VP does not run and is_valid is 1. */
struct mshv_register_page {
	uint16_t version;
	uint8_t is_valid;
	uint8_t rsvd0;
	uint32_t dirty;
	uint64_t gpr[16];
	uint64_t rip;
	uint64_t rflags;
	uint64_t rsvd1;
	uint8_t xmm[6][16];
	struct mshv_segment segments[MSHV_SEGMENT_COUNT];
	uint64_t cr0; /* from here on read-only */
	uint64_t cr3;
	uint64_t cr4;
	uint64_t cr8;
	uint64_t efer;
	uint64_t dr7;
	uint64_t pending_interruption;
	uint64_t interrupt_state;
	uint64_t emulation_hints;
	uint64_t xfem;
	uint8_t rsvd2[256];
	uint64_t interrupt_vectors;
};

struct mshv_lapic {
	uint32_t id, version, ldr, dfr, svr;
	uint32_t isr[8], tmr[8], irr[8];
	uint32_t esr, icr_high, icr_low;
	uint32_t lvt_timer, lvt_thermal, lvt_perf, lvt_lint0, lvt_lint1;
	uint32_t lvt_error, lvt_cmci;
	uint32_t error_status, initial_count, current_count, divide;
	uint32_t remote_read;
};

struct mshv_timer {
	uint32_t flags;
	uint32_t rsvd;
	uint64_t config;
	uint64_t count;
	uint64_t adjustment;
	uint64_t expiration;
};

struct mshv_timers {
	struct mshv_timer timers[4];
	uint64_t rsvd[5];
};

/* --- messages ------------------------------------------------------------ */

enum mshv_message_type {
	MSHV_MSG_NONE = 0,
	MSHV_MSG_UNMAPPED_GPA = 0x80000000,
	MSHV_MSG_GPA_INTERCEPT = 0x80000001,
	MSHV_MSG_UNACCEPTED_GPA = 0x80000003,
	MSHV_MSG_INVALID_REGISTER = 0x80000020,
	MSHV_MSG_UNRECOVERABLE = 0x80000021,
	MSHV_MSG_UNSUPPORTED_FEATURE = 0x80000022,
	MSHV_MSG_HYPERCALL = 0x80000050,
	MSHV_MSG_SINT_DELIVERABLE = 0x80000062,
	MSHV_MSG_IO_PORT = 0x80010000,
	MSHV_MSG_MSR = 0x80010001,
	MSHV_MSG_CPUID = 0x80010002,
	MSHV_MSG_EXCEPTION = 0x80010003,
	MSHV_MSG_APIC_EOI = 0x80010004,
	MSHV_MSG_HALT = 0x80010007,
	MSHV_MSG_INTERRUPTION_DELIVERABLE = 0x80010008,
};

enum mshv_access { MSHV_ACCESS_READ, MSHV_ACCESS_WRITE, MSHV_ACCESS_EXECUTE };

enum mshv_exec_state {
	MSHV_EXEC_CPL = 3,
	MSHV_EXEC_PE = 1 << 2,
	MSHV_EXEC_AM = 1 << 3,
	MSHV_EXEC_LMA = 1 << 4,
	MSHV_EXEC_DEBUG = 1 << 5,
	MSHV_EXEC_INTERRUPTION = 1 << 6,
	MSHV_EXEC_SHADOW = 1 << 12,
};

struct mshv_msg_header {
	uint32_t vp;
	uint8_t length_cr8; /* instruction length, CR8 << 4 */
	uint8_t access;
	uint16_t exec_state;
	struct mshv_segment cs;
	uint64_t rip;
	uint64_t rflags;
};

#define MSHV_IO_SIZE 7
#define MSHV_IO_STRING (1 << 3)
#define MSHV_IO_REP (1 << 4)

struct mshv_msg_io {
	struct mshv_msg_header header;
	uint16_t port;
	uint8_t info;
	uint8_t byte_count;
	uint32_t rsvd;
	uint64_t rax;
	uint8_t bytes[16];
	struct mshv_segment ds;
	struct mshv_segment es;
	uint64_t rcx;
	uint64_t rsi;
	uint64_t rdi;
};

#define MSHV_MEM_GVA_VALID (1 << 0)
#define MSHV_MEM_GVA_GPA_VALID (1 << 1)

struct mshv_msg_memory {
	struct mshv_msg_header header;
	uint32_t cache_type;
	uint8_t byte_count;
	uint8_t info;
	uint8_t tpr;
	uint8_t rsvd;
	uint64_t gva;
	uint64_t gpa;
	uint8_t bytes[16];
};

struct mshv_msg_cpuid {
	struct mshv_msg_header header;
	uint64_t rax, rcx, rdx, rbx;
	uint64_t default_rax, default_rcx, default_rdx, default_rbx;
};

struct mshv_msg_msr {
	struct mshv_msg_header header;
	uint32_t msr;
	uint32_t rsvd;
	uint64_t rdx;
	uint64_t rax;
};

struct mshv_msg_exception {
	struct mshv_msg_header header;
	uint16_t vector;
	uint8_t info; /* 1: there is an error code */
	uint8_t byte_count;
	uint32_t error_code;
	uint64_t parameter;
	uint64_t rsvd;
	uint8_t bytes[16];
	struct mshv_segment ds, ss;
	uint64_t gpr[16];
};

struct mshv_msg_eoi { /* has no header */
	uint32_t vp;
	uint32_t vector;
};

struct mshv_msg_unsupported { /* has no header */
	uint32_t vp;
	uint32_t code;
	uint64_t parameter;
};

/* --- proof --------------------------------------------------------------- */

#define MSHV_SIZE(type, n) _Static_assert(sizeof(struct type) == (n), #type)
#define MSHV_AT(type, field, n) \
	_Static_assert(offsetof(struct type, field) == (n), #type "." #field)
#define MSHV_NUMBER(name, n) _Static_assert((name) == (n), #name)

MSHV_NUMBER(MSHV_CREATE_PARTITION, 0x4010b800);
MSHV_NUMBER(MSHV_ROOT_HVCALL, 0xc020b807);
MSHV_NUMBER(MSHV_INITIALIZE_PARTITION, 0xb800);
MSHV_NUMBER(MSHV_CREATE_VP, 0x4004b801);
MSHV_NUMBER(MSHV_SET_GUEST_MEMORY, 0x4020b802);
MSHV_NUMBER(MSHV_IRQFD, 0x4010b803);
MSHV_NUMBER(MSHV_IOEVENTFD, 0x4020b804);
MSHV_NUMBER(MSHV_SET_MSI_ROUTING, 0x4008b805);
MSHV_NUMBER(MSHV_GET_GPAP_BITMAP, 0xc020b806);
MSHV_NUMBER(MSHV_RUN_VP, 0x8100b800);
MSHV_NUMBER(MSHV_GET_VP_STATE, 0xc010b801);
MSHV_NUMBER(MSHV_SET_VP_STATE, 0xc010b802);

MSHV_SIZE(mshv_create_partition, 16);
MSHV_SIZE(mshv_create_partition_v2, 64);
MSHV_AT(mshv_create_partition_v2, disabled_cpu, 24);
MSHV_AT(mshv_create_partition_v2, rsvd1, 40);
MSHV_AT(mshv_create_partition_v2, disabled_xsave, 56);
MSHV_SIZE(mshv_create_vp, 4);
MSHV_SIZE(mshv_mem_region, 32);
MSHV_AT(mshv_mem_region, flags, 24);
MSHV_SIZE(mshv_irqfd, 16);
MSHV_SIZE(mshv_ioeventfd, 32);
MSHV_AT(mshv_ioeventfd, len_bytes, 16);
MSHV_AT(mshv_ioeventfd, flags, 24);
MSHV_AT(mshv_ioeventfd, rsvd, 28);
MSHV_SIZE(mshv_route, 16);
MSHV_SIZE(mshv_route_table, 8);
MSHV_SIZE(mshv_gpap_bitmap, 32);
MSHV_AT(mshv_gpap_bitmap, page_count, 8);
MSHV_AT(mshv_gpap_bitmap, bitmap_ptr, 24);
MSHV_SIZE(mshv_hvcall, 32);
MSHV_AT(mshv_hvcall, status, 8);
MSHV_AT(mshv_hvcall, in_ptr, 16);
MSHV_SIZE(mshv_message, 256);
MSHV_AT(mshv_message, sender, 8);
MSHV_AT(mshv_message, payload, 16);
MSHV_SIZE(mshv_vp_state, 16);
MSHV_AT(mshv_vp_state, buf_ptr, 8);
MSHV_SIZE(mshv_segment, 16);
MSHV_SIZE(mshv_table, 16);
MSHV_AT(mshv_table, limit, 6);
_Static_assert(sizeof(union mshv_value) == 16, "mshv_value");
MSHV_SIZE(mshv_register, 32);
MSHV_AT(mshv_register, value, 16);
MSHV_SIZE(mshv_in_registers, 16);
MSHV_SIZE(mshv_in_intercept, 24);
MSHV_SIZE(mshv_in_signal_event, 16);
MSHV_AT(mshv_in_signal_event, flag, 14);
MSHV_SIZE(mshv_in_post_message, 280);
MSHV_AT(mshv_in_post_message, message, 20);
MSHV_SIZE(mshv_in_assert, 32);
MSHV_AT(mshv_in_assert, vector, 24);
MSHV_SIZE(mshv_in_translate, 32);
MSHV_SIZE(mshv_out_translate, 16);
MSHV_SIZE(mshv_in_cpuid_result, 60);
MSHV_AT(mshv_in_cpuid_result, out, 28);
MSHV_SIZE(mshv_in_get_property, 16);
MSHV_SIZE(mshv_in_set_property, 24);
MSHV_SIZE(mshv_in_get_property_ex, 24);
MSHV_SIZE(mshv_cpuid_query, 24);
MSHV_SIZE(mshv_in_cpuid, 24);
MSHV_SIZE(mshv_in_signal, 16);
MSHV_SIZE(mshv_in_post, 280);
MSHV_AT(mshv_in_post, message, 20);
MSHV_SIZE(mshv_register_page, 696);
MSHV_AT(mshv_register_page, rip, 136);
MSHV_AT(mshv_register_page, xmm, 160);
MSHV_AT(mshv_register_page, segments, 256);
MSHV_AT(mshv_register_page, cr0, 352);
MSHV_AT(mshv_register_page, xfem, 424);
MSHV_AT(mshv_register_page, interrupt_vectors, 688);
MSHV_SIZE(mshv_lapic, 176);
MSHV_AT(mshv_lapic, esr, 116);
MSHV_AT(mshv_lapic, lvt_timer, 128);
MSHV_AT(mshv_lapic, error_status, 156);
MSHV_SIZE(mshv_timer, 40);
MSHV_SIZE(mshv_timers, 200);
MSHV_SIZE(mshv_msg_header, 40);
MSHV_AT(mshv_msg_header, exec_state, 6);
MSHV_AT(mshv_msg_header, cs, 8);
MSHV_AT(mshv_msg_header, rip, 24);
MSHV_SIZE(mshv_msg_io, 128);
MSHV_AT(mshv_msg_io, rax, 48);
MSHV_AT(mshv_msg_io, ds, 72);
MSHV_AT(mshv_msg_io, rcx, 104);
MSHV_SIZE(mshv_msg_memory, 80);
MSHV_AT(mshv_msg_memory, gva, 48);
MSHV_AT(mshv_msg_memory, bytes, 64);
MSHV_SIZE(mshv_msg_cpuid, 104);
MSHV_SIZE(mshv_msg_msr, 64);
MSHV_SIZE(mshv_msg_exception, 240);
MSHV_AT(mshv_msg_exception, gpr, 112);
MSHV_SIZE(mshv_msg_eoi, 8);
MSHV_SIZE(mshv_msg_unsupported, 16);

#endif
