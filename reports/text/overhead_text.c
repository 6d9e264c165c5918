// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/overhead_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/survey.h"
#include "reports/text/lines.h"

#define NAME_COLUMNS 32
#define MOST_WORDS 1000 /* columns */

static void write_bytes(const char *name, int64_t bytes, FILE *out)
{
	fprintf(out, "%-36s %14" PRId64 "  %10.2f MiB\n", name, bytes,
		(double)bytes / (double)MIB);
}

static void write_limit(const char *name, int64_t bytes, const char *none,
			FILE *out)
{
	if (bytes < 0)
		fprintf(out, "%-36s %14s\n", name, none);
	else
		write_bytes(name, bytes, out);
}

static void write_memlock(int64_t bytes, FILE *out)
{
	if (bytes == MEMLOCK_NONE)
		fprintf(out, "%-36s %14s\n", "memlock limit", "left alone");
	else
		write_limit("memlock limit", bytes, "unlimited", out);
}

/* --- one guest --- */

static void write_container(const struct container *c, FILE *out)
{
	struct amount request = resources_get(&c->requests, RESOURCE_MEMORY);
	struct amount limit = resources_get(&c->limits, RESOURCE_MEMORY);
	char a[24] = "-", b[24] = "-";

	if (request.is_set)
		snprintf(a, sizeof(a), "%" PRId64, quantity_value(request.q));
	if (limit.is_set)
		snprintf(b, sizeof(b), "%" PRId64, quantity_value(limit.q));
	fprintf(out, "  %-34s %14s %14s%s\n", c->name, a, b,
		c->stays     ? "  (init, stays)"
		: c->is_init ? "  (init)"
			     : "");
}

static void write_pages(const struct pod *p, FILE *out)
{
	struct amount pages = resources_get(&p->requests, p->page_resource);

	if (p->page_resource[0] && pages.is_set)
		write_bytes(p->page_resource, quantity_value(pages.q), out);
}

static void write_figures(const struct figures *f, FILE *out)
{
	const struct pod *p = &f->pod;
	size_t i;

	for (i = 0; i < f->overhead.term_count; i++)
		write_bytes(f->overhead.terms[i].name,
			    f->overhead.terms[i].bytes, out);
	write_bytes("overhead", f->overhead.total_bytes, out);
	fprintf(out, "\n%-36s %14s %14s\n", "container, memory in bytes",
		"requests", "limit");
	for (i = 0; i < p->container_count; i++)
		write_container(&p->containers[i], out);
	putc('\n', out);
	write_bytes("pod requests", figures_pod_request(f), out);
	write_limit("pod limit", figures_pod_limit(f), "none", out);
	write_pages(p, out);
	if (p->has_attachment)
		write_bytes("hot plug: another pod, limited to",
			    p->attachment_limit_bytes, out);
	write_memlock(f->memlock_bytes, out);
	fprintf(out, "%-36s %14s\n", "class of the pod", p->qos);
}

/* A manifest may say anything. */
static void write_words(const char *text, FILE *out)
{
	line_print(text, 0, MOST_WORDS, out);
}

static const char *name_of(const struct survey_guest *g)
{
	return *g->manifest->name ? g->manifest->name : "(no name)";
}

static void write_place(const struct overhead_text *o,
			const struct survey_guest *g, const char *what)
{
	fprintf(stderr, "%s: ", what);
	if (!o->survey->has_manifest)
		return;
	fprintf(stderr, "%s: document %zu, ",
		o->survey->file ? o->survey->file : "options",
		g->manifest->document);
	write_words(name_of(g), stderr);
	fputs(": ", stderr);
}

static void write_notes(const struct overhead_text *o,
			const struct survey_guest *g)
{
	size_t i;

	/* A cluster's sum has thousands of guests: only what it lacks. */
	for (i = 0; i < g->note_count; i++) {
		const struct survey_note *n = &g->notes[i];
		FILE *out = n->is_warning ? stderr : stdout;

		if (o->survey->is_sum && !n->is_warning)
			continue;
		if (n->is_warning) {
			write_place(o, g, "warning");
		} else {
			fputs("note: ", out);
			if (o->survey->has_manifest) {
				write_words(name_of(g), out);
				fputs(": ", out);
			}
		}
		write_words(n->text, out);
		putc('\n', out);
	}
}

