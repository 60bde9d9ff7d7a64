// Package fingerprint names people by keyed digests, so that they can be found
// again without their values being kept. Each tenant has a key of its own,
// which lies sealed beside the data: who reads the data alone can neither turn a
// fingerprint into a value nor try values out.
package fingerprint

import (
	"crypto/hmac"
	"crypto/sha256"

	"crmferry/internal/contact"
)

// Size is the length of a Print in bytes. Among ten million people one who is
// not there is found with a chance of 5 in 10^13, and what is found is held
// against the record wherever that is kept.
const Size = 8

// Print is the fingerprint of one value.
type Print [Size]byte

// Kind is what a fingerprint is of: the same text as two kinds gives two Prints.
type Kind string

// The kinds. They are part of every Print and must not change.
const (
	Email     Kind = "email"
	Phone     Kind = "phone"
	ClientRef Kind = "client_ref"
	RemoteID  Kind = "remote_id"
)

// Normal is the form in which values of a kind are compared; "" is no value.
func (k Kind) Normal(value string) string {
	switch k {
	case Email:
		return contact.EmailKey(value)
	case Phone:
		return contact.PhoneKey(value, "")
	default:
		return value
	}
}

// Key makes the fingerprints of one tenant. It is safe for concurrent use.
type Key struct{ print func(text string) Print }

// NewKey takes the tenant's secret. It is within a function, where no way of
// printing reaches it.
func NewKey(secret []byte) *Key {
	return &Key{print: func(text string) (p Print) {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte(text)) // never fails
		copy(p[:], mac.Sum(nil))
		return p
	}}
}

// Of is the fingerprint of a value in its normal form.
func (k *Key) Of(kind Kind, normal string) Print { return k.print(string(kind) + "\x00" + normal) }

// Emails are the fingerprints of a contact's addresses.
func (k *Key) Emails(c *contact.Contact) (list []Print) {
	for _, key := range EmailsOf(c) {
		list = append(list, k.Of(Email, key))
	}
	return list
}

// Phones are the fingerprints of a contact's numbers.
func (k *Key) Phones(c *contact.Contact) (list []Print) {
	for _, key := range PhonesOf(c) {
		list = append(list, k.Of(Phone, key))
	}
	return list
}

// EmailsOf are a contact's addresses in their normal form, each once.
func EmailsOf(c *contact.Contact) (list []string) {
	for _, e := range c.EmailAddresses {
		list = appendNew(list, contact.EmailKey(e.Email))
	}
	return list
}

// PhonesOf are a contact's numbers in their normal form, each once. A national
// number is read in the country of the contact's first address.
func PhonesOf(c *contact.Contact) (list []string) {
	country := ""
	for _, a := range c.Addresses {
		if country = a.Country; country != "" {
			break
		}
	}
	for _, p := range c.PhoneNumbers {
		list = appendNew(list, contact.PhoneKey(p.Number, country))
	}
	return list
}

func appendNew(list []string, key string) []string {
	for _, have := range list {
		if have == key {
			return list
		}
	}
	if key == "" {
		return list
	}
	return append(list, key)
}
