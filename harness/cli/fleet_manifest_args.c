// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/fleet_manifest_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/core/envinfo.h"
#include "harness/kubevirt/quantity.h"

#define MAX_NODES 5000 /* of a cluster (kubernetes.io, "large clusters") */
#define MAX_RUNS 1000
#define MAX_RETRIES 100
#define DEFAULT_DEADLINE_NS (6 * 3600 * NS_PER_S)
#define MAX_TOKEN_BYTES 256
/* A ConfigMap holds 1 MiB. */
#define MAX_FILE_BYTES (900 * KIB)
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* --- takers --- */

static int take_label(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	if (!name_is_label(arg, o->max))
		return err_set(
			err, -EINVAL,
			"--%s '%.80s' is not lower case letters, digits and dashes, at most %d",
			o->name, arg, (int)o->max);
	*(const char **)option_field(o, args) = arg;
	return 0;
}

/* Of objects, which may have dots. */
static int take_object(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	if (!name_is_subdomain(arg))
		return err_set(
			err, -EINVAL,
			"--%s '%.80s' cannot name an object of Kubernetes",
			o->name, arg);
	*(const char **)option_field(o, args) = arg;
	return 0;
}

static int take_arm(const struct option_row *o, const char *arg, void *args,
		    struct err *err)
{
	if (!*arg || !name_is_label_value(arg))
		return err_set(err, -EINVAL,
			       "--arm '%.80s' cannot be the value of a label",
			       arg);
	*(const char **)option_field(o, args) = arg;
	return 0;
}

static int take_quantity(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	struct quantity q;
	int ret = quantity_read(arg, &q, err);

	if (!ret && !q.nano)
		ret = err_set(err, -EINVAL, "0 is too little");
	if (ret) {
		err_wrap(err, "--%s", o->name);
		return -EINVAL;
	}
	*(const char **)option_field(o, args) = arg;
	return 0;
}

static int take_image(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	if (!*arg || arg[strspn(arg, LOWER UPPER DIGITS "-_./:@")])
		return err_set(err, -EINVAL,
			       "--image '%.80s' is no reference of an image",
			       arg);
	*(const char **)option_field(o, args) = arg;
	return 0;
}

static int take_device(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	static const char *const names[] = {"auto", "kvm", "mshv", "none"};
	size_t i;

	(void)o;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(arg, names[i])) {
			((struct fleet_manifest_args *)args)->manifest.device =
				(enum fleet_device)i;
			return 0;
		}
	return err_set(
		err, -EINVAL,
		"unknown device '%.40s'; there are auto, kvm, mshv and none",
		arg);
}

/* --- pairs --- */

static char *keep_word(struct fleet_manifest_args *a, const char *text,
		       size_t len)
{
	char *word = xasprintf("%.*s", (int)len, text);

	a->words[a->word_count++] = word;
	return word;
}

/* A label's or annotation's key: NAME, or DOMAIN/NAME. */
static bool is_key(const char *text)
{
	const char *slash = strchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	char domain[NODE_NAME_MAX + 1];

	if (!*name || !name_is_label_value(name))
		return false;
	if (!slash)
		return true;
	if ((size_t)(slash - text) > NODE_NAME_MAX)
		return false;
	snprintf(domain, sizeof(domain), "%.*s", (int)(slash - text), text);
	return name_is_subdomain(domain);
}

static int take_pair(struct fleet_manifest_args *a,
		     struct manifest_pairs *pairs, const char *text, size_t len,
		     struct err *err)
{
	char *word, *equals;

	if (pairs->count == MANIFEST_MAX_PAIRS)
		return err_set(err, -EINVAL, "more than %d pairs",
			       MANIFEST_MAX_PAIRS);
	word = keep_word(a, text, len);
	equals = strchr(word, '=');
	if (equals)
		*equals = '\0';
	if (!equals || !is_key(word))
		return err_set(err, -EINVAL, "'%.80s' is not KEY=VALUE", text);
	pairs->list[pairs->count++] = (struct manifest_pair){word, equals + 1};
	return 0;
}

static int take_annotation(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	struct fleet_manifest_args *a = args;

	(void)o;
	return take_pair(a, &a->manifest.annotations, arg, strlen(arg), err);
}

