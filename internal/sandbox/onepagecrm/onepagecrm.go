// Package onepagecrm imitates version 3 of OnePageCRM's API as far as it
// concerns contacts.
//
// The user is whoever the user name says, 24 hexadecimal digits; users and
// companies exist as the kit says. An account has twelve custom fields of all
// types, so that their list has a second page; the last one, Source Key, is
// of the type external_id. Their ids differ from account to account.
//
// Unknown keys are ignored, as company_id is in a create. Contacts with the
// same e-mail are accepted; a second one with the same external id is refused.
// The throttle counts all accounts together. "legacy" accounts answer in the
// older form: nulls for what is empty, fractions of seconds, addresses without
// a type. To accounts whose name starts with "lapsed" all calls are refused.
package onepagecrm

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"

	"crmferry/internal/sandbox/kit"
)

const (
	slug    = "onepagecrm"
	maxPage = 1_000_000
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Before: before, Routes: routes(), Identity: identity, Seed: seed,
		Credential: func(r *http.Request) string { return kit.BasicPassword(r, isID) },
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "basic", "username": newID("user "+account, 1), "password": kit.Token(slug, account)},
				map[string]string{}
		},
		Limits: throttle(), NewID: newID,
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return failure(http.StatusUnauthorized, "Authorization data not found", "authorization_data_not_found",
					"Cannot find suitable authorization data or data provided is not complete.", nil)
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "Method not allowed", "method_not_allowed", "The method is not allowed here.", nil).
						With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return kit.Raw(http.StatusForbidden, "text/plain; charset=utf-8", "403 Forbidden (Rate Limit Exceeded)\n")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "Internal server error", "internal_server_error", "Something went wrong.", nil)
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

// throttle is the vendor's leaky bucket, which holds ten and loses five a
// second: nine may come at once, and in every window as many more as leak.
func throttle() []kit.Limit {
	limits := []kit.Limit{
		{Name: "burst", Requests: 9, Per: 100 * time.Millisecond}, {Name: "second", Requests: 14, Per: time.Second},
		{Name: "five_seconds", Requests: 34, Per: 5 * time.Second},
	}
	for i := range limits {
		limits[i].Shared, limits[i].CountRefused = true, true
	}
	return limits
}

func routes() map[string]kit.Handler {
	all := map[string]kit.Handler{}
	for pattern, handler := range map[string]kit.Handler{
		"POST /contacts": create, "GET /contacts": list, "GET /contacts/{id}": read, "PUT /contacts/{id}": update,
		"PUT /contacts/{id}/assign_tag/{tag}":     assignTag,
		"PUT /contacts/{id}/change_owner/{owner}": changeOwner,
		"GET /companies/{id}":                     readCompany,
		"GET /custom_fields":                      customFields, "GET /countries": countries, "GET /statuses": statuses,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		all[method+" /api/v3"+path] = handler
		if !strings.HasSuffix(path, "}") {
			all[method+" /api/v3"+path+".json"] = handler
		}
	}
	return all
}

// variable is a part of the path without the optional suffix.
func variable(c *kit.Call, name string) string { return strings.TrimSuffix(c.Var(name), ".json") }

func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	writes := c.Request.Method == http.MethodPost || c.Request.Method == http.MethodPut
	switch {
	case is(c, "lapsed"):
		refusal = failure(http.StatusPaymentRequired, "Payment required", "payment_required", "The subscription has lapsed.", nil)
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = failure(http.StatusUnsupportedMediaType, "Unsupported media type", "unsupported_media_type", "Send JSON.", nil)
	case writes && len(c.Body) == 0 && c.Request.Header.Get("Content-Length") == "":
		refusal = failure(http.StatusLengthRequired, "Length required", "length_required", "Content-Length is required.", nil)
	default:
		return nil
	}
	return &refusal
}

// is tells whether the account is one of a special kind.
func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

func failure(status int, message, name, text string, faults map[string]string) kit.Reply {
	if faults == nil {
		faults = map[string]string{}
	}
	return kit.JSON(status, map[string]any{
		"status": status, "message": message, "error_name": name, "error_message": text, "errors": faults,
	})
}

func invalid(faults map[string]string) kit.Reply {
	return failure(http.StatusBadRequest, "Invalid request data", "invalid_request_data", "A validation error has occurred", faults)
}

func notFound() kit.Reply {
	return failure(http.StatusNotFound, "Not found", "resource_not_found", "The resource was not found.", nil)
}

// done is the envelope of a success.
func done(c *kit.Call, status int, data map[string]any) kit.Reply {
	message := "OK"
	if status == http.StatusCreated {
		message = "Created"
	}
	return kit.JSON(status, map[string]any{"status": 0, "message": message, "timestamp": c.Now.Unix(), "data": data})
}

// newID is the n-th id of 24 hexadecimal digits of an owner.
func newID(owner string, n uint64) string { return fmt.Sprintf("%016x%08x", kit.Hash(slug, owner), n) }

