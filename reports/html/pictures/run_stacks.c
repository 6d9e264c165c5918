// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/run_stacks.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/explain.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "harness/kubevirt/overhead.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/pictures/picture.h"
#include "reports/html/pictures/stacks.h"

static void write_figure(const struct picture *p, const struct stacks *s,
			 const char *key, struct strbuf *out)
{
	html_figure_begin(out, p->label);
	stacks_write(p, s, out);
	if (*key)
		html_cell(out, "<figcaption class=\"note\">", key,
			  "</figcaption>");
	strbuf_puts(out, "</figure>\n");
}

/* --- phases of a start --- */

struct start_phase {
	const char *point, *what;
};

static const struct start_phase linux_phases[] = {
	{"vmm_start", "the VMM's program starts"},
	{"vm_ready", "it makes the VM"},
	{"first_instruction", "the guest's first instruction"},
	{"kernel_entry", "the kernel is unpacked"},
	{"init", "the kernel boots"},
	{"agent_ready", "user space is ready"},
};
static const struct start_phase micro_phases[] = {
	{"64MiB/vm_created", "the VM is created"},
	{"64MiB/ram_mapped", "RAM is mapped"},
	{"64MiB/vcpus_created", "vCPUs are created"},
	{"64MiB/first_instruction", "the guest's first instruction"},
	{"64MiB/agent_ready", "its first message"},
};

struct start {
	struct picture p;
	const char *workload;
	const struct start_phase *phases;
	size_t count;
};

/* Times count from the start of the process; a phase lasts from the one before it that
 * this runner has. */
static void add_start(struct start *st, size_t runner, struct stacks *s)
{
	const struct model *m = st->p.m;
	struct stack *stack = NULL;
	char text[32];
	double before = 0;
	size_t i;

	for (i = 0; i < st->count; i++) {
		const struct model_row *row =
			model_find_row(m, st->workload, st->phases[i].point);
		struct strbuf title = {0};
		double at = row ? row->cells[runner].median : NAN;

		if (!(at >= before))
			continue;
		if (!stack)
			stack = stacks_add(s, m->runners[runner],
					   picture_look(&st->p, runner), "");
		html_cell(&title, "", st->phases[i].what, ": ");
		strbuf_printf(
			&title, "%s; reached after ",
			units_format(at - before, "ns", text, sizeof(text)));
		html_value(&title, row, runner);
		strbuf_puts(&title, ", ");
		html_basis(&title, row, runner);
		stack_add(stack, i + 1, before, at, title.str);
		st->p.has_grade[row->cells[runner].grade] = true;
		before = at;
	}
	if (stack)
		stack_text(stack,
			   units_format(before, "ns", text, sizeof(text)));
}

static size_t write_start(struct start *st, struct strbuf *out)
{
	struct stacks s = {.unit = "ns"};
	struct strbuf key = {0};
	size_t i, k, count;

	/* Natively it is a process, no machine. */
	for (k = model_has_base(st->p.m); k < st->p.m->runner_count; k++)
		add_start(st, k, &s);
	for (i = 0; i < st->count; i++)
		strbuf_printf(&key, "%s%zu %s", i ? " · " : "", i + 1,
			      st->phases[i].what);
	count = s.count;
	if (count)
		write_figure(&st->p, &s, strbuf_str(&key), out);
	strbuf_release(&key);
	stacks_release(&s);
	return count != 0;
}

size_t run_stacks_start(const struct model *m, struct strbuf *out)
{
	struct start full = {
		.p = {.m = m,
		      .label = "phases of a start",
		      .says = "Linux guest: time since its process began; left is better"},
		.workload = "boot",
		.phases = linux_phases,
		.count = ARRAY_SIZE(linux_phases),
	};
	struct start micro = {
		.p = {.m = m,
		      .label = "phases of a micro guest's start",
		      .says = "micro guest: time since its process began; left is better"},
		.workload = "micro_start",
		.phases = micro_phases,
		.count = ARRAY_SIZE(micro_phases),
	};

	return write_start(&full, out) + write_start(&micro, out);
}

