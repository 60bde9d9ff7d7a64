// Package freshsales imitates the API of Freshsales as far as it concerns
// contacts.
//
// It lies under /crm/sales/api; accounts whose name starts with "classic" are
// of the older product, at /api, which answers a create with 200 instead of
// 201, shows owners at once and writes times in UTC. Whatever is asked for
// elsewhere gets an HTML page.
//
// Sales accounts and owners are all that are well formed and not
// [kit.Missing]; GET /selector/owners lists two of the latter, 70000012345 and
// 70000012346. An account has the custom fields cf_contract_no (text),
// cf_score (number), cf_vip (checkbox) and cf_tier (Gold or Silver, or their
// ids 1 and 2).
//
// What the documentation leaves open is taken the strict way: a contact needs
// an e-mail or a mobile number, unknown keys are refused, an e-mail is unique
// (but in "dupes" accounts), look-ups and searches lag, and the answer to a
// create names no owner. "mobile" accounts demand a mobile number and keep it
// unique too. The error envelope comes in all four forms that are on record.
package freshsales

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "freshsales"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: credential, Before: before, Routes: routes(), Connect: connect,
		Limits: []kit.Limit{
			{Name: "minute", Requests: 400, Per: time.Minute},
			{Name: "hour", Requests: 1000, Until: kit.NextHour},
		},
		NewID: kit.DecimalID, Identity: identity,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return stored(map[string]any{
				"first_name": p.FirstName, "last_name": p.LastName, "email": p.Email, "mobile_number": p.Phone, "job_title": p.Title,
			})
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return kit.JSON(http.StatusUnauthorized, map[string]any{"login": "failed", "message": "You are not logged in or your API key is incorrect"})
			},
			NotFound: func(*kit.Call, []string) kit.Reply { return page() },
			Limited: func(_ *kit.Call, u kit.Usage) kit.Reply {
				reply := failure(http.StatusTooManyRequests, http.StatusTooManyRequests, "You have exceeded the limit of requests per "+u.Name)
				if u.Name == "hour" {
					return reply // Retry-After is on record, but not for certain
				}
				return reply.With("Retry-After", strconv.Itoa(u.Seconds()))
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, http.StatusInternalServerError, []string{"Internal server error"})
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

// connect gives the bundle alias: a host with a path, and no scheme.
func connect(account, base string) (auth, settings map[string]string) {
	alias := strings.ToLower(strings.NewReplacer(".", "-", "_", "-").Replace(account))
	_, under, hasBase := strings.Cut(base, "://")
	switch {
	case hasBase && classic(account):
		alias = under + "/api"
	case hasBase:
		alias = under + "/crm/sales"
	case classic(account):
		alias += ".freshsales.io"
	default:
		alias += ".myfreshworks.com/crm/sales"
	}
	return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{"bundle_alias": alias}
}

func classic(account string) bool { return strings.HasPrefix(account, "classic") }

func routes() map[string]kit.Handler {
	list := map[string]kit.Handler{}
	for path, handler := range map[string]kit.Handler{
		"POST /contacts": create, "POST /contacts/upsert": upsert, "GET /contacts/{id}": read, "PUT /contacts/{id}": update,
		"GET /contacts/filters": filters, "GET /contacts/view/{view}": view, "GET /lookup": lookup, "GET /search": search,
		"POST /notes": note, "GET /selector/owners": owners, "GET /settings/contacts/fields": fields,
	} {
		method, path, _ := strings.Cut(path, " ")
		list[method+" /crm/sales/api"+path], list[method+" /api"+path] = handler, handler
	}
	return list
}

// credential reads "Token token=<key>", which must be exactly so.
func credential(r *http.Request) string {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token token=")
	if !ok {
		return ""
	}
	return key
}

func before(c *kit.Call) *kit.Reply {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") != classic(c.Account.Name) {
		refusal := page()
		return &refusal
	}
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(http.StatusUnsupportedMediaType, http.StatusUnsupportedMediaType, "The content type must be application/json")
		return &refusal
	}
	return nil
}

func page() kit.Reply {
	return kit.Raw(http.StatusNotFound, "text/html; charset=utf-8",
		"<!DOCTYPE html><html><head><title>The page you were looking for doesn't exist (404)</title></head><body></body></html>")
}

// failure is the error envelope: code is a number or its text, message a
// text or a list of them.
func failure(status int, code, message any) kit.Reply {
	return kit.JSON(status, map[string]any{"errors": map[string]any{"code": code, "message": message}})
}

func invalid(message string) kit.Reply {
	return failure(http.StatusBadRequest, http.StatusBadRequest, []string{message})
}

func notFound() kit.Reply {
	return failure(http.StatusNotFound, strconv.Itoa(http.StatusNotFound), "Record not found")
}

// owner is the caller, owner+1 a colleague.
const owner = 70000012345

func owners(*kit.Call) kit.Reply {
	user := func(id int64, name, email string) map[string]any {
		return map[string]any{
			"id": id, "display_name": name, "email": email, "is_active": true, "work_number": nil, "mobile_number": nil,
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"users": []any{
		user(owner, "Grace Hopper", "grace@sandbox.example"), user(owner+1, "Joan Clarke", "joan@sandbox.example"),
	}})
}

func note(c *kit.Call) kit.Reply {
	body, err := c.Object()
	given := kit.Object(body, "note")
	if err != nil || given == nil {
		return invalid("note is missing")
	}
	rules := kit.Schema{
		"description": {Required: true}, "targetable_type": {Required: true, OneOf: []string{"Contact"}},
		"targetable_id": {Type: kit.Any, Required: true},
	}
	if issues := rules.Check(given, false); len(issues) > 0 {
		return invalid(sentence(issues[0]))
	}
	contact := kit.ID(given["targetable_id"])
	if c.Account.Contacts.Get(contact) == nil {
		return notFound()
	}
	id := kit.NumericID(c.Account.Name, c.Account.NextID())
	c.Account.Table("notes").Put(&kit.Record{ID: strconv.FormatInt(id, 10), Data: given, CreatedAt: c.Now}, contact)
	c.FollowUp("note")
	return kit.JSON(http.StatusCreated, map[string]any{"note": map[string]any{
		"id": id, "description": given["description"], "targetable_type": "Contact", "targetable_id": kit.Int(contact),
		"created_at": stamp(c, c.Now), "updated_at": stamp(c, c.Now),
	}})
}
