// Package keap imitates version 2 of Keap's REST API as far as it concerns
// contacts.
//
// Companies and users are all that are well formed and not [kit.Missing]; the
// companies 100 (Analytical Engines) and 102 (Difference Engines) and the
// users 45 and 47 are listed. An account has the tags 101
// (VIP) and 103 (Newsletter), and the custom fields 6 (Engine notes, text),
// 8 (Tier, one of Gold, Silver), 10 (Interests, a list box of Maths, Engines)
// and 12 (Score, number).
//
// An account is connected with a key and has a key's limits; those whose name
// starts with "oauth" have a token's, which all of them share. "legacy"
// accounts write times and custom fields as older builds do. In "untaggable"
// ones no tag takes, which the answer tells with status 200.
//
// What the documentation leaves open is taken the strict way: a contact needs
// an e-mail or a phone number (an address is not enough), unknown keys are
// refused, names of tags are unique, and searches lag. Without the query
// parameter fields an answer holds the id and the names only. Of the results
// of applyTags, SUCCESS alone is a success.
package keap

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug = "keap"
	root = "/crm/rest/v2"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Connect: connect, Before: before, Routes: routes(), Limits: limits(), Headers: rateHeaders,
		Credential: func(r *http.Request) string {
			if key := r.Header.Get("X-Keap-API-Key"); key != "" {
				return key
			}
			return kit.Bearer(r)
		},
		NewID: kit.DecimalID, Identity: identity,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			data := map[string]any{"given_name": p.FirstName, "family_name": p.LastName, "job_title": p.Title}
			if p.Email != "" {
				data["email_addresses"] = []any{map[string]any{"email": p.Email, "field": "EMAIL1"}}
			}
			if p.Phone != "" {
				data["phone_numbers"] = []any{map[string]any{"number": p.Phone, "field": "PHONE1"}}
			}
			return data
		},
		Errors: kit.Errors{
			Unauthorized: unauthorized, Limited: limited,
			NotFound: func(c *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "UNIMPLEMENTED", "Request method '"+c.Request.Method+"' not supported").
						With("Allow", strings.Join(allow, ", "))
				}
				return page(http.StatusNotFound)
			},
			ServerError: func(*kit.Call) kit.Reply {
				return kit.JSON(http.StatusInternalServerError, map[string]any{"code": 500, "message": "Internal Server Error"})
			},
			Unavailable: func(*kit.Call) kit.Reply { return page(http.StatusServiceUnavailable) },
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	auth, settings = map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{}
	if throughOAuth(account) {
		auth = map[string]string{
			"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
			"client_id": "sandbox-client", "client_secret": "sandbox-secret",
		}
	}
	if base != "" {
		settings["instance_url"] = base
	}
	return auth, settings
}

func throughOAuth(account string) bool { return strings.HasPrefix(account, "oauth") }

func routes() map[string]kit.Handler {
	served := map[string]kit.Handler{}
	for path, handler := range map[string]kit.Handler{
		"POST /contacts": create, "GET /contacts": list, "GET /contacts/model": model, "GET /contacts/{id}": read,
		"PATCH /contacts/{id}": update, "POST /contacts/{id}/notes": addNote, "GET /contacts/{id}/notes": listNotes, "GET /contacts/{id}/tags": tagsOf,
		"GET /tags": listTags, "POST /tags": createTag, "POST /tags/{tag}/contacts:applyTags": applyTag,
		"GET /users": users, "GET /companies": companies, "GET /oauth/connect/userinfo": userinfo,
	} {
		method, path, _ := strings.Cut(path, " ")
		served[method+" "+root+path] = handler
	}
	return served
}

func before(c *kit.Call) *kit.Reply {
	refuse := func(reply kit.Reply) *kit.Reply { return &reply }
	switch {
	case len(c.Body) == 0:
		return nil
	case c.Request.Method == http.MethodGet:
		return refuse(page(http.StatusBadRequest))
	case c.MediaType() != "application/json":
		return refuse(failure(http.StatusUnsupportedMediaType, "INVALID_ARGUMENT", "Content type '"+c.MediaType()+"' not supported"))
	}
	return nil
}

// limits count a call as a key's or as a token's, by the account.
func limits() []kit.Limit {
	key := func(c *kit.Call) int {
		if throughOAuth(c.AccountName()) {
			return 0
		}
		return 1
	}
	client := func(c *kit.Call) int { return 1 - key(c) }
	return []kit.Limit{
		{Name: "minute", Requests: 240, Per: time.Minute, Cost: key},
		{Name: "second", Requests: 10, Per: time.Second, Cost: key},
		{Name: "day", Requests: 30_000, Until: kit.Midnight, Cost: key},
		{Name: "client_minute", Requests: 1500, Per: time.Minute, Cost: client, Shared: true},
		{Name: "client_day", Requests: 150_000, Until: kit.Midnight, Cost: client, Shared: true},
		{Name: "spike", Requests: 25, Per: time.Second},
		{Name: "tenant_minute", Requests: 10_000, Per: time.Minute},
		{Name: "tenant_day", Requests: 250_000, Until: kit.Midnight},
	}
}

