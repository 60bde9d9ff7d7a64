// Package teamleader imitates the API of Teamleader Focus as far as it
// concerns contacts. Its token endpoint gives a new refresh token each time.
//
// Companies exist as the kit says, if their id is a UUID. An account has the
// custom fields Lead origin (single_line), Favourite number (integer), Tier
// (single_select: Gold, Silver), Interests (multi_select: Engines, Poetry),
// Partner (boolean), Met on (date) and Referred by (company); their ids are
// listed. In accounts whose name starts with "required" the first of them is.
// The areas of the second level are Antwerp and East Flanders of BE, London of
// GB, California and New York of US.
//
// The client is pinned to an old version, which a header overrides. What the
// documentation leaves open is taken the strict way: unknown keys are refused,
// as are a second address of a type, a second primary e-mail, a missing
// required custom field, a repeated company link and a version that does not
// exist; a rule inside a list is blamed on "oneOf"; faults in references carry
// only a title. X-RateLimit-Reset has an offset without a colon on refusals,
// and with one elsewhere.
package teamleader

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug   = "teamleader"
	pinned = "2021-06-15"
	newest = "2023-09-26"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Before: before, Headers: headers, Identity: identity, NewID: kit.UUID, Seed: seed,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{
				"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
				"client_id": kit.ClientID, "client_secret": kit.ClientSecret,
			}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"POST /contacts.add": add, "POST /contacts.update": update, "POST /contacts.info": info, "POST /contacts.list": list,
			"POST /contacts.tag": tag, "POST /contacts.linkToCompany": link, "POST /contacts.updateCompanyLink": updateLink,
			"POST /customFieldDefinitions.list": listDefinitions, "POST /levelTwoAreas.list": listAreas, "POST /users.me": me,
		},
		OAuth: &kit.OAuth{Path: "/oauth2/access_token", ExpiresIn: 3600, Rotates: true, Refuse: func(_ *kit.Call, code string) kit.Reply {
			return kit.JSON(http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{
				"status": http.StatusBadRequest, "title": code, "meta": map[string]any{"hint": "Token has been revoked"},
			}}})
		}},
		Limits: []kit.Limit{{Name: "minute", Requests: 200, Per: time.Minute}},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply { return plain(http.StatusUnauthorized, "Unauthorized") },
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return plain(http.StatusMethodNotAllowed, "Method Not Allowed").With("Allow", strings.Join(allow, ", "))
				}
				return plain(http.StatusNotFound, "Not Found")
			},
			Limited: func(c *kit.Call, _ kit.Usage) kit.Reply {
				return plain(http.StatusTooManyRequests, "Rate limit exceeded")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return plain(http.StatusInternalServerError, "Internal Server Error")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	switch {
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = plain(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	case !versionForm.MatchString(version(c)) || version(c) > newest:
		refusal = refuse(problem{title: "X-Api-Version is no known version"})
	default:
		return nil
	}
	return &refusal
}

var versionForm = regexp.MustCompile(`^20\d\d-[01]\d-[0-3]\d$`)

// version is the one that the call runs in.
func version(c *kit.Call) string {
	if asked := c.Request.Header.Get("X-Api-Version"); asked != "" {
		return asked
	}
	return pinned
}

func headers(c *kit.Call) map[string]string {
	minute := c.Usage.Get("minute")
	layout := time.RFC3339
	if minute.Remaining() == 0 {
		layout = "2006-01-02T15:04:05.000-0700"
	}
	return map[string]string{
		"X-Api-Version": version(c), "X-RateLimit-Limit": strconv.Itoa(minute.Requests), "X-RateLimit-Remaining": strconv.Itoa(minute.Remaining()),
		"X-RateLimit-Reset": c.Now.Add(minute.Reset).In(time.FixedZone("", 60*60)).Format(layout),
	}
}

// problem is one entry of the error bodies. One without a field is a title
// and nothing else.
type problem struct{ title, field string }

func refuse(problems ...problem) kit.Reply {
	entries := []any{}
	for _, p := range problems {
		entry := map[string]any{"title": p.title}
		if p.field != "" {
			entry["code"], entry["status"], entry["meta"] = 0, http.StatusBadRequest, map[string]any{"field": p.field}
		}
		entries = append(entries, entry)
	}
	return kit.JSON(http.StatusBadRequest, map[string]any{"errors": entries})
}

func plain(status int, title string) kit.Reply {
	return kit.JSON(status, map[string]any{"errors": []any{map[string]any{"status": status, "title": title}}})
}

func malformed() kit.Reply { return refuse(problem{title: "The request body is not valid JSON"}) }

// body reads a call's object and holds it against a schema.
func body(c *kit.Call, s kit.Schema, partial bool) (map[string]any, *kit.Reply) {
	object, err := c.Object()
	if err != nil {
		no := malformed()
		return nil, &no
	}
	if problems := judge(s, object, partial); len(problems) > 0 {
		no := refuse(problems...)
		return nil, &no
	}
	return object, nil
}

func judge(s kit.Schema, object map[string]any, partial bool) []problem {
	var problems []problem
	for _, issue := range s.Check(object, partial) {
		p := problem{issue.Path + " " + reason(issue), issue.Path}
		if strings.Contains(issue.Path, ".") {
			p.field = "oneOf"
		}
		problems = append(problems, p)
	}
	return problems
}

func reason(issue kit.Issue) string {
	switch issue.Problem {
	case kit.Unknown:
		return "is not a known attribute"
	case kit.Absent:
		return "must not be empty"
	case kit.BadEmail:
		return "must be a valid email"
	case kit.BadValue:
		return "must be a valid date"
	case kit.NotAllowed:
		return "must be one of " + strings.Join(issue.Field.OneOf, ", ")
	}
	return "has an invalid type"
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// target finds the contact that a body names.
func target(c *kit.Call, object map[string]any) (*kit.Record, *kit.Reply) {
	id := kit.Text(object, "id")
	if !uuidForm.MatchString(id) {
		no := refuse(problem{"id invalid uuid", "id"})
		return nil, &no
	}
	r := c.Account.Contacts.Get(id)
	if r == nil {
		no := plain(http.StatusNotFound, "Contact not found")
		return nil, &no
	}
	return r, nil
}

func me(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"data": map[string]any{
		"id": kit.UUID(slug+" user "+c.Account.Name, 1), "email": "grace@" + c.Account.Name + ".sandbox.example", "first_name": "Grace", "last_name": "Hopper",
	}})
}

type area struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
}

func areas() []area {
	list := []area{{"", "Antwerp", "BE"}, {"", "East Flanders", "BE"}, {"", "London", "GB"}, {"", "California", "US"}, {"", "New York", "US"}}
	for i := range list {
		list[i].ID = kit.UUID(slug+" areas", uint64(i))
	}
	return list
}

func listAreas(c *kit.Call) kit.Reply {
	in, no := body(c, kit.Schema{"country": {Required: true}, "language": {}}, false)
	if no != nil {
		return *no
	}
	found := []any{}
	for _, a := range areas() {
		if a.Country == kit.Text(in, "country") {
			found = append(found, a)
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": found})
}
