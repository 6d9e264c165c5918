/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_MANIFEST_H
#define HARNESS_KUBEVIRT_MANIFEST_H

/*
 * manifest - the guests of a stream of Kubernetes documents, YAML or JSON, as
 * people have them: several documents, List and the lists that kubectl prints,
 * VirtualMachine, VirtualMachineInstance, its ReplicaSet, VirtualMachinePool,
 * and templates with their parameters. One document is in memory at a time. One
 * whose templates' parameters add more than 4 MiB is refused: with a remark, and
 * none of its guests is visited.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct yaml_value;

struct manifest_guest {
	const char *kind, *name, *space; /* of its object; "" */
	size_t document, line;           /* from 1 */
	uint64_t replica_count;
	bool has_bad_replicas; /* the count is not known */
	/* With spec and metadata.annotations, for vmi_read(). */
	const struct yaml_value *instance;
	/* spec.instancetype and spec.preference; NULL: none is named. */
	const struct yaml_value *instancetype, *preference;
	const struct yaml_value *object; /* all of it */
	/* The object that made it, by metadata.ownerReferences; "". */
	const char *owner_kind, *owner_name;
	bool is_stopped; /* a VirtualMachine that has no pod now */
};

/* Something in the stream that holds no guest, or cannot be read; TEXT says
 * where and what. IS_HARMLESS: by its kind it never holds one. */
struct manifest_remark {
	size_t document, line;
	bool is_harmless;
	const char *text;
};

struct manifest_visitor {
	void (*guest)(const struct manifest_guest *guest, void *arg);
	void (*remark)(const struct manifest_remark *remark, void *arg);
	/* An instance type or a preference; NULL: they are harmless. */
	void (*definition)(const struct yaml_value *object, const char *kind,
			   void *arg);
	void *arg;
};

/* NAME=VALUE, for parameters of templates. */
struct manifest_parameter {
	const char *name, *value;
};

struct manifest_options {
	const struct manifest_parameter *parameters;
	size_t parameter_count;
};

/* Each guest, in order. -EINVAL: from that line on it is no YAML; what came
 * before has been visited. */
int manifest_visit(FILE *in, const struct manifest_options *options,
		   const struct manifest_visitor *visitor, struct err *err);
int manifest_visit_bytes(const char *bytes, size_t len,
			 const struct manifest_options *options,
			 const struct manifest_visitor *visitor,
			 struct err *err);

#endif
