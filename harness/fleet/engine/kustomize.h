/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_KUSTOMIZE_H
#define HARNESS_FLEET_ENGINE_KUSTOMIZE_H

/* kustomize - a fleet's objects as the files of a Kustomize base. One thread. */
struct err;
struct fleet_manifest;

/*
 * Write the files of M and a kustomization.yaml into FOLDER, which is made if it
 * is not there; files of those names are replaced. The one with Secrets is for
 * its owner alone. -EINVAL as fleet_manifest_write(), or what the system says.
 */
int kustomize_write(const struct fleet_manifest *m, const char *folder,
		    const char *comment, struct err *err);

#endif
