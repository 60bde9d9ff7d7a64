// Package salesforce imitates the REST API of a Salesforce org, versions 20.0
// to 68.0, as far as it concerns the Contact object.
//
// An org has the custom fields My_Field__c (text), My_Number__c, My_Check__c,
// My_Date__c and Ext_Id__c (unique external id). It takes duplicates, but for
// accounts whose name starts with "strict": those have an alert rule, which
// the duplicate-rule header overrides, and "strictblock" a blocking one. A
// duplicate has the same e-mail, or the same names and phone.
package salesforce

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "salesforce"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Connect: connect, Before: before, Routes: routes(),
		Public: map[string]kit.Handler{"GET /services/data/": versions, "GET /services/data": versions},
		Limits: []kit.Limit{{Name: "daily", Requests: 100_000, Per: 24 * time.Hour}},
		Headers: func(c *kit.Call) map[string]string {
			day := c.Usage.Get("daily")
			return map[string]string{"Sforce-Limit-Info": fmt.Sprintf("api-usage=%d/%d", day.Used, day.Requests)}
		},
		NewID: func(account string, n uint64) string { return newID("003", account, n) }, Identity: identity,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return stored(map[string]any{
				"FirstName": p.FirstName, "LastName": p.LastName, "Email": p.Email, "Phone": p.Phone, "Title": p.Title,
			})
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
			},
			NotFound: notServed,
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
			},
			ServerError: func(c *kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
					"An unexpected error occurred. Please include this ErrorId if you contact support: "+c.RequestID())
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return failure(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "The server is temporarily unavailable")
			},
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	if base == "" {
		base = "https://" + strings.ToLower(strings.NewReplacer(".", "-", "_", "-").Replace(account)) + ".my.salesforce.com"
	}
	return map[string]string{
		"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
		"client_id": "sandbox-client", "client_secret": "sandbox-secret",
	}, map[string]string{"instance_url": base}
}

func routes() map[string]kit.Handler {
	list := map[string]kit.Handler{"GET /services/oauth2/userinfo": userinfo}
	for path, handler := range map[string]kit.Handler{
		"GET /": resources, "GET ": resources, "GET /query": query,
		"POST /sobjects/Contact": create, "GET /sobjects/Contact/describe": describe,
		"GET /sobjects/Contact/{id}": read, "PATCH /sobjects/Contact/{id}": update,
		"GET /sobjects/Contact/{field}/{key}": readByKey, "PATCH /sobjects/Contact/{field}/{key}": upsert,
		"POST /composite/sobjects":                  createMany,
		"PATCH /composite/sobjects/Contact/{field}": upsertMany,
		"POST /connect/records/{id}/topics":         addTopic,
		"POST /sobjects/TopicAssignment":            assignTopic,
	} {
		method, path, _ := strings.Cut(path, " ")
		list[method+" /services/data/{version}"+path] = handler
	}
	return list
}

var versionForm = regexp.MustCompile(`^/services/data/v(\d\d)\.0(/|$)`)

func before(c *kit.Call) *kit.Reply {
	path := c.Request.URL.Path
	if strings.HasPrefix(path, "/services/data/") {
		m := versionForm.FindStringSubmatch(path)
		if m == nil || m[1] < "20" || m[1] > "68" {
			refusal := notServed(c, nil)
			return &refusal
		}
	}
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type header specified in HTTP request is not supported")
		return &refusal
	}
	return nil
}

func failure(status int, code, message string, fields ...string) kit.Reply {
	return refusal{status: status, code: code, message: message, fields: fields}.reply()
}

// refusal is one entry of the error arrays.
type refusal struct {
	status        int
	code, message string
	fields        []string
	duplicates    map[string]any
}

func (r refusal) reply() kit.Reply {
	entry := map[string]any{"message": r.message, "errorCode": r.code}
	if r.fields != nil {
		entry["fields"] = r.fields
	}
	if r.duplicates != nil {
		entry["duplicateResut"] = r.duplicates // the vendor's spelling
	}
	return kit.JSON(r.status, []any{entry})
}

