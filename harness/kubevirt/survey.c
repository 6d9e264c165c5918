// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/survey.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/fields.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/release.h"

/* --- sums --- */

/* VALUE as often as there are replicas; what is too large stays the largest. */
static void add_times(struct survey *s, int64_t *sum, int64_t value,
		      int64_t count)
{
	int64_t product;

	if (!__builtin_mul_overflow(value, count, &product) &&
	    !__builtin_add_overflow(*sum, product, sum))
		return;
	*sum = INT64_MAX;
	s->is_beyond = true;
}

static void add_terms(struct survey *s, struct overhead *sum,
		      const struct overhead *o, int64_t count)
{
	size_t i, j;

	for (i = 0; i < o->term_count; i++) {
		for (j = 0; j < sum->term_count; j++)
			if (!strcmp(sum->terms[j].name, o->terms[i].name))
				break;
		if (j == OVERHEAD_MAX_TERMS)
			continue;
		if (j == sum->term_count) {
			sum->terms[sum->term_count++] = o->terms[i];
			sum->terms[j].bytes = 0;
		}
		add_times(s, &sum->terms[j].bytes, o->terms[i].bytes, count);
	}
	add_times(s, &sum->total_bytes, o->total_bytes, count);
}

static int64_t hugepages_of(const struct pod *p)
{
	struct amount a = resources_get(&p->requests, p->page_resource);

	return p->page_resource[0] && a.is_set ? quantity_value(a.q) : 0;
}

static void add_figures(struct survey *s, struct survey_sum *sum,
			const struct figures *f, uint64_t count)
{
	const struct quantity cpus =
		resources_get(&f->pod.requests, RESOURCE_CPU).q;
	int64_t n = (int64_t)count, limit = figures_pod_limit(f);

	add_terms(s, &sum->overhead, &f->overhead, n);
	add_times(s, &sum->compute_request_bytes, figures_compute_request(f),
		  n);
	add_times(s, &sum->pod_request_bytes, figures_pod_request(f), n);
	add_times(s, &sum->cpu_request_milli, quantity_milli(cpus), n);
	add_times(s, &sum->hugepage_bytes, hugepages_of(&f->pod), n);
	if (limit >= 0)
		add_times(s, &sum->pod_limit_bytes, limit, n);
	else
		sum->unlimited_pods += count;
	if (f->memlock_bytes == MEMLOCK_UNLIMITED)
		sum->unlimited_memlocks += count;
	else if (f->memlock_bytes != MEMLOCK_NONE)
		add_times(s, &sum->memlock_bytes, f->memlock_bytes, n);
	sum->memlocked_guests += f->memlock_bytes != MEMLOCK_NONE ? count : 0;
}

/* --- one guest --- */

/* One per release. */
struct answer {
	struct figures figures[SURVEY_MAX_RELEASES];
	struct rejections rejections[SURVEY_MAX_RELEASES];
};

struct notes {
	struct survey_note rows[SURVEY_MAX_NOTES];
	size_t count;
};

__attribute__((format(printf, 3, 4))) static void note(struct notes *n,
						       bool is_warning,
						       const char *fmt, ...)
{
	va_list args;

	if (n->count == SURVEY_MAX_NOTES)
		return;
	va_start(args, fmt);
	vsnprintf(n->rows[n->count].text, sizeof(n->rows[0].text), fmt, args);
	va_end(args);
	n->rows[n->count++].is_warning = is_warning;
}

/* Instance types and preferences change fields that are not in the manifest. */
static bool is_validated(const struct manifest_guest *m)
{
	return m->instance && !m->instancetype && !m->preference;
}

static void finish_guest(struct survey *s, const struct manifest_guest *m,
			 const struct answer *answer, const struct notes *n,
			 const char *error)
{
	struct survey_guest g = {
		.manifest = m,
		.figures = answer ? answer->figures : NULL,
		.rejections =
			answer && is_validated(m) ? answer->rejections : NULL,
		.error = error,
		.notes = n->rows,
		.note_count = n->count,
	};
	size_t i;

	for (i = 0; i < n->count; i++) {
		g.has_warning |= n->rows[i].is_warning;
		s->warning_count += n->rows[i].is_warning;
		s->note_count += !n->rows[i].is_warning;
	}
	for (i = 0; g.rejections && i < s->release_count; i++)
		g.is_rejected |= g.rejections[i].count > 0;
	s->visited_count++;
	s->error_count += error != NULL;
	s->rejected_count += g.is_rejected;
	if (s->each)
		s->each(&g, s->arg);
}

