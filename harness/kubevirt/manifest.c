// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"

#define MAX_LISTS 8 /* lists in lists */

/* kubectl prints them; nothing of a guest's wishes is in them. */
static const char *const skipped[] = {"status", "managedFields", NULL};

struct visit {
	struct yaml_stream *stream;
	const struct manifest_options *options;
	const struct manifest_visitor *visitor;
	size_t document;

	/* Of the document's templates. */
	bool is_filling;
	size_t added, steps;
	const char *refusal; /* NULL: none */
	const struct yaml_value *refused_at;
};

/* Those that were given, and then a template's own. */
struct parameters {
	struct manifest_parameter *list;
	size_t count;
};

static void remark(struct visit *v, const struct yaml_value *at,
		   bool is_harmless, const char *text)
{
	const struct manifest_remark r = {
		.document = v->document,
		.line = yaml_line_of(at),
		.is_harmless = is_harmless,
		.text = text,
	};

	if (v->visitor->remark)
		v->visitor->remark(&r, v->visitor->arg);
}

/* --- parameters of templates --- */

/* What a template may ask for: it comes from others. */
#define MAX_NAME 256                         /* bytes */
#define MAX_ADDED ((size_t)4 * MIB)          /* bytes, in a document */
#define MAX_STEPS ((size_t)64 * 1024 * 1024) /* in a document */
#define STEPS_OF_SEARCH 32                   /* for the end of a name */

/* The value that was given, else the template's; NULL: there is none. */
static const char *parameter_value(const struct parameters *all,
				   const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!strncmp(all->list[i].name, name, len) &&
		    !all->list[i].name[len])
			return all->list[i].value;
	return NULL;
}

/* Where a parameter's name ends; NULL: it is none. */
static const char *end_of_name(const char *name, bool is_typed)
{
	const char *end = is_typed ? "}}" : "}";
	size_t end_len = strlen(end);

	return memmem(name, strnlen(name, MAX_NAME + end_len), end, end_len);
}

/* TEXT with its parameters; true when one was there. IS_PLAIN: all of it was
 * ${{NAME}}, which has the type of its value. */
static bool expand(struct visit *v, const struct parameters *all,
		   const char *text, struct strbuf *out, bool *is_plain)
{
	bool has_any = false;
	const char *p = text;

	*is_plain = false;
	while (*p && v->added <= MAX_ADDED && v->steps <= MAX_STEPS) {
		bool is_typed = !strncmp(p, "${{", 3);
		const char *name = p + (is_typed ? 3 : 2);
		const char *end = NULL, *value = NULL;

		if (!strncmp(p, "${", 2)) {
			end = end_of_name(name, is_typed);
			v->steps += STEPS_OF_SEARCH + all->count;
		}
		if (end)
			value = parameter_value(all, name,
						(size_t)(end - name));
		if (!value) {
			strbuf_add(out, p++, 1);
			continue;
		}
		v->added += strlen(value);
		if (v->added <= MAX_ADDED)
			strbuf_puts(out, value);
		has_any = true;
		end += is_typed ? 2 : 1;
		*is_plain = is_typed && p == text && !*end;
		p = end;
	}
	return has_any;
}

static void fill_scalar(struct visit *v, const struct yaml_value *in,
			const struct parameters *all, const char *text)
{
	struct strbuf out = {0};
	bool is_plain;

	/* However often aliases lead to it. */
	v->steps += 1 + strlen(text);
	if (strstr(text, "${") && expand(v, all, text, &out, &is_plain))
		yaml_replace(v->stream, in, strbuf_str(&out), is_plain);
	strbuf_release(&out);
	if (v->added > MAX_ADDED)
		v->refusal = "a template's parameters make it too large";
	else if (v->steps > MAX_STEPS)
		v->refusal = "a template's parameters take too long to find";
	if (v->refusal)
		v->refused_at = in;
}

static void fill_values(struct visit *v, const struct yaml_value *in,
			const struct parameters *all)
{
	const struct yaml_value *child;
	const char *text = yaml_text_of(in);

	if (text && !yaml_is_replaced(in))
		fill_scalar(v, in, all, text);
	for (child = yaml_each(in, NULL); child && !v->refusal;
	     child = yaml_each(in, child))
		fill_values(v, child, all);
}

