// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/footprint_text.h"

#include <math.h>

#include "harness/base/units.h"
#include "harness/findings/footprint.h"
#include "harness/kubevirt/overhead.h"
#include "reports/text/lines.h"

static const char *bytes_text(double bytes, char *buf, size_t size)
{
	if (isnan(bytes))
		snprintf(buf, size, "-");
	else
		units_format(bytes, "bytes", buf, size);
	return buf;
}

/* "[1.00 MiB, 1.20 MiB]", or of how few boots there is none. */
static const char *bounds_text(const struct footprint_interval *i, char *buf,
			       size_t size)
{
	char low[32], high[32];

	if (!isnan(i->low))
		snprintf(buf, size, "[%s, %s]",
			 bytes_text(i->low, low, sizeof(low)),
			 bytes_text(i->high, high, sizeof(high)));
	else if (!isnan(i->mean))
		snprintf(buf, size, "%zu boot%s", i->boot_count,
			 i->boot_count == 1 ? "" : "s");
	else
		buf[0] = '\0';
	return buf;
}

static void write_interval(const struct footprint_interval *i, FILE *out)
{
	char value[32], bounds[80];

	fprintf(out, "%11s %-26s", bytes_text(i->mean, value, sizeof(value)),
		bounds_text(i, bounds, sizeof(bounds)));
}

static void write_term(const struct footprint *f, enum footprint_cost cost,
		       enum footprint_term term, FILE *out)
{
	struct footprint_interval i = {NAN, NAN, NAN, 0};

	footprint_term_cost(f, cost, term, &i);
	write_interval(&i, out);
}

static void write_costs(const struct footprint *f, FILE *out)
{
	char text[32];
	int t;

	fprintf(out, "%-16s %-38s %-38s %s\n", "a guest costs", "    charged",
		"    system-wide", "KubeVirt grants");
	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++) {
		if (!f->has_term[t])
			continue;
		fprintf(out, "%-16s ", footprint_term_names[t]);
		write_term(f, FOOTPRINT_CHARGED, (enum footprint_term)t, out);
		write_term(f, FOOTPRINT_SYSTEM, (enum footprint_term)t, out);
		fprintf(out, "%s\n",
			bytes_text(f->granted[t], text, sizeof(text)));
	}
}

static void write_margins(const struct footprint *f, FILE *out)
{
	size_t i;

	fprintf(out, "%-24s %5s %-39s %s\n", "granted less charged", "boots",
		"    margin [95 %]", "a pod of it is");
	for (i = 0; i < f->margin_count; i++) {
		const struct footprint_margin *m = &f->margins[i];
		struct footprint_interval shown = footprint_margin_shown(m);

		fprintf(out, "%-24s %5zu ", m->name, m->boot_count);
		write_interval(&shown, out);
		fprintf(out, "%s\n", footprint_answer_text(m->answer));
	}
}

static void write_roles(const struct footprint *f, FILE *out)
{
	char rss[32], pss[32], constant[32];
	size_t i;

	fprintf(out, "%-12s %11s %11s %11s  %s\n", "process", "RSS", "PSS",
		"constant", "by RSS, as in KubeVirt's own test");
	for (i = 0; i < f->role_count; i++) {
		const struct footprint_role *r = &f->roles[i];

		/* A run from elsewhere may call it anything. */
		line_print(r->name, 12, sizeof(r->name), out);
		fprintf(out, " %11s %11s %11s  %s (%s)\n",
			bytes_text(r->rss_bytes, rss, sizeof(rss)),
			bytes_text(r->pss_bytes, pss, sizeof(pss)),
			bytes_text(r->constant_bytes, constant,
				   sizeof(constant)),
			r->rss_bytes < r->constant_bytes ? "within" : "BEYOND",
			f->role_shapes[i]);
	}
}

static void write_left(const struct footprint *f, enum footprint_left which,
		       FILE *out)
{
	struct footprint_interval left = footprint_left_shown(f, which);
	char mean[32], bounds[80];

	if (isnan(left.mean))
		return;
	fprintf(out, "not returned after the guest ended, %s: %s %s%s\n",
		footprint_left_name(which),
		bytes_text(left.mean, mean, sizeof(mean)),
		bounds_text(&left, bounds, sizeof(bounds)),
		footprint_leaks(f, which) ? ": A LEAK" : "");
}

static void write_deposits(const struct footprint *f, FILE *out)
{
	char text[32];

	if (!isnan(f->boots[0].deposited_bytes))
		fprintf(out, "deposited to the hypervisor: %s\n",
			bytes_text(f->boots[0].deposited_bytes, text,
				   sizeof(text)));
}

static void write_advice(const struct footprint_advice *a, FILE *out)
{
	if (!a->is_known) {
		fprintf(out, "no recommendation: %s\n", a->reason);
		return;
	}
	fprintf(out,
		"to cover 99.9 %% of such guests with 95 %% confidence: QemuOverhead = %lldMi,\n"
		"or additionalGuestMemoryOverheadRatio: \"%.2f\"\n",
		(long long)a->qemu_mib, a->ratio);
}

static void write_one(const struct footprint *f, bool wants_advice, FILE *out)
{
	fprintf(out, "\n%s: %s%s\n", f->runner,
		footprint_answer_text(f->answer), footprint_caveat(f));
	write_costs(f, out);
	write_margins(f, out);
	write_roles(f, out);
	write_left(f, FOOTPRINT_LEFT_SYSTEM, out);
	write_left(f, FOOTPRINT_LEFT_CHARGED, out);
	write_deposits(f, out);
	if (wants_advice)
		write_advice(&f->advice, out);
}

void footprint_text_write(const struct footprints *fs, bool wants_advice,
			  FILE *out)
{
	size_t i;

	fprintf(out,
		"Memory beside guest RAM once the guest has touched it; KubeVirt %s's formula\n"
		"for the measured processes. Intervals are 95 %% intervals.\n",
		kubevirt_release_name(fs->release));
	for (i = 0; i < fs->count; i++)
		write_one(&fs->rows[i], wants_advice, out);
}
