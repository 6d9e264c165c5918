// SPDX-License-Identifier: GPL-3.0-or-later
/* node_list: nodes as kubectl tells them or as lines; hostile lists are refused
 * with the line. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/strbuf.h"
#include "harness/fleet/engine/node_list.h"
#include "tests/unit/fixture/expect.h"

static int read_bytes(const char *text, size_t len, struct node_list *list,
		      struct err *err)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	int ret;

	assert_non_null(in);
	ret = node_list_read(in, list, err);
	fclose(in);
	return ret;
}

static void read_list(const char *text, struct node_list *list)
{
	struct err err;

	if (read_bytes(text, strlen(text), list, &err))
		fail_msg("%s", err.msg);
}

static void names_come_one_per_line_in_any_form(void **state)
{
	struct node_list list;

	(void)state;
	read_list("# of pool 7\nnode/worker-2\r\n\n  worker-10 # late\n"
		  "a.b.example\nworker-1",
		  &list);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.nodes[0].name, "a.b.example");
	assert_string_equal(list.nodes[1].name, "worker-1");
	assert_string_equal(list.nodes[2].name, "worker-10");
	assert_string_equal(list.nodes[3].name, "worker-2");
	assert_int_equal(list.nodes[2].line, 4);
	assert_string_equal(list.nodes[0].zone, "");
	assert_true(list.nodes[0].is_ready);
	assert_false(list.has_details);
	node_list_release(&list);
}

#define TWO_NODES                                                                                                                           \
	"{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n"                                                                       \
	" {\"kind\": \"Node\", \"metadata\": {\"name\": \"n2\", \"labels\": {\"topology.kubernetes.io/zone\": \"z-1\",\n"                   \
	"  \"topology.kubernetes.io/region\": \"r\", \"node.kubernetes.io/instance-type\": \"Standard_D8s_v5\",\n"                          \
	"  \"l1vh-bench/arm\": \"l1vh\"}},\n"                                                                                               \
	"  \"spec\": {\"unschedulable\": true, \"taints\": [{\"key\": \"dedicated\", \"value\": \"b\", \"effect\": \"NoSchedule\"}]},\n"    \
	"  \"status\": {\"allocatable\": {\"devices.kubevirt.io/mshv\": \"1k\", \"devices.kubevirt.io/kvm\": \"0\"},\n"                     \
	"   \"conditions\": [{\"type\": \"MemoryPressure\", \"status\": \"True\"}, {\"type\": \"Ready\", \"status\": \"Unknown\"}],\n"      \
	"   \"images\": [{\"names\": [\"a\"]}]}},\n"                                                                                        \
	" {\"kind\": \"Node\", \"metadata\": {\"name\": \"n1\"}, \"status\": {\"allocatable\": {\"devices.kubevirt.io/vhost-net\": 1000,\n" \
	"   \"devices.kubevirt.io/kvm\": 1000}, \"conditions\": [{\"type\": \"Ready\", \"status\": \"True\"}]}}]}\n"

static void objects_tell_place_arm_taints_and_devices(void **state)
{
	const struct listed_node *n;
	struct node_list list;

	(void)state;
	read_list(TWO_NODES, &list);
	assert_int_equal(list.count, 2);
	assert_true(list.has_details);
	n = &list.nodes[0];
	assert_string_equal(n->name, "n1");
	assert_true(n->is_ready && n->has_kvm && n->has_vhost_net);
	assert_false(n->has_mshv || n->is_cordoned);
	assert_int_equal(n->taint_count, 0);
	n = &list.nodes[1];
	assert_string_equal(n->name, "n2");
	assert_string_equal(n->zone, "z-1");
	assert_string_equal(n->region, "r");
	assert_string_equal(n->instance_type, "Standard_D8s_v5");
	assert_string_equal(n->arm, "l1vh");
	assert_true(n->is_cordoned && n->has_mshv);
	assert_false(n->is_ready || n->has_kvm || n->has_vhost_net);
	assert_int_equal(n->taint_count, 1);
	assert_string_equal(n->taints[0].key, "dedicated");
	assert_string_equal(n->taints[0].effect, "NoSchedule");
	node_list_release(&list);
}

static void a_single_object_is_a_list_of_one(void **state)
{
	struct node_list list;

	(void)state;
	read_list("{\"kind\": \"Node\", \"metadata\": {\"name\": \"n\"}}",
		  &list);
	assert_int_equal(list.count, 1);
	node_list_release(&list);
}

#define ROW(text, says)                      \
	{                                    \
		text, sizeof(text) - 1, says \
	}
#define NODE(rest) "{\"kind\": \"Node\", \"metadata\": {\n\"name\": " rest

static void hostile_lists_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} rows[] = {
		ROW("\n", "the list has no node"),
		ROW("# none\n", "the list has no node"),
		ROW("a\nUpper\n", "line 2: 'Upper' is not the name of a node"),
		ROW("a\nb c\n", "line 2: 'b c' is not"),
		ROW("a\nb\"\n", "line 2"),
		ROW("a\n../b\n", "line 2"),
		ROW("a\nb-\n", "line 2"),
		ROW("-a\n", "line 1"),
		ROW("a..b\n", "line 1"),
		ROW("a\nn\303\266de\n", "line 2: 'n??de'"),
		ROW("a\nb\033[2J\n", "line 2: 'b?[2J'"),
		ROW("a\nb\0c\n", "line 2: it has a NUL byte"),
		/* Behind which a node would have been lost. */
		ROW("a\nb\rc\n", "line 2: it has a carriage return"),
		ROW("# nodes\ra\n", "line 1: it has a carriage return"),
		ROW("\377\376a\0\n\0", "line 1: it is UTF-16"),
		ROW("a\nb\nnode/a\n", "lines 1 and 3 both name node 'a'"),
		ROW("{\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}",
		    "'Pod' is not a Node"),
		ROW("{\"items\": []}", "the list has no node"),
		ROW("{\"items\": [\n{\"metadata\": {}}]}", "line 2: ''"),
		ROW("{\"items\": [3]}", "line 1"),
		ROW("{\"items\"", "line"),
		ROW(NODE("\"A\"}}"), "line 2: 'A' is not the name"),
		ROW(NODE("\"a\",\n\"labels\": {\"l1vh-bench/arm\": \"a b\"}}}"),
		    "line 3: 'a b' is not the value of a label"),
		ROW(NODE("\"a\"}, \"spec\": {\"taints\": [\n{\"key\": \"k\", \"effect\": \"Never\"}]}}"),
		    "line 3: 'k' is not a taint"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_list list;
		struct err err = {0};

		if (read_bytes(rows[i].text, rows[i].len, &list, &err) !=
		    -EINVAL)
			fail_msg("taken: %s", rows[i].text);
		assert_contains(err.msg, rows[i].says);
		node_list_release(&list);
	}
}

