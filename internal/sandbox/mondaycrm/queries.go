package mondaycrm

import (
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func queries() map[string]resolver {
	return map[string]resolver{
		"me": func(s *session, _ map[string]any) (any, *failure) {
			return s.layout.user("", "me@sandbox.example"), nil
		},
		"account":    func(s *session, _ map[string]any) (any, *failure) { return s.layout.accountInfo(), nil },
		"complexity": complexity, "users": users, "workspaces": workspaces, "boards": boards, "items": items, "tags": tags,
		"items_page_by_column_values": itemsByColumn,
	}
}

func complexity(s *session, _ map[string]any) (any, *failure) {
	u := s.Usage.Get("complexity")
	cost := complexityCost(s.Call)
	return map[string]any{"before": u.Remaining() + cost, "after": u.Remaining(), "query": cost, "reset_in_x_seconds": u.Seconds()}, nil
}

func users(s *session, arguments map[string]any) (any, *failure) {
	found := []any{}
	emails, byEmail := arguments["emails"].([]any)
	ids, byID := arguments["ids"].([]any)
	if !byEmail && !byID {
		return []any{s.layout.user("", "me@sandbox.example")}, nil
	}
	for _, id := range ids {
		if text := kit.ID(id); !kit.Missing(text) {
			found = append(found, s.layout.user(text, ""))
		}
	}
	for _, email := range emails {
		text, _ := email.(string)
		if name, _, ok := strings.Cut(text, "@"); ok && !kit.Missing(name) {
			found = append(found, s.layout.user("", text))
		}
	}
	return found, nil
}

func workspaces(s *session, arguments map[string]any) (any, *failure) {
	found := []any{}
	for _, id := range []string{s.layout.main, s.layout.crm} {
		if among(arguments["ids"], id) {
			found = append(found, s.layout.workspace(id))
		}
	}
	return found, nil
}

func boards(s *session, arguments map[string]any) (any, *failure) {
	found := []any{}
	for _, id := range []string{s.layout.contacts, s.layout.accounts, s.layout.tasks} {
		board := s.layout.board(id)
		if !among(arguments["ids"], id) || !among(arguments["workspace_ids"], kit.Text(board, "workspace_id")) {
			continue
		}
		records := []*kit.Record{}
		if id == s.layout.contacts {
			records = s.Account.Contacts.All()
		}
		board["items_count"] = len(records)
		board["items_page"] = field(func(arguments map[string]any) (any, *failure) { return s.page(records, arguments) })
		found = append(found, board)
	}
	return found, nil
}

func items(s *session, arguments map[string]any) (any, *failure) {
	found := []any{}
	ids, _ := arguments["ids"].([]any)
	for _, id := range ids {
		if r := s.Account.Contacts.Get(kit.ID(id)); r != nil {
			found = append(found, s.item(r))
		}
	}
	return found, nil
}

func tags(s *session, arguments map[string]any) (any, *failure) {
	found := []any{}
	for _, r := range s.Account.Table("tags").All() {
		if among(arguments["ids"], r.ID) {
			found = append(found, tag(r.ID, r.Text("name")))
		}
	}
	return found, nil
}

// test tells whether a contact is a hit.
type test func(*kit.Record) bool

// answer is one page of hits. Further pages are not served.
func (s *session) answer(records []*kit.Record, arguments map[string]any, tests []test) (any, *failure) {
	limit := 25
	if n := kit.ID(arguments["limit"]); n != "" {
		limit = int(kit.Int(n))
	}
	if limit < 1 || limit > 500 {
		return nil, &failure{code: "InvalidArgumentException", message: "limit must be between 1 and 500"}
	}
	hits := []any{}
	var cursor any
	for _, r := range records {
		if !s.Searchable(r) || slices.ContainsFunc(tests, func(t test) bool { return !t(r) }) {
			continue
		}
		if len(hits) == limit {
			cursor = "MSw" + strconv.Itoa(limit)
			break
		}
		hits = append(hits, s.item(r))
	}
	return map[string]any{"cursor": cursor, "items": hits}, nil
}

func itemsByColumn(s *session, arguments map[string]any) (any, *failure) {
	if kit.Text(arguments, "board_id") != s.layout.contacts {
		return nil, &failure{code: "InvalidBoardIdException", message: "This board does not exist"}
	}
	var tests []test
	for _, column := range kit.Objects(arguments, "columns") {
		c, known := s.layout.column(kit.Text(column, "column_id"))
		switch {
		case !known:
			return nil, &failure{code: "InvalidColumnIdException", message: "This column ID doesn't exist for the board"}
		case slices.Contains([]string{"board_relation", "tags", "location", "formula"}, c.kind):
			return nil, &failure{code: "InvalidArgumentException", message: "Items cannot be searched by a column of type " + c.kind}
		}
		tests = append(tests, s.reads(c, kit.Texts(column, "column_values"), c.kind == "phone"))
	}
	return s.answer(s.Account.Contacts.All(), arguments, tests)
}

// reads tests a column's text for one of the values, or for a part of it.
func (s *session) reads(c column, values []string, part bool) test {
	return func(r *kit.Record) bool {
		text := c.text(kit.Object(r.Data, c.id), s.tagName)
		if c.kind == "name" {
			text = r.Text("name")
		}
		return slices.ContainsFunc(values, func(value string) bool {
			if part {
				return value != "" && strings.Contains(strings.ToLower(text), strings.ToLower(value))
			}
			return strings.EqualFold(text, value)
		})
	}
}

// page answers a board's items_page.
func (s *session) page(records []*kit.Record, arguments map[string]any) (any, *failure) {
	var tests []test
	for _, rule := range kit.Objects(kit.Object(arguments, "query_params"), "rules") {
		t, failed := s.rule(rule)
		if failed != nil {
			return nil, failed
		}
		tests = append(tests, t)
	}
	return s.answer(records, arguments, tests)
}

func (s *session) rule(rule map[string]any) (test, *failure) {
	c, known := s.layout.column(kit.Text(rule, "column_id"))
	if !known {
		return nil, &failure{code: "InvalidColumnIdException", message: "This column ID doesn't exist for the board"}
	}
	text, isText := rule["compare_value"].(string)
	values, isList := rule["compare_value"].([]any)
	switch operator := kit.Text(rule, "operator"); {
	case operator == "contains_text" && isText:
		return s.reads(c, []string{text}, true), nil
	case operator == "not_contains_text" && isText:
		contains := s.reads(c, []string{text}, true)
		return func(r *kit.Record) bool { return !contains(r) }, nil
	case (operator == "any_of" || operator == "") && isList && c.kind != "name":
		return s.reads(c, kit.Texts(map[string]any{"values": values}, "values"), false), nil
	}
	return nil, &failure{code: "InvalidArgumentException", message: "The rule's operator does not fit its column or its compare_value"}
}
