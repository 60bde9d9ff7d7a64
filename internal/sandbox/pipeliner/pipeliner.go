// Package pipeliner imitates version 100 of Pipeliner's REST API as far as it
// concerns contacts.
//
// The space of an account is us_<account>. Its clients are
// 00000000-0000-0000-0000-000000008e97 (Grace) and ..8e98 (Alan), both of unit
// 00000000-0000-0000-0000-00000000a358; clients, units and accounts exist as
// the kit says, tags are what the account has: "vip club" and "vip" from the
// start. Custom fields are cf_tier, cf_segment (a dropdown, which takes ids of
// its options), cf_score, cf_rating, cf_since, cf_approved, loyalty_level, and
// cf_job_key, which is unique. The list of fields has more than one page.
//
// What the documentation leaves open is taken the strict way: unknown and
// read-only members are refused, as are country codes in the place of names;
// lists show fresh records late; ten requests a second pass. Contacts with the
// same e-mail are accepted but in accounts whose name starts with "strict".
// "demanding" accounts require cf_tier, unless validation-level is 4.
// "legacy" ones say of failed batch items no more than the vendor guarantees.
package pipeliner

import (
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug    = "pipeliner"
	service = "https://eu-central.api.pipelinersales.com"
	spaces  = "/api/v100/rest/spaces/"
	grace   = "00000000-0000-0000-0000-000000008e97"
	alan    = "00000000-0000-0000-0000-000000008e98"
	unit    = "00000000-0000-0000-0000-00000000a358"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Connect: connect, Before: before, Routes: routes(), NewID: kit.UUID, Identity: identity, Seed: seed,
		Credential: func(r *http.Request) string {
			return kit.BasicPassword(r, func(user string) bool { return user != "" })
		},
		Limits: []kit.Limit{{Name: "second", Requests: 10, Per: time.Second}},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return misrouted(http.StatusUnauthorized, "Unauthorized").With("WWW-Authenticate", `Basic realm="Pipeliner"`)
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return misrouted(http.StatusMethodNotAllowed, "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return misrouted(http.StatusNotFound, "Not found")
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusTooManyRequests, 0, "ERROR_TOO_MANY_REQUESTS", "Too many requests.")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, 1, "ERROR_UNKNOWN", "Internal server error.")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	if base == "" {
		base = service
	}
	return map[string]string{"scheme": "basic", "username": "us_app", "password": kit.Token(slug, account)},
		map[string]string{"instance_url": base, "space_id": spaceOf(account), "default_owner_id": grace}
}

func spaceOf(account string) string { return "us_" + account }

func routes() map[string]kit.Handler {
	all := map[string]kit.Handler{}
	for pattern, handler := range map[string]kit.Handler{
		"POST /Contacts": create, "GET /Contacts": list, "GET /Contacts/{id}": read, "PATCH /Contacts/{id}": update,
		"POST /Contacts/batch-modify": batch,
		"GET /Clients":                clients, "GET /Fields": fields, "GET /Tags": listTags, "POST /Tags": createTag,
		"POST /TagRelations": tagContact, "POST /ContactAccountRelations": linkAccount, "POST /ContactSocialRelations": linkSocial,
		"GET /{entity}": unknownType, "POST /{entity}": unknownType, "GET /{entity}/{id}": unknownType, "PATCH /{entity}/{id}": unknownType,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		all[method+" "+spaces+"{space}/entities"+path] = handler
	}
	return all
}

// before refuses spaces of others, bodies that are no JSON and levels that
// are none.
func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	space, inSpace := strings.CutPrefix(c.Request.URL.Path, spaces)
	space, _, _ = strings.Cut(space, "/")
	level, err := strconv.Atoi(c.Query("validation-level"))
	switch {
	case inSpace && space != spaceOf(c.Account.Name):
		refusal = misrouted(http.StatusNotFound, "Space not found")
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = invalid("Missing or invalid JSON data.")
	case c.Query("validation-level") != "" && (err != nil || level < 0 || level > 31):
		refusal = invalid("Invalid validation-level.")
	default:
		return nil
	}
	return &refusal
}

// is tells whether the account is one of a special kind.
func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

