// Command hanse-coredns is CoreDNS with only what a development cluster's DNS needs.
//
// It answers for Services and the pods behind them from the API server's data, and says of any other name that it does
// not exist: pods have no other network. The usual build links every plugin, with the clients of several clouds: twice
// the size and four times the modules.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// A query goes through the plugins in this order.
	dnsserver.Directives = []string{"bind", "ready", "errors", "template", "kubernetes"}
	coremain.Run()
}