/* The first thing that each release has against it. */
static void write_rejections(const struct overhead_text *o,
			     const struct survey_guest *g)
{
	size_t i;

	for (i = 0; g->rejections && i < o->survey->release_count; i++) {
		const struct rejections *r = &g->rejections[i];

		if (!r->count)
			continue;
		write_place(o, g, "refused");
		fprintf(stderr, "KubeVirt %s: %s%s",
			kubevirt_release_name(o->survey->releases[i]),
			r->rows[0].field, r->rows[0].field[0] ? ": " : "");
		write_words(r->rows[0].message, stderr);
		if (r->count > 1)
			fprintf(stderr, " (and %zu more)", r->count - 1);
		putc('\n', stderr);
	}
}

static void write_title(const struct overhead_text *o, size_t i,
			const struct survey_guest *g, FILE *out)
{
	const struct survey *s = o->survey;

	fprintf(out, "KubeVirt %s, %s, %s",
		kubevirt_release_name(s->releases[i]), g->figures[i].arch,
		hypervisor_name(s->cluster.hypervisor));
	if (*g->manifest->name) {
		fputs(", ", out);
		write_words(g->manifest->name, out);
	}
	fputs("\n\n", out);
}

static void write_whole(const struct overhead_text *o,
			const struct survey_guest *g, FILE *out)
{
	size_t i;

	for (i = 0; i < o->survey->release_count; i++) {
		if (i)
			putc('\n', out);
		write_title(o, i, g, out);
		write_figures(&g->figures[i], out);
	}
}

/* --- guests in lines --- */

static void write_row_head(const struct overhead_text *o, FILE *out)
{
	size_t i;

	for (i = 0; i < o->survey->release_count; i++)
		fprintf(out, "%sKubeVirt %s", i ? " and " : "",
			kubevirt_release_name(o->survey->releases[i]));
	fprintf(out, ", %s; bytes of memory\n\n%-*s %13s %14s %14s %14s\n",
		hypervisor_name(o->survey->cluster.hypervisor), NAME_COLUMNS,
		"guest", "overhead", "pod requests", "pod limit", "memlock");
}

static void write_number(int64_t bytes, const char *none, FILE *out)
{
	if (bytes < 0)
		fprintf(out, " %14s", none);
	else
		fprintf(out, " %14" PRId64, bytes);
}

static void write_row(const struct overhead_text *o,
		      const struct survey_guest *g, FILE *out)
{
	size_t i;

	for (i = 0; i < o->survey->release_count; i++) {
		const struct figures *f = &g->figures[i];

		line_print(i ? "" : name_of(g), NAME_COLUMNS, NAME_COLUMNS,
			   out);
		fprintf(out, " %13" PRId64, f->overhead.total_bytes);
		write_number(figures_pod_request(f), "-", out);
		write_number(figures_pod_limit(f), "none", out);
		if (f->memlock_bytes == MEMLOCK_NONE)
			fprintf(out, " %14s\n", "-");
		else {
			write_number(f->memlock_bytes, "unlimited", out);
			putc('\n', out);
		}
	}
}

/* The first guest waits for a second one: alone it is shown whole, with others
 * as a line. */
static void keep_first(struct overhead_text *o, const struct survey_guest *g)
{
	size_t len;
	FILE *out = open_memstream(&o->whole, &len);

	if (out) {
		write_whole(o, g, out);
		fclose(out);
	}
	out = open_memstream(&o->row, &len);
	if (out) {
		write_row(o, g, out);
		fclose(out);
	}
}

static void write_guest(const struct survey_guest *g, void *arg)
{
	struct overhead_text *o = arg;

	write_notes(o, g);
	write_rejections(o, g);
	if (g->error) {
		write_place(o, g, "error");
		write_words(g->error, stderr);
		putc('\n', stderr);
		return;
	}
	if (o->survey->is_sum)
		return;
	if (!o->row_count++) {
		keep_first(o, g);
		return;
	}
	if (o->row_count == 2) {
		write_row_head(o, stdout);
		fputs(o->row, stdout);
	}
	write_row(o, g, stdout);
}