var idForm = regexp.MustCompile(`^[0-9a-f]{24}$`)

func isID(text string) bool { return idForm.MatchString(text) }

// names tells whether a text is the id of a user or company.
func names(id string) bool { return isID(id) && !kit.Missing(id) }

type custom struct {
	ID, Name, Type string
	Choices        []string
}

func customsOf(account string) []custom {
	fields := []custom{
		{Name: "Tier", Type: "single_line_text"}, {Name: "Score", Type: "number"},
		{Name: "Segment", Type: "select_box", Choices: []string{"Gold", "Silver"}},
		{Name: "Interests", Type: "multiple_choice", Choices: []string{"Art", "Golf", "Wine"}},
		{Name: "Renewal", Type: "date"}, {Name: "Wedding", Type: "anniversary"}, {Name: "Memo", Type: "multi_line_text"},
		{Name: "Marketing", Type: "section_divider"}, {Name: "Campaign", Type: "single_line_text"},
		{Name: "Referrer", Type: "single_line_text"}, {Name: "Region", Type: "single_line_text"}, {Name: "Source Key", Type: "external_id"},
	}
	for i := range fields {
		fields[i].ID = newID("custom field "+account, uint64(i+1))
	}
	return fields
}

func (f custom) show(position int) map[string]any {
	return map[string]any{"id": f.ID, "name": f.Name, "type": f.Type, "position": position}
}

func customFields(c *kit.Call) kit.Reply {
	rows := []any{}
	for i, f := range customsOf(c.Account.Name) {
		shown := f.show(i)
		if f.Choices != nil {
			shown["choices"] = f.Choices
		}
		if f.Type == "anniversary" {
			shown["reminder_days"] = 7
		}
		rows = append(rows, map[string]any{"custom_field": shown})
	}
	return paged(c, "custom_fields", rows)
}

// paged answers the page of rows that the query asks for.
func paged(c *kit.Call, name string, rows []any) kit.Reply {
	page, size := 1, 10
	for key, into := range map[string]*int{"page": &page, "per_page": &size} {
		if text := c.Query(key); text != "" {
			*into = int(kit.Int(text))
		}
	}
	if page < 1 || page > maxPage || size < 1 || size > 100 {
		return invalid(map[string]string{"perpage": "page must be at least 1, per_page between 1 and 100"})
	}
	shown := rows[min((page-1)*size, len(rows)):min(page*size, len(rows))]
	return done(c, http.StatusOK, map[string]any{
		name: shown, "total_count": len(rows), "page": page, "per_page": size, "max_page": max(1, (len(rows)+size-1)/size),
	})
}

func isCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.Canonicalize() == region && region.String() == code
}

func countries(c *kit.Call) kit.Reply {
	list := []any{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string(a) + string(b); isCountry(code) {
				list = append(list, map[string]any{"country": map[string]any{"code": code}})
			}
		}
	}
	return done(c, http.StatusOK, map[string]any{"countries": list})
}

func statusID(account string, n uint64) string { return newID("status "+account, n) }

func statuses(c *kit.Call) kit.Reply {
	list := []any{}
	for i, text := range []string{"Lead", "Prospect", "Customer"} {
		list = append(list, map[string]any{"status": map[string]any{
			"id": statusID(c.Account.Name, uint64(i+1)), "status": strings.ToLower(text), "text": text,
		}})
	}
	return done(c, http.StatusOK, map[string]any{"statuses": list})
}

// company finds a company by name, or makes it.
func company(c *kit.Call, name string) (id, known string) {
	table, key := c.Account.Table("companies"), strings.ToLower(name)
	if found := table.ByKey(key); len(found) > 0 {
		return found[0].ID, found[0].Text("name")
	}
	id = newID("company "+c.Account.Name, c.Account.NextID())
	table.Put(&kit.Record{ID: id, Data: map[string]any{"name": name}, CreatedAt: c.Now}, key)
	return id, name
}

// companyName is the name of a company; empty when there is none.
func companyName(c *kit.Call, id string) string {
	if made := c.Account.Table("companies").Get(id); made != nil {
		return made.Text("name")
	}
	if names(id) {
		return "Company " + id[18:]
	}
	return ""
}

func readCompany(c *kit.Call) kit.Reply {
	id := variable(c, "id")
	name := companyName(c, id)
	if name == "" {
		return notFound()
	}
	return done(c, http.StatusOK, map[string]any{"company": map[string]any{"id": id, "name": name}})
}

// whole adds the blocks that ride along with every contact.
func whole(c *kit.Call, status int, data map[string]any) kit.Reply {
	reply := done(c, status, data)
	maps.Copy(reply.Body.(map[string]any), map[string]any{
		"lead_sources": []any{}, "statuses": []any{}, "tags": map[string]any{"tags": []any{}, "system_tags": []any{}},
		"contacts_count": map[string]any{"all": map[string]any{"count": len(c.Account.Contacts.All())}}, "team_stream": map[string]any{},
	})
	return reply
}