// result is the same inside a collection's answer, without the matches.
func (r refusal) result() map[string]any {
	return map[string]any{"success": false, "errors": []any{map[string]any{
		"statusCode": r.code, "message": r.message, "fields": append([]string{}, r.fields...),
	}}}
}

func bad(code, message string, fields ...string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, message: message, fields: fields}
}

func malformed() kit.Reply {
	return bad("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no readable entity body.").reply()
}

func notServed(c *kit.Call, allow []string) kit.Reply {
	if len(allow) > 0 {
		return failure(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
			fmt.Sprintf("HTTP Method '%s' not allowed. Allowed are %s", c.Request.Method, strings.Join(allow, ","))).
			With("Allow", strings.Join(allow, ","))
	}
	return failure(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func forbidden() kit.Reply {
	return failure(http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
}

func versions(*kit.Call) kit.Reply {
	var list []any
	for v, label := range map[string]string{"67.0": "Summer '26", "68.0": "Winter '27"} {
		list = append(list, map[string]any{"label": label, "url": "/services/data/v" + v, "version": v})
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return kit.JSON(http.StatusOK, list)
}

func resources(c *kit.Call) kit.Reply {
	at := "/services/data/" + c.Var("version")
	return kit.JSON(http.StatusOK, map[string]any{
		"sobjects": at + "/sobjects", "query": at + "/query", "composite": at + "/composite",
		"connect": at + "/connect", "limits": at + "/limits", "identity": "https://login.salesforce.com/id/" + orgID(c) + "/" + userID(c),
	})
}

func userinfo(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"sub":     "https://login.salesforce.com/id/" + orgID(c) + "/" + userID(c),
		"user_id": userID(c), "organization_id": orgID(c), "name": "Integration User", "active": true,
		"preferred_username": "integration@" + c.Account.Name + ".sandbox.example",
		"email":              "integration@" + c.Account.Name + ".sandbox.example",
	})
}

func orgID(c *kit.Call) string  { return newID("00D", c.AccountName(), 1) }
func userID(c *kit.Call) string { return newID("005", c.AccountName(), 1) }

// newID is an id of 18 characters: 15 that count and 3 that say which of them
// are capitals.
func newID(prefix, account string, n uint64) string {
	return long(prefix + base62(kit.Hash(slug, account), 4) + "0" + base62(n, 7))
}

func base62(n uint64, width int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		text[i] = digits[n%62]
		n /= 62
	}
	return string(text)
}

// long adds the three check characters to an id of 15.
func long(id string) string {
	if len(id) != 15 {
		return id
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	for start := 0; start < 15; start += 5 {
		bits := 0
		for i := range 5 {
			if ch := id[start+i]; ch >= 'A' && ch <= 'Z' {
				bits |= 1 << i
			}
		}
		id += string(alphabet[bits])
	}
	return id
}

func isID(text, prefix string) bool {
	if (len(text) != 15 && len(text) != 18) || !strings.HasPrefix(text, prefix) {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) < 0
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

func describe(*kit.Call) kit.Reply {
	fields := []any{}
	for name, f := range schema() {
		fields = append(fields, map[string]any{
			"name": name, "label": strings.TrimSuffix(name, "__c"), "type": typeNames[f.Type], "length": f.Max,
			"createable": !f.ReadOnly, "updateable": !f.ReadOnly, "nillable": !f.Required, "custom": strings.HasSuffix(name, "__c"),
			"externalId": name == externalID, "unique": name == externalID, "picklistValues": []any{},
		})
	}
	slices.SortFunc(fields, func(a, b any) int {
		return strings.Compare(kit.Text(a.(map[string]any), "name"), kit.Text(b.(map[string]any), "name"))
	})
	return kit.JSON(http.StatusOK, map[string]any{"name": "Contact", "label": "Contact", "keyPrefix": "003", "createable": true, "fields": fields})
}

var typeNames = map[kit.Type]string{
	kit.String: "string", kit.Email: "email", kit.Number: "double", kit.Bool: "boolean", kit.Date: "date", kit.DateTime: "datetime",
}

func quoted(name string) string { return strconv.Quote(name) }
