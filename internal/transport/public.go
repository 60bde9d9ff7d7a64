package transport

import (
	"net"
	"net/netip"
)

// Public says whether a client that does not allow private addresses would
// connect to ip. It is a help to refuse an address early: what counts is the
// address that is dialled.
func Public(ip netip.Addr) bool {
	network := "tcp6"
	if ip.Is4() {
		network = "tcp4"
	}
	return newGuard().Safe(network, net.JoinHostPort(ip.String(), "443"), nil) == nil
}
