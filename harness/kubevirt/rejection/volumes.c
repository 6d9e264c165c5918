// SPDX-License-Identifier: GPL-3.0-or-later
/* volumes - what the webhook asks of volumes (validateVolumes(),
 * ValidateContainerDisks()) and of access credentials. */
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/kubevirt/rejection/rules.h"

/* --- sources --- */

static void ask_volume_name(struct asked *g, size_t j, const char *name)
{
	const struct yaml_value *other;
	size_t h;

	for (h = 0, other = first_item(g->spec, "volumes"); other;
	     h++, other = next_item(other)) {
		if (h >= j)
			return;
		if (!strcmp(yaml_text_at(other, "name"), name)) {
			refuse(g, AT("spec.volumes[%zu].name", j),
			       "spec.volumes[%zu] and spec.volumes[%zu] must not have the same Name.",
			       j, h);
			return;
		}
	}
}

static void ask_source_count(struct asked *g, size_t j,
			     const struct yaml_value *v)
{
	static const char *const kinds[] = {
		"persistentVolumeClaim",
		"sysprep",
		"cloudInitNoCloud",
		"cloudInitConfigDrive",
		"containerDisk",
		"ephemeral",
		"emptyDisk",
		"hostDisk",
		"dataVolume",
		"configMap",
		"secret",
		"downwardAPI",
		"serviceAccount",
		"downwardMetrics",
		"memoryDump",
	};
	size_t i, count = is_since(g, 8, 0) && is_there(v, "containerPath");

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		count += is_there(v, kinds[i]);
	if (count != 1)
		refuse_field(g, AT("spec.volumes[%zu]", j),
			     " must have exactly one source type set");
}

/* --- cloud-init --- */

/* User data and network data have the same rules. */
struct cloud_data {
	const char *secret, *encoded, *plain;
	const char *word, *secret_field, *twice;
};

static const struct cloud_data cloud_data[] = {
	{"secretRef.name", "userDataBase64", "userData", "userdata",
	 "UserDataSecretRef", "userdatasource set."},
	{"networkDataSecretRef.name", "networkDataBase64", "networkData",
	 "networkdata", "NetworkDataSecretRef", "networkdata source set."},
};

/* How many sources it has. */
static int ask_cloud_data(struct asked *g, const struct path *field,
			  const char *kind, const struct yaml_value *init,
			  const struct cloud_data *d)
{
	const char *encoded = yaml_text_at(init, d->encoded);
	const char *plain = yaml_text_at(init, d->plain);
	size_t len = 0;
	int count = (*yaml_text_at(init, d->secret) != '\0') +
		    (*encoded != '\0') + (*plain != '\0');

	if (*encoded && !base64_length(encoded, &len)) {
		len = 0;
		refuse(g, AT("%s.%s", field->text, d->encoded),
		       "%s.%s.%s.%s is not a valid base64 value.", field->text,
		       d->encoded, kind, d->encoded);
	}
	if (*plain)
		len = strlen(plain);
	if (count > 1)
		refuse_field(g, field->text, " must have only one %s",
			     d->twice);
	if (len > 2048)
		refuse_field(
			g, field->text,
			" %s exceeds 2048 byte limit. Should use %s for larger data.",
			d->word, d->secret_field);
	return count;
}

static void ask_cloud_init(struct asked *g, size_t j,
			   const struct yaml_value *v)
{
	const char *kind = is_there(v, "cloudInitNoCloud")
				   ? "cloudInitNoCloud"
				   : "cloudInitConfigDrive";
	const struct yaml_value *init = yaml_member(v, kind);
	struct path field = path_of("spec.volumes[%zu].%s", j, kind);
	int count = 0;
	size_t i;

	if (!init)
		return;
	for (i = 0; i < ARRAY_SIZE(cloud_data); i++)
		count += ask_cloud_data(g, &field, kind, init, &cloud_data[i]);
	if (!count)
		refuse_field(
			g, field.text,
			" must have at least one userdatasource or one networkdatasource set.");
}

/* --- other volumes --- */

static bool has_capacity(const struct yaml_value *disk)
{
	struct quantity q;
	struct err ignored;

	return !quantity_read(yaml_text_at(disk, "capacity"), &q, &ignored) &&
	       q.nano;
}

static void ask_host_disk(struct asked *g, size_t j,
			  const struct yaml_value *disk)
{
	struct path at = path_of("spec.volumes[%zu].hostDisk", j);
	const char *type = yaml_text_at(disk, "type");

	if (!disk)
		return;
	if (!has_gate(g, "HostDisk"))
		refuse(g, AT("spec.volumes[%zu]", j),
		       "HostDisk feature gate is not enabled");
	if (!*yaml_text_at(disk, "path"))
		refuse_field(g, AT("%s.path", at.text),
			     " is required for hostDisk volume");
	if (strcmp(type, "Disk") != 0 && strcmp(type, "DiskOrCreate") != 0)
		refuse_field(
			g, AT("%s.type", at.text),
			" has invalid value '%s', allowed are 'Disk' or 'DiskOrCreate'",
			type);
	if (!strcmp(type, "Disk") && has_capacity(disk))
		refuse_field(
			g, AT("%s.capacity", at.text),
			" is allowed to pass only with %s.type equal to 'DiskOrCreate'",
			at.text);
}

