package outbox

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// newFetcher returns the client that fetches agents' files. Their addresses are the word of whoever writes as an agent, and
// what is fetched is posted to customers, so they must not lead into the network that the bot stands in: each address, also
// one that another redirects to, has to be public once its name is resolved. LiveDesk's own host and port is as the operator
// set it.
//
// A proxy would resolve names by itself and reach what we refuse, so only LiveDesk's own host is asked through one.
func newFetcher(own func(*url.URL) bool, log *slog.Logger) *http.Client {
	public := http.DefaultTransport.(*http.Transport).Clone()
	public.Proxy = nil
	public.DialContext = (&net.Dialer{Timeout: 5 * time.Second, Control: refuseInside}).DialContext
	outside := &http.Request{URL: &url.URL{Scheme: "https", Host: "files.example.com"}}
	if proxy, err := http.ProxyFromEnvironment(outside); proxy != nil || err != nil {
		log.Info("agents' files that are not on LiveDesk's own host are fetched without the proxy, or posted as links")
	}
	return &http.Client{Transport: guarded{own: own, desk: http.DefaultTransport.(*http.Transport).Clone(), public: public}}
}

// guarded asks LiveDesk's own host as the environment says, and all others directly and only where they are public.
type guarded struct {
	own          func(*url.URL) bool
	desk, public http.RoundTripper
}

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.own(r.URL) {
		return g.desk.RoundTrip(r)
	}
	return g.public.RoundTrip(r)
}

var errInside = errors.New("not a public address")

// refuseInside keeps a connection from being made to an address that is not public. It is asked after the name is resolved.
func refuseInside(_, address string, _ syscall.RawConn) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(resolved.Addr()) {
		return errInside
	}
	return nil
}

// isPublic reports whether an address is one of the Internet's, as far as the registries of special addresses say.
// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	if inner, ok := translated(a); ok {
		return isPublic(inner)
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// translated is the IPv4 address that an IPv6 address stands for in NAT64 and 6to4.
func translated(a netip.Addr) (inner netip.Addr, ok bool) {
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return a, false
}

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
	// special are networks that are not the Internet, beyond those that netip knows: private, link-local, loopback, multicast.
	special = prefixes(
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
	)
)

func prefixes(written ...string) (all []netip.Prefix) {
	for _, p := range written {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}
