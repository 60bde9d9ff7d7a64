package mondaycrm

import (
	"net/http"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// resolver answers one field at the root.
type resolver func(s *session, arguments map[string]any) (any, *failure)

// field is a nested value that is made when it is selected.
type field func(arguments map[string]any) (any, *failure)

// failure is one entry of errors.
type failure struct {
	code, message string
	status        int // of the extensions; default 200
	http          int // of the answer, when the whole of it fails
	extra         map[string]any
}

// session is one document being executed.
type session struct {
	*kit.Call
	layout layout
	op     string // for the ledger
}

func graphql(types map[string]map[string]string) kit.Handler {
	return func(c *kit.Call) kit.Reply {
		d, refused := admit(c, types)
		if refused != nil {
			return *refused
		}
		s := &session{Call: c, layout: layoutOf(c.Account.Name), op: "create"}
		names, creates := []string{}, 0
		for _, sel := range d.selections {
			names = append(names, sel.name)
			if sel.name == "create_item" {
				creates++
			}
		}
		c.Op = strings.Join(names, ",")
		if creates > 1 {
			s.op = "batch_create"
		}
		return s.run(d)
	}
}

// admit parses and validates the document, so that nothing is done of one
// that is wrong anywhere.
func admit(c *kit.Call, types map[string]map[string]string) (document, *kit.Reply) {
	var body struct {
		Query     string
		Variables map[string]any
	}
	refuse := func(f failure) (document, *kit.Reply) {
		reply := f.whole(c)
		return document{}, &reply
	}
	if c.Decode(&body) != nil || body.Query == "" {
		return refuse(failure{code: "Bad request", message: "No query string was present", http: http.StatusBadRequest})
	}
	d, err := parse(body.Query)
	if err != nil {
		return refuse(failure{code: "GRAPHQL_PARSE_FAILED", message: err.Error(), http: http.StatusBadRequest})
	}
	if err := d.check(types, body.Variables); err != nil {
		return refuse(failure{code: "GRAPHQL_VALIDATION_FAILED", message: err.Error(), http: http.StatusBadRequest})
	}
	return d, nil
}

func (s *session) run(d document) kit.Reply {
	all := queries()
	if d.kind == "mutation" {
		all = mutations()
	}
	data, problems := map[string]any{}, []any{}
	for _, sel := range d.selections {
		value, failed := all[sel.name](s, sel.arguments)
		if failed == nil {
			value, failed = project(value, sel.selections)
		}
		if failed != nil && failed.http != 0 {
			return failed.whole(s.Call)
		}
		if failed != nil {
			problems = append(problems, failed.entry(sel.key()))
			value = nil
		}
		data[sel.key()] = value
	}
	body := map[string]any{"data": data, "extensions": map[string]any{"request_id": s.RequestID()}}
	if len(problems) > 0 {
		body["errors"], body["account_id"] = problems, accountID(s.Call)
	}
	return kit.JSON(http.StatusOK, body)
}

// project keeps what was selected of a value.
func project(value any, selections []selection) (any, *failure) {
	switch v := value.(type) {
	case []any:
		kept := make([]any, len(v))
		for i, item := range v {
			var failed *failure
			if kept[i], failed = project(item, selections); failed != nil {
				return nil, failed
			}
		}
		return kept, nil
	case map[string]any:
		if len(selections) == 0 {
			return v, nil // a JSON scalar
		}
		kept := map[string]any{}
		return kept, pick(v, selections, kept)
	}
	return value, nil
}

func pick(object map[string]any, selections []selection, into map[string]any) *failure {
	for _, sel := range selections {
		if sel.on != "" {
			if object["__typename"] == sel.on {
				if failed := pick(object, sel.selections, into); failed != nil {
					return failed
				}
			}
			continue
		}
		value, failed := object[sel.name], (*failure)(nil)
		if make, ok := value.(field); ok {
			value, failed = make(sel.arguments)
		}
		if failed == nil {
			value, failed = project(value, sel.selections)
		}
		if failed != nil {
			return failed
		}
		into[sel.key()] = value
	}
	return nil
}

func (f failure) extensions() map[string]any {
	status := f.status
	if status == 0 {
		status = http.StatusOK
	}
	extensions := map[string]any{"status_code": status, "error_data": map[string]any{}}
	if f.code != "" {
		extensions["code"] = f.code
	}
	for name, value := range f.extra {
		extensions[name] = value
	}
	return extensions
}

func (f failure) entry(path string) map[string]any {
	return map[string]any{
		"message": f.message, "locations": []any{map[string]any{"line": 1, "column": 1}},
		"path": []string{path}, "extensions": f.extensions(),
	}
}

// whole is the answer to a request of which nothing was done.
func (f failure) whole(c *kit.Call) kit.Reply {
	if f.http == 0 {
		f.http = http.StatusOK
	}
	f.status = f.http
	return kit.JSON(f.http, map[string]any{
		"errors": []any{map[string]any{
			"message": f.message, "locations": []any{map[string]any{"line": 1, "column": 1}}, "extensions": f.extensions(),
		}},
		"account_id": accountID(c),
	})
}