static void add_parameter(struct parameters *all, const char *name,
			  const char *value)
{
	all->list = xrealloc(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = (struct manifest_parameter){name, value};
}

static void fill_parameters(struct visit *v, const struct yaml_value *in,
			    const struct yaml_value *parameters)
{
	const struct manifest_options *o = v->options;
	struct parameters all = {0};
	const struct yaml_value *p;
	size_t i;

	if (!v->is_filling || v->refusal)
		return;
	for (i = 0; o && i < o->parameter_count; i++)
		add_parameter(&all, o->parameters[i].name,
			      o->parameters[i].value);
	for (p = yaml_each(parameters, NULL); p; p = yaml_each(parameters, p))
		add_parameter(&all, yaml_text_at(p, "name"),
			      yaml_text_of(yaml_member(p, "value")));
	fill_values(v, in, &all);
	free(all.list);
}

/* --- kinds --- */

enum shape {
	SHAPE_INSTANCE,   /* it is one */
	SHAPE_TEMPLATE,   /* spec.template */
	SHAPE_POOL,       /* spec.virtualMachineTemplate.spec.template */
	SHAPE_OBJECTS,    /* a template's objects, with parameters */
	SHAPE_ONE,        /* spec.virtualMachine, with parameters */
	SHAPE_DEFINITION, /* of an instance type or a preference */
	SHAPE_NO_GUEST,
	SHAPE_PRESET, /* changes guests, and is not applied */
	SHAPE_CONFIG, /* changes figures, and is not read */
};

static const struct {
	const char *kind;
	enum shape shape;
} kinds[] = {
	{"VirtualMachineInstance", SHAPE_INSTANCE},
	{"VirtualMachine", SHAPE_TEMPLATE},
	{"VirtualMachineInstanceReplicaSet", SHAPE_TEMPLATE},
	{"VirtualMachinePool", SHAPE_POOL},
	{"Template", SHAPE_OBJECTS},
	{"VirtualMachineTemplate", SHAPE_ONE},
	{"VirtualMachineInstancetype", SHAPE_DEFINITION},
	{"VirtualMachineClusterInstancetype", SHAPE_DEFINITION},
	{"VirtualMachinePreference", SHAPE_DEFINITION},
	{"VirtualMachineClusterPreference", SHAPE_DEFINITION},
	{"VirtualMachineInstancePreset", SHAPE_PRESET},
	{"VirtualMachineInstanceMigration", SHAPE_NO_GUEST},
	{"VirtualMachineSnapshot", SHAPE_NO_GUEST},
	{"KubeVirt", SHAPE_CONFIG},
	{"DataVolume", SHAPE_NO_GUEST},
	{"DataSource", SHAPE_NO_GUEST},
	{"PersistentVolume", SHAPE_NO_GUEST},
	{"PersistentVolumeClaim", SHAPE_NO_GUEST},
	{"StorageClass", SHAPE_NO_GUEST},
	{"NetworkAttachmentDefinition", SHAPE_NO_GUEST},
	{"NetworkPolicy", SHAPE_NO_GUEST},
	{"Namespace", SHAPE_NO_GUEST},
	{"Node", SHAPE_NO_GUEST},
	{"Secret", SHAPE_NO_GUEST},
	{"ConfigMap", SHAPE_NO_GUEST},
	{"Service", SHAPE_NO_GUEST},
	{"ServiceAccount", SHAPE_NO_GUEST},
	{"Ingress", SHAPE_NO_GUEST},
	{"Route", SHAPE_NO_GUEST},
	{"Role", SHAPE_NO_GUEST},
	{"RoleBinding", SHAPE_NO_GUEST},
	{"ClusterRole", SHAPE_NO_GUEST},
	{"ClusterRoleBinding", SHAPE_NO_GUEST},
	{"ResourceQuota", SHAPE_CONFIG},
	{"LimitRange", SHAPE_CONFIG},
	{"Pod", SHAPE_NO_GUEST},
	{"Deployment", SHAPE_NO_GUEST},
	{"Job", SHAPE_NO_GUEST},
};

static int shape_of(const char *kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].kind, kind))
			return (int)kinds[i].shape;
	return -1;
}