/* KEY=VALUE,... as of kubectl's -l, but for what a nodeSelector cannot say. */
static int take_selector(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	struct fleet_manifest_args *a = args;
	struct manifest_pairs *pairs = &a->manifest.selector;
	size_t len;
	int ret = 0;

	(void)o;
	for (; !ret && *arg; arg += len + (arg[len] == ',')) {
		len = strcspn(arg, ",");
		ret = take_pair(a, pairs, arg, len, err);
		if (!ret &&
		    !name_is_label_value(pairs->list[pairs->count - 1].value))
			ret = err_set(err, -EINVAL,
				      "'%.80s' is not KEY=VALUE of a label",
				      arg);
	}
	return ret;
}

/* KEY[=VALUE][:EFFECT] */
static int take_toleration(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	static const char *const effects[] = {"", "NoSchedule", "NoExecute",
					      "PreferNoSchedule"};
	struct fleet_manifest_args *a = args;
	struct fleet_manifest *m = &a->manifest;
	struct manifest_toleration t = {.effect = ""};
	char *word, *at;
	size_t i;

	(void)o;
	if (m->toleration_count == MANIFEST_MAX_PAIRS)
		return err_set(err, -EINVAL, "more than %d tolerations",
			       MANIFEST_MAX_PAIRS);
	t.key = word = keep_word(a, arg, strlen(arg));
	at = strchr(word, ':');
	if (at) {
		*at = '\0';
		t.effect = at + 1;
	}
	at = strchr(word, '=');
	if (at) {
		*at = '\0';
		t.value = at + 1;
	}
	for (i = 0; i < ARRAY_SIZE(effects); i++)
		if (!strcmp(t.effect, effects[i]))
			break;
	if (!is_key(word) || i == ARRAY_SIZE(effects) ||
	    (t.value && !name_is_label_value(t.value)))
		return err_set(
			err, -EINVAL,
			"--toleration '%.80s' is not KEY[=VALUE][:EFFECT]",
			arg);
	m->tolerations[m->toleration_count++] = t;
	return 0;
}

/* --- the table --- */

#define ARGS struct fleet_manifest_args
#define TEXT(field) OPTION_TEXT(ARGS, field)
#define FLAG(field) OPTION_FLAG(ARGS, manifest.field)
#define TIME(field) OPTION_DURATION(ARGS, manifest.field)
#define TAKEN(taker, field) \
	.take = (taker), .offset = OPTION_FIELD(ARGS, field, const char *)
#define QUANTITY(field) TAKEN(take_quantity, manifest.field)
#define OBJECT(field) TAKEN(take_object, manifest.field)

