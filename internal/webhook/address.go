package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/transport"
)

// Fault is one thing that is wrong with what a caller asked for. Field is the
// name of the member.
type Fault struct{ Field, Code, Message string }

// The codes of faults.
const (
	CodeInvalidURL  = "invalid_url"
	CodeNotHTTPS    = "https_required"
	CodeCredentials = "credentials_in_url"
	CodePrivate     = "private_address"
	CodePort        = "port_not_allowed"
	CodeUnknown     = "unknown_event"
	CodeInvalid     = "invalid"
	CodeTooLong     = "too_long"
	CodeRequired    = "required"
	CodeNoSecret    = "callback_secret_missing"
)

const (
	maxURL    = 2048
	maxDomain = 253
)

// CheckURL says what is wrong with a target, nil if nothing is. With private
// allowed, http and addresses of any kind are. A name that resolves to a private
// address shows only when it is dialled: it is refused then.
func CheckURL(field, raw string, private bool) *Fault {
	bad := func(code, message string) *Fault { return &Fault{field, code, message} }
	switch {
	case raw == "":
		return bad(CodeRequired, "is required")
	case len(raw) > maxURL:
		return bad(CodeTooLong, "may have at most 2048 bytes")
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }):
		return bad(CodeInvalidURL, "must be an absolute URL in ASCII without blanks and backslashes")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return bad(CodeInvalidURL, "must be an absolute https URL")
	}
	switch {
	case u.User != nil:
		return bad(CodeCredentials, "must not hold a user name or password")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return bad(CodeInvalidURL, "must not have a fragment")
	case u.Scheme != "https" && !private:
		return bad(CodeNotHTTPS, "must be an https URL")
	case !validHost(u):
		return bad(CodeInvalidURL, "must name its host as a domain name or as an IP address in its usual form")
	case private:
		return nil
	case !publicHost(u.Hostname()):
		return bad(CodePrivate, "must not point to a private or reserved address")
	case !openPort(u.Port()):
		return bad(CodePort, "must have no port, 443, or one above 1023 that belongs to no well-known internal service")
	}
	return nil
}

// validHost takes domain names and IP addresses as they are usually written. A
// name that ends in a number is an address in disguise.
func validHost(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is6() && ip.Zone() == ""
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Is4()
	}
	return validName(host)
}

func validName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if len(host) > maxDomain {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return strings.Trim(last, "0123456789") != "" && !isHex(last)
}

func isHex(label string) bool {
	rest, ok := strings.CutPrefix(label, "0x")
	return ok && strings.Trim(rest, "0123456789abcdef") == ""
}

// publicHost leaves out what is surely not on the public Internet.
func publicHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return transport.Public(ip)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return false
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".localdomain", ".lan", ".home.arpa", ".intranet", ".corp", ".home", ".onion"} {
		if strings.HasSuffix(host, suffix) {
			return false
		}
	}
	return true
}

// openPort leaves out ports at which no webhook is received, but databases and
// consoles are.
func openPort(port string) bool {
	n, _ := strconv.Atoi(port)
	internal := []int{
		1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 5984, 6379, 6380, 6443, 7001, 8086, 8500,
		9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672, 26379, 27017, 28017,
	}
	return n == 0 || n == 80 || n == 443 || n > 1023 && !slices.Contains(internal, n)
}
