// Package zohocrm imitates the REST API of Zoho CRM, versions 2 to 8, as far
// as it concerns the module Contacts. Every data centre is the one in the USA;
// its token endpoint reports failures with status 200.
//
// Accounts and owners exist as the kit says, if their id is a text of 15 to 20
// digits. An org has the custom fields My_Field (text), Favourite_Number
// (integer), Score (double), Is_VIP (boolean), Met_On (date), Met_At
// (datetime), Tier (picklist: Gold and Silver, shown as Gold level and Silver
// level), Interests (multiselectpicklist: Engines, Poetry), Homepage (website)
// and External_Key (unique text).
//
// Some account names choose what an org's settings do. In those that start
// with "unique" the e-mail is unique too, and addresses at leads.example
// belong to leads; in "approval" records wait for approval; in "layout" a
// phone is mandatory; in "narrow" the token has no scope but that of contacts;
// "noright" and "nopermission" accounts lack the right to create in the two
// other forms that the vendor has for it; "lax" accounts ignore fields that
// do not exist.
//
// What the documentation leaves open is taken the strict way: elsewhere such
// fields are refused, as are read-only ones, ids that are numbers, texts that
// are too long, picklist values by their label, and a search without per_page;
// the approved parameter counts, not approval_state; version 2 reports bad
// records with 202, and versions before 5 without json_path.
package zohocrm

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "zoho-crm"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Before: before, Identity: identity, Seed: seed, Connect: connect,
		Credential: func(r *http.Request) string { return kit.AuthWord(r, "Zoho-oauthtoken") },
		Routes: map[string]kit.Handler{
			"POST /crm/{version}/Contacts": create, "POST /crm/{version}/Contacts/upsert": upsert,
			"GET /crm/{version}/Contacts/{id}": read, "PUT /crm/{version}/Contacts/{id}": update,
			"POST /crm/{version}/Contacts/{id}/actions/add_tags": addTags,
			"GET /crm/{version}/Contacts/search":                 search, "POST /crm/{version}/coql": coql,
			"GET /crm/{version}/settings/fields": listFields, "GET /crm/{version}/users": users, "GET /crm/{version}/org": org,
			"POST /crm/{version}/{module}": noModule, "GET /crm/{version}/{module}/{id}": noModule,
		},
		OAuth: &kit.OAuth{
			Path: "/oauth/v2/token", ExpiresIn: 3600,
			Judge: func(c *kit.Call) string {
				if c.MediaType() == "application/json" {
					return "invalid_client"
				}
				return ""
			},
			Complete: func(_ *kit.Call, answer map[string]any) {
				delete(answer, "refresh_token")
				answer["scope"], answer["api_domain"] = "ZohoCRM.modules.ALL", "https://www.zohoapis.com"
			},
			Refuse: func(_ *kit.Call, code string) kit.Reply {
				if code == "invalid_grant" {
					code = "invalid_code"
				}
				return kit.JSON(http.StatusOK, map[string]any{"error": code})
			},
		},
		Limits: []kit.Limit{
			{Name: "credits", Requests: 50_250, Per: 24 * time.Hour, Cost: credits},
			{Name: "concurrency", Requests: 10, Concurrent: true},
			{Name: "tokens", Requests: 10, Per: 10 * time.Minute, Cost: func(c *kit.Call) int {
				if c.IsTokenRequest() {
					return 1
				}
				return 0
			}},
		},
		Headers: func(c *kit.Call) map[string]string {
			if day := c.Usage.Get("credits"); day.Remaining() < day.Requests/2 {
				return map[string]string{"X-API-CREDITS-REMAINING": strconv.Itoa(day.Remaining())}
			}
			return nil
		},
		NewID: func(account string, n uint64) string {
			return fmt.Sprintf("%07d%012d", 5_000_000+kit.Hash(slug, account)%4_000_000, 524_000+n)
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return failure(http.StatusUnauthorized, "INVALID_TOKEN", "invalid oauth token", nil)
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one", nil).
						With("Allow", strings.Join(allow, ", "))
				}
				return failure(http.StatusNotFound, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", nil)
			},
			Limited: limited,
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "INTERNAL_ERROR", "Internal Server Error", nil)
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	settings = map[string]string{"api_domain": "https://www.zohoapis.com", "login_url": "https://accounts.zoho.com"}
	if base != "" {
		settings = map[string]string{"api_domain": base, "login_url": base}
	}
	return map[string]string{
		"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
		"client_id": kit.ClientID, "client_secret": kit.ClientSecret,
	}, settings
}