static void write_remark(const char *text, bool is_warning, void *arg)
{
	const struct overhead_text *o = arg;

	fprintf(stderr, "%s: %s: ", is_warning ? "warning" : "note",
		o->survey->file ? o->survey->file : "options");
	write_words(text, stderr);
	putc('\n', stderr);
}

/* --- sums --- */

static void write_sum_row(const struct survey *s, size_t i, FILE *out)
{
	const struct survey_sum *sum = &s->sums[i];

	fprintf(out,
		"%-8s %15" PRId64 " %16" PRId64 " %16" PRId64 " %15" PRId64
		" %9.1f",
		kubevirt_release_name(s->releases[i]),
		sum->overhead.total_bytes, sum->pod_request_bytes,
		sum->pod_limit_bytes, sum->hugepage_bytes,
		(double)sum->cpu_request_milli / 1000);
	if (sum->unlimited_pods)
		fprintf(out, " (%" PRIu64 " without)", sum->unlimited_pods);
	putc('\n', out);
}

static void write_sums(const struct survey *s, FILE *out)
{
	size_t i;

	fprintf(out,
		"%" PRIu64
		" guests, %s; bytes of memory\n\n%-8s %15s %16s %16s %15s %9s\n",
		s->guest_count, hypervisor_name(s->cluster.hypervisor),
		"release", "overhead", "pods request", "pods' limits",
		"huge pages", "CPUs");
	for (i = 0; i < s->release_count; i++)
		write_sum_row(s, i, out);
}

static int64_t term_sum(const struct survey_sum *sum, const char *name)
{
	return overhead_term(&sum->overhead, name);
}

static void write_change(const char *name, int64_t before, int64_t after,
			 FILE *out)
{
	if (before == after)
		return;
	fprintf(out, "  %-36s %+16" PRId64 "  %+12.2f MiB\n", name,
		after - before, (double)(after - before) / (double)MIB);
}

/* Each term that one of both has. */
static void write_changed_terms(const struct survey_sum *a,
				const struct survey_sum *b, FILE *out)
{
	size_t i;

	for (i = 0; i < a->overhead.term_count; i++) {
		const char *name = a->overhead.terms[i].name;

		write_change(name, term_sum(a, name), term_sum(b, name), out);
	}
	for (i = 0; i < b->overhead.term_count; i++) {
		const char *name = b->overhead.terms[i].name;

		if (!term_sum(a, name))
			write_change(name, 0, term_sum(b, name), out);
	}
}

static void write_changes(const struct survey *s, FILE *out)
{
	const struct survey_sum *a = &s->sums[0], *b = &s->sums[1];

	fprintf(out, "\nfrom %s to %s:\n",
		kubevirt_release_name(s->releases[0]),
		kubevirt_release_name(s->releases[1]));
	write_changed_terms(a, b, out);
	write_change("overhead, in all", a->overhead.total_bytes,
		     b->overhead.total_bytes, out);
	write_change("pods request, in all", a->pod_request_bytes,
		     b->pod_request_bytes, out);
	write_change("pods' limits, in all", a->pod_limit_bytes,
		     b->pod_limit_bytes, out);
	write_change("huge pages, in all", a->hugepage_bytes, b->hugepage_bytes,
		     out);
	if (a->cpu_request_milli != b->cpu_request_milli)
		fprintf(out, "  %-36s %+16.3f\n", "CPUs, in all",
			(double)(b->cpu_request_milli - a->cpu_request_milli) /
				1000);
	if (a->unlimited_pods != b->unlimited_pods)
		fprintf(out,
			"  pods without limit: %" PRIu64 ", then %" PRIu64 "\n",
			a->unlimited_pods, b->unlimited_pods);
	write_change("memlock limits, in all", a->memlock_bytes,
		     b->memlock_bytes, out);
	if (a->unlimited_memlocks != b->unlimited_memlocks)
		fprintf(out,
			"  guests with unlimited memlock: %" PRIu64
			", then %" PRIu64 "\n",
			a->unlimited_memlocks, b->unlimited_memlocks);
}

