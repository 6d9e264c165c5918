// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !kv1_4

package main

import (
	netclient "kubevirt.io/client-go/generated/network-attachment-definition-client/clientset/versioned"
	netfake "kubevirt.io/client-go/generated/network-attachment-definition-client/clientset/versioned/fake"
)

type netClient = netclient.Interface

func newNetClient() netClient { return netfake.NewSimpleClientset() }
