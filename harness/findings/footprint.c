// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/footprint.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/kubevirt/figures.h"
#include "harness/store/stored_json.h"

/* The formula's name for one of its constants. */
#define QEMU_TERM "qemu"
#define MAX_RATIO 100.0
/* Less cannot be distinguished from the host's own variation, some of which
 * carries over from one boot to the next. */
static const double leak_bytes[] = {
	[FOOTPRINT_LEFT_SYSTEM] = 8.0 * MIB,
	[FOOTPRINT_LEFT_CHARGED] = 512.0 * KIB,
};

const char *const footprint_cost_names[FOOTPRINT_COST_COUNT] = {
	[FOOTPRINT_CHARGED] = "charged",
	[FOOTPRINT_PSS] = "beside_pss",
	[FOOTPRINT_RSS] = "beside_rss",
	[FOOTPRINT_SYSTEM] = "system",
};

const char *const footprint_term_names[FOOTPRINT_TERM_COUNT] = {
	[FOOTPRINT_FIXED] = "the VMM itself",
	[FOOTPRINT_VCPU] = "each vCPU",
	[FOOTPRINT_GIB] = "each GiB of RAM",
	[FOOTPRINT_DISK] = "each disk",
	[FOOTPRINT_NIC] = "each card",
	[FOOTPRINT_DEVICE] = "each VFIO device",
};

const char *const footprint_term_keys[FOOTPRINT_TERM_COUNT] = {
	[FOOTPRINT_FIXED] = "fixed", [FOOTPRINT_VCPU] = "vcpu",
	[FOOTPRINT_GIB] = "gib",     [FOOTPRINT_DISK] = "disk",
	[FOOTPRINT_NIC] = "nic",     [FOOTPRINT_DEVICE] = "vfio",
};

const char *footprint_answer_text(enum footprint_answer answer)
{
	static const char *const texts[] = {
		[FOOTPRINT_COVERED] = "covered",
		[FOOTPRINT_NOT_COVERED] =
			"not covered: a pod of this shape would be killed",
		[FOOTPRINT_UNDECIDED] = "undecided",
	};

	return texts[answer];
}

/* NaN where the kernel did not say, which is null in the document. */
static double number_at(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static json_t *moment_of(const json_t *fp, const char *moment)
{
	return json_object_get(json_object_get(fp, "moments"), moment);
}

static double host_gap(const json_t *fp, const char *from, const char *to,
		       const char *key)
{
	return number_at(json_object_get(moment_of(fp, from), "host"), key) -
	       number_at(json_object_get(moment_of(fp, to), "host"), key);
}

/* Of the first guest; all of them are of one shape. */
static void read_roles(const json_t *guest, struct footprint_boot *b)
{
	json_t *process;
	size_t i;

	json_array_foreach(json_object_get(guest, "processes"), i, process) {
		const char *role =
			json_string_value(json_object_get(process, "role"));

		if (b->role_count == FOOTPRINT_MAX_ROLES || !role)
			break;
		snprintf(b->roles[b->role_count].name, sizeof(b->roles[0].name),
			 "%s", role);
		b->roles[b->role_count].rss_bytes = number_at(process, "rss");
		b->roles[b->role_count++].pss_bytes = number_at(process, "pss");
	}
}

/* Of the VMM of the first guest: NaN where the kernel did not say. */
static double locked_by_vmm(const json_t *guest)
{
	const json_t *vmm =
		json_array_get(json_object_get(guest, "processes"), 0);

	return number_at(vmm, "locked") + number_at(vmm, "pinned");
}

static double mean_guest_rss(const json_t *guests)
{
	double sum = 0;
	json_t *guest;
	size_t i;

	json_array_foreach(guests, i, guest)
		sum += number_at(
			json_array_get(json_object_get(guest, "processes"), 0),
			"guest_rss");
	return json_array_size(guests) ? sum / (double)json_array_size(guests)
				       : NAN;
}

static void read_document(const struct document *d, struct footprint_boot *b)
{
	json_t *all = stored_json(d->text);
	const json_t *fp = json_object_get(all, "footprint");
	const json_t *guests =
		json_object_get(moment_of(fp, "touched"), "guests");
	double copies = b->shape.copy_count;

	read_roles(json_array_get(guests, 0), b);
	b->locked_bytes = locked_by_vmm(json_array_get(guests, 0));
	b->costs[FOOTPRINT_SYSTEM] =
		host_gap(fp, "touched", "baseline", "used") / copies -
		mean_guest_rss(guests);
	b->lefts[FOOTPRINT_LEFT_SYSTEM] =
		host_gap(fp, "gone", "baseline", "used") / copies;
	b->lefts[FOOTPRINT_LEFT_CHARGED] = number_at(
		json_object_get(
			json_array_get(json_object_get(moment_of(fp, "gone"),
						       "guests"),
				       0),
			"cgroup"),
		"unreclaimable");
	b->deposited_bytes =
		host_gap(fp, "touched", "baseline", "mshv_deposited") / copies;
	json_decref(all);
}

/* What a series of this boot gave; NaN: none. */
static double series_value(const struct result *res, const char *point,
			   const char *metric)
{
	size_t i, len = strlen(point);

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		if (strncmp(s->point, point, len) != 0 ||
		    s->point[len] != '/' ||
		    strcmp(s->point + len + 1, metric) != 0)
			continue;
		if (s->sample_count)
			return s->samples[0].value;
		/* It has one sample, which nothing disturbs. */
		if (s->figure)
			return s->figure->median;
	}
	return NAN;
}

