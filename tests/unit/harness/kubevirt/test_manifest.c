// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * manifest: the guests of each kind of object, of lists and templates, in
 * order, with where they stand; a remark on all else, but for what never holds
 * a guest a harmless one.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <time.h>

#include "harness/base/strbuf.h"
#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/manifest.h"
#include "tests/unit/fixture/expect.h"

static const char *text_at(const struct yaml_value *v, const char *path)
{
	const char *text = yaml_text_of(yaml_at(v, path));

	return text ? text : "-";
}

/* "VirtualMachine name@1:2 x3 1Gi", with what its template says of memory. */
static void write_guest(const struct manifest_guest *g, void *arg)
{
	struct strbuf *out = arg;

	strbuf_printf(out, "%s %s%s%s@%zu:%zu", g->kind, g->space,
		      *g->space ? "/" : "", g->name, g->document, g->line);
	if (g->replica_count != 1)
		strbuf_printf(out, " x%llu",
			      (unsigned long long)g->replica_count);
	if (g->instancetype)
		strbuf_printf(out, " type %s",
			      text_at(g->instancetype, "name"));
	if (g->preference)
		strbuf_printf(out, " preference %s",
			      text_at(g->preference, "name"));
	strbuf_printf(out, " %s\n",
		      text_at(g->instance, "spec.domain.memory.guest"));
}

static void write_remark(const struct manifest_remark *r, void *arg)
{
	strbuf_printf(arg, "%s @%zu:%zu %s\n",
		      r->is_harmless ? "harmless" : "remark", r->document,
		      r->line, r->text);
}

static int visit(const char *text, const struct manifest_options *options,
		 struct strbuf *out, struct err *err)
{
	const struct manifest_visitor visitor = {
		.guest = write_guest,
		.remark = write_remark,
		.arg = out,
	};

	return manifest_visit_bytes(text, strlen(text), options, &visitor, err);
}

struct visit_case {
	const char *text, *seen;
};

static void expect_seen(const struct visit_case *cases, size_t count,
			const struct manifest_options *options)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct strbuf out = {0};
		struct err err;

		if (visit(cases[i].text, options, &out, &err))
			fail_msg("%s: %s", cases[i].text, err.msg);
		if (strcmp(strbuf_str(&out), cases[i].seen) != 0)
			fail_msg("%s gives\n%s", cases[i].text,
				 strbuf_str(&out));
		strbuf_release(&out);
	}
}

#define DOMAIN(memory) "spec: {domain: {memory: {guest: " memory "}}}"
#define TEMPLATE(memory) "template: {" DOMAIN(memory) "}"

