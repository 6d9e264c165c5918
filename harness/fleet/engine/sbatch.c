// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/engine/sbatch.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/node_list.h"

/* A job is told so long before its limit, to store and to deliver. */
#define WARNING_S 120
#define LEAST_TIME_NS (5 * 60 * NS_PER_S)
#define LONGEST_TIME_NS (365 * 24 * 3600 * NS_PER_S)
/* Linux takes arguments of 128 KiB. */
#define MAX_LIST_BYTES 131000
#define NS_PER_MINUTE (60 * NS_PER_S)
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char script[] = {
#include "sbatch.sh.hex"
};

/* --- what may stand in a script --------------------------------------------- */

/* Of letters, digits and MORE alone, and no option of a command. */
static bool is_word(const char *text, const char *more)
{
	const char *p;

	if (!*text || *text == '-')
		return false;
	for (p = text; *p; p++)
		if (!strchr(ALNUM, *p) && !strchr(more, *p))
			return false;
	return true;
}

/* "n[1-3,5],n07-a": names, with numbers in brackets. What else Slurm understands
 * is not wanted in a script; whether there are such nodes is Slurm's to say. */
#define NAME "[A-Za-z0-9._-]*"
#define NUMBERS "[0-9]+(-[0-9]+)?"
#define HOSTS "[A-Za-z0-9]" NAME "(\\[" NUMBERS "(," NUMBERS ")*\\]" NAME ")*"

static void host_list_compile(regex_t *pattern)
{
	if (regcomp(pattern, "^" HOSTS "(," HOSTS ")*$",
		    REG_EXTENDED | REG_NOSUB))
		abort();
}

static bool is_host_list(const char *text)
{
	regex_t pattern;
	bool matches;

	host_list_compile(&pattern);
	matches = !regexec(&pattern, text, 0, NULL, 0);
	regfree(&pattern);
	return matches;
}

