// SPDX-License-Identifier: GPL-3.0-or-later

//go:build kv1_8

package main

import (
	k8sv1 "k8s.io/api/core/v1"
	kv1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/hooks"
	"kubevirt.io/kubevirt/pkg/network/netbinding"
	netresources "kubevirt.io/kubevirt/pkg/network/resources"
	"kubevirt.io/kubevirt/pkg/virt-controller/services"
)

func render(cl *cluster, vmi *kv1.VirtualMachineInstance) (*k8sv1.Pod, error) {
	return services.NewTemplateService("launcher:tag", 240, "/var/run/kubevirt",
		"/var/run/kubevirt-ephemeral-disks", "/var/run/kubevirt/container-disks", "/var/run/kubevirt/hotplug-disks",
		"", cl.claims, cl.client, cl.config, 107, "exporter:tag", cl.quotas, cl.namespaces,
		services.WithSidecarCreator(func(v *kv1.VirtualMachineInstance, _ *kv1.KubeVirtConfiguration) (hooks.HookSidecarList, error) {
			return hooks.UnmarshalHookSidecarList(v)
		}),
		services.WithSidecarCreator(netbinding.NetBindingPluginSidecarList),
		services.WithNetMemoryCalculator(netresources.MemoryCalculator{}),
	).RenderLaunchManifest(vmi)
}
