// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_questions.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/findings/kubevirt_answer.h"
#include "harness/kubevirt/figures.h"
#include "harness/kubevirt/release.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_verdicts.h"

struct question {
	const char *id;
	const char *title;
	/* Writes items of a list, of what the run has; false: it has nothing. */
	bool (*answer)(const struct findings *f, struct strbuf *out);
	const char *command; /* that would answer it */
};

static bool answer_near_native(const struct findings *f, struct strbuf *out)
{
	char sentence[HEADLINE_SIZE];

	if (!f->judgement.claims)
		return false;
	html_cell(
		out, "<li>",
		headline(&f->model, &f->judgement, sentence, sizeof(sentence)),
		"</li>");
	return true;
}

static const char *bytes(double value, char *buf, size_t size)
{
	return units_format(value, "bytes", buf, size);
}

static void write_costs(const struct footprint *f, struct strbuf *out)
{
	struct footprint_interval i;
	char text[32];
	int t;

	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++) {
		if (!footprint_term_cost(f, FOOTPRINT_CHARGED,
					 (enum footprint_term)t, &i))
			continue;
		html_cell(out, "; ", footprint_term_names[t], " costs ");
		html_cell(out, "", bytes(i.mean, text, sizeof(text)), "");
		if (isnan(i.low))
			continue;
		html_cell(out, " [", bytes(i.low, text, sizeof(text)), ", ");
		html_cell(out, "", bytes(i.high, text, sizeof(text)), "]");
	}
}

static void write_processes(const struct footprint *f, struct strbuf *out)
{
	const struct footprint_role *r;
	char text[32];

	for (r = f->roles; r < f->roles + f->role_count; r++) {
		html_cell(out, "; ", r->name, " has ");
		html_cell(out, "", bytes(r->rss_bytes, text, sizeof(text)),
			  " resident at most");
		if (isnan(r->constant_bytes))
			continue;
		html_cell(out,
			  r->rss_bytes < r->constant_bytes ? ", within "
							   : ", beyond ",
			  bytes(r->constant_bytes, text, sizeof(text)), "");
	}
}

/* Registered claims have shares of their own; the page takes what the claims
 * `kubevirt` register. */
#define SHARE_BEYOND 0.001
#define CONFIDENCE 0.95

static void write_verdict(const struct findings *f, enum kubevirt_question q,
			  const char *runner, struct strbuf *out)
{
	struct kubevirt_answer a = kubevirt_answer(
		q, runner, SHARE_BEYOND, CONFIDENCE, &f->footprints, f->run,
		f->judgement.is_overridden);

	html_verdict_badge(a.verdict, out);
	html_cell(out, " ", a.reason, "");
}

/* An item per runner that has a footprint. */
static bool each_footprint(const struct findings *f, enum kubevirt_question q,
			   void (*write)(const struct footprint *f,
					 struct strbuf *out),
			   struct strbuf *out)
{
	const struct footprints *fs = &f->footprints;
	const struct footprint *one;

	for (one = fs->rows; one < fs->rows + fs->count; one++) {
		html_cell(out, "<li><b>", one->runner, "</b> ");
		html_grade(out, one->grade);
		strbuf_puts(out, ": ");
		write_verdict(f, q, one->runner, out);
		if (write)
			write(one, out);
		strbuf_puts(out, "</li>\n");
	}
	return fs->count > 0;
}

static bool answer_overhead(const struct findings *f, struct strbuf *out)
{
	return each_footprint(f, QUESTION_OVERHEAD, write_costs, out);
}

static bool answer_processes(const struct findings *f, struct strbuf *out)
{
	return each_footprint(f, QUESTION_PROCESSES, write_processes, out);
}

static void write_memlock(const struct kubevirt_release *r,
			  enum hypervisor_kind hypervisor, struct strbuf *out)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)GIB,
		.vcpu_count = 1,
		.vfio_count = 2,
		.hypervisor = hypervisor,
	};
	struct overhead o;
	int64_t bytes = 0;
	struct err ignored;

	if (overhead_of_shape(&shape, r, &o, &bytes, &ignored))
		return;
	html_cell(out, " ", hypervisor_name(hypervisor), ": ");
	if (bytes == MEMLOCK_UNLIMITED)
		strbuf_puts(out, "no limit;");
	else
		strbuf_printf(out, "%lld bytes;", (long long)bytes);
}

/* Both hypervisors' overheads are the same code; their memlock limits are not,
 * where a release multiplies by the devices. Older releases have kvm alone. */
static void write_by_code(const struct kubevirt_release *r, struct strbuf *out)
{
	bool has_both = kubevirt_release_has_hypervisor_gate(r);

	html_cell(out, "<li>By the code of KubeVirt ", kubevirt_release_name(r),
		  ": ");
	if (has_both)
		strbuf_puts(out, "kvm and hyperv-direct have the same overhead "
				 "to the byte. ");
	strbuf_puts(out, "The memlock limit of a guest of 1 GiB with two "
			 "devices is, for");
	write_memlock(r, HYPERVISOR_KVM, out);
	if (has_both)
		write_memlock(r, HYPERVISOR_HYPERV_DIRECT, out);
	strbuf_puts(out, " <code>l1vh-bench overhead --vfio 2</code> has the "
			 "terms.</li>\n");
}