func rateHeaders(c *kit.Call) map[string]string {
	kind := ""
	if throughOAuth(c.Account.Name) {
		kind = "client_"
	}
	headers := map[string]string{
		"x-keap-tenant-id":                 tenant(c.Account.Name),
		"x-keap-product-quota-expiry-time": strconv.FormatInt(kit.Midnight(c.Now).UnixMilli(), 10),
		"x-keap-product-spike-limit":       strconv.Itoa(c.Usage.Get("spike").Requests),
	}
	set := func(family, unit string, windows ...string) {
		var limit, available, used, interval []string
		for _, name := range windows {
			u := c.Usage.Get(name)
			limit, available = append(limit, strconv.Itoa(u.Requests)), append(available, strconv.Itoa(u.Remaining()))
			used, interval = append(used, strconv.Itoa(u.Used)), append(interval, "1")
		}
		for name, values := range map[string][]string{"limit": limit, "available": available, "used": used, "interval": interval, "time-unit": {unit}} {
			headers["x-keap-"+family+"-"+name] = strings.Join(values, "|")
		}
	}
	set("product-quota", "day", kind+"day")
	set("product-throttle", "minute", kind+"minute")
	set("tenant-throttle", "minute|day", "tenant_minute", "tenant_day")
	return headers
}

func limited(_ *kit.Call, u kit.Usage) kit.Reply {
	if u.Name == "spike" {
		return gateway(http.StatusTooManyRequests, "Rate limit quota violation. Quota limit exceeded.", "policies.ratelimit.QuotaViolation")
	}
	reply := kit.JSON(http.StatusTooManyRequests, map[string]any{
		"code": "429", "message": "Quota Exceeded", "status": "Request Throttled", "details": nil,
	})
	if u.Name == "minute" {
		return reply.With("Retry-After", strconv.Itoa(u.Seconds())) // sent at times only
	}
	return reply
}

func unauthorized(_ *kit.Call, fault kit.AuthFault) kit.Reply {
	reply := gateway(http.StatusUnauthorized, "Invalid Access Token", "keymanagement.service.invalid_access_token")
	switch fault {
	case kit.NoCredential:
		reply = gateway(http.StatusUnauthorized, "Invalid access token", "oauth.v2.InvalidAccessToken")
	case kit.Expired:
		reply = gateway(http.StatusUnauthorized, "Access Token expired", "keymanagement.service.access_token_expired")
	}
	return reply.With("x-keap-tenant-id", "").With("x-keap-tenant-throttle-limit", "").With("x-keap-tenant-throttle-available", "")
}

// gateway is an error of what stands before the application.
func gateway(status int, text, code string) kit.Reply {
	return kit.JSON(status, map[string]any{"fault": map[string]any{"faultstring": text, "detail": map[string]any{"errorcode": code}}})
}

func page(status int) kit.Reply {
	return kit.Raw(status, "text/html", "<html><head><title>Error</title></head><body><h1>"+http.StatusText(status)+"</h1></body></html>")
}

// failure is an error of the application.
func failure(status int, word, message string) kit.Reply {
	return kit.JSON(status, map[string]any{
		"code": status, "message": message, "status": word,
		"details": []any{map[string]any{"domain": "contacts", "resource": "Contact"}},
	})
}

func invalid(message string) *kit.Reply {
	reply := failure(http.StatusBadRequest, "INVALID_ARGUMENT", message)
	return &reply
}

func notFound(what string) *kit.Reply {
	reply := kit.JSON(http.StatusNotFound, map[string]any{"message": "Unable to find this " + what})
	return &reply
}

func tenant(account string) string {
	return strings.ToLower(account) + strconv.FormatUint(kit.Hash(slug, account)%900+100, 10) + ".infusionsoft.com"
}

func userinfo(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"sub": "45", "keap_id": "grace@sandbox.example", "email": "grace@sandbox.example", "given_name": "Grace", "family_name": "Hopper",
		"infusionsoft_id": tenant(c.Account.Name), "global_user_id": 45, "preferred_name": "Grace Hopper", "is_admin": true,
	})
}

func users(*kit.Call) kit.Reply {
	user := func(id, given, family, email string) any {
		return map[string]any{"id": id, "given_name": given, "family_name": family, "email_address": email, "status": "ACTIVE"}
	}
	return kit.JSON(http.StatusOK, map[string]any{"users": []any{
		user("45", "Grace", "Hopper", "grace@sandbox.example"), user("47", "Joan", "Clarke", "joan@sandbox.example"),
	}, "next_page_token": nil})
}

func companies(c *kit.Call) kit.Reply {
	filter, refusal := parseFilter(c, "company_name", "email", "since_time", "until_time")
	if refusal != nil {
		return *refusal
	}
	list := []any{}
	for _, id := range []string{"100", "102"} {
		if filter.accepts("company_name", companyName(id)) {
			list = append(list, map[string]any{"id": id, "company_name": companyName(id)})
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"companies": list, "next_page_token": nil})
}

func companyName(id string) string {
	switch id {
	case "100":
		return "Analytical Engines"
	case "102":
		return "Difference Engines"
	}
	return "Company " + id
}