// credits is what a call costs: writes count by ten records.
func credits(c *kit.Call) int {
	var in struct{ Data []any }
	switch {
	case c.IsTokenRequest():
		return 0
	case c.Request.Method == http.MethodPost && strings.Contains(c.Request.URL.Path, "/Contacts") && c.Decode(&in) == nil:
		return max(1, (len(in.Data)+9)/10)
	}
	return 1
}

func limited(_ *kit.Call, u kit.Usage) kit.Reply {
	switch u.Name {
	case "tokens":
		return kit.JSON(http.StatusBadRequest, map[string]any{
			"error": "Access Denied", "status": "failure",
			"error_description": "You have made too many requests continuously. Please try again after some time.",
		})
	case "concurrency":
		return failure(http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "Concurrency limit has been exceeded", nil)
	}
	return failure(http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "You have reached the API limit", map[string]any{
		"trace_id": "sandbox", "retry_after": u.Seconds(), "limit": u.Requests, "window": int(u.Per.Seconds()),
	})
}

var versionForm = regexp.MustCompile(`^/crm/v[2-8]/`)

func before(c *kit.Call) *kit.Reply {
	path := c.Request.URL.Path
	var refusal kit.Reply
	switch {
	case !versionForm.MatchString(path):
		refusal = failure(http.StatusNotFound, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", nil)
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = failure(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", nil)
	case is(c, "narrow") && (!strings.Contains(path, "/Contacts") || strings.HasSuffix(path, "/search")):
		refusal = outOfScope()
	default:
		return nil
	}
	return &refusal
}

func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

// failure is an error about the whole request.
func failure(status int, code, message string, details map[string]any) kit.Reply {
	return kit.JSON(status, fault{code, message, details}.row())
}

// fault is an error about a record, which is also what a whole request's
// error looks like.
type fault struct {
	code, message string
	details       map[string]any
}

func (f fault) row() map[string]any {
	if f.details == nil {
		f.details = map[string]any{}
	}
	return map[string]any{"code": f.code, "details": f.details, "message": f.message, "status": "error"}
}

func outOfScope() kit.Reply {
	return failure(http.StatusUnauthorized, "OAUTH_SCOPE_MISMATCH", "Unauthorized", nil)
}

// forbidden tells why an account may not create; nil when it may.
func forbidden(c *kit.Call) *kit.Reply {
	var no kit.Reply
	switch {
	case c.NoScope():
		no = outOfScope()
	case is(c, "noright"):
		no = failure(http.StatusBadRequest, "AUTHORIZATION_FAILED", "User does not have sufficient privilege to create records", nil)
	case is(c, "nopermission"):
		no = failure(http.StatusForbidden, "NO_PERMISSION", "Permission denied", map[string]any{"permissions": []string{"Crm_Implied_Create_Contacts"}})
	default:
		return nil
	}
	return &no
}

func noModule(*kit.Call) kit.Reply {
	return failure(http.StatusBadRequest, "INVALID_MODULE", "the module name given seems to be invalid", map[string]any{"resource_path_index": 0})
}

func lacking(parameter string) kit.Reply {
	return failure(http.StatusBadRequest, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", map[string]any{"param": parameter})
}

// stamp is a time in the user's zone.
func stamp(t time.Time) string { return t.In(time.FixedZone("", -7*60*60)).Format(time.RFC3339) }

func userID(c *kit.Call) string { return orgNumber(c) + "000000411001" }

func orgNumber(c *kit.Call) string {
	return strconv.FormatUint(5_000_000+kit.Hash(slug, c.Account.Name)%4_000_000, 10)
}

func user(c *kit.Call) map[string]any {
	return map[string]any{"name": "Patricia Boyle", "id": userID(c)}
}

func users(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"users": []any{map[string]any{
		"id": userID(c), "full_name": "Patricia Boyle", "email": "patricia@" + c.Account.Name + ".sandbox.example", "status": "active", "zuid": "75092197",
	}}, "info": info(200, 1, 1, false)})
}

func org(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"org": []any{map[string]any{
		"id": orgNumber(c) + "000000000225", "zgid": orgNumber(c), "company_name": c.Account.Name, "primary_email": "patricia@" + c.Account.Name + ".sandbox.example",
	}}})
}

func info(perPage, count, page int, more bool) map[string]any {
	return map[string]any{"per_page": perPage, "count": count, "page": page, "more_records": more}
}
