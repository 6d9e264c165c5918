// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_questions.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "reports/html/html_parts.h"

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
		html_cell(out, r == f->roles ? "" : "; ", r->name, " has ");
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

/* An item per runner that has a footprint. */
static bool each_footprint(const struct footprints *fs,
			   void (*write)(const struct footprint *f,
					 struct strbuf *out),
			   bool says_answer, struct strbuf *out)
{
	const struct footprint *f;

	for (f = fs->rows; f < fs->rows + fs->count; f++) {
		html_cell(out, "<li><b>", f->runner, "</b> ");
		html_grade(out, f->grade);
		strbuf_puts(out, ": ");
		if (says_answer)
			html_cell(out, "", footprint_answer_text(f->answer),
				  "");
		write(f, out);
		strbuf_puts(out, "</li>\n");
	}
	return fs->count > 0;
}

static bool answer_overhead(const struct findings *f, struct strbuf *out)
{
	return each_footprint(&f->footprints, write_costs, true, out);
}

static bool answer_processes(const struct findings *f, struct strbuf *out)
{
	return each_footprint(&f->footprints, write_processes, false, out);
}

struct place {
	const char *section;
	const char *key; /* NULL: all of the section */
};

/* Findings of the node, as harness/kubevirt/node_page.h has them. */
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

static bool answer_devices(const struct findings *f, struct strbuf *out)
{
	static const struct place places[] = {{"devices", NULL},
					      {"device_plugin", NULL}};

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

/* What a passed-through device costs is measured by none of this version's
 * workloads; what the node has for it is no measurement of that. */
static bool answer_passthrough(const struct findings *f, struct strbuf *out)
{
	static const struct place places[] = {{"passthrough", NULL}};

	strbuf_puts(out, "<li><b>Not measured</b>: no guest of this version "
			 "has a device passed through.</li>\n");
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
