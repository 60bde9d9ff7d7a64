package close

import (
	"net/url"
	"slices"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// encodeEvents lists the contacts that were added to the lead since the job
// was accepted. Events may show up out of order, hence the five minutes:
// https://developer.close.com/api/resources/events/list
func encodeEvents(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/event/", Query: url.Values{
		"object_type": {"contact"}, "action": {"created"}, "lead_id": {leadID(c)}, "_limit": {"50"},
		"date_updated__gte": {c.At.UTC().Add(-5 * time.Minute).Format("2006-01-02T15:04:05Z")},
	}}, nil
}

// decodeEvents takes the time of an event for that of the record's creation,
// which a caller may have set. Data is hidden from some users after an hour:
// then the record remains a candidate.
func decodeEvents(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []struct {
			ObjectID    string  `json:"object_id"`
			DateCreated string  `json:"date_created"`
			Data        *record `json:"data"`
		} `json:"data"`
		Next *string `json:"cursor_next"`
	}](r)
	var hidden, shown []contact.Contact
	for _, e := range answer.Data {
		if e.Data == nil {
			hidden = append(hidden, contact.Contact{ID: e.ObjectID})
			continue
		}
		made := contactOf(c, *e.Data)
		made.ID, made.CreatedAt = e.ObjectID, connector.TimeOf(e.DateCreated)
		if isOurs(c, *e.Data) {
			return []contact.Contact{made}, err
		}
		shown = append(shown, made)
	}
	matches := append(shape.Matching(same(c), c.Input.Contact, shown), hidden...)
	if err == nil && len(matches) == 0 && answer.Next != nil && *answer.Next != "" {
		err = connector.ErrCrowded
	}
	return matches, err
}

// same is how a contact of a lead is known: by e-mail, or else by name.
func same(c *connector.Call) func(sent, found contact.Contact) bool {
	if c.Has(contact.EmailAddresses) {
		return shape.SameEmail
	}
	return shape.SameName
}

func encodeList(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/contact/", Query: url.Values{"lead_id": {leadID(c)}, "_limit": {"100"}}}, nil
}

func decodeList(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data    []record `json:"data"`
		HasMore bool     `json:"has_more"`
	}](r)
	matches := shape.Matching(same(c), c.Input.Contact, found(c, answer.Data))
	if err == nil && len(matches) == 0 && answer.HasMore {
		err = connector.ErrCrowded
	}
	return matches, err
}

// found gives records with the time at which they were really made.
func found(c *connector.Call, list []record) []contact.Contact {
	return shape.Each(list, func(rec record) contact.Contact {
		out := contactOf(c, rec)
		out.CreatedAt = shape.MadeAt(c.Input.CreatedAt, out.CreatedAt, out.UpdatedAt)
		return out
	})
}

// search lists the contacts that meet a condition, which is a read in spite of
// its method: https://developer.close.com/api/resources/advanced-filtering
func search(c *connector.Call, condition map[string]any) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/data/search/", Body: map[string]any{
		"query": map[string]any{"type": "and", "queries": []any{
			map[string]any{"type": "object_type", "object_type": "contact"}, condition,
		}},
		"_fields": map[string]any{"contact": append(shape.Members[person](), customKeys(c)...)}, "_limit": 50,
	}}, nil
}

func contains(field map[string]any, text string) map[string]any {
	return map[string]any{
		"type": "field_condition", "field": field, "condition": map[string]any{"type": "text", "mode": "phrase", "value": text},
	}
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	field := map[string]any{"type": "regular_field", "object_type": "contact_email", "field_name": "email"}
	return search(c, map[string]any{
		"type": "has_related", "this_object_type": "contact", "related_object_type": "contact_email",
		"related_query": contains(field, contact.EmailKey(shape.FirstEmail(c.Input.EmailAddresses))),
	})
}

func encodeFindKey(c *connector.Call) (connector.Request, error) {
	return search(c, contains(map[string]any{"type": "custom_field", "custom_field_id": c.Settings[keySetting]}, c.Key))
}

func searched(r connector.Reply) ([]record, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []record `json:"data"`
	}](r)
	return answer.Data, err
}

// decodeFound keeps those with the very e-mail: the search finds phrases.
func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	list, err := searched(r)
	return shape.Matching(shape.SameEmail, c.Input.Contact, found(c, list)), err
}

func decodeFoundKey(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	list, err := searched(r)
	list = slices.DeleteFunc(list, func(rec record) bool { return !isOurs(c, rec) })
	return found(c, list), err
}
