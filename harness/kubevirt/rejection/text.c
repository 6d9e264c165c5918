// SPDX-License-Identifier: GPL-3.0-or-later
/* text - what Kubernetes and Go take for a name, an address or an
 * amount. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"

const char dns_label_message[] =
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
	" and must start and end with an alphanumeric character"
	" (e.g. 'my-name',  or '123-abc', regex used for validation is"
	" '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const char dns_label_too_long[] = "must be no more than 63 characters";

static const char dns_subdomain_message[] =
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
	" '-' or '.', and must start and end with an alphanumeric character"
	" (e.g. 'example.com', regex used for validation is"
	" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- names --- */

bool is_made_of(const char *text, const char *others)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(others, *text))
			return false;
	return true;
}

static bool is_label(const char *name, size_t len)
{
	return len && strspn(name, LOWER DIGITS "-") >= len && name[0] != '-' &&
	       name[len - 1] != '-';
}

bool is_dns_label(const char *name)
{
	return is_label(name, strlen(name));
}

static bool is_dns_subdomain(const char *name)
{
	for (;;) {
		size_t len = strcspn(name, ".");

		if (!is_label(name, len))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

static struct words mistakes(bool is_long, const char *too_long, bool is_bad,
			     const char *bad)
{
	struct words w = {""};

	if (is_long || is_bad)
		snprintf(w.text, sizeof(w.text), "%s%s%s",
			 is_long ? too_long : "", is_long && is_bad ? ", " : "",
			 is_bad ? bad : "");
	return w;
}

struct words label_mistakes(const char *name)
{
	return mistakes(strlen(name) > 63, dns_label_too_long,
			!is_dns_label(name), dns_label_message);
}

struct words subdomain_mistakes(const char *name)
{
	return mistakes(strlen(name) > 253,
			"must be no more than 253 characters",
			!is_dns_subdomain(name), dns_subdomain_message);
}

/* validation.IsValidPortName() */
bool is_port_name(const char *name)
{
	return strlen(name) <= 15 && is_dns_label(name) &&
	       strpbrk(name, LOWER) && !strstr(name, "--");
}

/* --- addresses --- */

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, DIGITS "abcdefABCDEF") >= len;
}

bool is_pci_address(const char *text)
{
	return strlen(text) == 12 && is_hex(text, 4) && text[4] == ':' &&
	       is_hex(text + 5, 2) && text[7] == ':' && is_hex(text + 8, 2) &&
	       text[10] == '.' && text[11] >= '0' && text[11] <= '7';
}

/* Groups of DIGIT_COUNT hexadecimal digits with SEPARATOR between. */
static size_t group_count(const char *text, size_t digit_count, char separator)
{
	size_t count = 0;

	for (;; text++) {
		if (!is_hex(text, digit_count))
			return 0;
		count++;
		text += digit_count;
		if (!*text)
			return count;
		if (*text != separator)
			return 0;
	}
}

/* net.ParseMAC() takes 6, 8 or 20 bytes. */
size_t mac_length(const char *text)
{
	size_t len = group_count(text, 2, ':');

	if (!len)
		len = group_count(text, 2, '-');
	if (!len)
		len = 2 * group_count(text, 4, '.');
	return len == 6 || len == 8 || len == 20 ? len : 0;
}

/* net.ParseIP() and To4(); numbers have no zero in front. */
bool is_ipv4(const char *text)
{
	int i;

	for (i = 0; i < 4; i++) {
		size_t len = strspn(text, DIGITS);
		int value = 0;
		size_t k;

		if (!len || len > 3 || (len > 1 && *text == '0'))
			return false;
		for (k = 0; k < len; k++)
			value = value * 10 + (text[k] - '0');
		text += len;
		if (value > 255 || *text != (i < 3 ? '.' : '\0'))
			return false;
		text++;
	}
	return true;
}

/* --- encodings and paths --- */

/* base64.StdEncoding: padded; line ends are passed over. */
bool base64_length(const char *text, size_t *len)
{
	size_t digits = 0, padding = 0;

	*len = 0;
	for (; *text; text++) {
		if (*text == '\n' || *text == '\r')
			continue;
		if (*text == '=')
			padding++;
		else if (padding || !(isalnum((unsigned char)*text) ||
				      strchr("+/", *text)))
			return false;
		else
			digits++;
	}
	*len = digits * 3 / 4;
	return padding <= 2 && (digits + padding) % 4 == 0 && digits % 4 != 1;
}

/* Absolute, without "//", "." and ".."; one "/" may end it. */
bool is_clean_path(const char *path)
{
	if (*path != '/')
		return false;
	while (*path) {
		size_t len = strcspn(++path, "/");

		if (!len)
			return !*path;
		if ((len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += len;
	}
	return true;
}

/* --- amounts --- */

#define NANO 1000000000

enum form {
	FORM_DECIMAL,
	FORM_BINARY,
	FORM_EXPONENT,
};

static enum form form_of(struct quantity q, const char *written)
{
	size_t len;

	if (!written)
		return q.nano % (NANO * (__int128)1024) ? FORM_DECIMAL
							: FORM_BINARY;
	len = strlen(written);
	if (len && written[len - 1] == 'i')
		return FORM_BINARY;
	return strpbrk(written, "eE") && len &&
			       isdigit((unsigned char)written[len - 1])
		       ? FORM_EXPONENT
		       : FORM_DECIMAL;
}

static struct quantity_text binary_text(__int128 value)
{
	static const char *const suffixes[] = {"",   "Ki", "Mi", "Gi",
					       "Ti", "Pi", "Ei"};
	struct quantity_text t;
	size_t i = 0;

	for (; value % 1024 == 0 && i + 1 < ARRAY_SIZE(suffixes); i++)
		value /= 1024;
	snprintf(t.text, sizeof(t.text), "%lld%s", (long long)value,
		 suffixes[i]);
	return t;
}

static struct quantity_text decimal_text(__int128 nano, bool has_exponent)
{
	static const char *const suffixes[] = {"n", "u", "m", "",  "k",
					       "M", "G", "T", "P", "E"};
	struct quantity_text t;
	size_t i = 0;

	for (; nano % 1000 == 0 && i + 1 < ARRAY_SIZE(suffixes); i++)
		nano /= 1000;
	if (has_exponent && i != 3)
		snprintf(t.text, sizeof(t.text), "%llde%d", (long long)nano,
			 3 * ((int)i - 3));
	else
		snprintf(t.text, sizeof(t.text), "%lld%s", (long long)nano,
			 suffixes[i]);
	return t;
}

/* Quantity.CanonicalizeBytes() */
struct quantity_text quantity_text(struct quantity q, const char *written)
{
	enum form form = form_of(q, written);
	bool is_small = q.nano < (__int128)1024 * NANO;

	if (!q.nano)
		return (struct quantity_text){"0"};
	if (form == FORM_BINARY && !is_small && q.nano % NANO == 0)
		return binary_text(q.nano / NANO);
	return decimal_text(q.nano, form == FORM_EXPONENT);
}