/* Of a boot that was measured; one with a limit has no series. */
static bool read_boot(const struct boot_data *from, struct footprint_boot *b)
{
	const struct document *d = NULL;
	struct err ignored;
	size_t i;

	for (i = 0; i < from->res.document_count && !d; i++)
		if (!strncmp(from->res.documents[i].workload, "footprint", 9))
			d = &from->res.documents[i];
	*b = (struct footprint_boot){.role_count = 0};
	if (!d || from->res.status != RUN_OK ||
	    shape_parse(d->point, &b->shape, &ignored))
		return false;
	snprintf(b->name, sizeof(b->name), "%s", d->point);
	for (i = 0; i < FOOTPRINT_SYSTEM; i++)
		b->costs[i] = series_value(&from->res, d->point,
					   footprint_cost_names[i]);
	if (isnan(b->costs[FOOTPRINT_RSS]))
		return false;
	b->grade = from->res.grade;
	read_document(d, b);
	return true;
}

static int compare_boots(const void *left, const void *right)
{
	return shape_compare(&((const struct footprint_boot *)left)->shape,
			     &((const struct footprint_boot *)right)->shape);
}

static void read_boots(struct footprint *f, const struct model *m)
{
	size_t i;

	for (i = 0; i < m->run->boot_count; i++) {
		struct footprint_boot b;

		if (strcmp(m->run->boots[i].bc.runner, f->runner) ||
		    !read_boot(&m->run->boots[i], &b))
			continue;
		f->boots = xrealloc(f->boots, f->boot_count + 1,
				    sizeof(*f->boots));
		f->boots[f->boot_count++] = b;
		if (b.grade > f->grade)
			f->grade = b.grade;
	}
	if (f->boot_count)
		qsort(f->boots, f->boot_count, sizeof(*f->boots),
		      compare_boots);
}

static double quantity(const struct shape *s, enum footprint_term term)
{
	switch (term) {
	case FOOTPRINT_VCPU:
		return s->vcpu_count;
	case FOOTPRINT_GIB:
		return (double)s->ram_bytes / (double)GIB;
	case FOOTPRINT_DISK:
		return s->disk_count;
	case FOOTPRINT_NIC:
		return s->nic_count;
	case FOOTPRINT_DEVICE:
		return s->device_count;
	case FOOTPRINT_FIXED:
	case FOOTPRINT_TERM_COUNT:
	default:
		return 1;
	}
}