const struct option_row fleet_manifest_options[] = {
	{"fleet", "NAME",
	 "names the objects and the runs; at most 32 characters",
	 TAKEN(take_label, manifest.fleet), .max = FLEET_NAME_MAX},
	{"nodes", "NODES",
	 "a file, or - for standard input: what 'kubectl get nodes\n"
	 "-o json' prints, or one name per line. A number: so many\n"
	 "nodes of any name, which guarantees less",
	 TEXT(node_source)},
	{"selector", "KEY=VALUE,...", "labels of those nodes",
	 .take = take_selector},
	{"arm", "NAME", "of nodes without the label l1vh-bench/arm",
	 TAKEN(take_arm, manifest.arm)},
	{"runs", "N", "per node, one after the other (1)",
	 OPTION_U32(ARGS, manifest.run_count, 1, MAX_RUNS)},
	{"retries", "N", "of a failed run (0)",
	 OPTION_U32(ARGS, manifest.retry_count, 0, MAX_RETRIES)},
	{"deadline", "TIME", "for a Job, time in the queue included (6h)",
	 TIME(deadline_ns)},
	{"ttl", "TIME", "delete ended Jobs after this time (never)",
	 TIME(ttl_ns)},
	{"hold", "TIME",
	 "a pod occupies its node for this time (with names 0, else\n"
	 "60s and 0.1s per node)",
	 TIME(hold_ns)},
	{"schedule", "CRON", "CronJobs instead of Jobs: \"0 2 * * *\"",
	 TEXT(manifest.schedule)},
	{"time-zone", "NAME", "of the schedule (Etc/UTC)",
	 TEXT(manifest.time_zone)},
	{"out", "DIR", "write a Kustomize base there", TEXT(out)},

	{.help = "\nThe pods:"},
	{"image", "REF", "(localhost/l1vh-bench:REVISION, as of 'make image')",
	 TAKEN(take_image, manifest.image)},
	{"pull-secret", "NAME", "Secret for the registry", OBJECT(pull_secret)},
	{"plan", "FILE", "the run's plan, as a ConfigMap", TEXT(plan_file)},
	{"device", "NAME",
	 "kvm, mshv, none, or auto: as the node offers, mshv first;\n"
	 "kvm if only names are known (auto)",
	 .take = take_device},
	{"no-vhost-net", NULL, "do not ask for devices.kubevirt.io/vhost-net",
	 FLAG(has_no_vhost_net)},
	{"device-group", "GID", "group of the device's file, if it has one",
	 OPTION_U32(ARGS, manifest.device_group, 1, INT32_MAX)},
	{"cpu", "N", "request and limit (4)", QUANTITY(cpu)},
	{"memory", "SIZE", "request and limit (8Gi)", QUANTITY(memory)},
	{"results-size", "SIZE", "room for results (10Gi)",
	 QUANTITY(results_size)},
	{"results-claim", "SIZE",
	 "results on a PersistentVolumeClaim per node, which\n"
	 "outlives the pod",
	 QUANTITY(results_claim)},
	{"storage-class", "NAME", "of all claims", OBJECT(storage_class)},
	{"toleration", "KEY[=VALUE][:EFFECT]", "may be repeated",
	 .take = take_toleration},
	{"tolerate-all", NULL, "tolerate every taint of a node",
	 FLAG(tolerates_all)},
	{"annotation", "KEY=VALUE", "of the pods; may be repeated",
	 .take = take_annotation},
	{"imds", NULL, "ask Azure for the size and the tags of the node's VM",
	 FLAG(has_imds)},
	{"privileged", NULL,
	 "root with all rights and the host's /dev: for VFIO and for\n"
	 "VMMs that need more than their device",
	 FLAG(is_privileged)},

	{.help = "\nWhere results go:"},
	{"push", "URL", "a dashboard (that of --serve)",
	 TEXT(manifest.push_url)},
	{"token-secret", "NAME",
	 "Secret whose key 'token' is the token (l1vh-bench-push)",
	 OBJECT(token_secret)},
	{"token-file", "FILE", "make that Secret: the output holds the token",
	 TEXT(token_file)},
	{"ca-file", "FILE", "trust this certificate, PEM", TEXT(ca_file)},
	{"serve", NULL, "a dashboard in the same namespace", FLAG(has_serve)},
	{"tokens-secret", "NAME",
	 "Secret whose key 'tokens' is its file of tokens\n"
	 "(l1vh-bench-tokens)",
	 OBJECT(tokens_secret)},
	{"tokens-file", "FILE", "make that Secret", TEXT(tokens_file)},
	{"storage", "SIZE", "of its store (20Gi)", QUANTITY(storage)},
	{"store-secret", "NAME",
	 "Secret whose key 'url' is that of a PostgreSQL",
	 OBJECT(store_secret)},
	{"monitor", "NAMESPACE", "a ServiceMonitor, for Prometheus there",
	 TAKEN(take_label, manifest.monitor_space), .max = NODE_LABEL_MAX},
	{"namespace", "NAME", "(l1vh-bench)", TAKEN(take_label, manifest.space),
	 .max = NODE_LABEL_MAX},
	{"no-namespace", NULL, "do not make the namespace", FLAG(has_no_space)},
	{0},
};

/* --- files --- */

static int read_file(const char *path, size_t max, char **text, struct err *err)
{
	struct strbuf sb = {0};
	int ret;

	if (!path)
		return 0;
	ret = file_read_whole(path, max, &sb);
	if (ret)
		return err_sys(err, ret, "cannot read '%s'", path);
	if (!sb.len || strlen(sb.str) != sb.len) {
		strbuf_release(&sb);
		return err_set(err, -EINVAL, "'%s' is %s", path,
			       sb.len ? "not text" : "empty");
	}
	*text = sb.str;
	return 0;
}

