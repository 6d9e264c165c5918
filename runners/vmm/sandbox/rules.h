/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SANDBOX_RULES_H
#define RUNNERS_VMM_SANDBOX_RULES_H

/*
 * rules - which system calls each kind of thread may make: plain data. A
 * program of the build makes seccomp filters of it (harness/cli/seccomp_main.c),
 * so that a start neither links nor runs libseccomp.
 */
#include <stddef.h>
#include <stdint.h>

enum sandbox_thread {
	SANDBOX_MAIN,    /* the event loop, and the end of the machine */
	SANDBOX_VCPU,    /* runs the guest, serves its accesses to devices */
	SANDBOX_BLOCK,   /* a disk's I/O */
	SANDBOX_NET,     /* a network card's packets */
	SANDBOX_BELL,    /* answers the micro guest's doorbell */
	SANDBOX_STARTER, /* starts the threads of network cards */
	SANDBOX_THREAD_COUNT,
};

/* Whose ioctls are allowed. */
enum sandbox_calls {
	SANDBOX_CALLS_KVM,
	SANDBOX_CALLS_MSHV,
	SANDBOX_CALLS_EMU, /* the emulator's, of KVM */
	SANDBOX_CALLS_COUNT,
};

#define SANDBOX_BIT(kind) (1u << (kind))
#define SANDBOX_SERVERS                                          \
	(SANDBOX_BIT(SANDBOX_MAIN) | SANDBOX_BIT(SANDBOX_VCPU) | \
	 SANDBOX_BIT(SANDBOX_BLOCK) | SANDBOX_BIT(SANDBOX_NET))

/* In a filter, stands for the process's own number until it is loaded. */
#define SANDBOX_OWN_PID 0x6c317668u

/* argument & MASK == VALUE; the lower 32 bits alone where IS_32. */
struct sandbox_condition {
	unsigned int arg;
	uint64_t mask;
	uint64_t value;
};

struct sandbox_rule {
	int call;           /* SYS_... */
	uint32_t threads;   /* SANDBOX_BIT() of each kind */
	int error;          /* 0: allowed; else it fails with this errno */
	unsigned int count; /* of conditions, all of which must hold */
	struct sandbox_condition conditions[2];
};

/* An ioctl, by its request. The most frequent comes first. */
struct sandbox_request {
	unsigned long request; /* of which the kernel takes 32 bits */
	uint32_t threads;
};

struct sandbox_requests {
	const struct sandbox_request *list;
	size_t count;
};

extern const struct sandbox_rule sandbox_rules[];
extern const size_t sandbox_rule_count;

/* Of devices: the same with every hypervisor. */
extern const struct sandbox_requests sandbox_device_requests;

/* The threads that have what KIND has: a starter's children inherit its filter,
 * so that it must have all of theirs. */
uint32_t sandbox_rule_kinds(enum sandbox_thread kind);

const char *sandbox_thread_name(enum sandbox_thread kind);

#endif
