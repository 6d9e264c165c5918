// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/highlights.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/findings/model.h"
#include "harness/findings/suite.h"

#define LOWER true
#define HIGHER false
#define RATIO true
#define FIGURE false

const struct highlight highlights[] = {
	{"start-up", "guest ready", "boot", "agent_ready", LOWER, FIGURE},
	{"start-up", "power-off", "boot", "power_off", LOWER, FIGURE},
	{"start-up", "init started", "boot", "init", LOWER, FIGURE},
	{"start-up", "micro guest ready", "micro_start", "64MiB/agent_ready",
	 LOWER, FIGURE},
	{"CPU", "integer code", "cpu_integer", "", LOWER, RATIO},
	{"CPU", "floating point", "cpu_float", "", LOWER, RATIO},
	{"CPU", "SHA-256", "cpu_sha256", "", HIGHER, RATIO},
	{"CPU", "AES-128", "cpu_aes", "", HIGHER, RATIO},
	{"CPU", "branches", "cpu_branch", "", LOWER, RATIO},
	{"CPU", "memcpy in cache", "cpu_memcpy", "", HIGHER, RATIO},
	{"CPU", "integers, micro", "micro_cpu", "integer,ring3/p50", LOWER,
	 RATIO},
	{"CPU", "floats, micro", "micro_cpu", "float,ring3/p50", LOWER, RATIO},
	{"kernel", "system call", "kernel_syscall", "", LOWER, RATIO},
	{"kernel", "fork and exec", "kernel_forkexec", "", LOWER, RATIO},
	{"kernel", "page fault", "kernel_fault", "", LOWER, RATIO},
	{"kernel", "context switch", "kernel_switch", "", LOWER, RATIO},
	{"kernel", "mmap", "kernel_mmap", "", LOWER, RATIO},
	{"memory", "DRAM latency, 2M", "mem_latency", "64MiB,2MiB-pages", LOWER,
	 RATIO},
	{"memory", "DRAM latency, 4K", "mem_latency", "64MiB,4KiB-pages", LOWER,
	 RATIO},
	{"memory", "DRAM bandwidth", "mem_bandwidth", "triad,3x64MiB", HIGHER,
	 RATIO},
	{"memory", "L1 cache latency", "mem_latency", "16KiB,4KiB-pages", LOWER,
	 RATIO},
	{"memory", "page walk, 4K", "micro_walk", "4KiB-on-4KiB,64MiB/p50",
	 LOWER, RATIO},
	{"memory", "page walk, 2M", "micro_walk", "2MiB-on-2MiB,64MiB/p50",
	 LOWER, RATIO},
	{"storage", "4k read latency", "storage", "randread-4k-qd1/p50", LOWER,
	 RATIO},
	{"storage", "4k reads, qd 32", "storage", "randread-4k-qd32/iops",
	 HIGHER, RATIO},
	{"storage", "fsync latency", "storage", "fsync-4k-qd1/p50", LOWER,
	 RATIO},
	{"storage", "4k writes, qd 32", "storage", "randwrite-4k-qd32/iops",
	 HIGHER, RATIO},
	{"storage", "128k reads, qd 8", "storage", "read-128k-qd8/iops", HIGHER,
	 RATIO},
	{"storage", "4k read, p99", "storage", "randread-4k-qd1/p99", LOWER,
	 RATIO},
	{"passthrough", "4k read, passed", "passthrough", "randread-4k-qd1/p50",
	 LOWER, RATIO},
	{"passthrough", "qd 32, passed", "passthrough", "randread-4k-qd32/iops",
	 HIGHER, RATIO},
	{"passthrough", "CPU, passed", "passthrough",
	 "randread-4k-qd1/cpu_per_kop", LOWER, RATIO},
	{"passthrough", "a register's read", "passthrough_mmio", "read", LOWER,
	 RATIO},
	{"same by virtio", "4k read, virtio", "passthrough_virtio",
	 "randread-4k-qd1/p50", LOWER, RATIO},
	{"same by virtio", "qd 32, virtio", "passthrough_virtio",
	 "randread-4k-qd32/iops", HIGHER, RATIO},
	{"same by virtio", "CPU, virtio", "passthrough_virtio",
	 "randread-4k-qd1/cpu_per_kop", LOWER, RATIO},
	{"network", "TCP bandwidth", "network", "tcp-1/bandwidth", HIGHER,
	 RATIO},
	{"network", "TCP round trip", "network_rr", "tcp-1B/p50", LOWER, RATIO},
	{"network", "round trip, p99", "network_rr", "tcp-1B/p99", LOWER,
	 RATIO},
	{"network", "TCP, 4 streams", "network", "tcp-4/bandwidth", HIGHER,
	 RATIO},
	{"footprint", "overhead, 256M", "footprint", "256M-1cpu/charged", LOWER,
	 FIGURE},
	{"footprint", "overhead, 512M+IO", "footprint",
	 "512M-2cpu-1disk-1nic/charged", LOWER, FIGURE},
	{"footprint", "overhead, 1G", "footprint", "1G-1cpu/charged", LOWER,
	 FIGURE},
	{"footprint", "overhead, 2 CPUs", "footprint", "256M-2cpu/charged",
	 LOWER, FIGURE},
	{"footprint", "overhead, 2 disks", "footprint",
	 "256M-1cpu-2disk/charged", LOWER, FIGURE},
	{"footprint", "overhead, 2 cards", "footprint",
	 "256M-1cpu-2nic/charged", LOWER, FIGURE},
	{"footprint", "PSS, 256M", "footprint", "256M-1cpu/beside_pss", LOWER,
	 FIGURE},
	{"footprint", "256M, 1 device", "footprint_vfio",
	 "256M-1cpu-1vfio/charged", LOWER, FIGURE},
	{"footprint", "256M, no device", "footprint_vfio", "256M-1cpu/charged",
	 LOWER, FIGURE},
	{"footprint", "256M, 2 devices", "footprint_vfio",
	 "256M-1cpu-2vfio/charged", LOWER, FIGURE},
	{"exit cost", "CPUID exit", "micro_exit", "cpuid,ring0/p50", LOWER,
	 FIGURE},
	{"exit cost", "doorbell exit", "micro_exit", "doorbell,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "port write exit", "micro_exit", "pio-out,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "wake-up from HLT", "micro_exit", "hlt-irqfd,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "IPI to idle vCPU", "micro_exit",
	 "ipi-to-halted,ring0/p50", LOWER, FIGURE},
	{"exit cost", "MSR write exit", "micro_exit", "msr-write,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "MMIO read exit", "micro_exit", "mmio-read,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "timer interrupt", "micro_exit", "timer-300k,ring0/p50",
	 LOWER, FIGURE},
	{"exit cost", "first touch, 4K", "micro_exit",
	 "first-touch-4KiB,r3/p50", LOWER, FIGURE},
	{"churn", "torn down, p99", "churn", "guests/teardown_p99", LOWER,
	 FIGURE},
	{"churn", "torn down, p50", "churn", "guests/teardown_p50", LOWER,
	 FIGURE},
	{"churn", "memory, 1000 on", "churn", "guests/memory_growth", LOWER,
	 FIGURE},
	{"churn", "direct map 4K", "churn", "guests/direct_map_growth", LOWER,
	 FIGURE},
	{"churn", "open files", "churn", "guests/descriptor_growth", LOWER,
	 FIGURE},
	{NULL, NULL, NULL, NULL, LOWER, FIGURE},
};