/* A term that is the same in all boots is collinear with the fixed cost. */
static void find_terms(struct footprint *f)
{
	size_t i;
	int t;

	f->has_term[FOOTPRINT_FIXED] = true;
	for (t = FOOTPRINT_FIXED + 1; t < FOOTPRINT_TERM_COUNT; t++)
		for (i = 1; i < f->boot_count; i++)
			if (quantity(&f->boots[i].shape,
				     (enum footprint_term)t) !=
			    quantity(&f->boots[0].shape,
				     (enum footprint_term)t))
				f->has_term[t] = true;
}

static size_t fill_row(const struct footprint *f, const struct shape *s,
		       double *row)
{
	size_t used = 0;
	int t;

	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++)
		if (f->has_term[t])
			row[used++] = quantity(s, (enum footprint_term)t);
	return used;
}

static void fit(struct footprint *f, enum footprint_cost cost)
{
	double *x = xcalloc(f->boot_count * FOOTPRINT_TERM_COUNT, sizeof(*x));
	double *y = xcalloc(f->boot_count, sizeof(*y));
	size_t i, count = 0, terms = 0;

	for (i = 0; i < f->boot_count; i++) {
		double value = f->boots[i].costs[cost];

		if (isnan(value))
			continue;
		terms = fill_row(f, &f->boots[i].shape, x + count * terms);
		y[count++] = value;
	}
	f->has_fit[cost] =
		terms && !regression_fit(x, y, count, terms, MODEL_CONFIDENCE,
					 &f->fits[cost]);
	free(x);
	free(y);
}

static bool has_role(const struct footprint *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->boots[0].role_count; i++)
		if (!strcmp(f->boots[0].roles[i].name, name))
			return true;
	return false;
}

/* The formula's terms for those processes that were measured: never those of
 * KubeVirt itself, libvirt's where there is a libvirt. */
static double granted(const struct footprint *f,
		      const struct kubevirt_release *release,
		      const struct shape *s, double *qemu)
{
	const struct overhead_shape shape = {.ram_bytes = (int64_t)s->ram_bytes,
					     .vcpu_count = s->vcpu_count,
					     .vfio_count = s->device_count};
	struct overhead o;
	struct err ignored;

	if (overhead_of_shape(&shape, release, &o, NULL, &ignored))
		return NAN;
	*qemu = (double)overhead_term(&o, QEMU_TERM);
	return (double)overhead_of_guest(&o, has_role(f, "virtqemud"));
}

static void read_constants(struct footprint *f,
			   const struct kubevirt_release *release)
{
	const struct shape plain = {.ram_bytes = GIB, .vcpu_count = 1},
			   smp = {.ram_bytes = GIB, .vcpu_count = 2},
			   large = {.ram_bytes = 2 * GIB, .vcpu_count = 1},
			   vfio = {.ram_bytes = GIB,
				   .vcpu_count = 1,
				   .device_count = 1};
	double qemu, one = granted(f, release, &plain, &qemu);

	f->granted[FOOTPRINT_VCPU] = granted(f, release, &smp, &qemu) - one;
	f->granted[FOOTPRINT_GIB] = granted(f, release, &large, &qemu) - one;
	/* Once, however many there are. */
	f->granted[FOOTPRINT_DEVICE] = granted(f, release, &vfio, &qemu) - one;
	f->granted[FOOTPRINT_FIXED] =
		one - f->granted[FOOTPRINT_VCPU] - f->granted[FOOTPRINT_GIB];
}

/* Student's interval of a mean; NaN without two values. */
static void mean_of(const double *values, size_t count, double *mean,
		    double *low, double *high)
{
	double sum = 0, squares = 0, half;
	size_t i;

	for (i = 0; i < count; i++)
		sum += values[i];
	*mean = count ? sum / (double)count : NAN;
	*low = *high = NAN;
	if (count < 2)
		return;
	for (i = 0; i < count; i++)
		squares += (values[i] - *mean) * (values[i] - *mean);
	half = gsl_cdf_tdist_Pinv(1 - (1 - MODEL_CONFIDENCE) / 2,
				  (double)(count - 1)) *
	       sqrt(squares / (double)(count - 1) / (double)count);
	*low = *mean - half;
	*high = *mean + half;
}

