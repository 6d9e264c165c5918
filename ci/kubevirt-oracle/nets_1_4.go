// SPDX-License-Identifier: GPL-3.0-or-later

//go:build kv1_4

package main

import (
	netclient "kubevirt.io/client-go/networkattachmentdefinitionclient"
	netfake "kubevirt.io/client-go/networkattachmentdefinitionclient/fake"
)

type netClient = netclient.Interface

func newNetClient() netClient { return netfake.NewSimpleClientset() }
