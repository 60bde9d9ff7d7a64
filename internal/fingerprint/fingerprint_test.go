package fingerprint_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"crmferry/internal/account"
	"crmferry/internal/contact"
	"crmferry/internal/fingerprint"
)

// memory is a Safe.
type memory struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (m *memory) Sealed(_ context.Context, tenant string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[tenant], nil
}

func (m *memory) Keep(_ context.Context, tenant string, fresh []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[tenant] == nil {
		m.kept[tenant] = fresh
	}
	return m.kept[tenant], nil
}

func sealer(t *testing.T, fill byte) *account.Sealer {
	t.Helper()
	s, err := account.NewSealer(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(t *testing.T, ks *fingerprint.Keys, tenant string) *fingerprint.Key {
	t.Helper()
	k, err := ks.For(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeys(t *testing.T) {
	t.Parallel()
	safe := &memory{kept: map[string][]byte{}}
	ks := fingerprint.NewKeys(sealer(t, 1), safe)
	acme := key(t, ks, "acme").Of(fingerprint.Email, "ada@example.com")
	if acme == key(t, ks, "umbrella").Of(fingerprint.Email, "ada@example.com") {
		t.Error("two tenants have the same fingerprint")
	}
	if acme == key(t, ks, "acme").Of(fingerprint.ClientRef, "ada@example.com") {
		t.Error("two kinds have the same fingerprint")
	}
	restarted := fingerprint.NewKeys(sealer(t, 1), safe)
	if acme != key(t, restarted, "acme").Of(fingerprint.Email, "ada@example.com") {
		t.Error("another fingerprint after a restart")
	}
	if _, err := fingerprint.NewKeys(sealer(t, 2), safe).For(t.Context(), "acme"); !errors.Is(err, fingerprint.ErrKey) {
		t.Errorf("with another master key: %v", err)
	}
	safe.kept["umbrella"] = safe.kept["acme"]
	if _, err := fingerprint.NewKeys(sealer(t, 1), safe).For(t.Context(), "umbrella"); !errors.Is(err, fingerprint.ErrKey) {
		t.Errorf("with another tenant's key: %v", err)
	}
}

func TestOneKeyForAll(t *testing.T) {
	t.Parallel()
	safe := &memory{kept: map[string][]byte{}}
	prints := make([]fingerprint.Print, 8)
	var wg sync.WaitGroup
	for i := range prints {
		wg.Go(func() {
			if k, err := fingerprint.NewKeys(sealer(t, 1), safe).For(context.Background(), "acme"); err == nil {
				prints[i] = k.Of(fingerprint.Phone, "1")
			}
		})
	}
	wg.Wait()
	if slices.ContainsFunc(prints, func(p fingerprint.Print) bool { return p != prints[0] || p == (fingerprint.Print{}) }) {
		t.Errorf("processes that begin together do not agree: %x", prints)
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := fingerprint.NewKey([]byte("hunter2"))
	if text := fmt.Sprintf("%v %+v %#v", k, k, *k); bytes.Contains([]byte(text), []byte("hunter2")) || bytes.Contains([]byte(text), []byte("104 117")) {
		t.Error("the secret is printed")
	}
}

func TestNormalForms(t *testing.T) {
	t.Parallel()
	c := &contact.Contact{
		EmailAddresses: []contact.Email{{Email: " Ada@Example.com"}, {Email: "ada@example.COM"}, {Email: "a@example.com"}},
		PhoneNumbers:   []contact.Phone{{Number: "020 7946 0018"}, {Number: "+44 20 7946 0018"}, {Number: "+1 212 555 0100 ext. 7"}},
		Addresses:      []contact.Address{{City: "London"}, {Country: "United Kingdom"}},
	}
	if got := fingerprint.EmailsOf(c); !slices.Equal(got, []string{"ada@example.com", "a@example.com"}) {
		t.Error(got)
	}
	if got := fingerprint.PhonesOf(c); !slices.Equal(got, []string{"442079460018", "12125550100"}) {
		t.Error(got)
	}
	for given, want := range map[fingerprint.Kind]string{fingerprint.Email: "a b", fingerprint.Phone: "", fingerprint.ClientRef: " A b ", fingerprint.RemoteID: " A b "} {
		if got := given.Normal(" A b "); given != fingerprint.Phone && got != want {
			t.Errorf("%s: %q", given, got)
		}
	}
}
