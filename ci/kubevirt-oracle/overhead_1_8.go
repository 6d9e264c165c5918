// SPDX-License-Identifier: GPL-3.0-or-later

//go:build kv1_8

package main

import (
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
	kv1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/hypervisor"
	netresources "kubevirt.io/kubevirt/pkg/network/resources"
	"kubevirt.io/kubevirt/pkg/virt-controller/services"
	"kubevirt.io/kubevirt/pkg/virt-handler/isolation"
)

func overhead(cl *cluster, vmi *kv1.VirtualMachineInstance, _ string) resource.Quantity {
	return services.CalculateMemoryOverhead(cl.config, netresources.MemoryCalculator{}, vmi,
		hypervisor.NewLauncherHypervisorResources(cl.config.GetHypervisor().Name))
}

type standIn struct {
	isolation.PodIsolationDetector
	isolation.IsolationResult
}

func (s *standIn) Detect(*kv1.VirtualMachineInstance) (isolation.IsolationResult, error) {
	return s, nil
}
func (s *standIn) PPid() int { return os.Getpid() }
func (s *standIn) Pid() int  { return os.Getpid() }

func adjustMemlock(cl *cluster, vmi *kv1.VirtualMachineInstance, _ int) error {
	return hypervisor.GetVirtRuntime(&standIn{}, cl.config.GetHypervisor().Name).AdjustResources(vmi, cl.raw)
}
