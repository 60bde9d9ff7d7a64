package highlevel

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// duplicate finds a contact by e-mail, or by number if that is given alone or
// the e-mail is nobody's.
func duplicate(c *kit.Call) kit.Reply {
	query := map[string]any{}
	for name := range c.Request.URL.Query() {
		query[name] = c.Query(name)
	}
	if wrong := check(kit.Schema{"locationId": {Required: true}, "email": {}, "number": {}}, query); len(wrong) > 0 {
		return *unprocessable(wrong...)
	}
	if query["locationId"] != locationID(c.Account.Name) {
		return foreign()
	}
	for _, r := range slices.Concat(c.Account.ByEmail(c.Query("email")), c.Account.Contacts.ByKey(phoneKey(c.Query("number")))) {
		if c.Searchable(r) {
			return kit.JSON(http.StatusOK, envelope(c, lowered(c, r)))
		}
	}
	return kit.JSON(http.StatusOK, envelope(c, nil))
}

func search(c *kit.Call) kit.Reply {
	object, err := c.Object()
	if err != nil {
		return failure(http.StatusBadRequest, "Bad Request", "")
	}
	wrong := check(kit.Schema{
		"locationId": {Required: true}, "pageLimit": {Type: kit.Integer, Required: true}, "page": {Type: kit.Integer}, "query": {},
		"filters": {Type: kit.List, Of: kit.Schema{
			"field": {Required: true}, "operator": {Required: true, OneOf: []string{"eq", "contains"}}, "value": {Type: kit.Any},
		}},
		"sort": {Type: kit.List}, "searchAfter": {Type: kit.List},
	}, object)
	size := int(kit.Int(kit.ID(object["pageLimit"])))
	if size < 1 || size > 500 {
		wrong = append(wrong, "pageLimit must be between 1 and 500")
	}
	if len(wrong) > 0 {
		return *unprocessable(wrong...)
	}
	if object["locationId"] != locationID(c.Account.Name) {
		return foreign()
	}
	var hits []any
	for _, r := range c.Account.Contacts.All() {
		shown := lowered(c, r)
		if c.Searchable(r) && mentions(shown, kit.Text(object, "query")) && passes(shown, kit.Objects(object, "filters")) {
			shown["address"] = shown["address1"]
			delete(shown, "address1")
			hits = append(hits, shown)
		}
	}
	from := size * max(0, int(kit.Int(kit.ID(object["page"])))-1)
	page := append([]any{}, hits[min(from, len(hits)):min(from+size, len(hits))]...)
	return kit.JSON(http.StatusOK, map[string]any{"contacts": page, "total": len(hits), "traceId": c.RequestID()})
}

func mentions(contact map[string]any, text string) bool {
	for _, name := range []string{"contactName", "emailLowerCase"} {
		if strings.Contains(kit.Text(contact, name), strings.ToLower(text)) {
			return true
		}
	}
	return text == ""
}

// passes tells whether a contact passes all filters; none passes one by
// phone.
func passes(contact map[string]any, filters []map[string]any) bool {
	for _, f := range filters {
		held, wanted := strings.ToLower(fmt.Sprint(contact[kit.Text(f, "field")])), strings.ToLower(fmt.Sprint(f["value"]))
		switch {
		case f["field"] == "phone",
			f["operator"] == "eq" && held != wanted,
			f["operator"] == "contains" && !strings.Contains(held, wanted):
			return false
		}
	}
	return true
}