static void each_kind_has_its_guest(void **state)
{
	static const struct visit_case cases[] = {
		{"kind: VirtualMachineInstance\n"
		 "metadata: {name: a, namespace: n}\n" DOMAIN("1Gi"),
		 "VirtualMachineInstance n/a@1:1 1Gi\n"},
		{"{kind: VirtualMachine, metadata: {name: 5},"
		 " spec: {" TEMPLATE("2Gi") "}}",
		 "VirtualMachine 5@1:1 2Gi\n"},
		{"{kind: VirtualMachine, metadata: {generateName: a-},"
		 " spec: {instancetype: {name: u1},"
		 " preference: {name: p}, " TEMPLATE("2Gi") "}}",
		 "VirtualMachine a-@1:1 type u1 preference p 2Gi\n"},
		{"{kind: VirtualMachineInstanceReplicaSet, metadata: {name: a},"
		 " spec: {replicas: 7, " TEMPLATE("3Gi") "}}",
		 "VirtualMachineInstanceReplicaSet a@1:1 x7 3Gi\n"},
		{"{kind: VirtualMachinePool, metadata: {name: a},"
		 " spec: {replicas: 0, virtualMachineTemplate: {spec:"
		 " {instancetype: {name: u1}, " TEMPLATE("4Gi") "}}}}",
		 "VirtualMachinePool a@1:1 x0 type u1 4Gi\n"},
		{"{kind: VirtualMachineTemplate, spec: {virtualMachine:"
		 " {metadata: {name: a}, spec: {" TEMPLATE("5Gi") "}}}}",
		 "VirtualMachine a@1:1 5Gi\n"},
		/* A count that is none is left to KubeVirt's default. */
		{"{kind: VirtualMachineInstanceReplicaSet,"
		 " spec: {replicas: many, " TEMPLATE("1Gi") "}}",
		 "VirtualMachineInstanceReplicaSet @1:1 1Gi\n"},
		/* An instance cannot name a type. */
		{"{kind: VirtualMachineInstance, spec:"
		 " {instancetype: {name: x},"
		 " domain: {}}}",
		 "VirtualMachineInstance @1:1 -\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

#define VMI(name) "kind: VirtualMachineInstance\nmetadata: {name: " name "}\n"

static void documents_and_lists_hold_many(void **state)
{
	static const struct visit_case cases[] = {
		{"", ""},
		{"---\n---\n", ""},
		{"# nothing\n", ""},
		{VMI("a") "---\n---\n" VMI("b") "...\n",
		 "VirtualMachineInstance a@1:1 -\n"
		 "VirtualMachineInstance b@3:5 -\n"},
		{"{\"kind\": \"VirtualMachineInstance\"}\n---\n"
		 "{\"kind\": \"VirtualMachineInstance\"}",
		 "VirtualMachineInstance @1:1 -\n"
		 "VirtualMachineInstance @2:3 -\n"},
		{"kind: List\nitems:\n- {kind: VirtualMachineInstance,"
		 " metadata: {name: a}}\n- kind: Secret\n- {kind: List, items:"
		 " [{kind: VirtualMachineInstance}]}\n",
		 "VirtualMachineInstance a@1:3 -\n"
		 "harmless @1:4 Secret\n"
		 "VirtualMachineInstance @1:5 -\n"},
		{"kind: List\nitems: []\n", ""},
		{"kind: List\n", ""},
		/* Whose items need not say what they are. */
		{"kind: VirtualMachineInstanceList\nitems:\n"
		 "- metadata: {name: a}\n- {kind: VirtualMachineInstance}\n",
		 "VirtualMachineInstance a@1:3 -\n"
		 "VirtualMachineInstance @1:4 -\n"},
		{"kind: VirtualMachineList\nitems:\n"
		 "- spec: {" TEMPLATE("1Gi") "}\n",
		 "VirtualMachine @1:3 1Gi\n"},
		{"kind: PodList\nitems: [{}, {}]\n",
		 "harmless @1:2 Pod\nharmless @1:2 Pod\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

static void all_else_is_remarked_on(void **state)
{
#define NO_OBJECT(at)                                       \
	"remark @" at " it is no object of Kubernetes: it " \
	"has no 'kind'\n"
	static const struct visit_case cases[] = {
		{"kind: Secret\n", "harmless @1:1 Secret\n"},
		{"kind: Namespace\n---\nkind: DataVolume\n",
		 "harmless @1:1 Namespace\nharmless @2:3 DataVolume\n"},
		{"kind: VirtualMachineInstancetype\n",
		 "harmless @1:1 VirtualMachineInstancetype\n"},
		{"kind: Machine\n",
		 "remark @1:1 kind 'Machine' is not known\n"},
		{"\n\nkind: virtualmachine\n",
		 "remark @1:3 kind 'virtualmachine' is not known\n"},
		{"a: 1\n", NO_OBJECT("1:1")},
		{"text\n", NO_OBJECT("1:1")},
		{"- kind: VirtualMachineInstance\n", NO_OBJECT("1:1")},
		{"kind: List\nitems: [null]\n", NO_OBJECT("1:2")},
		{"kind: MachineList\nitems: [{}]\n",
		 "remark @1:2 kind 'Machine' is not known\n"},
		{"kind: VirtualMachine\n",
		 "remark @1:1 it has no template of a guest\n"},
		{"{kind: VirtualMachinePool, spec: {" TEMPLATE("1Gi") "}}",
		 "remark @1:1 it has no template of a guest\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

static void nested_lists(struct strbuf *text, int depth)
{
	int i;

	for (i = 0; i < depth; i++)
		strbuf_puts(text, "{kind: List, items: [");
	strbuf_puts(text, "{kind: VirtualMachineInstance}");
	for (i = 0; i < depth; i++)
		strbuf_puts(text, "]}");
}

static void lists_in_lists_are_bounded(void **state)
{
	static const struct {
		int depth;
		const char *seen;
	} cases[] = {
		{8, "VirtualMachineInstance @1:1 -\n"},
		{9, "remark @1:1 its lists are nested too deeply\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf text = {0}, out = {0};
		struct err err;

		nested_lists(&text, cases[i].depth);
		assert_int_equal(visit(text.str, NULL, &out, &err), 0);
		assert_string_equal(out.str, cases[i].seen);
		strbuf_release(&text);
		strbuf_release(&out);
	}
}

/* --- templates --- */

#define TEMPLATE_OF(parameters, memory)                             \
	"{kind: Template, parameters: [" parameters "], objects: [" \
	"{kind: VirtualMachine, metadata: {name: '${NAME}'},"       \
	" spec: {" TEMPLATE(memory) "}}]}"
#define PARAMETERS                                            \
	"{name: NAME, value: plain}, {name: SIZE, value: 3}," \
	" {name: EMPTY, value: ''}, {name: NONE}"

static void parameters_have_their_values(void **state)
{
	static const struct visit_case cases[] = {
		{TEMPLATE_OF(PARAMETERS, "'${SIZE}Gi'"),
		 "VirtualMachine plain@1:1 3Gi\n"},
		{TEMPLATE_OF(PARAMETERS, "'${SIZE}${SIZE}${EMPTY}Mi'"),
		 "VirtualMachine plain@1:1 33Mi\n"},
		{TEMPLATE_OF(PARAMETERS, "'${{SIZE}}'"),
		 "VirtualMachine plain@1:1 3\n"},
		/* What has no value stays as it is. */
		{TEMPLATE_OF(PARAMETERS, "'${NONE}'"),
		 "VirtualMachine plain@1:1 ${NONE}\n"},
		{TEMPLATE_OF(PARAMETERS, "'${OTHER}${SIZE}'"),
		 "VirtualMachine plain@1:1 ${OTHER}3\n"},
		{TEMPLATE_OF(PARAMETERS, "'${SIZE'"),
		 "VirtualMachine plain@1:1 ${SIZE\n"},
		{TEMPLATE_OF(PARAMETERS, "'$${SIZE}}'"),
		 "VirtualMachine plain@1:1 $3}\n"},
		{TEMPLATE_OF("", "1Gi"), "VirtualMachine ${NAME}@1:1 1Gi\n"},
		{"{kind: VirtualMachineTemplate,"
		 " spec: {parameters: [" PARAMETERS
		 "], virtualMachine: {metadata: {name: '${NAME}'},"
		 " spec: {" TEMPLATE("'${SIZE}'") "}}}}",
		 "VirtualMachine plain@1:1 3\n"},
		/* Outside of templates it is text like any other. */
		{"{kind: VirtualMachineInstance, metadata: {name: '${NAME}'}}",
		 "VirtualMachineInstance ${NAME}@1:1 -\n"},
		{"{kind: Template}", ""},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

static void given_values_win(void **state)
{
	static const struct manifest_parameter given[] = {
		{"SIZE", "8"},
		{"NONE", "some"},
		{"NAM", "no"},
	};
	static const struct manifest_options options = {given,
							ARRAY_SIZE(given)};
	static const struct visit_case cases[] = {
		{TEMPLATE_OF(PARAMETERS, "'${SIZE}Gi'"),
		 "VirtualMachine plain@1:1 8Gi\n"},
		{TEMPLATE_OF(PARAMETERS, "'${NONE}'"),
		 "VirtualMachine plain@1:1 some\n"},
		/* Whether the template names it or not. */
		{TEMPLATE_OF("", "'${SIZE}'"),
		 "VirtualMachine ${NAME}@1:1 8\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), &options);
}

/* Of what the one guest has in place of its memory. */
static void keep_kind(const struct manifest_guest *g, void *arg)
{
	*(enum yaml_kind *)arg =
		yaml_kind_of(yaml_at(g->instance, "spec.domain.memory.guest"));
}

static void values_are_text_or_typed(void **state)
{
	static const struct {
		const char *text;
		enum yaml_kind kind;
	} cases[] = {
		{TEMPLATE_OF(PARAMETERS, "'${SIZE}'"), YAML_TEXT},
		{TEMPLATE_OF(PARAMETERS, "'${{SIZE}}'"), YAML_NUMBER},
		{TEMPLATE_OF(PARAMETERS, "'${{NAME}}'"), YAML_TEXT},
		{TEMPLATE_OF(PARAMETERS, "'${{SIZE}}${{SIZE}}'"), YAML_TEXT},
		{TEMPLATE_OF("{name: X, value: 'yes'}", "'${{X}}'"), YAML_BOOL},
		{TEMPLATE_OF("{name: X, value: 'null'}", "'${{X}}'"),
		 YAML_ABSENT},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		enum yaml_kind kind = YAML_LIST;
		const struct manifest_visitor visitor = {
			.guest = keep_kind,
			.arg = &kind,
		};
		struct err err;

		assert_int_equal(manifest_visit_bytes(cases[i].text,
						      strlen(cases[i].text),
						      NULL, &visitor, &err),
				 0);
		if (kind != cases[i].kind)
			fail_msg("%s: %d", cases[i].text, (int)kind);
	}
}

/* A value with a parameter's name in it is a value: however many aliases there
 * are of a text, it grows once. */
static void values_are_not_expanded_again(void **state)
{
	static const struct visit_case cases[] = {
		{"{kind: Template, parameters: [{name: A, value: '${A}${A}'}],"
		 " objects: [{kind: VirtualMachineInstance, metadata:"
		 " {name: &x '${A}', namespace: *x, labels: [*x, *x, *x]}}]}",
		 "VirtualMachineInstance ${A}${A}/${A}${A}@1:1 -\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

static void repeat(struct strbuf *out, const char *text, size_t count)
{
	while (count--)
		strbuf_puts(out, text);
}

/* A list with a guest, and then a template that has COUNT times the REFERENCE to
 * a value of SIZE bytes on line 5; another document after it. */
static void visit_large(const char *reference, size_t count, size_t size,
			struct strbuf *out)
{
	struct strbuf text = {0};
	struct err err;

	strbuf_puts(&text,
		    "kind: List\nitems:\n"
		    "- {kind: VirtualMachineInstance}\n"
		    "- {kind: Template, parameters: [{name: A, value: '");
	repeat(&text, "x", size);
	strbuf_puts(&text, "'}],\n   objects: [{kind: VirtualMachineInstance,"
			   " labels: '");
	repeat(&text, reference, count);
	strbuf_puts(&text, "'}]}\n---\n" VMI("after"));
	if (visit(text.str, NULL, out, &err))
		fail_msg("%s", err.msg);
	strbuf_release(&text);
}

#define LARGE_IS_SEEN                                                    \
	"VirtualMachineInstance @1:3 -\nVirtualMachineInstance @1:5 -\n" \
	"VirtualMachineInstance after@2:7 -\n"

static void templates_that_grow_too_large_are_refused(void **state)
{
	static const struct {
		const char *reference;
		size_t count, size;
		bool is_seen;
	} cases[] = {
		{"${A}", 64, 65536, true}, /* 4 MiB */
		{"${A}", 65, 65536, false},      {"${A}", 50000, 20000, false},
		{"${{A}}", 50000, 20000, false}, {"${", 400000, 1, true},
		{"${{", 400000, 1, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out = {0};
		clock_t before = clock();

		visit_large(cases[i].reference, cases[i].count, cases[i].size,
			    &out);
		assert_string_equal(
			out.str,
			cases[i].is_seen
				? LARGE_IS_SEEN
				: "remark @1:5 a template's parameters make it"
				  " too large\n"
				  "VirtualMachineInstance after@2:7 -\n");
		assert_true(clock() - before < 3 * CLOCKS_PER_SEC);
		strbuf_release(&out);
	}
}

/* A text that many aliases lead to, and no parameter is in it. */
static void long_searches_are_refused(void **state)
{
	struct strbuf text = {0}, out = {0};
	struct err err;
	clock_t before;

	(void)state;
	strbuf_puts(&text, "kind: Template\nx: &x '");
	repeat(&text, "${", 500000);
	strbuf_puts(&text, "'\nobjects:\n- {kind: VirtualMachineInstance}\n"
			   "- [*x");
	repeat(&text, ", *x", 100000);
	strbuf_puts(&text, "]\n");
	before = clock();
	assert_int_equal(visit(text.str, NULL, &out, &err), 0);
	assert_string_equal(out.str, "remark @1:5 a template's parameters take"
				     " too long to find\n");
	assert_true(clock() - before < 3 * CLOCKS_PER_SEC);
	strbuf_release(&text);
	strbuf_release(&out);
}

/* The name of a parameter has 256 bytes at most. */
static void names_of_parameters_are_bounded(void **state)
{
	size_t len;

	(void)state;
	for (len = 255; len <= 257; len++) {
		struct strbuf text = {0}, out = {0};
		char name[300] = {0};
		struct err err;

		memset(name, 'n', len);
		strbuf_printf(&text,
			      "{kind: Template, parameters: [{name: %s,"
			      " value: v}], objects: [{kind:"
			      " VirtualMachineInstance, metadata: {name:"
			      " '${%s}', namespace: '${{%s}}'}}]}",
			      name, name, name);
		assert_int_equal(visit(text.str, NULL, &out, &err), 0);
		if (len <= 256)
			assert_string_equal(
				out.str, "VirtualMachineInstance v/v@1:1 -\n");
		else
			assert_contains(out.str, "VirtualMachineInstance ${{n");
		strbuf_release(&text);
		strbuf_release(&out);
	}
}

/* --- streams --- */

static void what_kubectl_adds_is_passed_over(void **state)
{
	static const struct visit_case cases[] = {
		{VMI("a") DOMAIN("1Gi") "\n"
					"status: {a: 1, a: 2}\n",
		 "VirtualMachineInstance a@1:1 1Gi\n"},
		{"{kind: VirtualMachineInstance, metadata: {managedFields:"
		 " [{a: &x 1}], name: b}}",
		 "VirtualMachineInstance b@1:1 -\n"},
	};

	(void)state;
	expect_seen(cases, ARRAY_SIZE(cases), NULL);
}

static void what_came_before_a_mistake_was_visited(void **state)
{
	struct strbuf out = {0};
	struct err err;

	(void)state;
	assert_int_equal(visit(VMI("a") "---\n" VMI("b") "x: [\n---\n" VMI("c"),
			       NULL, &out, &err),
			 -EINVAL);
	assert_string_equal(out.str, "VirtualMachineInstance a@1:1 -\n");
	assert_contains(err.msg, "document 2: line ");
	strbuf_release(&out);
}

static void files_are_visited_as_bytes_are(void **state)
{
	FILE *in = tmpfile();
	struct strbuf out = {0};
	const struct manifest_visitor visitor = {
		.guest = write_guest,
		.arg = &out,
	};
	struct err err;

	(void)state;
	assert_non_null(in);
	fputs(VMI("a") "---\nkind: Secret\n---\n" VMI("b"), in);
	rewind(in);
	/* Without who hears remarks. */
	assert_int_equal(manifest_visit(in, NULL, &visitor, &err), 0);
	assert_string_equal(out.str, "VirtualMachineInstance a@1:1 -\n"
				     "VirtualMachineInstance b@3:6 -\n");
	fclose(in);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_guest),
		cmocka_unit_test(documents_and_lists_hold_many),
		cmocka_unit_test(all_else_is_remarked_on),
		cmocka_unit_test(lists_in_lists_are_bounded),
		cmocka_unit_test(parameters_have_their_values),
		cmocka_unit_test(given_values_win),
		cmocka_unit_test(values_are_text_or_typed),
		cmocka_unit_test(values_are_not_expanded_again),
		cmocka_unit_test(templates_that_grow_too_large_are_refused),
		cmocka_unit_test(long_searches_are_refused),
		cmocka_unit_test(names_of_parameters_are_bounded),
		cmocka_unit_test(what_kubectl_adds_is_passed_over),
		cmocka_unit_test(what_came_before_a_mistake_was_visited),
		cmocka_unit_test(files_are_visited_as_bytes_are),
	};

	return RUN_TESTS(tests);
}