/* --- guests --- */

/* False: it is none that Kubernetes takes. */
static bool read_replicas(const struct yaml_value *object, uint64_t *count)
{
	const struct yaml_value *v = yaml_at(object, "spec.replicas");

	*count = 1;
	return !v || (yaml_count_of(v, count) && *count <= INT32_MAX);
}

static bool is_stopped(const struct yaml_value *object, const char *kind)
{
	const struct yaml_value *running = yaml_at(object, "spec.running");

	if (strcmp(kind, "VirtualMachine") != 0)
		return false;
	return !strcmp(yaml_text_at(object, "spec.runStrategy"), "Halted") ||
	       (running && !yaml_is_true(running));
}

/* VM_SPEC may name an instance type; NULL: it cannot. */
static void visit_guest(struct visit *v, const struct yaml_value *object,
			const char *kind, const struct yaml_value *instance,
			const struct yaml_value *vm_spec)
{
	const struct yaml_value *owner =
		yaml_each(yaml_at(object, "metadata.ownerReferences"), NULL);
	struct manifest_guest g = {
		.kind = kind,
		.name = yaml_text_at(object, "metadata.name"),
		.space = yaml_text_at(object, "metadata.namespace"),
		.document = v->document,
		.line = yaml_line_of(object),
		.instance = instance,
		.instancetype = yaml_member(vm_spec, "instancetype"),
		.preference = yaml_member(vm_spec, "preference"),
		.object = object,
		.owner_kind = yaml_text_at(owner, "kind"),
		.owner_name = yaml_text_at(owner, "name"),
		.is_stopped = is_stopped(object, kind),
	};

	g.has_bad_replicas = !read_replicas(object, &g.replica_count);
	if (!*g.name)
		g.name = yaml_text_at(object, "metadata.generateName");
	if (!instance)
		remark(v, object, false, "it has no template of a guest");
	else if (v->visitor->guest)
		v->visitor->guest(&g, v->visitor->arg);
}

static void visit_object(struct visit *v, const struct yaml_value *object,
			 const char *kind_of_list, int depth);

static void visit_items(struct visit *v, const struct yaml_value *items,
			const char *kind, int depth)
{
	const struct yaml_value *item;

	for (item = yaml_each(items, NULL); item; item = yaml_each(items, item))
		visit_object(v, item, kind, depth + 1);
}

static void visit_shape(struct visit *v, const struct yaml_value *object,
			const char *kind, int shape, int depth)
{
	const struct yaml_value *spec = yaml_member(object, "spec");
	const struct yaml_value *vm = yaml_at(spec, "virtualMachineTemplate");
	const struct yaml_value *inner;

	switch ((enum shape)shape) {
	case SHAPE_INSTANCE:
		visit_guest(v, object, kind, object, NULL);
		break;
	case SHAPE_TEMPLATE:
		visit_guest(v, object, kind, yaml_member(spec, "template"),
			    spec);
		break;
	case SHAPE_POOL:
		visit_guest(v, object, kind, yaml_at(vm, "spec.template"),
			    yaml_member(vm, "spec"));
		break;
	case SHAPE_OBJECTS:
		inner = yaml_member(object, "objects");
		fill_parameters(v, inner, yaml_member(object, "parameters"));
		visit_items(v, inner, NULL, depth);
		break;
	case SHAPE_ONE:
		inner = yaml_member(spec, "virtualMachine");
		fill_parameters(v, inner, yaml_member(spec, "parameters"));
		visit_object(v, inner, "VirtualMachine", depth + 1);
		break;
	case SHAPE_DEFINITION:
		if (v->visitor->definition) {
			v->visitor->definition(object, kind, v->visitor->arg);
			break;
		}
		/* fall through */
	case SHAPE_NO_GUEST:
		remark(v, object, true, kind);
		break;
	case SHAPE_PRESET:
		remark(v, object, false,
		       "a VirtualMachineInstancePreset changes guests by their labels");
		break;
	case SHAPE_CONFIG:
		remark(v, object, false,
		       "a KubeVirt, ResourceQuota or LimitRange changes pods: its values are options");
		break;
	}
}

