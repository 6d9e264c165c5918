// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/node/nodeprobe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"

#define MISC_MAJOR 10
#define MAX_PROC_BYTES (64 * KIB)
#define MAX_CONFIG_BYTES (4 * MIB) /* a kernel's has a third of one */
#define PATH_SIZE 4096
/* Only <linux/kvm.h> has it, which is the backends' alone. */
#define IOCTL_KVM_GET_API_VERSION _IO(0xAE, 0x00)

const struct node_device_kind node_devices[DEVICE_COUNT] = {
	[DEVICE_KVM] = {"/dev/kvm", "kvm"},
	[DEVICE_MSHV] = {"/dev/mshv", "mshv"},
	[DEVICE_VFIO] = {"/dev/vfio/vfio", "vfio"},
	[DEVICE_VHOST_NET] = {"/dev/vhost-net", "vhost-net"},
	[DEVICE_TUN] = {"/dev/net/tun", "tun"},
	[DEVICE_VHOST_VSOCK] = {"/dev/vhost-vsock", "vhost-vsock"},
	[DEVICE_IOMMU] = {"/dev/iommu", "iommu"},
};

const struct node_option node_options[OPTION_COUNT] = {
	[OPTION_KVM] = {"CONFIG_KVM", "/dev/kvm"},
	[OPTION_KVM_INTEL] = {"CONFIG_KVM_INTEL", "KVM on VMX"},
	[OPTION_KVM_AMD] = {"CONFIG_KVM_AMD", "KVM on SVM"},
	[OPTION_KVM_PVM] = {"CONFIG_KVM_PVM", "KVM without either"},
	[OPTION_KVM_HYPERV] = {"CONFIG_KVM_HYPERV",
			       "Hyper-V leaves for guests of KVM"},
	[OPTION_MSHV_ROOT] = {"CONFIG_MSHV_ROOT", "/dev/mshv"},
	[OPTION_HYPERV] = {"CONFIG_HYPERV", "CONFIG_MSHV_ROOT"},
	[OPTION_VFIO] = {"CONFIG_VFIO", "passthrough"},
	[OPTION_VFIO_PCI] = {"CONFIG_VFIO_PCI", "passthrough of PCI devices"},
	[OPTION_VFIO_IOMMU_TYPE1] = {"CONFIG_VFIO_IOMMU_TYPE1",
				     "passthrough with an IOMMU"},
	[OPTION_VFIO_NOIOMMU] = {"CONFIG_VFIO_NOIOMMU",
				 "passthrough without an IOMMU, unsafe"},
	[OPTION_IOMMUFD] = {"CONFIG_IOMMUFD", "/dev/iommu"},
	[OPTION_CGROUPS] = {"CONFIG_CGROUPS", "pods"},
	[OPTION_MEMCG] = {"CONFIG_MEMCG", "memory limits of pods"},
};

const char *const node_program_names[PROGRAM_COUNT] = {
	[PROGRAM_QEMU] = "qemu-system-x86_64",
	[PROGRAM_VIRSH] = "virsh",
	[PROGRAM_LIBVIRTD] = "libvirtd",
	[PROGRAM_VIRTQEMUD] = "virtqemud",
};

static const char *under(const char *root, const char *path, char *buf)
{
	snprintf(buf, PATH_SIZE, "%s%s", root, path);
	return buf;
}

static void first_line(const char *root, const char *path, char *buf,
		       size_t size)
{
	char full[PATH_SIZE];

	file_first_line(under(root, path, full), buf, size);
	text_clean(buf);
}