// failure is an error of the API, misrouted one of what stands before it.
func failure(status, code int, name, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"code": code, "name": name, "message": message, "http_status": status, "success": false})
}

func misrouted(status int, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"status": status, "message": message, "errorcode": nil, "traceback": nil})
}

func invalid(message string) kit.Reply {
	return failure(http.StatusBadRequest, 117, "ERROR_PARAMETER_INVALID", message)
}

func forbidden() kit.Reply {
	return failure(http.StatusForbidden, 2010, "ERROR_ACCESS_DENIED", "The role lacks the right to create.")
}

func notFound() kit.Reply {
	return failure(http.StatusNotFound, 2004, "ERROR_ENTITY_NOT_FOUND", "Entity not found.")
}

func unknownType(c *kit.Call) kit.Reply {
	return failure(http.StatusNotFound, 2006, "ERROR_UNKNOWN_TYPE", "cannot determine entity type from "+c.Var("entity"))
}

func done(status int, data any) kit.Reply {
	return kit.JSON(status, map[string]any{"success": true, "data": data})
}

// fault is what is wrong with a field, or with the whole when it names none.
type fault struct {
	field      string
	code       int
	name, text string
}

func missing(field, text string) fault { return fault{field, 119, "ERROR_PARAMETER_MISSING", text} }

func wrong(field, text string) fault { return fault{field, 117, "ERROR_PARAMETER_INVALID", text} }

func notUnique(field string) fault {
	return fault{field, 121, "ERROR_VALUE_NOT_UNIQUE", "Value must be unique!"}
}

func dangling(field, id, target string) fault {
	return fault{field, 120, "ERROR_RELATIONS_DOESNT_EXIST", "Relation Contact." + field + "=" + id + " to " + target + " doesn't exist!"}
}

func (f fault) show() map[string]any {
	shown := map[string]any{"code": f.code, "name": f.name, "message": f.text}
	if f.field != "" {
		shown["message"] = "[" + f.field + "] " + f.text
		shown["field_id"], shown["field_name"] = kit.UUID(slug+" "+f.field, 1), f.field
	}
	return shown
}

// refused is the vendor's body about faults of a contact. Its entity_id is
// that of a contact that was never made.
func refused(c *kit.Call, faults []fault, index any) map[string]any {
	message, ofFields, ofEntity := "", []any{}, []any{}
	for _, f := range faults {
		shown := f.show()
		message += "\n" + shown["message"].(string)
		if f.field == "" {
			ofEntity = append(ofEntity, shown)
			continue
		}
		ofFields = append(ofFields, map[string]any{
			"field_id": shown["field_id"], "field_name": f.field, "name": "ERROR_FIELD_VALIDATION", "code": 40002, "errors": []any{shown},
		})
	}
	return map[string]any{
		"code": 40000, "name": "ERROR_ENTITY_VALIDATION", "message": message, "entity_id": c.RequestID(), "entity_name": "Contact",
		"entity_errors": ofEntity, "field_errors": ofFields, "step_checklist_errors": []any{}, "entity_index": index,
		"http_status": http.StatusUnprocessableEntity, "success": false,
	}
}

func unprocessable(c *kit.Call, faults []fault, index any) kit.Reply {
	return kit.JSON(http.StatusUnprocessableEntity, refused(c, faults, index))
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// names tells whether a text is the id of a client, unit or account.
func names(id string) bool { return uuidForm.MatchString(id) && !kit.Missing(id) }

// uri is how the vendor refers to an entity.
func uri(c *kit.Call, entity, id string) string {
	return service + spaces + spaceOf(c.Account.Name) + "/entities/" + entity + "/" + id
}

// stamp has no fraction where there is none.
func stamp(t time.Time) string {
	if t.Nanosecond() == 0 {
		return t.UTC().Format("2006-01-02 15:04:05-07:00")
	}
	return t.UTC().Format("2006-01-02 15:04:05.000000-07:00")
}

// instant reads a time as the vendor writes or documents it; without a zone
// it is UTC.
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, strings.Replace(text, " ", "T", 1)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// with returns a copy of an object with more members.
func with(object map[string]any, more map[string]any) map[string]any {
	copied := maps.Clone(object)
	maps.Copy(copied, more)
	return copied
}
