// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/stored_json.h"

json_t *stored_json(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}
