/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_FIELDS_H
#define HARNESS_KUBEVIRT_FIELDS_H

/*
 * fields - which fields KubeVirt's API has, by fields.txt: what a manifest has
 * beside them is a typing error or newer than we are, and KubeVirt drops it.
 */
struct yaml_value;

/* PATH is "spec.domain.memroy"; AT is its value. */
typedef void unknown_field_fn(const char *path, const struct yaml_value *at,
			      void *arg);

/* Calls UNKNOWN for each field of SPEC that is not known; below it nothing is
 * looked at. SPEC is that of an object of KIND, one that holds a guest or that a
 * guest names; of others nothing is known. */
void fields_check(const struct yaml_value *spec, const char *kind,
		  unknown_field_fn *unknown, void *arg);

#endif
