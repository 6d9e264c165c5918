// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/figures.h"

#include <stdio.h>

#include "harness/base/err.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/vmi.h"

static int calculate(const struct vmi *v, const struct kubevirt_release *r,
		     const struct kubevirt_cluster *c, struct figures *f,
		     struct err *err)
{
	struct overhead of_pod;
	int ret = overhead_of(v, v->arch, r, c, &f->overhead, err);

	if (!ret)
		ret = overhead_of(v, pod_architecture(v, r, c), r, c, &of_pod,
				  err);
	if (!ret)
		ret = pod_render(&f->pod, v, &of_pod, r, c, err);
	if (!ret)
		ret = overhead_memlock(v, r, c, &f->memlock_bytes, err);
	return ret;
}

int figures_of_filled(const struct vmi *v, const struct kubevirt_release *r,
		      const struct kubevirt_cluster *c, struct figures *f,
		      struct err *err)
{
	int ret;

	*f = (struct figures){
		.memlock_bytes = MEMLOCK_NONE,
		.guest = v->guest,
		.max_guest = v->max_guest,
	};
	snprintf(f->arch, sizeof(f->arch), "%s", v->arch);
	ret = calculate(v, r, c, f, err);
	if (ret)
		figures_release(f);
	return ret;
}

int figures_of(const struct vmi *as_read, const struct kubevirt_release *r,
	       const struct kubevirt_cluster *c, struct figures *f,
	       struct err *err)
{
	struct vmi v = vmi_copy(as_read);
	int ret;

	vmi_set_defaults(&v, r, c);
	ret = figures_of_filled(&v, r, c, f, err);
	vmi_release(&v);
	return ret;
}

void figures_release(struct figures *f)
{
	pod_release(&f->pod);
}

int overhead_of_shape(const struct overhead_shape *shape,
		      const struct kubevirt_release *r, struct overhead *o,
		      int64_t *memlock_bytes, struct err *err)
{
	struct kubevirt_cluster c = kubevirt_cluster_default();
	struct vmi v = vmi_of_shape(shape->ram_bytes, shape->vcpu_count,
				    shape->vfio_count);
	int ret;

	c.hypervisor = shape->hypervisor;
	if (shape->ratio > 0)
		snprintf(c.ratio, sizeof(c.ratio), "%.2f", shape->ratio);
	/* Its RAM is all that it may have: no hot plug. */
	c.rollout = ROLLOUT_STAGE;
	vmi_set_defaults(&v, r, &c);
	ret = overhead_of(&v, v.arch, r, &c, o, err);
	if (!ret && memlock_bytes)
		ret = overhead_memlock(&v, r, &c, memlock_bytes, err);
	vmi_release(&v);
	return ret;
}

static int64_t memory_of(const struct resources *r)
{
	struct amount a = resources_get(r, RESOURCE_MEMORY);

	return a.is_set ? quantity_value(a.q) : -1;
}

int64_t figures_compute_request(const struct figures *f)
{
	return memory_of(&f->pod.containers[0].requests);
}

int64_t figures_compute_limit(const struct figures *f)
{
	return memory_of(&f->pod.containers[0].limits);
}

int64_t figures_pod_request(const struct figures *f)
{
	return memory_of(&f->pod.requests);
}

int64_t figures_pod_limit(const struct figures *f)
{
	return f->pod.is_limited ? memory_of(&f->pod.limits) : -1;
}

/* A limit that is not set is null. */
static json_t *bytes_to_json(int64_t bytes)
{
	return bytes < 0 ? json_null() : json_integer(bytes);
}

static json_t *memlock_to_json(int64_t bytes)
{
	if (bytes == MEMLOCK_UNLIMITED)
		return json_string("unlimited");
	return bytes == MEMLOCK_NONE ? json_null() : json_integer(bytes);
}

static json_t *amount_to_json(struct amount a)
{
	return a.is_set ? json_integer(quantity_value(a.q)) : json_null();
}

static json_t *terms_to_json(const struct overhead *o)
{
	json_t *terms = json_array();
	size_t i;

	for (i = 0; i < o->term_count; i++) {
		const struct overhead_term *t = &o->terms[i];
		json_t *one = json_pack("{s:s, s:I}", "name", t->name, "bytes",
					(json_int_t)t->bytes);

		if (t->fact)
			json_object_set_new(one, "source",
					    json_string(t->fact->source));
		json_array_append_new(terms, one);
	}
	return terms;
}

static json_t *containers_to_json(const struct pod *p)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < p->container_count; i++) {
		const struct container *c = &p->containers[i];
		json_t *one =
			json_pack("{s:s, s:o, s:o}", "name", c->name,
				  "requests", resources_to_json(&c->requests),
				  "limits", resources_to_json(&c->limits));

		if (c->is_init)
			json_object_set_new(one, "init", json_true());
		if (c->stays)
			json_object_set_new(one, "restarts", json_true());
		json_array_append_new(out, one);
	}
	return out;
}

json_t *figures_to_json(const struct figures *f)
{
	json_t *o = json_pack(
		"{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}",
		"arch", f->arch, "overhead_bytes",
		(json_int_t)f->overhead.total_bytes, "compute_request_bytes",
		bytes_to_json(figures_compute_request(f)),
		"compute_limit_bytes", bytes_to_json(figures_compute_limit(f)),
		"pod_request_bytes", bytes_to_json(figures_pod_request(f)),
		"pod_limit_bytes", bytes_to_json(figures_pod_limit(f)),
		"memlock_bytes", memlock_to_json(f->memlock_bytes),
		"guest_bytes", amount_to_json(f->guest), "max_guest_bytes",
		amount_to_json(f->max_guest), "qos", f->pod.qos, "terms",
		terms_to_json(&f->overhead), "containers",
		containers_to_json(&f->pod));

	if (f->pod.has_attachment)
		json_object_set_new(
			o, "hotplug_attachment_pod",
			json_pack("{s:I, s:I}", "request_bytes",
				  (json_int_t)f->pod.attachment_request_bytes,
				  "limit_bytes",
				  (json_int_t)f->pod.attachment_limit_bytes));
	return o;
}