/* What a guest names, where it is known. */
struct named_types {
	const struct instancetype *type;
	const struct preference *preference;
};

/* In the webhook's order: types, defaults, figures and validation. */
static int calculate_one(const struct survey *s, const struct vmi *as_read,
			 const struct named_types *named,
			 const struct manifest_guest *m, size_t i,
			 struct answer *answer, struct err *err)
{
	const struct kubevirt_release *r = s->releases[i];
	struct vmi v = vmi_copy(as_read);
	int ret =
		instancetype_apply(named->type, named->preference, &v, r, err);

	if (!ret) {
		vmi_set_defaults(&v, r, &s->cluster);
		ret = figures_of_filled(&v, r, &s->cluster, &answer->figures[i],
					err);
	}
	if (!ret && is_validated(m))
		rejections_of(&v, m->instance, r, &s->cluster,
			      &answer->rejections[i]);
	vmi_release(&v);
	return ret;
}

static void calculate(struct survey *s, const struct vmi *v,
		      const struct named_types *named,
		      const struct manifest_guest *m, struct notes *n)
{
	struct answer answer;
	struct err err = {0};
	size_t i, done = 0;
	int ret = 0;

	while (done < s->release_count && !ret) {
		answer.rejections[done] = (struct rejections){0};
		ret = calculate_one(s, v, named, m, done, &answer, &err);
		done += !ret;
	}
	for (i = 0; i < done && !ret; i++)
		add_figures(s, &s->sums[i], &answer.figures[i],
			    m->replica_count);
	if (!ret)
		s->guest_count += m->replica_count;
	if (!ret && m->is_stopped)
		s->stopped_count += m->replica_count;
	if (ret && s->release_count > 1)
		err_wrap(&err, "in %s",
			 kubevirt_release_name(s->releases[done]));
	finish_guest(s, m, ret ? NULL : &answer, n, ret ? err.msg : NULL);
	for (i = 0; i < done; i++) {
		figures_release(&answer.figures[i]);
		rejections_release(&answer.rejections[i]);
	}
}

static void say_assumptions(const struct vmi *v, const struct manifest_guest *m,
			    struct notes *n)
{
	size_t i;

	if (!is_validated(m))
		note(n, false,
		     "what KubeVirt's webhook refuses is not asked: it validates with the instance type and the preference");
	for (i = 0; i < v->interface_count; i++) {
		const struct vmi_interface *one = &v->interfaces[i];

		if (one->plugin)
			note(n, true,
			     "network binding plugin '%.60s': its registration is not read; it is taken to have a sidecar and no overhead",
			     one->plugin);
		if (one->has_sriov)
			note(n, false,
			     "the device resource of network '%.60s' is in its NetworkAttachmentDefinition, and in no list here",
			     one->name);
	}
}

static void say_type(struct notes *n, const char *what,
		     const struct yaml_value *matcher, bool is_known,
		     bool is_common, const char *why)
{
	const char *name = yaml_text_of(yaml_member(matcher, "name"));

	if (!is_known)
		note(n, true,
		     "line %zu: %s '%.60s': %s; the figures are without it",
		     yaml_line_of(matcher), what, name ? name : "", why);
	else if (is_common)
		note(n, false,
		     "%s '%.60s' is taken from common-instancetypes v1.7.0",
		     what, name);
	if (is_known && yaml_member(matcher, "revisionName"))
		note(n, false,
		     "%s '%.60s' is taken as it is, not as its revision was",
		     what, name);
}

static struct named_types find_types(const struct survey *s,
				     const struct manifest_guest *m,
				     struct notes *n)
{
	struct named_types named = {NULL, NULL};
	const char *why = NULL;

	if (m->instancetype) {
		named.type = instancetype_find(s->types, m->instancetype,
					       m->space, &why);
		say_type(n, "instancetype", m->instancetype, named.type,
			 named.type && instancetype_is_common(named.type), why);
	}
	if (m->preference) {
		named.preference = preference_find(s->types, m->preference,
						   m->space, &why);
		say_type(n, "preference", m->preference, named.preference,
			 named.preference &&
				 preference_is_common(named.preference),
			 why);
	}
	return named;
}

/* Each unknown field once, however many guests have it. */
static void say_unknown_field(const char *path, const struct yaml_value *at,
			      void *arg)
{
	struct survey *s = arg;
	char text[240];
	size_t i;

	for (i = 0; i < s->named_count; i++)
		if (!strcmp(s->named[i], path))
			return;
	s->warning_count++;
	if (s->named_count == SURVEY_MAX_NAMED)
		return;
	s->named[s->named_count++] = xstrdup(path);
	snprintf(text, sizeof(text),
		 "line %zu: field '%.150s' is not known, and not looked at",
		 yaml_line_of(at), path);
	if (s->remark)
		s->remark(text, true, s->arg);
}

