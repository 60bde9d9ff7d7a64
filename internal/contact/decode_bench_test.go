package contact_test

import (
	"testing"

	"crmferry/internal/contact"
)

// typicalContact has 400 bytes, as a usual create.
const typicalContact = `{"first_name":"Ada","last_name":"Lovelace","title":"Analyst",` +
	`"email_addresses":[{"email":"ada@example.com","type":"work"}],` +
	`"phone_numbers":[{"number":"+44 20 7946 0018","type":"mobile"}],` +
	`"addresses":[{"street_1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}],` +
	`"account":{"id":"9876543210"},"owner":{"id":"42"},"tags":["vip"],` +
	`"custom_fields":{"lead_source":"web","score":42}}`

func BenchmarkDecode(b *testing.B) {
	body := []byte(typicalContact)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := contact.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
