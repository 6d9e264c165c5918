/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_RESULT_H
#define HARNESS_CORE_RESULT_H

/*
 * result - the outcome of one case: raw samples, never summaries. Every status
 * except RUN_OK has a reason, which says why there are no numbers.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"

struct err;

enum run_status {
	RUN_OK,
	RUN_SKIPPED, /* this host or machine cannot run it */
	RUN_TIMEOUT,
	RUN_VOID,            /* it ran, and nothing was moved */
	RUN_WORKLOAD_FAILED, /* the agent said so */
	RUN_RUNNER_FAILED,   /* VMM or guest died; not the workload's fault */
	RUN_STATUS_COUNT,
};

const char *run_status_name(enum run_status status);
enum run_status run_status_parse(const char *name); /* unknown: failed */

/* Why a sample is disturbed, one bit per reason. */
enum disturbance {
	DISTURBED_CLOCKS = 1 << 0, /* the machine's and the host's disagree */
	DISTURBED_CPU = 1 << 1,    /* other tasks used the CPU that it ran on */
	DISTURBED_STEAL = 1 << 2,  /* the host's own hypervisor took time */
	DISTURBED_MEMORY = 1 << 3, /* a task on the host waited for memory */
	DISTURBED_FREQUENCY = 1 << 4, /* the CPU's frequency changed */
};

/* "clocks, steal" of these bits, or "". */
const char *disturbances_text(uint32_t bits, char *buf, size_t size);

struct sample {
	uint32_t section;
	uint64_t elapsed_ns;      /* by the machine's own clock */
	uint64_t host_elapsed_ns; /* by the host's; 0: not measured */
	double value;             /* in the series' unit */
	uint64_t waited_ns;       /* for a CPU, on either side */
	uint32_t disturbances;    /* 0: it counts */
};

/*
 * What is kept of a series for ever, also when its samples have been removed. The
 * figures are of the undisturbed samples, and 0 where there is none.
 */
struct figure {
	uint64_t sample_count; /* all that were taken */
	uint64_t used_count;   /* undisturbed */
	uint32_t disturbances; /* of any sample */
	double median, mean, stddev, low, high;
	/* Of those that took FIGURE_LONG_NS or more and that the host timed too:
	 * what tells whether the clocks drift. */
	uint64_t long_count, long_elapsed_ns, long_host_ns;
};

#define FIGURE_LONG_NS 50000000ULL

struct series {
	char workload[32];
	char point[32];
	char unit[16];
	bool lower_is_better;
	uint64_t set_bytes;  /* working set; 0 where there is none */
	uint64_t page_bytes; /* 0: the system's choice */
	uint32_t list_rank;  /* order in listings */
	enum run_status status;
	/* Why there are no samples; for RUN_OK a note about the samples, or
	 * "". */
	char reason[200];
	uint64_t iterations;
	struct sample *samples; /* owned */
	size_t sample_count;
	struct figure *figure; /* owned; NULL unless samples were removed */
};

struct phase {
	char name[32];
	uint64_t mono_ns; /* by the host's clock */
};

struct exit_row {
	uint32_t vcpu;
	char kind[16];
	uint64_t count;
	uint64_t handled_ns;
};

/* A program's output and the host's counters during its run, as JSON. */
struct document {
	char workload[32];
	char point[32];
	char *text; /* owned */
};

struct result {
	enum run_status status;
	char reason[400];
	enum grade grade;
	uint64_t started_unix_ns;
	uint64_t elapsed_ns;
	uint64_t exit_cost_ns; /* longest calibration exit; 0 natively */
	struct series *series; /* owned, as all below */
	size_t series_count;
	struct phase *phases;
	size_t phase_count;
	struct exit_row *exits;
	size_t exit_count;
	struct document *documents;
	size_t document_count;
	char boot_id[40];   /* of the host's kernel */
	bool is_oom_killed; /* the guest met its cgroup's limit; not stored */
	char *identity;     /* "KEY=VALUE" lines as the agent sent them */
	char *console;      /* the last of the guest's boot messages */
};

void result_init(struct result *res);
void result_release(struct result *res);

/* Set the outcome unless a worse one was set before. */
void result_fail(struct result *res, enum run_status status, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));

/* The first series that failed in a boot that did not; NULL: there is none. */
const struct series *result_failed_series(const struct result *res);

/* Whether it failed in whole or in part; what was skipped did not fail. */
bool result_has_failed(const struct result *res);

/* The new series or sample; valid until the next one is added. What the
 * workload table knows of a series is filled in. */
struct series *result_add_series(struct result *res, const char *workload,
				 const char *point, const char *unit);
void result_drop_series(struct result *res); /* none of it may be believed */

/* The series of WORKLOAD that is named POINT/METRIC; a new one if there is none. */
struct series *result_metric_series(struct result *res, const char *workload,
				    const char *point, const char *metric,
				    const char *unit);
struct sample *series_add_sample(struct series *series);

/* What the host itself counted or, in ns, timed: the sample lasted as long. */
void series_add_value(struct series *series, double value);

/* Its samples were removed, and this is what they were. FIGURE is copied. */
void series_set_figure(struct series *series, const struct figure *figure);

/* It has no samples, for this reason, which is cleaned and may be cut. */
void series_refuse(struct series *series, enum run_status status,
		   const char *why);
void result_add_phase(struct result *res, const char *name, uint64_t mono_ns);
struct exit_row *result_add_exit(struct result *res);

/* Under this name a boot's document says how the host was meanwhile. */
#define GUARD_DOCUMENT "guard"
/* And under this one where its threads ran, see runners/measure/placement.h. */
#define PLACEMENT_DOCUMENT "placement"

/* One more line of the identity, if there is one. Both are copied, and cleaned. */
void result_add_fact(struct result *res, const char *key, const char *value);

/* TEXT is copied. */
void result_add_document(struct result *res, const char *workload,
			 const char *point, const char *text);

/* What a boot had beside a CPU and memory, by what its workloads need. */
enum machine_kind {
	MACHINE_PLAIN,
	MACHINE_DISK,
	MACHINE_NET,
	MACHINE_DISK_AND_NET,
	MACHINE_MICRO,  /* the micro guest */
	MACHINE_SHAPE,  /* of one shape or another, see harness/core/shape.h */
	MACHINE_DEVICE, /* a function of the host */
	MACHINE_KIND_COUNT,
};

enum machine_kind result_machine(const struct result *res);

/*
 * Merge the result of another machine of the same boot: its series, documents,
 * exits and console, and the longer exit. Outcome, phases and identity stay
 * those of RES; PART is released.
 */
void result_absorb(struct result *res, struct result *part);

/* 0 when the phase was not reached. */
uint64_t result_phase_ns(const struct result *res, const char *name);

json_t *result_to_json(const struct result *res); /* caller owns */
int result_from_json(const json_t *json, struct result *res, struct err *err);

#endif
