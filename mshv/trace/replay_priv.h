/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_TRACE_REPLAY_PRIV_H
#define MSHV_TRACE_REPLAY_PRIV_H

/* replay_priv - what replay.c, the VMM's side of a trace, and replay_sys.c,
 * the device's, share; nobody else includes it. */
#include <stdint.h>

#include "mshv/abi.h"
#include "mshv/sys.h"
#include "mshv/trace/replay.h"
#include "mshv/trace/sys_trace.h"
#include "runners/vmm/hv.h"

#define REPLAY_MAX_THREADS 128
#define REPLAY_MAX_VCPUS 64
#define REPLAY_MAX_PAGES 64

/* S lines wait here until the H line of the same thread is played. */
struct record {
	char *text; /* owned; from behind "S " */
	uint64_t line;
	struct record *next;
};

struct vp_page {
	int fd; /* -1: unused */
	uint8_t *page;
	uint8_t last[sizeof(struct mshv_register_page)];
};

struct replay {
	struct mshv_sys sys; /* first: the backend is given its address */
	struct record *head[REPLAY_MAX_THREADS];
	struct record **tail[REPLAY_MAX_THREADS];
	unsigned int thread; /* whose H line is being played */
	uint64_t line;
	struct vp_page pages[REPLAY_MAX_PAGES];
	struct hv_vm *vm;
	struct hv_vcpu *vcpus[REPLAY_MAX_VCPUS];
	struct hv_exit exits[REPLAY_MAX_VCPUS];
	void *ram[8]; /* address space that stands for guest RAM */
	uint64_t ram_bytes[8];
	int ram_count;
	uint8_t in[SYS_CALL_MAX_BYTES], want[SYS_CALL_MAX_BYTES];
	struct replay_summary sum;
	struct err *err;
	int result; /* of the first difference */
};

/* Note the first difference; returns it, now and from then on. */
int replay_differs(struct replay *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* replay_sys.c: system calls that are answered from the records. SYS is the
 * first member of a struct replay. */
void replay_sys_init(struct mshv_sys *sys);
void replay_record_free(struct record *rec); /* NULL is fine */

#endif
