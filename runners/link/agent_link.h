/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_AGENT_LINK_H
#define RUNNERS_LINK_AGENT_LINK_H

/*
 * agent_link - the harness's end of the channel to an agent. It sends the case,
 * checks every frame, and fills a result. It can also read a VMM's events (see
 * runners/vmm/stamp.h) and the guest's console.
 *
 * Input is hostile: sequence, checksum, order and counts are checked, and an
 * incomplete series is never passed on as a complete one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/strbuf.h"
#include "runners/link/guest_place.h"
#include "runners/link/program_log.h"
#include "runners/measure/guard.h"
#include "runners/measure/hv_scheduler.h"
#include "runners/measure/placement.h"

struct bench_case;
struct result;
struct watch;

struct link_stamp {
	uint32_t section;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t waited_ns; /* of the vCPU's thread, for a CPU */
};

/* The agent's environment, see struct wl_env. */
struct link_env {
	char disk[256];      /* natively; a guest finds its own */
	uint64_t disk_bytes; /* to be used of it */
	char peer[64];
	char net_address[32]; /* for the guest to take */
	char net_gateway[32];
	char net_backend[16]; /* the packet path, if known */
	/* Why there is no disk or network, one of each at most: this host has
	 * none to give, which skips what needs it, or it failed to. */
	char disk_refusal[160], disk_failure[160];
	char net_refusal[160], net_failure[160];
};

enum link_state {
	LINK_WANTS_HELLO,
	LINK_RUNNING,
	LINK_SHUTTING_DOWN, /* DONE was seen */
	LINK_BROKEN,        /* a frame broke a rule; see error */
};

struct agent_link {
	const struct bench_case *bc; /* borrowed */
	const struct link_env *env;  /* borrowed; may be NULL */
	struct result *res;          /* borrowed */
	int channel_fd;              /* borrowed, as all; -1: none */
	int events_fd;
	int console_fd;
	const struct vsock_listener *vsock; /* borrowed; NULL or not open */
	int vsock_fd;    /* owned; the channel once the agent has called; -1 */
	bool has_stamps; /* the host's clock is known for each sample */
	struct strbuf facts; /* of our VMM, until the agent says hello */
	/* NULL: a VMM of ours. A reason why not to go on, or NULL. */
	const char *(*on_event)(void *arg, pid_t pid, const char *line);
	void *on_event_arg;
	void (*on_hello)(void *arg, pid_t pid); /* optional */
	void *on_hello_arg;
	const struct watch *watch; /* borrowed; NULL: no watcher */
	const struct placement
		*placement; /* borrowed; NULL: threads may roam */
	struct placement_seen seen;
	char scheduler[HV_SCHEDULER_NAME_BYTES]; /* Microsoft's, or "" */
	/* From one answer to the next; 0: the deadline alone holds. What takes
	 * long by definition, or hangs on purpose, has no limit. */
	uint64_t point_limit_ns;
	uint64_t asked_ns;  /* when the agent began its current item */
	size_t item;        /* the one that was answered or begun last */
	bool is_point_late; /* that limit ended agent_link_run() */
	enum link_state state;
	struct guest_place place; /* the last that our VMM told */
	char error[160];
	char end[200]; /* the VMM's "end" or "error" line, "" if none came */
	bool has_open_series;
	size_t good_count;   /* undisturbed samples of the open series */
	uint64_t machine_ns; /* CPU time that the machine has had, so far */
	bool *answered;      /* owned; a flag for each item of the case */
	uint32_t next_sequence;
	uint64_t shutdown_ns; /* when SHUTDOWN was sent */
	struct program_log programs;
	struct guard guard;
	struct strbuf channel_in;
	struct strbuf events_in;
	struct strbuf console_in;
	struct link_stamp *stamps; /* owned */
	size_t stamp_count;
};

void agent_link_init(struct agent_link *link, const struct bench_case *bc,
		     struct result *res);
void agent_link_release(struct agent_link *link);

/*
 * In link_streams.c. Talk until all streams have closed, DEADLINE_NS of the monotonic clock, or
 * once the limit of a point. 0, or -ETIMEDOUT.
 */
int agent_link_run(struct agent_link *link, uint64_t deadline_ns);

/*
 * After the end: compare the machine's clock with the host's for each sample,
 * move the console's tail into the result, and close a series left open.
 */
void agent_link_finish(struct agent_link *link);

/* Of the case, the item that the agent is at; item_count: none. */
size_t agent_link_item(const struct agent_link *link);

/* Mark the link as failed, because of WHY; the first reason stays. */
void agent_link_break(struct agent_link *link, const char *why);

/* For agent_link_run() and tests: take in bytes of one stream. The latter is in
 * link_events.c. */
void agent_link_channel(struct agent_link *link, const void *bytes, size_t len);
void agent_link_events(struct agent_link *link, const void *bytes, size_t len);

/* Take in the events that have arrived: what the VMM wrote before the agent
 * said the words at hand. */
void agent_link_drain_events(struct agent_link *link);

#endif
