package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// sealedCredential is the plaintext of Record.Sealed.
type sealedCredential struct {
	Scheme string            `json:"scheme"`
	Values map[string]string `json:"values"`
}

// sealContext binds a credential to its account. The id is a UUID and so of
// one length: no two accounts share a context.
func sealContext(tenant, id string) string {
	return "ferry:account:" + tenant + ":" + id
}

// seal puts the credential into the record.
func (s *Sealer) seal(r *Record, c connector.Credential) error {
	plain, err := json.Marshal(sealedCredential{Scheme: c.Scheme, Values: c.Values})
	if err != nil {
		return errors.New("account: the credential cannot be encoded")
	}
	r.App = appOf(c)
	r.Sealed, err = s.Seal(plain, sealContext(r.Tenant, r.ID))
	return err
}

// appOf names the OAuth client without telling its id.
func appOf(c connector.Credential) string {
	id := c.Values["client_id"]
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.Scheme + "\x00" + id))
	return hex.EncodeToString(sum[:8])
}

// unseal gives the account with its credential. Its error is a *fault.Error.
func (s *Sealer) unseal(r Record) (connector.Account, error) {
	plain, err := s.Open(r.Sealed, sealContext(r.Tenant, r.ID))
	if err != nil {
		return connector.Account{}, unreadable(err)
	}
	var c sealedCredential
	if json.Unmarshal(plain, &c) != nil {
		return connector.Account{}, unreadable(ErrUnreadable)
	}
	return connector.Account{
		ID: r.ID, Revision: r.Revision, Settings: r.Clone().Settings,
		Credential: connector.Credential{Scheme: c.Scheme, Values: c.Values}, Pace: r.Pace(), App: r.App,
	}, nil
}

func unreadable(err error) *fault.Error {
	f := fault.New(fault.Internal, "credentials_unreadable",
		"the account's credentials do not open with the master key in use")
	f.Final, f.Err = true, err
	return f
}
