// SPDX-License-Identifier: GPL-3.0-or-later
/* firmware - what the webhook asks of firmware and of confidential
 * guests. */
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"
#include "harness/kubevirt/vmi.h"

#define FIRMWARE DOMAIN "firmware"
#define KERNEL_BOOT FIRMWARE ".kernelBoot"
#define SECURITY "spec.launchSecurity"

/* --- firmware --- */

/* validateFirmwareSerial(), gone in v1.5.3. */
void ask_serial(struct asked *g)
{
	const char *serial = yaml_text_at(g->domain, "firmware.serial");

	if (is_since(g, 5, 3) || !*serial)
		return;
	if (strlen(serial) > 256)
		refuse_field(
			g, FIRMWARE ".serial",
			" must be less than or equal to 256 in length, if specified");
	if (!is_made_of(serial, "_.+-"))
		refuse_field(
			g, FIRMWARE ".serial",
			" must be made up of the following characters [A-Za-z0-9_.+-], if specified");
}

/* The first of its name. */
static const struct yaml_value *first_volume(const struct asked *g,
					     const char *name)
{
	const struct yaml_value *v;
	size_t j;

	for (j = 0, v = first_item(g->spec, "volumes"); v;
	     j++, v = next_item(v))
		if (!strcmp(yaml_text_at(v, "name"), name))
			return v;
	return NULL;
}

static void ask_acpi_table(struct asked *g, const char *field, const char *name)
{
	const struct yaml_value *v = first_volume(g, name);

	if (!v)
		refuse(g, is_since(g, 6, 0) ? field : "spec.acpi",
		       "spec.acpi does not have a matching Volume.");
	else if (!is_there(v, "secret"))
		refuse(g, field,
		       "spec.acpi refers to Volume of unsupported type.");
}

void ask_acpi(struct asked *g)
{
	const struct yaml_value *acpi = yaml_at(g->domain, "firmware.acpi");
	const char *slic = yaml_text_at(acpi, "slicNameRef");
	const char *msdm = yaml_text_at(acpi, "msdmNameRef");
	bool has_both = is_since(g, 6, 0);

	if (!acpi || !is_since(g, 5, 0))
		return;
	if (has_both && !*slic && !*msdm)
		refuse(g, "spec.acpi",
		       "ACPI was set but no SLIC nor MSDM volume reference was set");
	if (*slic || !has_both)
		ask_acpi_table(g, "spec.acpi.slicNameRef", slic);
	if (*msdm && has_both)
		ask_acpi_table(g, "spec.acpi.msdmNameRef", msdm);
}

static void ask_kernel_container(struct asked *g,
				 const struct yaml_value *container)
{
	static const char *const paths[] = {"kernelPath", "initrdPath"};
	size_t i;

	if (!*yaml_text_at(container, "image"))
		refuse(g, KERNEL_BOOT ".container.image",
		       KERNEL_BOOT ".container must be defined with an image");
	if (!*yaml_text_at(container, paths[0]) &&
	    !*yaml_text_at(container, paths[1]))
		refuse_field(
			g, KERNEL_BOOT ".container",
			" must be defined with at least one of the following: kernelPath, initrdPath");
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (*yaml_text_at(container, paths[i]))
			ask_path(g, AT(KERNEL_BOOT ".container.%s", paths[i]),
				 yaml_text_at(container, paths[i]));
}

/* validateBootloader(), validateKernelBoot() */
void ask_kernel_boot(struct asked *g)
{
	const struct yaml_value *boot =
		yaml_at(g->domain, "firmware.kernelBoot");

	if (is_there(g->domain, "firmware.bootloader.efi") &&
	    is_there(g->domain, "firmware.bootloader.bios"))
		refuse_field(
			g, FIRMWARE ".bootloader",
			" has both EFI and BIOS configured, but they are mutually exclusive.");
	if (is_there(boot, "container"))
		ask_kernel_container(g, yaml_member(boot, "container"));
	else if (*yaml_text_at(boot, "kernelArgs"))
		refuse(g, KERNEL_BOOT ".kernelArgs",
		       "kernel arguments cannot be provided without an external kernel");
}

/* --- EFI, with the webhook's defaults for arm64 --- */

static bool has_efi(const struct asked *g)
{
	return is_there(g->domain, "firmware.bootloader.efi") ||
	       (is_arch(g, "arm64") &&
		!is_there(g->domain, "firmware.bootloader"));
}