/* --- what a guest costs --- */

static const char *const term_words[FOOTPRINT_TERM_COUNT] = {
	[FOOTPRINT_FIXED] = "fixed",
	[FOOTPRINT_VCPU] = "one vCPU",
	[FOOTPRINT_GIB] = "one GiB",
	[FOOTPRINT_DISK] = "one disk",
	[FOOTPRINT_NIC] = "one network card",
	[FOOTPRINT_DEVICE] = "one VFIO device",
};

static void add_term(struct stack *stack, int term, double bytes,
		     const char *basis, double *sum)
{
	struct strbuf title = {0};
	char text[32];

	if (!(bytes > 0))
		return;
	html_cell(&title, "", term_words[term], ": ");
	html_cell(&title, "", units_format(bytes, "bytes", text, sizeof(text)),
		  "");
	html_cell(&title, ", ", basis, "");
	stack_add(stack, (size_t)term + 1, *sum, *sum + bytes, title.str);
	*sum += bytes;
}

static void add_measured(struct picture *p, const struct footprint *f,
			 size_t look, struct stacks *s)
{
	struct stack *stack = stacks_add(s, f->runner, look, "");
	char basis[96], low[32], high[32], text[32];
	double sum = 0;
	int t;

	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++) {
		struct footprint_interval i = {NAN, NAN, NAN, 0};

		if (!f->has_term[t])
			continue;
		footprint_term_cost(f, FOOTPRINT_CHARGED,
				    (enum footprint_term)t, &i);
		snprintf(basis, sizeof(basis), "%zu boots, %s", f->boot_count,
			 grade_name(f->grade));
		if (!isnan(i.low))
			snprintf(basis, sizeof(basis),
				 "95 %%: %s to %s, %zu boots, %s",
				 units_format(i.low, "bytes", low, sizeof(low)),
				 units_format(i.high, "bytes", high,
					      sizeof(high)),
				 f->boot_count, grade_name(f->grade));
		add_term(stack, t, i.mean, basis, &sum);
	}
	stack_text(stack, units_format(sum, "bytes", text, sizeof(text)));
	p->has_grade[f->grade] = true;
}

static void add_granted(const struct footprint *f, const char *release,
			struct stacks *s)
{
	struct stack *stack =
		stacks_add(s, "KubeVirt grants", PALETTE_NEUTRAL, "");
	char basis[64], text[32];
	double sum = 0;
	int t;

	snprintf(basis, sizeof(basis), "a constant of %s", release);
	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++)
		if (f->has_term[t])
			add_term(stack, t, f->granted[t], basis, &sum);
	stack_text(stack, units_format(sum, "bytes", text, sizeof(text)));
}

/* It depends on the runner: libvirt's daemons have constants of their own. */
static bool is_granted_alike(const struct footprint *a,
			     const struct footprint *b)
{
	return b->has_fit[FOOTPRINT_CHARGED] &&
	       !memcmp(a->has_term, b->has_term, sizeof(a->has_term)) &&
	       !memcmp(a->granted, b->granted, sizeof(a->granted));
}

size_t run_stacks_footprint(const struct model *m, const struct footprints *fs,
			    struct strbuf *out)
{
	struct picture p = {
		.m = m,
		.label = "what a guest costs, and what KubeVirt grants for it",
		.says = "host memory beside guest RAM; less is better",
	};
	struct stacks s = {.unit = "bytes"};
	struct strbuf key = {0};
	size_t i, k, count;
	int t;

