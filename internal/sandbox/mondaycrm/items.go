package mondaycrm

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"crmferry/internal/sandbox/kit"
)

// A contact's data are its name, its group, its e-mails and, by column id, the
// kept values.

func mutations() map[string]resolver {
	return map[string]resolver{
		"create_item": createItem, "change_multiple_column_values": changeColumns, "create_update": createUpdate,
		"create_or_get_tag": createTag, "complexity": complexity,
	}
}

func createItem(s *session, arguments map[string]any) (any, *failure) {
	if s.NoScope() {
		return nil, unauthorizedField()
	}
	name, group := kit.Text(arguments, "item_name"), kit.Text(arguments, "group_id")
	switch {
	case kit.Text(arguments, "board_id") != s.layout.contacts:
		return nil, &failure{code: "InvalidBoardIdException", message: "This board does not exist or takes no items from here"}
	case name == "":
		return nil, &failure{code: "InvalidArgumentException", message: "Item name must not be empty"}
	case utf8.RuneCountInString(name) > 255:
		return nil, &failure{code: "ItemNameTooLongException", message: "Item name is too long"}
	case group == "":
		group = s.layout.groups[0]
	case group != s.layout.groups[0] && group != s.layout.groups[1]:
		return nil, &failure{code: "ResourceNotFoundException", message: "Group not found"}
	}
	values, failed := s.values(arguments, strings.HasPrefix(s.Account.Name, "nolink"))
	if failed != nil {
		return nil, failed
	}
	values["name"], values["group"] = name, group
	values["emails"] = s.layout.emails(values)
	return s.item(s.Create(s.op, values)), nil
}

func changeColumns(s *session, arguments map[string]any) (any, *failure) {
	r := s.Account.Contacts.Get(kit.Text(arguments, "item_id"))
	switch {
	case kit.Text(arguments, "board_id") != s.layout.contacts:
		return nil, &failure{code: "InvalidBoardIdException", message: "This board does not exist"}
	case r == nil:
		return nil, &failure{code: "ResourceNotFoundException", message: "Item not found"}
	}
	values, failed := s.values(arguments, strings.HasPrefix(s.Account.Name, "nolinkever"))
	if failed != nil {
		return nil, failed
	}
	data := maps.Clone(r.Data)
	maps.Copy(data, values)
	values["emails"] = s.layout.emails(data)
	s.Update(r, values)
	return s.item(r), nil
}

// values reads the argument column_values. With nolink, links to other boards
// are lost without a word.
func (s *session) values(arguments map[string]any, nolink bool) (map[string]any, *failure) {
	values := map[string]any{}
	text := kit.Text(arguments, "column_values")
	if text == "" {
		return values, nil
	}
	var given map[string]any
	if kit.Decode([]byte(text), &given) != nil {
		return nil, &failure{code: "JsonParseException", message: "Unable to parse the column values JSON", http: http.StatusBadRequest}
	}
	newLabels, _ := arguments["create_labels_if_missing"].(bool)
	for _, id := range slices.Sorted(maps.Keys(given)) {
		c, known := s.layout.column(id)
		if !known {
			return nil, &failure{code: "InvalidColumnIdException", message: "This column ID doesn't exist for the board",
				extra: map[string]any{"error_data": map[string]any{"column_id": id}}}
		}
		kept, err := c.read(given[id], newLabels)
		if err != nil {
			return nil, c.refused(err)
		}
		switch {
		case c.kind == "board_relation" && nolink:
		case c.kind == "name":
			values["name"] = kit.Text(kept, "plain")
		default:
			values[id] = kept
		}
	}
	return values, nil
}

func (c column) refused(err error) *failure {
	code := "ColumnValueException"
	if err == errUnknownUser {
		code = "InvalidUserIdException"
	}
	return &failure{code: code, message: err.Error(), extra: map[string]any{
		"error_data": map[string]any{"column_type": c.kind, "column_id": c.id, "column_name": c.title},
	}}
}

func createUpdate(s *session, arguments map[string]any) (any, *failure) {
	item, body := kit.Text(arguments, "item_id"), kit.Text(arguments, "body")
	if s.Account.Contacts.Get(item) == nil {
		return nil, &failure{code: "ResourceNotFoundException", message: "Item not found"}
	}
	made := &kit.Record{ID: kit.DecimalID(s.Account.Name, s.Account.NextID()), CreatedAt: s.Now, Data: map[string]any{"body": body}}
	s.Account.Table("updates").Put(made, item)
	s.FollowUp("update_post")
	return map[string]any{
		"id": made.ID, "body": body, "text_body": body, "item_id": item, "created_at": kit.Seconds(s.Now), "creator_id": s.me(),
	}, nil
}

func createTag(s *session, arguments map[string]any) (any, *failure) {
	name := kit.Text(arguments, "tag_name")
	if name == "" {
		return nil, &failure{code: "InvalidArgumentException", message: "tag_name must not be empty"}
	}
	tags := s.Account.Table("tags")
	if known := tags.ByKey(strings.ToLower(name)); len(known) > 0 {
		return tag(known[0].ID, known[0].Text("name")), nil
	}
	made := &kit.Record{ID: strconv.FormatUint(20_000_000+s.Account.NextID(), 10), CreatedAt: s.Now, Data: map[string]any{"name": name}}
	tags.Put(made, strings.ToLower(name))
	s.FollowUp("tag")
	return tag(made.ID, name), nil
}

func tag(id, name string) map[string]any {
	return map[string]any{"id": id, "name": name, "color": "#037f4c"}
}

// tagName names a tag; those that were not made here exist all the same.
func (s *session) tagName(id string) string {
	if made := s.Account.Table("tags").Get(id); made != nil {
		return made.Text("name")
	}
	return "Tag " + id
}

func (s *session) me() string { return kit.Text(s.layout.user("", "me@sandbox.example"), "id") }

// item is a contact as the API answers it.
func (s *session) item(r *kit.Record) map[string]any {
	board := s.layout.board(s.layout.contacts)
	group := map[string]any{"id": r.Text("group"), "title": "", "color": "#037f4c", "archived": false, "position": "65536"}
	return map[string]any{
		"__typename": "Item", "id": r.ID, "name": r.Text("name"), "state": "active", "creator_id": s.me(),
		"created_at": kit.Seconds(r.CreatedAt), "updated_at": kit.Seconds(r.UpdatedAt),
		"url": kit.Text(board, "url") + "/pulses/" + r.ID, "board": board, "group": group,
		"column_values": field(func(arguments map[string]any) (any, *failure) {
			values := []any{}
			for _, c := range s.layout.columns[1:] {
				if wanted(arguments, c) {
					values = append(values, c.show(s.layout, kit.Object(r.Data, c.id), s.tagName))
				}
			}
			return values, nil
		}),
	}
}

// emails are a contact's, in the order of the columns.
func (l layout) emails(data map[string]any) []any {
	list := []any{}
	for _, c := range l.columns {
		if email := kit.Text(kit.Object(data, c.id), "email"); email != "" {
			list = append(list, email)
		}
	}
	return list
}

func identity(data map[string]any) kit.Identity {
	return kit.Identity{Name: kit.Text(data, "name"), Emails: kit.Texts(data, "emails")}
}
