package connectortest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// secrets demands, for every scheme, that credentials travel in the scheme's
// own headers and appear nowhere else: not in addresses, bodies, other headers,
// faults, warnings or results, even if the CRM repeats them.
func secrets(t testing.TB, b *bench) {
	t.Helper()
	for _, scheme := range b.spec.Schemes {
		k := keyring{bench: *b, t: t, scheme: scheme}
		k.acc.Credential = k.made()
		k.travel()
		k.repeat()
	}
}

// keyring is a bench with credentials that are known again.
type keyring struct {
	bench
	t      testing.TB
	scheme connector.Scheme
}

func (k *keyring) made() connector.Credential {
	values := map[string]string{}
	for _, p := range k.scheme.Params() {
		values[p.Key] = "Zz-" + k.scheme.ID + "+" + p.Key + "/0123456789="
	}
	return connector.Credential{Scheme: k.scheme.ID, Values: values}
}

// values lists the secrets.
func (k *keyring) values() []string {
	var list []string
	for _, p := range k.scheme.Params() {
		if p.Secret {
			list = append(list, k.acc.Credential.Values[p.Key])
		}
	}
	return list
}

// spellings lists the forms in which a secret may show.
func (k *keyring) spellings() []string {
	list := k.pairs()
	for _, value := range k.values() {
		list = append(list, value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value)))
	}
	return list
}

// pairs lists what of HTTP Basic stands in the header.
func (k *keyring) pairs() []string {
	if k.scheme.BasicPair == [2]string{} {
		return nil
	}
	fill := func(text string) string {
		for key, value := range k.acc.Credential.Values {
			text = strings.ReplaceAll(text, "{"+key+"}", value)
		}
		return text
	}
	pair := fill(k.scheme.BasicPair[0]) + ":" + fill(k.scheme.BasicPair[1])
	return []string{base64.StdEncoding.EncodeToString([]byte(pair))}
}

// clean demands of a text that it holds no secret.
func (k *keyring) clean(what, text string) {
	k.t.Helper()
	for _, secret := range k.spellings() {
		if strings.Contains(text, secret) {
			k.t.Errorf("scheme %s: %s holds a credential", k.scheme.ID, what)
			return
		}
	}
}

// travel looks at the requests of everything that the connector does.
func (k *keyring) travel() {
	k.t.Helper()
	p := &tape{Exchanger: k.crm}
	k.everything(p, func(string, any, error) {})
	if len(p.spoken()) == 0 {
		k.t.Errorf("scheme %s: nothing was sent", k.scheme.ID)
	}
	for _, said := range p.spoken() {
		k.clean("the address of "+said.op, said.request.URL)
		k.clean("the body of "+said.op, string(said.request.Body))
		authenticated := false
		for name, values := range said.request.Header {
			if k.own(name) {
				authenticated = authenticated || slices.ContainsFunc(k.spellings(), func(s string) bool { return strings.Contains(values[0], s) })
				continue
			}
			k.clean("the header "+name+" of "+said.op, strings.Join(values, " "))
		}
		if !authenticated {
			k.t.Errorf("scheme %s: %s goes without credentials", k.scheme.ID, said.op)
		}
	}
}

// own says whether a header is one of the scheme's.
func (k *keyring) own(name string) bool {
	if k.scheme.BasicPair != [2]string{} && strings.EqualFold(name, "Authorization") {
		return true
	}
	for own := range k.scheme.Headers {
		if strings.EqualFold(name, own) {
			return true
		}
	}
	return false
}

// repeat lets the CRM repeat the credentials of a request in all places of its
// answer.
func (k *keyring) repeat() {
	k.t.Helper()
	for _, status := range []int{200, 400, 500} {
		for _, form := range []string{
			`{"message":%q,"code":"x","error":%[1]q}`, `{"error":{"code":%q,"message":%[1]q},"errors":[{"message":%[1]q,"detail":%[1]q,"title":%[1]q}]}`,
			`[{"message":%q,"errorCode":%[1]q,"fields":[%[1]q]}]`, `%s`, `<html>%s</html>`, `{"id":%q,"data":{"id":%[1]q},"contact":{"id":%[1]q}}`,
		} {
			parrot := exchangerFunc(func(_ context.Context, r transport.Request) (*transport.Response, error) {
				said := strings.Join(append(k.sentIn(r.Header), k.values()...), " ")
				return &transport.Response{Status: status, Header: http.Header{}, Body: fmt.Appendf(nil, form, said)}, nil
			})
			k.everything(parrot, k.quiet)
		}
	}
}

func (k *keyring) sentIn(h http.Header) []string {
	var list []string
	for name, values := range h {
		if k.own(name) {
			list = append(list, values...)
		}
	}
	return list
}

// quiet demands of an outcome that nothing of it shows a secret.
func (k *keyring) quiet(op string, result any, err error) {
	k.t.Helper()
	shown, _ := json.Marshal(result)
	k.clean("the result of "+op, string(shown))
	if a, ok := result.(connector.Answer); ok {
		k.clean("the raw answer to "+op, string(a.Raw))
	}
	if err == nil {
		return
	}
	whole, _ := json.Marshal(fault.From(err))
	k.clean("the fault of "+op, fmt.Sprintf("%v %+v %#v %s", err, err, fault.From(err), whole))
}

// everything does all that the connector can do.
func (k *keyring) everything(crm connector.Exchanger, see func(op string, result any, err error)) {
	k.t.Helper()
	ctx := context.Background()
	s := k.session(k.t, crm, contact.Input{Contact: k.example})
	made, warnings, err := Carry(ctx, s, k.spec)
	see(connector.OpCreate, []any{made, warnings}, err)
	a, err := s.Create(ctx, send)
	see(connector.OpCreate, a, err)
	if k.spec.Update != nil {
		a, err = s.Update(ctx, k.record, send)
		see(connector.OpUpdate, a, err)
	}
	if k.spec.Read != nil {
		a, err = s.Read(ctx, k.record)
		see(connector.OpRead, a, err)
	}
	found, err := s.Find(ctx)
	see(connector.OpFind, found, err)
	who, err := s.Probe(ctx)
	see(connector.OpProbe, who, err)
}