/* "VirtualMachineList" is a list of VirtualMachine, which its items need not
 * say. */
static bool list_kind(const char *kind, char *of, size_t size)
{
	size_t len = strlen(kind);

	if (len < 4 || strcmp(kind + len - 4, "List"))
		return false;
	snprintf(of, size, "%.*s", (int)(len - 4), kind);
	return true;
}

/* Another API's kind of the same name. */
static bool is_of_another_group(struct visit *v,
				const struct yaml_value *object,
				const char *kind)
{
	const char *version = yaml_text_at(object, "apiVersion");
	bool is_template = !strcmp(kind, "Template");
	char text[160];

	if (!*version || strstr(version, "kubevirt.io/") ||
	    (is_template &&
	     (strstr(version, "openshift.io/") || !strcmp(version, "v1"))))
		return false;
	snprintf(text, sizeof(text),
		 "apiVersion '%.60s' is not that of KubeVirt's %.40s", version,
		 kind);
	remark(v, object, false, text);
	return true;
}

static void visit_object(struct visit *v, const struct yaml_value *object,
			 const char *kind_of_list, int depth)
{
	const char *kind = yaml_text_at(object, "kind");
	char of[80], text[160];
	int shape;

	if (!*kind && kind_of_list)
		kind = kind_of_list;
	shape = shape_of(kind);
	if (shape >= 0 && shape <= (int)SHAPE_DEFINITION &&
	    is_of_another_group(v, object, kind))
		return;
	if (depth > MAX_LISTS) {
		remark(v, object, false, "its lists are nested too deeply");
	} else if (shape >= 0) {
		visit_shape(v, object, kind, shape, depth);
	} else if (list_kind(kind, of, sizeof(of))) {
		visit_items(v, yaml_member(object, "items"), *of ? of : NULL,
			    depth);
	} else {
		snprintf(
			text, sizeof(text),
			*kind ? "kind '%.60s' is not known"
			      : "it is no object of Kubernetes: it has no 'kind'%s",
			kind);
		remark(v, object, false, text);
	}
}

/* All its templates are filled before anyone sees a part of it, since one of
 * them may be refused. */
static void visit_document(struct visit *v, const struct yaml_value *root)
{
	static const struct manifest_visitor nobody = {0};
	const struct manifest_visitor *visitor = v->visitor;

	v->added = 0;
	v->steps = 0;
	v->refusal = NULL;
	v->visitor = &nobody;
	v->is_filling = true;
	visit_object(v, root, NULL, 0);
	v->is_filling = false;
	v->visitor = visitor;
	if (v->refusal)
		remark(v, v->refused_at, false, v->refusal);
	else
		visit_object(v, root, NULL, 0);
}

static int visit_all(struct visit *v, struct err *err)
{
	const struct yaml_value *root;
	int ret;

	while ((ret = yaml_stream_next(v->stream, &root, err)) > 0) {
		v->document++;
		if (root)
			visit_document(v, root);
	}
	if (ret)
		err_wrap(err, "document %zu", v->document + 1);
	return ret;
}

int manifest_visit(FILE *in, const struct manifest_options *options,
		   const struct manifest_visitor *visitor, struct err *err)
{
	struct visit v = {
		.stream = yaml_stream_open(in, skipped),
		.options = options,
		.visitor = visitor,
	};
	int ret = visit_all(&v, err);

	yaml_stream_close(v.stream);
	return ret;
}

int manifest_visit_bytes(const char *bytes, size_t len,
			 const struct manifest_options *options,
			 const struct manifest_visitor *visitor,
			 struct err *err)
{
	struct visit v = {
		.stream = yaml_stream_open_bytes(bytes, len, skipped),
		.options = options,
		.visitor = visitor,
	};
	int ret = visit_all(&v, err);

	yaml_stream_close(v.stream);
	return ret;
}
