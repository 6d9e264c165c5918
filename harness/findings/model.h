/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_MODEL_H
#define HARNESS_FINDINGS_MODEL_H

/*
 * model - the figures that all reports show of a run: one row per series, one
 * cell per runner, every cell summarised per boot. It is computed from raw
 * samples each time, or from the figures of a run whose samples were removed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/stats/ratio.h"
#include "harness/store/run_data.h"

#define MODEL_MAX_RUNNERS 8
#define MODEL_BASELINE "native"
#define MODEL_CONFIDENCE 0.95
/* With fewer blocks an interval is too wide to be useful: with two it can reach
 * from zero to a million. */
#define MODEL_LEAST_BLOCKS 4

/* The banner of a run that has any figure of that grade. */
#define MODEL_EMULATED                                                                 \
	"EMULATED: measured inside the lab; the figures show that it works, not how\n" \
	"fast any hypervisor is."

struct model_cell {
	double *boots;    /* owned; the median of each boot that counts */
	uint32_t *blocks; /* owned; that boot's block */
	size_t boot_count;
	double *samples; /* owned; all undisturbed ones that are still there; none
			  * where the model does not keep them */
	size_t sample_count;
	size_t used_count;      /* undisturbed, removed ones included */
	size_t disturbed_count; /* the same of the others */
	size_t refused_count;   /* boots in which it was skipped or failed */
	char reason[200];       /* of the last one of them */
	char note[200];         /* of the last series that has one; "" */
	enum run_status status; /* its own; RUN_OK: there is none */
	enum grade grade;
	double median;      /* of the boots; NaN without any */
	size_t ratio_count; /* of blocks that have both boots */
	/* To the baseline; NaN without one. Its interval is NaN below
	 * MODEL_LEAST_BLOCKS; .log is as it was computed. */
	struct ratio ratio;
};

struct model_row {
	char workload[32];
	char point[32];
	char unit[16];
	bool lower_is_better;
	uint64_t set_bytes;
	uint64_t page_bytes;
	uint32_t list_rank;
	struct model_cell cells[MODEL_MAX_RUNNERS];
};

/* What a guest's clock and the host's say of the same samples, those that took
 * FIGURE_LONG_NS or more. */
struct model_clocks {
	double guest_ns, host_ns;
	double exit_ns; /* that the host's time may include */
};

struct model {
	const struct run_data *run; /* borrowed */
	bool keeps_samples;         /* in its cells */
	const char *runners[MODEL_MAX_RUNNERS];
	size_t runner_count;
	struct model_row *rows; /* owned; in the order of the workload table */
	size_t row_count;
	size_t failed_boot_count;
	bool has_grade[GRADE_COUNT];
	struct model_clocks clocks[MODEL_MAX_RUNNERS];
};

void model_init(struct model *m, const struct run_data *run);

/* The same boot by boot, in their order: RUN has the list of them, and the series of
 * a boot may go once it has been added. */
void model_begin(struct model *m, const struct run_data *run,
		 bool keeps_samples);
void model_add_boot(struct model *m, const struct boot_data *b);
void model_end(struct model *m);
void model_release(struct model *m);

/* The rows of one program's job, one row per metric. */
struct model_group {
	const struct model_row *rows; /* borrowed; they stand together */
	size_t count;
	char point[64]; /* without the metric */
};

/* The next one from row *AT on, which moves behind it; false: no more. */
bool model_next_group(const struct model *m, size_t *at,
		      struct model_group *group);

/* NULL when the group has no such metric. */
const struct model_row *model_group_row(const struct model_group *group,
					const char *metric);

/* "mem_latency 16MiB,4KiB-pages" */
const char *model_row_name(const struct model_row *row, char *buf, size_t size);

/* The row of that series; NULL: M has none. */
const struct model_row *model_find_row(const struct model *m,
				       const char *workload, const char *point);

/* NAME's place among the runners; their count if it is none of them. */
size_t model_find_runner(const struct model *m, const char *name);

/* Whether it is of the micro guest, which has a section of its own. */
bool model_row_is_micro(const struct model_row *row);

/* Whether it is of the footprint, which has one too. */
bool model_row_is_footprint(const struct model_row *row);

/* Whether a table of the whole run shows it; the rest is in the sections. */
bool model_row_is_summary(const struct model_row *row);

/* Whether RUNNER is the baseline, and whether M has the baseline, which is
 * then the first runner. */
bool model_is_base(const char *runner);
bool model_has_base(const struct model *m);

/* The baseline, then by name: a table's columns do not depend on what ran first. */
int model_compare_runners(const char *a, const char *b);

/* The baseline of ROW's cells; NULL: the run has no native boots. */
const struct model_cell *model_base(const struct model *m,
				    const struct model_row *row);

/*
 * The logarithm of CELL over BASE in each block, in their order; a block
 * without its pair is left out. LOGS and BLOCKS have room for the cell's
 * boots; BLOCKS may be NULL. Returns how many there are: none where a block has a
 * figure that is not above zero, for the others alone would tell another story.
 */
size_t model_block_logs(const struct model_cell *base,
			const struct model_cell *cell, double *logs,
			uint32_t *blocks);

/* The same of values that are ratios by themselves. */
size_t model_own_logs(const struct model_cell *cell, double *logs,
		      uint32_t *blocks);

/* Whether a figure is not above zero, and so has no logarithm. */
bool model_cell_has_zero(const struct model_cell *cell);

/* The figure of one boot: the median of S's undisturbed samples; NaN without
 * any. */
double model_boot_figure(const struct series *s);

/* Whether CELL has a figure or a reason for its absence. */
bool model_cell_is_measured(const struct model_cell *cell);

/* How many series, of a runner each, have no figure as all their samples were
 * disturbed. */
size_t model_blind_count(const struct model *m);

/* The worst of all of ROW's cells. */
enum grade model_row_grade(const struct model *m, const struct model_row *row);

/* The origin of a cell's figure, or why it has none. */
struct model_outcome {
	const char
		*status; /* "ok", "partial", "skipped", "not measured", ... */
	const char
		*reason; /* "" where there is none; borrowed from the model */
};

struct model_outcome model_outcome(const struct model *m,
				   const struct model_row *row, size_t runner);

/* The same in a word for a cell without a figure: "skipped", "failed", "void",
 * "disturbed"; "-": it was not measured. */
const char *model_cell_word(const struct model_cell *cell);

/* Remove the interval from the shown part of R if it has too few blocks. .log,
 * which verdicts use, stays. */
void model_hide_interval(struct ratio *r, size_t block_count);

/* The same for an estimate that is not a ratio. */
void model_hide_bounds(double *low, double *high, size_t count);

/* Why a ratio of this many blocks has no interval: "1 block", "3 blocks", "no
 * noise". */
const char *model_no_interval(size_t block_count, char *buf, size_t size);

/* "hardware", or "emulated, software" where a run mixes them. */
const char *model_grades(const struct model *m, char *buf, size_t size);

#endif
