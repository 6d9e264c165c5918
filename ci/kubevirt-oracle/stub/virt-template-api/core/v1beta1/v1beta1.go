// SPDX-License-Identifier: GPL-3.0-or-later

// Package v1beta1 stands in for a module; see package core.
package v1beta1

import "k8s.io/apimachinery/pkg/runtime"

type VirtualMachineTemplate struct{ runtime.Object }