static int read_files(struct fleet_manifest_args *a, struct err *err)
{
	struct fleet_manifest *m = &a->manifest;
	int ret = read_file(a->plan_file, MAX_FILE_BYTES, &a->plan, err);

	if (!ret)
		ret = read_file(a->token_file, MAX_TOKEN_BYTES, &a->token, err);
	if (!ret)
		ret = read_file(a->tokens_file, MAX_FILE_BYTES, &a->tokens,
				err);
	if (!ret)
		ret = read_file(a->ca_file, MAX_FILE_BYTES, &a->ca, err);
	if (a->token)
		a->token[strcspn(a->token, " \t\r\n")] = '\0';
	if (!ret && a->token && !*a->token)
		ret = err_set(err, -EINVAL, "'%s' has no token", a->token_file);
	m->plan = a->plan;
	m->token = a->token;
	m->tokens = a->tokens;
	m->ca = a->ca;
	return ret;
}

static int read_nodes(struct fleet_manifest_args *a, struct err *err)
{
	const char *path = a->node_source;
	bool is_stdin = !strcmp(path, "-");
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	int ret;

	if (!in)
		return err_sys(err, -errno, "cannot open '%s'", path);
	ret = node_list_read(in, &a->nodes, err);
	if (!is_stdin)
		fclose(in);
	if (ret)
		err_wrap(err, "nodes of '%s'", path);
	a->manifest.nodes = &a->nodes;
	return ret;
}

/* Digits are a number; a file of such a name is "./50". */
static int take_nodes(struct fleet_manifest_args *a, struct err *err)
{
	struct fleet_manifest *m = &a->manifest;
	uint64_t count;
	int ret;

	if (!a->node_source)
		return err_set(err, -EINVAL,
			       "--nodes is missing: a file, - or a number");
	if (!*a->node_source || a->node_source[strspn(a->node_source, DIGITS)])
		return read_nodes(a, err);
	ret = units_parse_uint(a->node_source, 1, MAX_NODES, &count, err);
	if (ret)
		return err_wrap(err, "--nodes");
	m->node_count = (uint32_t)count;
	if (!m->hold_ns)
		m->hold_ns = fleet_manifest_hold_ns(m->node_count);
	return 0;
}

static int check(const struct fleet_manifest *m, struct err *err)
{
	if (!m->fleet)
		return err_set(err, -EINVAL, "--fleet is missing: a name");
	if (!m->push_url && !m->has_serve && !m->results_claim)
		return err_set(
			err, -EINVAL,
			"results would end with their pods: give --push, --serve or --results-claim");
	if (m->monitor_space && !m->has_serve)
		return err_set(err, -EINVAL, "--monitor needs --serve");
	return 0;
}

int fleet_manifest_args_parse(int argc, char **argv,
			      struct fleet_manifest_args *args, struct err *err)
{
	struct fleet_manifest *m = &args->manifest;
	int ret;

	*args = (struct fleet_manifest_args){
		.manifest = {.space = "l1vh-bench",
			     .run_count = 1,
			     .deadline_ns = DEFAULT_DEADLINE_NS,
			     .time_zone = "Etc/UTC",
			     .cpu = "4",
			     .memory = "8Gi",
			     .results_size = "10Gi",
			     .token_secret = "l1vh-bench-push",
			     .tokens_secret = "l1vh-bench-tokens",
			     .storage = "20Gi"}};
	ret = option_parse(argc, argv, fleet_manifest_options, args, err);
	if (ret)
		return ret;
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return err_set(err, -EINVAL,
			       "'%s' is not an option; those of run follow --",
			       argv[optind]);
	m->version = envinfo_revision();
	if (!m->image)
		m->image = args->image =
			xasprintf("localhost/l1vh-bench:%s", m->version);
	m->run_args = (const char *const *)argv + optind;
	m->run_arg_count = (size_t)(argc - optind);
	ret = check(m, err);
	if (!ret)
		ret = read_files(args, err);
	return ret ? ret : take_nodes(args, err);
}

void fleet_manifest_args_release(struct fleet_manifest_args *args)
{
	size_t i;

	for (i = 0; i < args->word_count; i++)
		free(args->words[i]);
	free(args->image);
	free(args->plan);
	free(args->token);
	free(args->tokens);
	free(args->ca);
	node_list_release(&args->nodes);
}
