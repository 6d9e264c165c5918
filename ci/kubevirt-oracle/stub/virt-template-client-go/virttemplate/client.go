// SPDX-License-Identifier: GPL-3.0-or-later

// Package virttemplate stands in for a module; see virt-template-api/core.
package virttemplate

import (
	"errors"

	"k8s.io/client-go/tools/cache"
)

type Client struct{}

func NewForConfig(any) (*Client, error)  { return nil, errors.New("templates are not supported here") }
func (*Client) TemplateV1beta1() *Client { return nil }
func (*Client) RESTClient() cache.Getter { return nil }