static bool answer_memlock(const struct findings *f, struct strbuf *out)
{
	bool has_any = each_footprint(f, QUESTION_MEMLOCK, NULL, out);

	if (has_any)
		write_by_code(f->footprints.release, out);
	return has_any;
}

struct place {
	const char *section;
	const char *key; /* NULL: all of the section */
};

/* Findings of the node, as harness/kubevirt/node/node_page.h has them. */
static bool write_places(const struct findings *f, const struct place *places,
			 size_t count, struct strbuf *out)
{
	json_t *probe = stored_json(f->run->probe);
	json_t *page = json_object_get(probe, "kubevirt");
	bool has_any = false;
	size_t i;

	for (i = 0; i < count; i++) {
		json_t *part = json_object_get(page, places[i].section), *line;
		const char *key, *finding;

		json_object_foreach(part, key, line) {
			finding = json_string_value(
				json_object_get(line, "finding"));
			if (!finding ||
			    (places[i].key && strcmp(key, places[i].key)))
				continue;
			html_cell(out, "<li><b>", key, "</b>: ");
			html_cell(out, "", finding, "</li>\n");
			has_any = true;
		}
	}
	json_decref(probe);
	return has_any;
}

static bool has_device(const struct footprint *f)
{
	size_t i;

	for (i = 0; i < f->boot_count; i++)
		if (f->boots[i].shape.device_count)
			return true;
	return false;
}

static bool answer_devices(const struct findings *f, struct strbuf *out)
{
	static const struct place places[] = {{"devices", NULL},
					      {"device_plugin", NULL}};

	if (f->run->probe && *f->run->probe) {
		strbuf_puts(out, "<li><b>for mshv</b>: ");
		write_verdict(f, QUESTION_DEVICES, "mshv", out);
		strbuf_puts(out, "</li>\n");
	}
	return write_places(f, places, ARRAY_SIZE(places), out);
}

static bool answer_prerequisites(const struct findings *f, struct strbuf *out)
{
	static const struct place places[] = {
		{"partition", "witnesses"}, {"kernel", "release"},
		{"software", NULL},         {"domain", "hypervisor"},
		{"domain", "type"},         {"memory", "memlock"},
	};

	return write_places(f, places, ARRAY_SIZE(places), out);
}

/* Of each runner whose guests had a device. What the node has for it is no
 * measurement. */
static bool answer_passthrough(const struct findings *f, struct strbuf *out)
{
	static const struct place places[] = {{"passthrough", NULL}};
	bool has_any = false;
	size_t i;

	for (i = 0; i < f->footprints.count; i++) {
		const struct footprint *row = &f->footprints.rows[i];

		if (!has_device(row))
			continue;
		html_cell(out, "<li><b>for ", row->runner, "</b>: ");
		write_verdict(f, QUESTION_VFIO, row->runner, out);
		strbuf_puts(out, "</li>\n");
		has_any = true;
	}
	if (!has_any) {
		strbuf_puts(out, "<li><b>Not measured</b>: ");
		write_verdict(f, QUESTION_VFIO, "mshv", out);
		strbuf_puts(out, "</li>\n");
	}
	strbuf_puts(
		out,
		"<li>This command measures it: <code>l1vh-bench run --workloads "
		"footprint_vfio --claims kubevirt --device ADDRESS,ADDRESS"
		"</code></li>\n");
	write_places(f, places, ARRAY_SIZE(places), out);
	strbuf_puts(
		out,
		"<li>This command calculates the memory that KubeVirt adds for it: "
		"<code>l1vh-bench overhead --guest-memory 1Gi --vfio 1"
		"</code></li>\n");
	return true;
}

static const struct question questions[] = {
	{"near-native", "Is a guest near-native?", answer_near_native,
	 "l1vh-bench run --plan full"},
	{"memory-overhead", "Does KubeVirt's memory overhead cover a guest?",
	 answer_overhead, "l1vh-bench run --workloads footprint"},
	{"process-memory", "Do the processes keep within KubeVirt's constants?",
	 answer_processes, "l1vh-bench run --workloads footprint"},
	{"memlock", "Does KubeVirt's memlock limit cover what a guest locks?",
	 answer_memlock, "l1vh-bench run --workloads footprint"},
	{"passthrough", "What does passthrough cost?", answer_passthrough,
	 NULL},
	{"device-resources", "Which devices can the node offer?",
	 answer_devices, "l1vh-bench probe --kubevirt"},
	{"prerequisites", "Does the node have what L1VH and KubeVirt need?",
	 answer_prerequisites, "l1vh-bench probe --kubevirt"},
};

void html_questions_write(const struct findings *f, struct strbuf *out)
{
	const struct question *q;

	strbuf_puts(out, "<h2 id=\"questions\">Questions and answers</h2>\n");
	for (q = questions; q < questions + ARRAY_SIZE(questions); q++) {
		strbuf_printf(out, "<h3 id=\"%s\">%s</h3>\n<ul>\n", q->id,
			      q->title);
		if (!q->answer(f, out))
			strbuf_printf(out,
				      "<li><b>Not measured</b> by this run; "
				      "<code>%s</code> does.</li>\n",
				      q->command);
		strbuf_puts(out, "</ul>\n");
	}
}