#define COUNT (ARRAY_SIZE(highlights) - 1)

static bool has_figure(const struct model *m, const struct model_row *row)
{
	size_t k;

	for (k = 0; k < m->runner_count; k++)
		if (row->cells[k].boot_count)
			return true;
	return false;
}

/* NULL: M has no figure of it. */
static const struct model_row *find_row(const struct model *m,
					const struct highlight *h)
{
	const struct model_row *row = model_find_row(m, h->workload, h->point);

	return row && has_figure(m, row) ? row : NULL;
}

/* Mark in WANTED the next one of each group, MOST at most in all. Returns how
 * many are marked now. */
static size_t take_round(const struct model_row *const *rows, bool *wanted,
			 size_t count, size_t most)
{
	const char *group = "";
	size_t i;

	for (i = 0; i < COUNT && count < most; i++) {
		if (!rows[i] || wanted[i] ||
		    !strcmp(group, highlights[i].group))
			continue;
		group = highlights[i].group;
		wanted[i] = true;
		count++;
	}
	return count;
}

/* Of a version or a workload that the table does not know. */
static size_t take_others(const struct model *m, size_t most,
			  struct highlight_row *out)
{
	size_t i, count = 0;
	char name[80];

	for (i = 0; i < m->row_count && count < most; i++) {
		const struct model_row *row = &m->rows[i];
		struct highlight_row *h = &out[count];

		if (!model_row_is_summary(row) || !has_figure(m, row))
			continue;
		*h = (struct highlight_row){
			.group = "", .has_ratio = true, .row = row};
		snprintf(h->label, sizeof(h->label), "%.31s",
			 model_row_name(row, name, sizeof(name)));
		count++;
	}
	return count;
}

