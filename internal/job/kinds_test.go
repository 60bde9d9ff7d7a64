package job_test

import (
	"net/url"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func decode(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	return rec.contact(), err
}

func (r record) contact() contact.Contact {
	at := r.At
	return contact.Contact{ID: r.ID, FirstName: r.First, EmailAddresses: []contact.Email{{Email: r.Email}}, CreatedAt: &at}
}

// spec makes the descriptor of an imaginary CRM; change makes it the kind that
// a test is about.
func spec(lag time.Duration, change func(*connector.Spec)) *connector.Spec {
	body := func(c *connector.Call) map[string]string {
		return map[string]string{"email": c.Input.EmailAddresses[0].Email, "first": c.Input.FirstName}
	}
	s := &connector.Spec{
		ID: "fake", Name: "Fake", BaseURL: "https://crm.example",
		Schemes: []connector.Scheme{connector.Bearer(connector.AccessToken)},
		Fields:  connector.Fields{Accepts: []contact.Field{contact.FirstName, contact.EmailAddresses}},
		Create: connector.Operation{Decode: decode, Request: func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: "POST", Path: "/contacts", Body: body(c)}, nil
		}},
		Read: &connector.Operation{Decode: decode, Request: func(c *connector.Call) (connector.Request, error) {
			return connector.Request{Method: "GET", Path: "/contacts/" + c.RemoteID}, nil
		}},
		Find: []connector.Finder{{
			By: contact.EmailAddresses, Lag: lag,
			Request: func(c *connector.Call) (connector.Request, error) {
				return connector.Request{Method: "GET", Path: "/contacts", Query: url.Values{"email": {c.Input.EmailAddresses[0].Email}}}, nil
			},
			Decode: func(_ *connector.Call, r connector.Reply) ([]contact.Contact, error) {
				list, err := connector.DecodeJSON[[]record](r)
				var out []contact.Contact
				for _, rec := range list {
					out = append(out, rec.contact())
				}
				return out, err
			},
		}},
		Errors: connector.Errors{
			Parse: func(r connector.Reply) connector.VendorError {
				e, _ := connector.DecodeJSON[struct{ Code, Message, Field, ID string }](r)
				return connector.VendorError{
					Code: e.Code, Message: e.Message, Fields: []string{e.Field}, RemoteID: e.ID, MaybeApplied: e.Code == "maybe",
				}
			},
			Codes:  map[string]fault.Kind{"busy": fault.OutcomeUnknown},
			Fields: map[string]contact.Field{"mail": contact.EmailAddresses},
		},
		Duplicates: connector.Duplicates{Detection: connector.DetectLookup},
		Adoption:   connector.Adoption{Compare: []contact.Field{contact.FirstName, contact.EmailAddresses}},
	}
	if change != nil {
		change(s)
	}
	return s
}

// The kinds of CRM, by what makes an unknown outcome known.

// kindKey remembers its answer by our key.
func kindKey(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.KeyHeader, Life: 30 * time.Minute}
	request(&s.Create, func(c *connector.Call, r *connector.Request) { r.Header = map[string]string{"X-Key": c.Key} })
}

// kindClientID takes the record's id from us.
func kindClientID(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.ClientID, ID: func(c *connector.Call) string { return c.Key }}
	request(&s.Create, func(c *connector.Call, r *connector.Request) { r.Method, r.Path = "PUT", "/contacts/"+c.Key })
}

// kindUpsert creates or updates the record that holds our key.
func kindUpsert(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.ExternalKey}
	request(&s.Create, func(c *connector.Call, r *connector.Request) {
		r.Header = map[string]string{"X-Upsert": "yes"}
		r.Body.(map[string]string)["key"] = c.Key
	})
}

// kindUnique refuses a second record with an e-mail.
func kindUnique(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.UniqueField}
	s.Duplicates.Detection = connector.DetectNative
}

// kindMarker keeps our key in the record and finds it there.
func kindMarker(s *connector.Spec) {
	request(&s.Create, func(c *connector.Call, r *connector.Request) { r.Body.(map[string]string)["key"] = c.Key })
	withMarker(s)
}

// withMarker finds the record by our key, before it looks for the person.
func withMarker(s *connector.Spec) {
	own := s.Find[0]
	own.Marker, own.By = true, ""
	own.Request = func(c *connector.Call) (connector.Request, error) {
		return connector.Request{Method: "GET", Path: "/contacts", Query: url.Values{"key": {c.Key}}}, nil
	}
	s.Find = append([]connector.Finder{own}, s.Find...)
}

// kindLookUp finds the person, after a while, and tells times of creation.
func kindLookUp(*connector.Spec) {}

// kindUntold tells of no time of creation.
func kindUntold(s *connector.Spec) {
	find, read := s.Find[0].Decode, s.Read.Decode
	s.Find[0].Decode = func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		list, err := find(c, r)
		for i := range list {
			list[i].CreatedAt = nil
		}
		return list, err
	}
	s.Read.Decode = func(c *connector.Call, r connector.Reply) (contact.Contact, error) {
		got, err := read(c, r)
		got.CreatedAt = nil
		return got, err
	}
}

// kindNeither has neither idempotency nor a look-up.
func kindNeither(s *connector.Spec) { s.Find = nil }

// request changes what an operation sends.
func request(o *connector.Operation, change func(*connector.Call, *connector.Request)) {
	build := o.Request
	o.Request = func(c *connector.Call) (connector.Request, error) {
		r, err := build(c)
		change(c, &r)
		return r, err
	}
}