static bool has_secure_boot(const struct asked *g)
{
	const char *path = "firmware.bootloader.efi.secureBoot";

	if (!is_there(g->domain, "firmware.bootloader.efi"))
		return false;
	if (is_arch(g, "arm64") && is_since(g, 9, 0))
		return is_true_at(g->domain, path);
	return !is_false_at(g->domain, path);
}

static bool has_smm(const struct asked *g)
{
	return is_there(g->domain, "features.smm") &&
	       !is_false_at(g->domain, "features.smm.enabled");
}

void ask_bootloader(struct asked *g)
{
	if (has_secure_boot(g) && !has_smm(g) &&
	    !(is_since(g, 9, 0) && g->v->has_tdx))
		refuse(g, "spec.domain",
		       "spec.domain has EFI SecureBoot enabled. SecureBoot requires SMM, which is currently disabled.");
}

/* --- confidential guests --- */

#define SEV_GATE "WorkloadEncryptionSEV"
#define TDX_GATE "WorkloadEncryptionTDX"
#define S390X_GATE "SecureExecution"

static bool has_security_gate(struct asked *g, const char *gate)
{
	if (has_gate(g, gate))
		return true;
	refuse(g, SECURITY, "%s feature gate is not enabled in kubevirt-config",
	       gate);
	return false;
}

/* What is asked further about: SEV, SNP, TDX, or NULL. Since v1.7.0 each has
 * its gate, and amd64 only. */
static const char *kind_of_amd64(struct asked *g)
{
	const struct vmi *v = g->v;

	if (!is_arch(g, "amd64")) {
		refuse(g, "spec.architecture",
		       "No launchSecurity support for architecture: %s",
		       v->arch);
		return NULL;
	}
	if (v->has_sev + v->has_snp + v->has_tdx != 1) {
		refuse(g, SECURITY,
		       "One and only one launchSecurity type can be set");
		return NULL;
	}
	if (!has_security_gate(g, v->has_tdx ? TDX_GATE : SEV_GATE))
		return NULL;
	return v->has_sev ? "SEV" : v->has_snp ? "SNP" : "TDX";
}

static const char *kind_of_security(struct asked *g)
{
	bool is_s390x = is_arch(g, "s390x");

	if (!is_since(g, 6, 0))
		return has_security_gate(g, SEV_GATE) && g->v->has_sev ? "SEV"
								       : NULL;
	if (is_s390x)
		has_security_gate(g, S390X_GATE);
	if (is_since(g, 7, 0))
		return is_s390x ? NULL : kind_of_amd64(g);
	return g->v->has_sev && has_security_gate(g, SEV_GATE) ? "SEV" : NULL;
}

static void ask_secure_boot(struct asked *g, const char *kind)
{
	bool is_tdx = !strcmp(kind, "TDX"), is_sev = !strcmp(kind, "SEV");

	if (is_tdx && has_smm(g))
		refuse(g, SECURITY, "TDX does not work along with SMM");
	if (!has_efi(g)) {
		refuse(g, SECURITY, "%s requires OVMF (UEFI)", kind);
		return;
	}
	if (!is_tdx && has_secure_boot(g))
		refuse(g, SECURITY, "%s does not work along with SecureBoot",
		       kind);
	if (!is_sev &&
	    is_true_at(g->domain, "firmware.bootloader.efi.persistent"))
		refuse(g, SECURITY,
		       "%s does not work along with Persistent EFI variables",
		       kind);
}

/* validateLaunchSecurity(), ValidateLaunchSecurityAmd64() */
void ask_launch_security(struct asked *g)
{
	const struct yaml_value *item;
	const char *kind;
	size_t i;

	if (!g->v->has_launch_security)
		return;
	kind = kind_of_security(g);
	if (!kind)
		return;
	ask_secure_boot(g, kind);
	if (!strcmp(kind, "SEV") && is_since(g, 1, 0) &&
	    is_there(g->domain, "launchSecurity.sev.attestation") &&
	    strcmp(yaml_text_at(g->spec, "startStrategy"), "Paused") != 0)
		refuse(g, SECURITY,
		       "SEV attestation requires VMI StartStrategy 'Paused'");
	for (i = 0, item = first_item(g->spec, INTERFACES); item;
	     i++, item = next_item(item))
		if (is_there(item, "bootOrder"))
			refuse(g, SECURITY,
			       "%s does not work with bootable NICs: %s", kind,
			       yaml_text_at(item, "name"));
}