static_assert(COUNT <= HIGHLIGHTS_ALL, "there is room for every row");

static size_t choose(const struct model *m, size_t most,
		     struct highlight_row *out)
{
	const struct model_row *rows[COUNT];
	bool wanted[COUNT] = {false};
	size_t i, before, count = 0;

	for (i = 0; i < COUNT; i++)
		rows[i] = find_row(m, &highlights[i]);
	do {
		before = count;
		count = take_round(rows, wanted, count, most);
	} while (count > before);
	if (!count)
		return take_others(
			m, most < HIGHLIGHTS_MOST ? most : HIGHLIGHTS_MOST,
			out);
	count = 0;
	for (i = 0; i < COUNT; i++) {
		const struct highlight *h = &highlights[i];

		if (!wanted[i])
			continue;
		out[count] = (struct highlight_row){.group = h->group,
						    .has_ratio = h->has_ratio,
						    .row = rows[i]};
		snprintf(out[count].label, sizeof(out[count].label), "%s",
			 h->label);
		count++;
	}
	return count;
}

size_t highlights_choose(const struct model *m, size_t most,
			 struct highlight_row *out)
{
	return choose(m, most < HIGHLIGHTS_MOST ? most : HIGHLIGHTS_MOST, out);
}

size_t highlights_all(const struct model *m, struct highlight_row *out)
{
	return choose(m, HIGHLIGHTS_ALL, out);
}

struct ratio highlight_worse(const struct model *m,
			     const struct highlight_row *h, size_t runner)
{
	const struct model_cell *c = &h->row->cells[runner];
	struct ratio r = c->ratio;

	if (!h->has_ratio || &h->row->cells[runner] == model_base(m, h->row))
		return ratio_of_logs(NULL, 0, MODEL_CONFIDENCE);
	if (h->row->lower_is_better)
		return r;
	return ratio_inverse(&r);
}

size_t highlights_group(const struct highlight_row *rows, size_t count)
{
	size_t n = 1;

	while (n < count && !strcmp(rows[n].group, rows->group))
		n++;
	return n;
}

/* NaN where one of them is missing. */
static struct ratio mean_of_rows(const struct model *m,
				 const struct highlight_row *rows, size_t count,
				 size_t runner)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (rows[i].has_ratio) {
			sum += log(highlight_worse(m, &rows[i], runner).ratio);
			n++;
		}
	return (struct ratio){.ratio = n ? exp(sum / (double)n) : NAN,
			      .low = NAN,
			      .high = NAN};
}

struct ratio highlights_mean(const struct model *m,
			     const struct highlight_row *rows, size_t count,
			     size_t runner, size_t *blocks)
{
	const struct model_row *all[HIGHLIGHTS_ALL] = {NULL};
	struct ratio r;
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (rows[i].has_ratio)
			all[n++] = rows[i].row;
	r = suite_ratio_of(m, all, n, runner, blocks);
	if (!isnan(r.ratio))
		return r;
	*blocks = 0;
	return mean_of_rows(m, rows, count, runner);
}
