package connectortest

import (
	"regexp"
	"strings"
	"testing"

	"crmferry/internal/connector"
)

// hostile writes addresses that send credentials elsewhere, in the place of a
// value such as "https://acme.my.salesforce.com", "acme.myfreshworks.com/crm/sales"
// or "acme".
func hostile(good string) []string {
	scheme, host, absolute := strings.Cut(good, "://")
	if !absolute {
		scheme, host = "", good
	} else {
		scheme += "://"
	}
	list := []string{
		scheme + "evil.example", scheme + "evil.example/" + host, scheme + "evil.example?" + host, scheme + "evil.example/?" + host,
		scheme + "evil.example#" + host, scheme + "evil.example\\" + host, scheme + "evil.example:443/" + host,
		scheme + host + ".evil.example", scheme + host + ".evil.example/", scheme + host + "@evil.example", scheme + host + ":x@evil.example",
		scheme + host + "%2eevil.example", scheme + host + "\n.evil.example", scheme + host + "\nevil.example", "evil.example\n" + scheme + host,
		scheme + "user:pass@" + host, scheme + "user@" + host, scheme + host + ":8443", scheme + host + "#", scheme + host + "?x=1",
		scheme + host + "\\", scheme + host + " evil.example", scheme + "127.0.0.1", scheme + "[::1]", scheme + "169.254.169.254",
		scheme, scheme + ".", scheme + "..", scheme + "{api_key}", scheme + "{access_token}.evil.example",
		"javascript:alert(1)", "file:///etc/passwd", "ftp://" + host, "//" + host + ".evil.example",
		scheme + "аcme" + host, // a Cyrillic а
	}
	if domain := strings.TrimPrefix(host, firstLabels(host)); domain != "" {
		list = append(list, scheme+"evil"+domain, scheme+"evil-"+domain, scheme+"localhost")
	}
	if absolute {
		list = append(list, "http://"+host, "https:/evil.example", "https:"+host+"@evil.example", host+".evil.example")
	}
	return list
}

// firstLabels is everything of a host before its registered domain, with the
// dot: "acme.my." of "acme.my.salesforce.com".
func firstLabels(host string) string {
	name, _, _ := strings.Cut(host, "/")
	labels := strings.Split(name, ".")
	if len(labels) < 3 {
		return name
	}
	return strings.Join(labels[:len(labels)-2], ".") + "."
}

// hosts demands of a setting that decides a host that no value can send the
// account's credentials to another one.
func hosts(t testing.TB, s *connector.Spec) {
	t.Helper()
	for _, setting := range s.Settings {
		if !setting.Host {
			continue
		}
		format, err := regexp.Compile(`\A(?:` + setting.Format + `)\z`)
		if err != nil {
			continue // soundSettings says so
		}
		for _, good := range []string{setting.Example, setting.Default} {
			if good == "" {
				continue
			}
			for _, bad := range hostile(good) {
				value := clean(setting, bad)
				if format.MatchString(value) && value != clean(setting, good) {
					t.Errorf("setting %s takes %q as %q", setting.Key, bad, value)
				}
			}
		}
	}
}

func clean(s connector.Setting, value string) string {
	if s.Clean == nil {
		return value
	}
	return s.Clean(value)
}