static struct footprint_margin *margin_named(struct footprint *f,
					     const char *name)
{
	struct footprint_margin *m;
	size_t i;

	for (i = 0; i < f->margin_count; i++)
		if (!strcmp(f->margins[i].name, name))
			return NULL;
	if (f->margin_count == FOOTPRINT_MAX_SHAPES)
		return NULL;
	m = &f->margins[f->margin_count++];
	snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

static void judge_shape(const struct footprint *f,
			const struct footprint_boot *first,
			const struct kubevirt_release *release,
			struct footprint_margin *m)
{
	double *values = xcalloc(f->boot_count, sizeof(*values));
	double qemu;
	size_t i;

	m->granted_bytes = granted(f, release, &first->shape, &qemu);
	for (i = 0; i < f->boot_count; i++) {
		double cost = f->boots[i].costs[FOOTPRINT_CHARGED];

		if (!strcmp(f->boots[i].name, m->name) && !isnan(cost))
			values[m->boot_count++] = m->granted_bytes - cost;
	}
	mean_of(values, m->boot_count, &m->mean_bytes, &m->low_bytes,
		&m->high_bytes);
	m->answer = m->low_bytes > 0    ? FOOTPRINT_COVERED
		    : m->high_bytes < 0 ? FOOTPRINT_NOT_COVERED
					: FOOTPRINT_UNDECIDED;
	free(values);
}

/* All shapes are covered, or one is not, or it is undecided. */
static void judge_release(struct footprint *f,
			  const struct kubevirt_release *release)
{
	size_t i;

	f->answer = FOOTPRINT_COVERED;
	for (i = 0; i < f->boot_count; i++) {
		struct footprint_margin *m = margin_named(f, f->boots[i].name);

		if (!m)
			continue;
		judge_shape(f, &f->boots[i], release, m);
		if (m->answer == FOOTPRINT_NOT_COVERED ||
		    f->answer == FOOTPRINT_COVERED)
			f->answer = m->answer;
	}
}

/* Of everything the formula has for such a VM; a ratio is applied to it. */
static double whole_overhead(const struct kubevirt_release *release,
			     const struct shape *s, double ratio)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)s->ram_bytes,
		.vcpu_count = s->vcpu_count,
		.vfio_count = s->device_count,
		.ratio = ratio,
	};
	struct overhead o;
	struct err ignored;

	return overhead_of_shape(&shape, release, &o, NULL, &ignored)
		       ? NAN
		       : (double)o.total_bytes;
}

/* More than is granted for this shape, if a limit is to hold for all. */
static void advise_shape(struct footprint *f, const struct footprint_boot *b,
			 const struct kubevirt_release *release, double factor)
{
	const struct regression *r = &f->fits[FOOTPRINT_CHARGED];
	struct footprint_advice *a = &f->advice;
	double row[FOOTPRINT_TERM_COUNT], qemu = 0, limit, lack, plain;
	int64_t mib;

	fill_row(f, &b->shape, row);
	limit = regression_at(r, row) + factor * r->residual_sd;
	lack = limit - granted(f, release, &b->shape, &qemu);
	mib = (int64_t)ceil((qemu + lack) / (double)MIB);
	if (mib > a->qemu_mib)
		a->qemu_mib = mib;
	plain = whole_overhead(release, &b->shape, 1);
	/* The formula cuts and rounds: by steps until it grants enough. */
	while (whole_overhead(release, &b->shape, a->ratio) < plain + lack &&
	       a->ratio < MAX_RATIO)
		a->ratio += 0.01;
}

static void advise(struct footprint *f, const struct kubevirt_release *release)
{
	const struct regression *r = &f->fits[FOOTPRINT_CHARGED];
	struct footprint_advice *a = &f->advice;
	double factor;
	size_t i;

	*a = (struct footprint_advice){.ratio = 1};
	if (!f->has_fit[FOOTPRINT_CHARGED]) {
		snprintf(a->reason, sizeof(a->reason),
			 "too few boots or shapes have a known charge");
		return;
	}
	a->is_known = true;
	factor = tolerance_factor(FOOTPRINT_COVERAGE, MODEL_CONFIDENCE,
				  1 / r->worst_leverage, (double)r->df);
	for (i = 0; i < f->boot_count; i++)
		advise_shape(f, &f->boots[i], release, factor);
}