static void key_of(const char *what, const char *kind, const char *space,
		   const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s %.60s/%.253s/%.253s", what, kind, space, name);
}

/* A VirtualMachine and the instance that it made are one guest, whichever comes
 * first; so are a pool and its VirtualMachines. */
static bool is_counted_already(struct survey *s, const struct manifest_guest *m)
{
	char own[600], made[600], owner[600];
	bool is_owned = *m->owner_name != '\0';

	if (!*m->name)
		return false;
	if (!s->seen)
		s->seen = json_object();
	key_of("seen", m->kind, m->space, m->name, own, sizeof(own));
	key_of("made by", m->kind, m->space, m->name, made, sizeof(made));
	key_of("seen", m->owner_kind, m->space, m->owner_name, owner,
	       sizeof(owner));
	if ((is_owned && json_object_get(s->seen, owner)) ||
	    json_object_get(s->seen, made))
		return true;
	json_object_set_new(s->seen, own, json_true());
	if (!is_owned)
		return false;
	key_of("made by", m->owner_kind, m->space, m->owner_name, owner,
	       sizeof(owner));
	json_object_set_new(s->seen, owner, json_true());
	return false;
}

static void visit_guest(const struct manifest_guest *m, void *arg)
{
	struct survey *s = arg;
	struct vmi v;
	struct notes n = {.count = 0};
	struct named_types named;
	struct err err = {0};

	if (is_counted_already(s, m)) {
		s->owned_count++;
		return;
	}
	v = vmi_copy(&s->base);
	v.name = m->name;
	v.space = m->space;
	named = find_types(s, m, &n);
	fields_check(yaml_member(m->object, "spec"), m->kind, say_unknown_field,
		     s);
	if (m->has_bad_replicas) {
		err_set(&err, -EINVAL,
			"spec.replicas is no number from 0 to 2147483647");
		finish_guest(s, m, NULL, &n, err.msg);
	} else if (vmi_read(&v, m->instance, &err)) {
		finish_guest(s, m, NULL, &n, err.msg);
	} else {
		say_assumptions(&v, m, &n);
		calculate(s, &v, &named, m, &n);
	}
	vmi_release(&v);
}

static void visit_remark(const struct manifest_remark *r, void *arg)
{
	struct survey *s = arg;
	char text[240];

	s->warning_count += !r->is_harmless;
	if (!s->remark)
		return;
	snprintf(
		text, sizeof(text),
		r->is_harmless
			? "document %zu, line %zu: kind '%.60s' holds no guest"
			: "document %zu, line %zu: %.160s; it is not looked at",
		r->document, r->line, r->text);
	s->remark(text, !r->is_harmless, s->arg);
}

static void visit_definition(const struct yaml_value *object, const char *kind,
			     void *arg)
{
	struct survey *s = arg;
	struct err err = {0};
	char text[240];

	fields_check(yaml_member(object, "spec"), kind, say_unknown_field, s);
	if (!instancetypes_add(s->types, object, kind, &err))
		return;
	s->warning_count++;
	snprintf(text, sizeof(text), "%.40s: %.180s", kind, err.msg);
	if (s->remark)
		s->remark(text, true, s->arg);
}

int survey_definitions(struct survey *s, FILE *in, struct err *err)
{
	const struct manifest_visitor visitor = {
		.definition = visit_definition,
		.arg = s,
	};

	return manifest_visit(in, &s->options, &visitor, err);
}

static void pass_definition(const struct yaml_value *object, const char *kind,
			    void *arg)
{
	(void)object;
	(void)kind;
	(void)arg;
}

int survey_stream(struct survey *s, FILE *in, bool has_definitions,
		  struct err *err)
{
	const struct manifest_visitor visitor = {
		.guest = visit_guest,
		.remark = visit_remark,
		.definition =
			has_definitions ? pass_definition : visit_definition,
		.arg = s,
	};

	return manifest_visit(in, &s->options, &visitor, err);
}

void survey_base(struct survey *s)
{
	const struct manifest_guest m = {
		.kind = "",
		.name = "",
		.space = "",
		.replica_count = 1,
	};
	const struct named_types none = {NULL, NULL};
	struct notes n = {.count = 0};

	calculate(s, &s->base, &none, &m, &n);
}

void survey_release(struct survey *s)
{
	while (s->named_count)
		free(s->named[--s->named_count]);
	json_decref(s->seen);
}
