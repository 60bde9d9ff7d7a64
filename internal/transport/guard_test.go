package transport

import (
	"context"
	"net"
	"strings"
	"testing"
)

func TestPrivateAddressesAreNotDialled(t *testing.T) {
	t.Parallel()
	s := serve(t, false, answer(okReply))
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.0.192",
		"168.63.129.16", "100.100.100.200", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]",
		"[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+" "+host, func(t *testing.T) {
				t.Parallel()
				resp, err := New(Options{}).Do(context.Background(), post(scheme+"://"+host+":"+port))
				if e := mustFail(t, resp, err); e.Reason != PrivateAddress || e.Sent {
					t.Errorf("got %v", e)
				}
			})
		}
	}
	t.Cleanup(func() {
		if n := s.dials.Load(); n != 0 {
			t.Errorf("%d connections reached the loopback server", n)
		}
	})
}

func TestGuardPassesPublicAddresses(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{
		"tcp4": "104.16.0.1:443",
		"tcp6": "[2606:4700::1]:8443",
	} {
		if err := newGuard().Safe(network, address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxy := serve(t, false, answer("HTTP/1.1 502 proxy\r\nContent-Length: 0\r\n\r\n"))
	t.Setenv("HTTP_PROXY", proxy.url)
	t.Setenv("http_proxy", proxy.url)
	if c := New(Options{}); c.pool.Proxy != nil {
		t.Error("the client would use a proxy, which would dial for it past the guard")
	}
}
