/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_INSTANCETYPE_H
#define HARNESS_KUBEVIRT_INSTANCETYPE_H

/*
 * instancetype - the instance types and preferences that VirtualMachines name,
 * and what KubeVirt makes of a guest with them before its webhook
 * (pkg/instancetype/apply, pkg/instancetype/preference/apply; before v1.5
 * pkg/instancetype/instancetype.go). Only what bears on memory, CPUs or devices
 * of the pod.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct kubevirt_release;
struct vmi;
struct yaml_value;

struct instancetypes;
struct instancetype;
struct preference;

/* With those of KubeVirt's own set (common_types.txt). */
struct instancetypes *instancetypes_new(void);
void instancetypes_free(struct instancetypes *all); /* NULL: fine */

/* OBJECT is of one of the four kinds; it takes the place of a common one of the
 * same name. -EINVAL with its line. */
int instancetypes_add(struct instancetypes *all,
		      const struct yaml_value *object, const char *kind,
		      struct err *err);

/* What a VirtualMachine's matcher (spec.instancetype, spec.preference) names, for
 * a guest of namespace SPACE ("": it is not said); NULL: it is not known, or
 * depends on the cluster, which WHY says. */
const struct instancetype *instancetype_find(const struct instancetypes *all,
					     const struct yaml_value *matcher,
					     const char *space,
					     const char **why);
const struct preference *preference_find(const struct instancetypes *all,
					 const struct yaml_value *matcher,
					 const char *space, const char **why);

/* Whether it came with this program. */
bool instancetype_is_common(const struct instancetype *t);
bool preference_is_common(const struct preference *p);

/* Both may be NULL. -EPERM: KubeVirt refuses it, a field conflicts. */
int instancetype_apply(const struct instancetype *t, const struct preference *p,
		       struct vmi *v, const struct kubevirt_release *r,
		       struct err *err);

#endif