/* 63 bytes between dots and 253 in all are a name, one more is none. */
static void names_have_kubernetes_lengths(void **state)
{
	char label[66], name[256];
	size_t i;

	(void)state;
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	assert_false(name_is_subdomain(label));
	assert_false(name_is_label(label, 100));
	label[63] = '\0';
	assert_true(name_is_subdomain(label));
	assert_true(name_is_label(label, 63));
	assert_false(name_is_label(label, 62));
	memset(name, 'b', sizeof(name));
	for (i = 60; i < sizeof(name); i += 60)
		name[i] = '.';
	name[254] = '\0';
	assert_false(name_is_subdomain(name));
	name[253] = '\0';
	assert_true(name_is_subdomain(name));
	assert_true(name_is_label_value(""));
	assert_true(name_is_label_value("A_1.b"));
	assert_false(name_is_label_value("_a"));
	assert_false(name_is_label("a.b", 63));
	assert_false(name_is_label("", 63));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_one_per_line_in_any_form),
		cmocka_unit_test(objects_tell_place_arm_taints_and_devices),
		cmocka_unit_test(a_single_object_is_a_list_of_one),
		cmocka_unit_test(hostile_lists_are_refused_with_the_line),
		cmocka_unit_test(names_have_kubernetes_lengths),
	};

	return RUN_TESTS(tests);
}
