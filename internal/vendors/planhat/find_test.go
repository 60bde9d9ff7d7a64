package planhat

import (
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

func TestFullPageProvesNothing(t *testing.T) {
	t.Parallel()
	c := &connector.Call{Key: "key", Input: contact.Input{Contact: contact.Contact{EmailAddresses: []contact.Email{{Email: "ada@example.com"}}}}}
	page := func(n int) connector.Reply {
		other := `{"_id":"1","email":"bob@example.com","externalId":"other"},`
		return connector.Reply{Status: 200, Body: []byte("[" + strings.TrimSuffix(strings.Repeat(other, n), ",") + "]")}
	}
	for _, f := range Spec().Find {
		if matches, err := f.Decode(c, page(perPage-1)); err != nil || len(matches) > 0 {
			t.Errorf("a page with room left: %v, %v", matches, err)
		}
		if _, err := f.Decode(c, page(perPage)); err == nil {
			t.Error("a full page of others was taken for absence")
		}
	}
}
