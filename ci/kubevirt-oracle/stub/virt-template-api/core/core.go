// SPDX-License-Identifier: GPL-3.0-or-later

// Package core stands in for a module that KubeVirt v1.9 names and that need
// not be fetched: virtual machine templates have no part in what is asked.
package core

const (
	GroupName            = "template.kubevirt.io"
	SingularResourceName = "virtualmachinetemplate"
	PluralResourceName   = "virtualmachinetemplates"
)