static bool is_printable(const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

/* TEXT so that a shell reads it as one word that is TEXT. */
static void put_quoted(const char *text, FILE *out)
{
	const char *p;

	if (*text && !text[strspn(text, ALNUM "._-/:@%+=")]) {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (p = text; *p; p++)
		fputs(*p == '\'' ? "'\\''" : (char[]){*p, 0}, out);
	fputc('\'', out);
}

/* --- reading and checking --------------------------------------------------- */

/* Of LEN bytes, without a comment and blanks around it. The caller frees. */
static char *line_text(const char *line, size_t len)
{
	const char *comment = memchr(line, '#', len);

	if (comment)
		len = (size_t)(comment - line);
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	while (len && isspace((unsigned char)*line)) {
		line++;
		len--;
	}
	return xasprintf("%.*s", (int)len, line);
}

static int read_lines(const char *text, const regex_t *pattern,
		      struct strbuf *list, struct err *err)
{
	uint32_t number = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = line_text(text, len);
		int ret = 0;

		number++;
		if (*line && regexec(pattern, line, 0, NULL, 0))
			ret = err_set(err, -EINVAL,
				      "line %u: '%.80s' is no node", number,
				      line);
		else if (*line)
			strbuf_printf(list, "%s%s", list->len ? "," : "", line);
		free(line);
		if (ret)
			return ret;
		text += len + (text[len] == '\n');
	}
	return 0;
}

int sbatch_nodes_read(const char *text, char **out, struct err *err)
{
	struct strbuf list = {0};
	regex_t pattern;
	int ret;

	*out = NULL;
	host_list_compile(&pattern);
	ret = read_lines(text, &pattern, &list, err);
	regfree(&pattern);
	if (!ret && !list.len)
		ret = err_set(err, -ENODATA, "there is no node in it");
	if (!ret)
		*out = xstrdup(list.str);
	strbuf_release(&list);
	return ret;
}

static int check_names(const struct sbatch *s, struct err *err)
{
	/* As for Kubernetes, so that one name does for both. */
	if (!s->fleet || !name_is_label(s->fleet, NODE_LABEL_MAX))
		return err_set(
			err, -EINVAL,
			"'%s' is no name of a fleet: use a-z, 0-9 and '-', at most 63 characters",
			s->fleet ? s->fleet : "");
	if (s->arm && !is_word(s->arm, "._-"))
		return err_set(err, -EINVAL, "'%s' is no name of an arm",
			       s->arm);
	if (s->partition && !is_word(s->partition, "._-,"))
		return err_set(err, -EINVAL, "'%s' is no partition",
			       s->partition);
	if (!s->constraint)
		return 0;
	if (!is_word(s->constraint, "._-&|()*[]:="))
		return err_set(err, -EINVAL, "'%s' is no constraint",
			       s->constraint);
	if (s->node_count && !is_word(s->constraint, "._-&:="))
		return err_set(
			err, -EINVAL,
			"with a number of nodes, '%s' may only join features with '&'; name the nodes instead",
			s->constraint);
	return 0;
}

static int check_numbers(const struct sbatch *s, struct err *err)
{
	if (!s->node_count && (!s->nodes || !is_host_list(s->nodes)))
		return err_set(err, -EINVAL, "'%.80s' is no list of nodes",
			       s->nodes ? s->nodes : "");
	if (!s->node_count && strlen(s->nodes) > MAX_LIST_BYTES)
		return err_set(
			err, -E2BIG,
			"the list of nodes has more than %d bytes: join their numbers, as in n[1-2000]",
			MAX_LIST_BYTES);
	if (s->node_count > SBATCH_MAX_NODES)
		return err_set(err, -EINVAL, "more than %d nodes",
			       SBATCH_MAX_NODES);
	if (!s->run_count || s->run_count > SBATCH_MAX_RUNS)
		return err_set(err, -EINVAL, "%u runs are not from 1 to %d",
			       s->run_count, SBATCH_MAX_RUNS);
	if (s->time_ns &&
	    (s->time_ns < LEAST_TIME_NS || s->time_ns > LONGEST_TIME_NS))
		return err_set(
			err, -EINVAL,
			"--time must be from 5m to 365 days: the last two minutes are for what is left to store");
	return 0;
}

static int check_text(const char *what, const char *text, const char *forbidden,
		      struct err *err)
{
	if (!text)
		return 0;
	if (*text && is_printable(text) && !strpbrk(text, forbidden))
		return 0;
	return err_set(err, -EINVAL,
		       "%s: '%s' is empty, or has a control character%s%s",
		       what, is_printable(text) ? text : "...",
		       *forbidden ? " or one of " : "", forbidden);
}

int sbatch_check(const struct sbatch *s, struct err *err)
{
	int ret = check_names(s, err);
	size_t i;

	if (!ret)
		ret = check_numbers(s, err);
	/* Slurm replaces % and \ in the names of output files. */
	if (!ret)
		ret = check_text("--results", s->results, "%\\", err);
	if (!ret && !s->push_url && (s->token_file || s->ca_file))
		ret = err_set(err, -EINVAL,
			      "--token-file and --ca-file need --push");
	if (!ret)
		ret = check_text("--push", s->push_url, "", err);
	if (!ret)
		ret = check_text("--token-file", s->token_file, "", err);
	if (!ret)
		ret = check_text("--ca-file", s->ca_file, "", err);
	if (!ret)
		ret = check_text("--plan", s->plan, "", err);
	for (i = 0; !ret && i < s->run_word_count; i++)
		if (*s->run_words[i])
			ret = check_text("an option of run", s->run_words[i],
					 "", err);
	return ret;
}

/* --- writing ---------------------------------------------------------------- */

static void put_directives(const struct sbatch *s, FILE *out)
{
	fprintf(out, "#SBATCH --job-name=%s\n", s->fleet);
	if (s->partition)
		fprintf(out, "#SBATCH --partition=%s\n", s->partition);
	if (s->constraint)
		fprintf(out, "#SBATCH --constraint=\"%s\"\n", s->constraint);
	fprintf(out, "#SBATCH --array=0-%u%%1\n", s->run_count - 1);
	fputs("#SBATCH --nodes=1 --ntasks=1 --exclusive --mem=0\n", out);
	if (s->time_ns)
		fprintf(out, "#SBATCH --time=%llu\n",
			(unsigned long long)((s->time_ns + NS_PER_MINUTE - 1) /
					     NS_PER_MINUTE));
	fprintf(out, "#SBATCH --signal=TERM@%d\n", WARNING_S);
	fputs("#SBATCH --no-requeue\n", out);
}

static void put_value(const char *name, const char *value, FILE *out)
{
	fprintf(out, "%s=", name);
	if (value)
		put_quoted(value, out);
	fputc('\n', out);
}

static void put_option(const char *option, const char *value, FILE *out)
{
	if (!value)
		return;
	fprintf(out, " %s ", option);
	put_quoted(value, out);
}

static void put_program(const struct sbatch *s, FILE *out)
{
	size_t i;

	fputs("program=(l1vh-bench fleet node", out);
	put_option("--push", s->push_url, out);
	put_option("--token-file", s->token_file, out);
	put_option("--ca-file", s->ca_file, out);
	fprintf(out, "%s)\noptions=(--", s->asks_imds ? " --imds" : "");
	put_option("--plan", s->plan, out);
	for (i = 0; i < s->run_word_count; i++) {
		fputc(' ', out);
		put_quoted(s->run_words[i], out);
	}
	fputs(")\n\n", out);
}

void sbatch_write(const struct sbatch *s, FILE *out)
{
	fprintf(out,
		"#!/bin/bash\n"
		"# Fleet %s on Slurm, by l1vh-bench %s: %u on each node.\n"
		"#   bash FILE          submit an array job per node\n"
		"#   bash FILE status   what each node measured, and which did not run\n"
		"#   bash FILE wait     until no job can run any more; then its status\n"
		"#   bash FILE again    submit what was not measured\n"
		"#   scancel --me --name=%s   end all; what had ended is kept\n",
		s->fleet, s->version, s->run_count, s->fleet);
	put_directives(s, out);
	fputs("set -u\n\n", out);
	put_value("fleet", s->fleet, out);
	put_value("arm", s->arm, out);
	fprintf(out, "node_count=%u\n", s->node_count);
	put_value("node_list", s->node_count ? NULL : s->nodes, out);
	put_value("partition", s->partition, out);
	put_value("constraint", s->constraint, out);
	fprintf(out, "run_count=%u\n", s->run_count);
	put_value("results", s->results, out);
	put_program(s, out);
	fwrite(script, 1, sizeof(script), out);
}