static void ask_required_names(struct asked *g, size_t j,
			       const struct yaml_value *v)
{
	static const char *const fields[][2] = {
		{"configMap", "name"},
		{"secret", "secretName"},
		{"serviceAccount", "serviceAccountName"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct yaml_value *map = yaml_member(v, fields[i][0]);

		if (map && !*yaml_text_at(map, fields[i][1]))
			refuse_field(g,
				     AT("spec.volumes[%zu].%s.%s", j,
					fields[i][0], fields[i][1]),
				     " is a required field");
	}
}

static void ask_volume(struct asked *g, size_t j, const struct yaml_value *v)
{
	ask_volume_name(g, j, yaml_text_at(v, "name"));
	if (is_there(v, "dataVolume") && !*yaml_text_at(v, "dataVolume.name"))
		refuse(g, AT("spec.volumes[%zu].name", j),
		       "DataVolume 'name' must be set");
	ask_source_count(g, j, v);
	ask_cloud_init(g, j, v);
	if (is_there(v, "downwardMetrics") && !has_gate(g, "DownwardMetrics"))
		refuse(g, AT("spec.volumes[%zu]", j),
		       "downwardMetrics disks are not allowed: DownwardMetrics feature gate is not enabled.");
	ask_host_disk(g, j, yaml_member(v, "hostDisk"));
	ask_required_names(g, j, v);
}

static size_t count_volumes_of(const struct asked *g, const char *kind)
{
	const struct yaml_value *v;
	size_t j, count = 0;

	for (j = 0, v = first_item(g->spec, "volumes"); v;
	     j++, v = next_item(v))
		count += is_there(v, kind);
	return count;
}

void ask_volumes(struct asked *g)
{
	static const char *const single[][2] = {
		{"serviceAccount", "serviceAccount"},
		{"downwardMetrics", "downwardMetric"},
		{"memoryDump", "memory dump"},
	};
	const struct yaml_value *v;
	size_t j;

	for (j = 0, v = first_item(g->spec, "volumes"); v;
	     j++, v = next_item(v))
		ask_volume(g, j, v);
	for (j = 0; j < ARRAY_SIZE(single); j++)
		if (count_volumes_of(g, single[j][0]) > 1)
			refuse_field(g, "spec.volumes",
				     " must have max one %s volume set",
				     single[j][1]);
}

/* validatePath() */
void ask_path(struct asked *g, const char *field, const char *path)
{
	if (!strcmp(path, "/"))
		refuse_field(g, field, " must not point to root");
	else if (!is_clean_path(path))
		refuse_field(
			g, field,
			" must be an absolute path to a file without relative components");
}

void ask_container_paths(struct asked *g)
{
	const struct yaml_value *v;
	size_t j;

	for (j = 0, v = first_item(g->spec, "volumes"); v;
	     j++, v = next_item(v)) {
		const char *path = yaml_text_at(v, "containerDisk.path");

		if (*path)
			ask_path(g, AT("spec.volumes[%zu].containerDisk", j),
				 path);
	}
}

/* --- access credentials --- */

/* A way that writes into a cloud-init volume. */
static int ask_cloud_method(struct asked *g, const struct path *at,
			    const struct yaml_value *method, const char *word,
			    const char *volume)
{
	if (!is_there(method, word))
		return 0;
	if (!count_volumes_of(g, volume))
		refuse(g, AT("%s.sshPublicKey.propagationMethod", at->text),
		       "%s requires a %s volume to exist when the %s propagationMethod is in use.",
		       at->text, word, word);
	return 1;
}

static void ask_credential(struct asked *g, const struct path *at,
			   const char *kind,
			   const struct yaml_value *credential)
{
	const struct yaml_value *method =
		yaml_member(credential, "propagationMethod");
	bool is_key = !strcmp(kind, "sshPublicKey");
	int count = is_there(method, "qemuGuestAgent");

	if (is_key && is_since(g, 1, 0))
		count += ask_cloud_method(g, at, method, "noCloud",
					  "cloudInitNoCloud");
	if (is_key)
		count += ask_cloud_method(g, at, method, "configDrive",
					  "cloudInitConfigDrive");
	if (is_key && is_there(method, "qemuGuestAgent") &&
	    !has_items(method, "qemuGuestAgent.users"))
		refuse(g,
		       AT("%s.%s.propagationMethod.qemuGuestAgent.users",
			  at->text, kind),
		       "%s requires at least one user to be present in the users list",
		       at->text);
	if (!is_there(credential, "source.secret"))
		refuse(g, AT("%s.%s.source", at->text, kind),
		       "%s must have exactly one source set", at->text);
	if (count != 1)
		refuse(g, AT("%s.%s.propagationMethod", at->text, kind),
		       "%s must have exactly one propagationMethod set",
		       at->text);
}

void ask_credentials(struct asked *g)
{
	static const char *const kinds[] = {"sshPublicKey", "userPassword"};
	const struct yaml_value *item;
	size_t i, k;

	for (i = 0, item = first_item(g->spec, "accessCredentials"); item;
	     i++, item = next_item(item)) {
		struct path at = path_of("spec.accessCredentials[%zu]", i);
		int count = 0;

		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			if (!is_there(item, kinds[k]))
				continue;
			count++;
			ask_credential(g, &at, kinds[k],
				       yaml_member(item, kinds[k]));
		}
		if (count != 1)
			refuse_field(
				g, at.text,
				" must have exactly one access credential type set");
	}
}