bool footprint_tolerance(const struct footprint *f, const char *shape,
			 double coverage, double confidence, double *expected,
			 double *limit)
{
	const struct regression *r = &f->fits[FOOTPRINT_CHARGED];
	double row[FOOTPRINT_TERM_COUNT];
	size_t i;

	if (!f->has_fit[FOOTPRINT_CHARGED])
		return false;
	for (i = 0; i < f->boot_count; i++)
		if (!strcmp(f->boots[i].name, shape))
			break;
	if (i == f->boot_count)
		return false;
	fill_row(f, &f->boots[i].shape, row);
	*expected = regression_at(r, row);
	*limit = *expected +
		 r->residual_sd * tolerance_factor(coverage, confidence,
						   1 / r->worst_leverage,
						   (double)r->df);
	return true;
}

double footprint_role_constant(const struct footprint_boot *b, const char *role,
			       const struct kubevirt_release *release)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)b->shape.ram_bytes,
		.vcpu_count = b->shape.vcpu_count,
	};
	bool is_vmm = !strcmp(role, "vmm");
	struct overhead o;
	struct err ignored;

	if (overhead_of_shape(&shape, release, &o, NULL, &ignored))
		return NAN;
	return (double)overhead_term(&o, is_vmm ? QEMU_TERM : role) +
	       (is_vmm ? (double)b->shape.ram_bytes : 0);
}

/* The one that is nearest to its constant, or furthest beyond. */
static void read_worst_role(struct footprint *f, size_t k,
			    const struct kubevirt_release *release)
{
	double worst = -INFINITY;
	size_t i;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_boot *b = &f->boots[i];
		double constant;

		if (k >= b->role_count || isnan(b->roles[k].rss_bytes))
			continue;
		constant =
			footprint_role_constant(b, b->roles[k].name, release);
		if (b->roles[k].rss_bytes - constant <= worst)
			continue;
		worst = b->roles[k].rss_bytes - constant;
		f->roles[k] = b->roles[k];
		f->roles[k].constant_bytes = constant;
		snprintf(f->role_shapes[k], sizeof(f->role_shapes[k]), "%s",
			 b->name);
	}
}

static void read_worst_roles(struct footprint *f,
			     const struct kubevirt_release *release)
{
	for (f->role_count = 0; f->role_count < f->boots[0].role_count;
	     f->role_count++)
		read_worst_role(f, f->role_count, release);
}

static void read_left(struct footprint *f, enum footprint_left which)
{
	struct footprint_interval *left = &f->lefts[which];
	double *values = xcalloc(f->boot_count, sizeof(*values));
	size_t i, count = 0;

	for (i = 0; i < f->boot_count; i++)
		if (!isnan(f->boots[i].lefts[which]))
			values[count++] = f->boots[i].lefts[which];
	mean_of(values, count, &left->mean, &left->low, &left->high);
	left->boot_count = count;
	free(values);
}

bool footprint_init(struct footprint *f, const struct model *m,
		    const char *runner, const struct kubevirt_release *release)
{
	int i;

	*f = (struct footprint){.runner = runner};
	read_boots(f, m);
	if (!f->boot_count)
		return false;
	find_terms(f);
	for (i = 0; i < FOOTPRINT_COST_COUNT; i++)
		fit(f, (enum footprint_cost)i);
	read_constants(f, release);
	judge_release(f, release);
	advise(f, release);
	read_worst_roles(f, release);
	read_left(f, FOOTPRINT_LEFT_SYSTEM);
	read_left(f, FOOTPRINT_LEFT_CHARGED);
	return true;
}

bool footprint_leaks(const struct footprint *f, enum footprint_left which)
{
	return f->lefts[which].low > 0 &&
	       f->lefts[which].mean > leak_bytes[which];
}