/* Lines "NUMBER NAME" of /proc/misc. */
static int misc_minor(const char *root, const char *name)
{
	struct strbuf text = {0};
	char path[PATH_SIZE], found[32];
	int minor = MISC_NONE;
	unsigned int number;
	const char *line;

	if (file_read(under(root, "/proc/misc", path), MAX_PROC_BYTES, &text))
		minor = MISC_UNKNOWN;
	for (line = strbuf_str(&text); *line && minor == MISC_NONE;) {
		if (sscanf(line, "%7u %31s", &number, found) == 2 &&
		    !strcmp(found, name))
			minor = (int)number;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	strbuf_release(&text);
	return minor;
}

static void set_owner(struct node_device *d)
{
	const struct passwd *user = getpwuid(d->uid);
	const struct group *group = getgrgid(d->gid);

	snprintf(d->owner, sizeof(d->owner), "%s", user ? user->pw_name : "?");
	snprintf(d->group, sizeof(d->group), "%s",
		 group ? group->gr_name : "?");
	text_clean(d->owner);
	text_clean(d->group);
}

/*
 * Opening a node whose driver is not there makes the kernel load it, and one
 * of another number is another device, a watchdog maybe, which open() starts.
 */
static bool is_safe_to_open(const struct node_device_kind *kind,
			    struct node_device *d)
{
	if (!d->is_char)
		snprintf(d->reason, sizeof(d->reason), "not a device node");
	else if (d->misc_minor == MISC_UNKNOWN)
		snprintf(d->reason, sizeof(d->reason),
			 "not opened: /proc/misc cannot be read");
	else if (d->misc_minor == MISC_NONE)
		snprintf(d->reason, sizeof(d->reason),
			 "a node without its driver: /proc/misc has no %s",
			 kind->misc_name);
	else if (d->major != MISC_MAJOR ||
		 d->minor != (unsigned int)d->misc_minor)
		snprintf(d->reason, sizeof(d->reason),
			 "another device's node: /proc/misc has %s as %d:%d",
			 kind->misc_name, MISC_MAJOR, d->misc_minor);
	return !d->reason[0];
}

static void gather_device(const char *root, const struct node_device_kind *kind,
			  struct node_device *d)
{
	char path[PATH_SIZE];
	struct stat st;
	int fd;

	d->misc_minor = misc_minor(root, kind->misc_name);
	if (stat(under(root, kind->path, path), &st)) {
		snprintf(d->reason, sizeof(d->reason), "%s",
			 errno == ENOENT ? "no such device" : strerror(errno));
		return;
	}
	d->is_there = true;
	d->is_char = S_ISCHR(st.st_mode);
	d->mode = st.st_mode & 07777;
	d->uid = st.st_uid;
	d->gid = st.st_gid;
	d->major = major(st.st_rdev);
	d->minor = minor(st.st_rdev);
	set_owner(d);
	if (!is_safe_to_open(kind, d))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	d->can_open = fd >= 0;
	if (fd < 0)
		snprintf(d->reason, sizeof(d->reason), "cannot be opened: %s",
			 strerror(errno));
	else
		close(fd);
}

static int kvm_api_version(const char *root, const struct node_device *kvm)
{
	char path[PATH_SIZE];
	int fd, version;

	if (!kvm->can_open)
		return -ENODEV;
	fd = open(under(root, node_devices[DEVICE_KVM].path, path),
		  O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	version = ioctl(fd, IOCTL_KVM_GET_API_VERSION, 0);
	if (version < 0)
		version = -errno;
	close(fd);
	return version;
}

static void gather_devices(const struct node_source *s, struct node *n)
{
	size_t i;

	for (i = 0; i < DEVICE_COUNT; i++)
		gather_device(s->root, &node_devices[i], &n->devices[i]);
	n->kvm_api_version = kvm_api_version(s->root, &n->devices[DEVICE_KVM]);
	n->kvm_module = kvm_vendor_module_under(s->root);
	n->kvm_grade =
		grade_classify_kvm(s->grade, n->kvm_module, s->has_vmx_or_svm);
}

/* zlib also reads uncompressed files. */
static int read_config(const char *path, struct strbuf *out)
{
	char buf[16384];
	gzFile file;
	int n = 0;

	errno = 0;
	file = gzopen(path, "rbe");
	if (!file)
		return errno ? -errno : -ENOMEM;
	while (out->len <= MAX_CONFIG_BYTES &&
	       (n = gzread(file, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
	/* It is the last to say that an end was missing. */
	if (gzclose(file) != Z_OK || n < 0)
		return -EIO;
	if (out->len > MAX_CONFIG_BYTES)
		return -EFBIG;
	return strstr(strbuf_str(out), "CONFIG_") ? 0 : -EINVAL;
}

/* What stands behind "NAME=" at the start of a line. */
static void find_option(const char *config, const char *name, char *value,
			size_t size)
{
	size_t len = strlen(name);
	const char *p = config;

	while ((p = strstr(p, name))) {
		bool is_start = p == config || p[-1] == '\n';

		p += len;
		if (!is_start || *p != '=')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(p + 1, "\n"), p + 1);
		text_clean(value);
		return;
	}
}

static const char *config_fault(int code)
{
	switch (code) {
	case -ENOENT:
		return "absent";
	case -EIO:
		return "damaged";
	case -EINVAL:
		return "no configuration";
	default:
		return strerror(-code);
	}
}

static void gather_config(const struct node_source *s, struct node *n)
{
	char boot[96], path[PATH_SIZE];
	const char *const files[] = {"/proc/config.gz", boot};
	struct strbuf why = {0};
	size_t i, k;

	snprintf(boot, sizeof(boot), "/boot/config-%s", n->kernel_release);
	for (i = 0; i < ARRAY_SIZE(files) && !n->config_source[0]; i++) {
		struct strbuf text = {0};
		int ret = read_config(under(s->root, files[i], path), &text);

		strbuf_printf(&why, "%s%s: %s", i ? ", " : "", files[i],
			      config_fault(ret));
		if (!ret)
			snprintf(n->config_source, sizeof(n->config_source),
				 "%s", files[i]);
		for (k = 0; !ret && k < OPTION_COUNT; k++)
			find_option(strbuf_str(&text), node_options[k].name,
				    n->options[k], sizeof(n->options[k]));
		strbuf_release(&text);
	}
	if (!n->config_source[0])
		snprintf(n->config_reason, sizeof(n->config_reason), "%s",
			 strbuf_str(&why));
	strbuf_release(&why);
}

static int ask(const char *program, const char *const *args, size_t arg_count,
	       struct strbuf *out, struct node_program *p)
{
	const char *argv[4] = {program};
	struct err err = {0};
	int ret;

	memcpy(argv + 1, args, arg_count * sizeof(*args));
	ret = proc_capture(argv, NULL, out, &err);
	if (ret)
		snprintf(p->reason, sizeof(p->reason), "%.150s",
			 ret == -ENOENT ? "not installed" : err.msg);
	text_clean(p->reason);
	return ret;
}

static void gather_version(const char *program, struct node_program *p)
{
	static const char *const args[] = {"--version"};
	struct strbuf out = {0};

	if (!program) {
		snprintf(p->reason, sizeof(p->reason), "not asked");
		return;
	}
	if (!ask(program, args, ARRAY_SIZE(args), &out, p))
		snprintf(p->line, sizeof(p->line), "%.*s",
			 (int)strcspn(strbuf_str(&out), "\n"),
			 strbuf_str(&out));
	if (!p->line[0] && !p->reason[0])
		snprintf(p->reason, sizeof(p->reason), "it prints nothing");
	text_clean(p->line);
	strbuf_release(&out);
}

/* A heading, and a name a line. */
static void gather_accelerators(const char *qemu, struct node *n)
{
	static const char *const args[] = {"-accel", "help"};
	struct node_program unused = {.line = ""};
	struct strbuf out = {0};
	const char *p;
	size_t used = 0;

	snprintf(n->accelerators, sizeof(n->accelerators), " ");
	if (!n->programs[PROGRAM_QEMU].line[0] ||
	    ask(qemu, args, ARRAY_SIZE(args), &out, &unused))
		goto out;
	for (p = strbuf_str(&out); *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (len && len < 16 && !memchr(p, ' ', len) &&
		    used + len + 3 < sizeof(n->accelerators))
			used += (size_t)snprintf(n->accelerators + used,
						 sizeof(n->accelerators) - used,
						 " %.*s ", (int)len, p) -
				1;
		p += len;
	}
	text_clean(n->accelerators);
out:
	strbuf_release(&out);
}

static void gather_programs(const struct node_source *s, struct node *n)
{
	size_t i;

	for (i = 0; i < PROGRAM_COUNT; i++)
		gather_version(s->programs[i], &n->programs[i]);
	gather_accelerators(s->programs[PROGRAM_QEMU], n);
}

static int count_entries(const char *root, const char *path)
{
	char full[PATH_SIZE];
	DIR *dir = opendir(under(root, path, full));
	struct dirent *e;
	int count = 0;

	if (!dir)
		return -1;
	while ((e = readdir(dir)))
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void gather_functions(const struct node_source *s, struct node *n)
{
	struct pci_host *all;
	size_t count = pci_host_list(s->root, &all);

	n->function_count =
		count < NODE_MAX_FUNCTIONS ? count : NODE_MAX_FUNCTIONS;
	memcpy(n->functions, all, n->function_count * sizeof(*all));
	free(all);
}

static void gather_vfio(const struct node_source *s, struct node *n)
{
	static const char *const modules[] = {
		"vfio",    "vfio_pci", "vfio_pci_core", "vfio_iommu_type1",
		"iommufd", "mdev",     "pci_hyperv"};
	char name[64], path[PATH_SIZE];
	size_t i, used = 0;

	gather_functions(s, n);
	n->iommu_group_count =
		count_entries(s->root, "/sys/kernel/iommu_groups");
	n->iommu_unit_count = count_entries(s->root, "/sys/class/iommu");
	first_line(s->root,
		   "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		   n->noiommu, sizeof(n->noiommu));
	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(name, sizeof(name), "/sys/module/%s", modules[i]);
		if (!access(under(s->root, name, path), F_OK))
			used += (size_t)snprintf(n->vfio_modules + used,
						 sizeof(n->vfio_modules) - used,
						 "%s%s", used ? " " : "",
						 modules[i]);
	}
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *p = line;

	for (; (p = strstr(p, word)); p += len)
		if ((p == line || p[-1] == ' ') &&
		    (!p[len] || p[len] == ' ' || p[len] == '\n'))
			return true;
	return false;
}

/* "NAME HIERARCHY GROUPS ENABLED": of v1 it is where there is a hierarchy. */
static bool has_v1_controller(const char *table, const char *name)
{
	unsigned int hierarchy, groups, enabled;
	const char *line = table;
	char found[32];

	while (*line) {
		if (sscanf(line, "%31s %9u %9u %9u", found, &hierarchy, &groups,
			   &enabled) == 4 &&
		    !strcmp(found, name))
			return hierarchy && enabled;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

static void gather_cgroup(const struct node_source *s, struct node *n)
{
	struct strbuf table = {0};
	char path[PATH_SIZE], line[256];

	under(s->root, "/sys/fs/cgroup/cgroup.controllers", path);
	if (!access(path, F_OK)) {
		n->cgroup_version = 2;
		first_line("", path, line, sizeof(line));
		n->has_memory_controller = has_word(line, "memory");
		return;
	}
	if (file_read(under(s->root, "/proc/cgroups", path), MAX_PROC_BYTES,
		      &table))
		return;
	if (count_entries(s->root, "/sys/fs/cgroup") > 0)
		n->cgroup_version = 1;
	n->has_memory_controller =
		has_v1_controller(strbuf_str(&table), "memory");
	under(s->root, "/sys/fs/cgroup/unified/cgroup.controllers", path);
	n->is_cgroup_hybrid = !access(path, F_OK);
	strbuf_release(&table);
}

static void gather_memory(const struct node_source *s, struct node *n)
{
	gather_cgroup(s, n);
	n->memlock_bytes = s->memlock_bytes;
	first_line(s->root,
		   "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
		   n->hugepages_2mib, sizeof(n->hugepages_2mib));
	first_line(s->root,
		   "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
		   n->hugepages_1gib, sizeof(n->hugepages_1gib));
}

void node_source_of_host(struct node_source *s)
{
	struct rlimit limit = {0};
	struct utsname u = {.release = ""};

	*s = (struct node_source){
		.root = "",
		.partition = partition_of_host(),
		.kernel_log = kernel_log_of_host(),
		.grade = grade_of_host(),
		.has_vmx_or_svm = cpu_has_vmx_or_svm(),
	};
	uname(&u);
	snprintf(s->kernel_release, sizeof(s->kernel_release), "%s", u.release);
	getrlimit(RLIMIT_MEMLOCK, &limit);
	s->memlock_bytes =
		limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	memcpy(s->programs, node_program_names, sizeof(s->programs));
}

void node_gather(const struct node_source *s, struct node *n)
{
	*n = (struct node){.partition = s->partition,
			   .kernel_log = s->kernel_log};
	snprintf(n->kernel_release, sizeof(n->kernel_release), "%s",
		 s->kernel_release);
	text_clean(n->kernel_release);
	gather_devices(s, n);
	gather_config(s, n);
	gather_programs(s, n);
	gather_vfio(s, n);
	gather_memory(s, n);
}