	for (i = 0; i < fs->count; i++) {
		const struct footprint *f = &fs->rows[i];

		if (!f->has_fit[FOOTPRINT_CHARGED])
			continue;
		k = model_find_runner(m, f->runner);
		add_measured(&p, f, picture_look(&p, k), &s);
		if (i + 1 == fs->count || !is_granted_alike(f, f + 1))
			add_granted(f, kubevirt_release_name(fs->release), &s);
	}
	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++)
		if (fs->count && fs->rows[0].has_term[t])
			strbuf_printf(&key, "%s%d %s", key.len ? " · " : "",
				      t + 1, term_words[t]);
	strbuf_puts(&key, ". Least squares over the shapes that were measured; "
			  "each shape is among the numbers.");
	count = s.count;
	if (count)
		write_figure(&p, &s, strbuf_str(&key), out);
	strbuf_release(&key);
	stacks_release(&s);
	return count != 0;
}

/* --- where the time went --- */

static char *part_title(const char *what, double ns, const char *more)
{
	struct strbuf title = {0};
	char text[32];

	html_cell(&title, "", what, ": ");
	html_cell(&title, "", units_format(ns, "ns", text, sizeof(text)), "");
	html_cell(&title, *more ? ", " : "", more, "");
	return title.str;
}

static void add_step(struct stacks *s, const char *what, size_t look,
		     double from, double to, const char *more)
{
	char text[32];
	struct stack *stack =
		stacks_add(s, what, look,
			   units_format(to - from, "ns", text, sizeof(text)));

	stack_add(stack, 0, fmin(from, to), fmax(from, to),
		  part_title(what, to - from, more));
	stack->parts[0].is_less = to < from;
}

static void add_steps(const struct picture *p, const struct explain *e,
		      size_t runner, struct stacks *s)
{
	size_t look = picture_look(p, runner), i;
	double at = e->native_ns;
	char more[96];

	add_step(s, "native", picture_look(p, 0), 0, at, "");
	for (i = 0; i < EXPLAIN_PARTS; i++) {
		const struct explain_part *part = &e->parts[i];
		double ns = part->per_op * part->cost_ns;

		if (!(ns > 0))
			continue;
		snprintf(more, sizeof(more), "%.2f per operation, cost by %s",
			 part->per_op, part->cost_of);
		add_step(s, part->what, look, at, at + ns, more);
		at += ns;
	}
	add_step(s, "unexplained", look, at, e->guest_ns,
		 "the rest, which may be below zero");
	add_step(s, p->m->runners[runner], look, 0, e->guest_ns, "");
}

/* The first job of WORKLOAD that was slower and is explained in part. */
static bool find_explained(const struct model *m, const char *workload,
			   size_t runner, struct model_group *g,
			   struct explain *e)
{
	size_t at = 0;

	while (model_next_group(m, &at, g))
		if (!strcmp(g->rows->workload, workload) &&
		    explain_group(m, g, runner, e) && e->explained_ns > 0 &&
		    e->guest_ns > e->native_ns)
			return true;
	return false;
}

size_t run_stacks_explained(const struct model *m, const char *workload,
			    struct strbuf *out)
{
	size_t runner, count = 0;

	for (runner = 1; runner < m->runner_count; runner++) {
		char label[128], says[128];
		struct picture p = {.m = m, .label = label, .says = says};
		struct stacks s = {.unit = "ns"};
		struct model_group g;
		struct explain e;

		if (!find_explained(m, workload, runner, &g, &e))
			continue;
		snprintf(label, sizeof(label),
			 "where the time of %s went under %s", g.point,
			 m->runners[runner]);
		snprintf(says, sizeof(says), "%s under %s: time per operation",
			 g.point, m->runners[runner]);
		p.has_grade[g.rows->cells[runner].grade] = true;
		add_steps(&p, &e, runner, &s);
		write_figure(
			&p, &s,
			e.explained_ns > e.guest_ns - e.native_ns
				? "The parts exceed the whole: exits cost less here than alone, where the micro guest measured them."
				: "Exits per operation, each at the cost that the micro guest measured.",
			out);
		stacks_release(&s);
		count++;
	}
	return count;
}
