// Package insightly imitates version 3.1 of Insightly's API as far as it
// concerns contacts.
//
// Organisations and users are all that are well formed and not [kit.Missing];
// GET /Users lists two of the latter. An account has the custom fields
// Hobby__c and Sync_Key__c (text), Tier__c (one of Gold, Silver),
// Interests__c (several of Music, Travel, Chess), Score__c (number), Vip__c
// (bit), Since__c (date) and Serial__c (counted by itself), and the tags VIP
// and Newsletter.
//
// What the documentation leaves open is taken the strict way: a create loses
// TAGS without a word, but in accounts whose name starts with "tags"; unknown
// and read-only keys, e-mails that are none, and countries that are not on
// the list of /Countries are refused. Refusals are a sentence, a JSON object
// or nothing at all. "noplan" accounts answer a create with a 404 that tells
// of missing access, "full" ones with 402. The pod is part of the host name,
// so it cannot be imitated; na1 is given.
package insightly

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug = "insightly"
	root = "/v3.1"
)

// Spec is the imitation.
func Spec() kit.Spec {
	api := imitation{countries: map[string]bool{}}
	for _, c := range kit.Countries() {
		api.countries[c.Name] = true
	}
	return kit.Spec{
		Slug: slug, Credential: credential, Before: before, Routes: api.routes(), Identity: identity,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{"pod": "na1"}
		},
		Limits: []kit.Limit{
			{Name: "second", Requests: 10, Per: time.Second},
			{Name: "day", Requests: 40_000, Until: kit.Midnight},
		},
		Headers: func(c *kit.Call) map[string]string {
			day := c.Usage.Get("day")
			return map[string]string{
				"X-RateLimit-Limit": strconv.Itoa(day.Requests), "X-RateLimit-Remaining": strconv.Itoa(day.Remaining()),
			}
		},
		NewID: kit.DecimalID,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return stored(map[string]any{
				"FIRST_NAME": p.FirstName, "LAST_NAME": p.LastName, "EMAIL_ADDRESS": p.Email, "PHONE": p.Phone, "TITLE": p.Title,
			}, nil)
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return message(http.StatusUnauthorized, "Authorization has been denied for this request.")
			},
			NotFound: notServed,
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return text(http.StatusTooManyRequests, "API rate limit exceeded.")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusInternalServerError, "text/html; charset=utf-8",
					"<!DOCTYPE html><html><head><title>Runtime Error</title></head><body><h1>Server Error in '/' Application.</h1></body></html>")
			},
			Unavailable: func(*kit.Call) kit.Reply { return kit.Empty(http.StatusServiceUnavailable) },
		},
	}
}

type imitation struct{ countries map[string]bool }

func (api imitation) routes() map[string]kit.Handler {
	served := map[string]kit.Handler{}
	for path, handler := range map[string]kit.Handler{
		"POST /Contacts": api.create, "PUT /Contacts": api.update, "GET /Contacts": list, "GET /Contacts/{id}": read,
		"GET /Contacts/Search": search, "POST /Contacts/{id}/Tags": addTag, "GET /Contacts/{id}/Tags": tagsOf,
		"POST /Contacts/{id}/Links": addLink, "GET /Tags": allTags, "GET /CustomFields/{object}": customFields,
		"GET /Countries": api.listCountries, "GET /Users": users, "GET /Users/Me": me, "GET /Instance": instance,
	} {
		method, path, _ := strings.Cut(path, " ")
		served[method+" "+root+path] = handler
	}
	return served
}

// credential is the user name of HTTP Basic, or all of it when there is no
// colon.
func credential(r *http.Request) string {
	pair, err := base64.StdEncoding.DecodeString(kit.AuthWord(r, "Basic"))
	if err != nil {
		return ""
	}
	key, _, _ := strings.Cut(string(pair), ":")
	return key
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := message(http.StatusUnsupportedMediaType,
			"The request entity's media type '"+c.MediaType()+"' is not supported for this resource.")
		return &refusal
	}
	return nil
}

func notServed(c *kit.Call, allow []string) kit.Reply {
	if len(allow) > 0 {
		return message(http.StatusMethodNotAllowed, "The requested resource does not support http method '"+c.Request.Method+"'.").
			With("Allow", strings.Join(allow, ", "))
	}
	return message(http.StatusNotFound, "No HTTP resource was found that matches the request URI.")
}

// text is a refusal in a sentence, message one in JSON.
func text(status int, sentence string) kit.Reply {
	return kit.Raw(status, "text/plain; charset=utf-8", sentence)
}

func message(status int, sentence string) kit.Reply {
	return kit.JSON(status, map[string]any{"Message": sentence})
}

// userID is the caller's.
func userID(account string) int64 { return int64(2_240_000 + kit.Hash(slug, account)%400) }

func userList(account string) []map[string]any {
	user := func(id int64, first, last string) map[string]any {
		return map[string]any{
			"USER_ID": id, "CONTACT_ID": id + 5_000_000, "FIRST_NAME": first, "LAST_NAME": last, "ACTIVE": true,
			"EMAIL_ADDRESS": strings.ToLower(first) + "@sandbox.example", "ADMINISTRATOR": true, "ACCOUNT_OWNER": false,
			"TIMEZONE_ID": "UTC", "DATE_CREATED_UTC": "2025-01-01 00:00:00", "DATE_UPDATED_UTC": "2025-01-01 00:00:00",
		}
	}
	return []map[string]any{user(userID(account), "Grace", "Hopper"), user(userID(account)+1, "Joan", "Clarke")}
}

func users(c *kit.Call) kit.Reply { return kit.JSON(http.StatusOK, userList(c.Account.Name)) }
func me(c *kit.Call) kit.Reply    { return kit.JSON(http.StatusOK, userList(c.Account.Name)[0]) }

func instance(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"INSTANCE_NAME": c.Account.Name, "INSTANCE_SUBDOMAIN": c.Account.Name, "PLAN_NAME": "Plus",
		"NEW_USER_EXPERIENCE_ENABLED": true, "INSTANCE_ID": int64(kit.Hash(slug, "instance", c.Account.Name) % 1_000_000),
	})
}

func (api imitation) listCountries(*kit.Call) kit.Reply {
	list := []any{}
	for _, c := range kit.Countries() {
		list = append(list, map[string]any{"COUNTRY_NAME": c.Name})
	}
	return kit.JSON(http.StatusOK, list)
}
