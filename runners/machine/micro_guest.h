/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MICRO_GUEST_H
#define RUNNERS_MACHINE_MICRO_GUEST_H

/* micro_guest - one VMM of ours with the micro guest in it, from its start to its
 * end, by the events that it writes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_case;
struct err;

#define MICRO_MAX_GUESTS 64u
#define MICRO_PHASE_COUNT 9u
#define MICRO_READY_PHASE 7u

/* The VMM's events, in their order. */
extern const char *const micro_phases[MICRO_PHASE_COUNT];

struct micro_shape {
	const char *name;
	const char *memory;
	uint32_t vcpu_count;
	bool is_prefaulted;
};

struct micro_vmm {
	const char *hv;
	const char *sandbox;  /* its option; NULL: what it does by itself */
	const char *paravirt; /* the same */
	const char *saves;    /* a snapshot's file, which ends it; or NULL */
	const char *restores; /* the same, in place of an image; or NULL */
	/* Linux in place of the micro guest, until its agent is ready; or NULL. */
	const char *kernel;
};

/* What BC asks of all such guests; strings are BC's. */
struct micro_vmm micro_vmm_of(const char *hv, const struct bench_case *bc);

struct micro_guest {
	pid_t pid; /* 0: not started */
	int channel_fd;
	int events_fd;
	uint64_t spawn_ns, limit_ns;          /* for it to be ready */
	uint64_t phase_ns[MICRO_PHASE_COUNT]; /* 0: not reached */
	uint64_t first_word_ns;               /* to the harness; 0: none yet */
	bool is_restored; /* and has its first word in place of a start */
	char line[128];
	size_t line_len;
	char cause[160]; /* the VMM's own word on a failure */
	bool was_killed; /* it did not end by itself */
	int status;      /* as waitpid() gives it, of one that did */
};

/* G is to be ended, also where this fails. */
int micro_guest_start(struct micro_guest *g, const struct micro_vmm *how,
		      const struct micro_shape *s, struct err *err);

/* Listens until all are ready, or have said a word if they are restored. False when
 * one ended before, or had its time: 20 s, Linux 60. */
bool micro_guests_await(struct micro_guest *guests, size_t count);

/*
 * Closes the channel, at which a guest powers off. Returns when it had
 * ended, by clock_mono_ns(); one that stays for 10 s is killed.
 */
uint64_t micro_guest_end(struct micro_guest *g);

#endif