static void format_settings(const struct survey *s,
			    const struct kubevirt_release *r, char *text,
			    size_t size)
{
	const struct kubevirt_cluster *c = &s->cluster;
	snprintf(text, size,
		 "arch %s, ratio %s, memoryOvercommit %" PRId64
		 " %%, vmRolloutStrategy %s, maxHotplugRatio %" PRId64
		 ", cpuAllocationRatio %" PRId64
		 ", guest-console-log %s, quota %s%s, feature gates %s",
		 c->arch[0] ? c->arch : "amd64 or the guest's",
		 c->ratio[0] ? c->ratio : "none", c->overcommit_percent,
		 kubevirt_cluster_hotplugs(c, r) ? "LiveUpdate" : "Stage",
		 c->max_hotplug_ratio, c->cpu_allocation_ratio,
		 kubevirt_cluster_logs_console(c, r) ? "on" : "off",
		 c->has_memory_quota ? "limits.memory" : "",
		 c->has_cpu_quota      ? " limits.cpu"
		 : c->has_memory_quota ? ""
				       : "none",
		 c->gates[0] ? c->gates : "none");
}

/* A line for each release from which on they are others. */
static void write_settings(const struct survey *s, FILE *out)
{
	char text[900], last[900] = "";
	size_t i;

	putc('\n', out);
	for (i = 0; i < s->release_count; i++) {
		format_settings(s, s->releases[i], text, sizeof(text));
		if (!strcmp(text, last))
			continue;
		if (s->release_count > 1)
			fprintf(out, "cluster, %s%s: %s\n", i ? "from " : "",
				kubevirt_release_name(s->releases[i]), text);
		else
			fprintf(out, "cluster: %s\n", text);
		snprintf(last, sizeof(last), "%s", text);
	}
}

/* A release that nobody has read is taken for another one. */
static void write_stand_ins(const struct survey *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s->asked); i++)
		if (s->asked[i] &&
		    !kubevirt_release_is_exact(s->releases[i], s->asked[i]))
			fprintf(stderr,
				"note: release %s is not known: %s is taken for it\n",
				s->asked[i],
				kubevirt_release_name(s->releases[i]));
}

void overhead_text_begin(struct overhead_text *o)
{
	o->survey->each = write_guest;
	o->survey->remark = write_remark;
	o->survey->arg = o;
	write_stand_ins(o->survey);
}

static void write_left_out(const struct survey *s)
{
	if (s->stopped_count && s->guest_count > 1)
		fprintf(stderr,
			"note: stopped VirtualMachines, counted as if they ran: %" PRIu64
			"\n",
			s->stopped_count);
	if (s->owned_count)
		fprintf(stderr,
			"note: objects that are another object's guest, counted once: %zu\n",
			s->owned_count);
	if (s->is_sum && s->note_count)
		fprintf(stderr,
			"note: notes on single guests, shown without --nodes: %zu\n",
			s->note_count);
}

void overhead_text_end(struct overhead_text *o, bool is_incomplete)
{
	const struct survey *s = o->survey;
	FILE *out = stdout;

	if (o->row_count == 1 && o->whole)
		fputs(o->whole, out);
	if (o->row_count > 1)
		putc('\n', out);
	if (is_incomplete && s->guest_count)
		fprintf(out,
			"\nINCOMPLETE: not all of the input could be read\n\n");
	if (s->guest_count && (o->row_count != 1 || s->guest_count > 1))
		write_sums(s, out);
	if (s->guest_count && s->release_count == 2)
		write_changes(s, out);
	if (s->guest_count)
		write_settings(s, out);
	write_left_out(s);
	if (s->error_count)
		fprintf(stderr, "guests without figures, in no sum: %zu\n",
			s->error_count);
	if (s->warning_count)
		fprintf(stderr, "warnings of what was not looked at: %zu\n",
			s->warning_count);
	if (s->is_beyond)
		fprintf(stderr,
			"a sum is larger than shown: it is beyond 2^63 - 1\n");
	if (s->rejected_count)
		fprintf(stderr,
			"guests that KubeVirt refuses, with the figures that they would have: %zu\n",
			s->rejected_count);
	free(o->whole);
	free(o->row);
}
