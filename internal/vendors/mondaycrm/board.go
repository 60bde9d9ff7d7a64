package mondaycrm

import (
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The discoveries.
const (
	workspaces = "workspaces" // ids of the CRM workspaces
	boards     = "boards"     // id of the Contacts board
	columns    = "columns"    // its layout
	tags       = "tags"       // id by name
)

func unlessChosen(c *connector.Call) []string {
	if c.Settings[boardID] != "" {
		return nil
	}
	return []string{""}
}

func askWorkspaces(*connector.Call, string) (connector.Request, error) {
	return post(`query { workspaces(limit: 100) { id name account_product { kind } } }`, nil), nil
}

func learnWorkspaces(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	type workspace struct {
		ID      string `json:"id"`
		Product struct {
			Kind string `json:"kind"`
		} `json:"account_product"`
	}
	data, err := answer(r, func(d struct{ Workspaces []workspace }) bool { return d.Workspaces != nil })
	var ids []string
	for _, w := range data.Workspaces {
		if w.Product.Kind == "crm" {
			ids = append(ids, w.ID)
		}
	}
	return ids, err
}

func askBoards(c *connector.Call, _ string) (connector.Request, error) {
	const query = `query ($ws: [ID]) { boards(workspace_ids: $ws, limit: 100, state: active) { id name } }`
	return post(query, map[string]any{"ws": connector.Prepared[[]string](c, workspaces, "")}), nil
}

func learnBoards(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	type board struct{ ID, Name string }
	data, err := answer(r, func(d struct{ Boards []board }) bool { return d.Boards != nil })
	if err != nil {
		return "", err
	}
	named := slices.DeleteFunc(data.Boards, func(b board) bool { return !strings.EqualFold(b.Name, "contacts") })
	if len(named) != 1 {
		return "", &connector.VendorError{
			Kind: fault.Invalid, Code: "board_not_found", Message: "the account has no board named Contacts, or several: set board_id",
		}
	}
	return named[0].ID, nil
}

func board(c *connector.Call) string {
	if chosen := c.Settings[boardID]; chosen != "" {
		return chosen
	}
	return connector.Prepared[string](c, boards, "")
}

func askColumns(c *connector.Call, _ string) (connector.Request, error) {
	const query = `query ($b: [ID!]) { boards(ids: $b) { id columns { id title type archived } } }`
	return post(query, map[string]any{"b": []string{board(c)}}), nil
}

func learnColumns(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	data, err := answer(r, func(d struct{ Boards []struct{ Columns []column } }) bool { return d.Boards != nil })
	if err != nil {
		return nil, err
	}
	if len(data.Boards) == 0 {
		return nil, &connector.VendorError{
			Kind: fault.NotFound, Code: "board_not_found", Message: "the board of the setting board_id does not exist, or may not be seen",
		}
	}
	return layoutOf(data.Boards[0].Columns), nil
}

type column struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Type     string `json:"type"`
	Archived bool   `json:"archived"`
}

func (col column) exists() bool { return col.ID != "" }

// layout is what a board has for the parts of a contact. Columns are told by
// type first and title second; those that are missing are zero.
type layout struct {
	columns               []column
	emails, phones, links []column
	first, last, title    column
	address, city, state  column
	zip, country          column
	account, owner        column
	tags, description     column
}

func layoutOf(all []column) *layout {
	all = slices.DeleteFunc(slices.Clone(all), func(col column) bool { return col.Archived })
	l := &layout{
		columns: all, emails: typed(all, "email"), phones: typed(all, "phone"), links: typed(all, "link"),
		first: titled(all, "text", "first name", "firstname", "given name"), last: titled(all, "text", "last name", "lastname", "surname"),
		title: titled(all, "text", "title", "job title", "position", "role"), city: titled(all, "text", "city", "town"),
		state: titled(all, "text", "state", "region", "county"), zip: titled(all, "text", "zip", "zip code", "postal code", "postcode"),
		address: titled(all, "text", "address", "street", "street address"), country: titled(all, "country"),
		account: like(all, "board_relation", "account", "compan", "organi"), owner: like(all, "people", "owner"),
		tags: titled(all, "tags"), description: titled(all, "long_text", "description", "notes", "comments"),
	}
	l.address = or(l.address, titled(all, "long_text", "address"))
	l.country = or(l.country, titled(all, "text", "country"))
	l.tags = or(l.tags, titled(all, "dropdown", "tags", "labels"))
	for _, col := range typed(all, "long_text") {
		if col.ID != l.address.ID {
			l.description = or(l.description, col)
		}
	}
	return l
}

func or(a, b column) column {
	if a.exists() {
		return a
	}
	return b
}

func typed(all []column, kind string) []column {
	return slices.DeleteFunc(slices.Clone(all), func(col column) bool { return col.Type != kind })
}

// titled is the first column of a type with one of the titles, the foremost
// of the titles first; without titles, the first of the type.
func titled(all []column, kind string, titles ...string) column {
	if len(titles) == 0 {
		return like(all, kind, "")
	}
	for _, title := range titles {
		for _, col := range typed(all, kind) {
			if strings.EqualFold(strings.TrimSpace(col.Title), title) {
				return col
			}
		}
	}
	return column{}
}

// like is the first column of a type whose title contains one of the words.
func like(all []column, kind string, words ...string) column {
	for _, col := range typed(all, kind) {
		for _, word := range words {
			if strings.Contains(strings.ToLower(col.Title), word) {
				return col
			}
		}
	}
	return column{}
}

// custom is the column that a custom field names by id or by title. A name
// that is not known goes to monday as it is, which refuses it: the columns may
// be out of date.
func (l *layout) custom(name string) column {
	for _, col := range l.columns {
		if col.ID == name {
			return col
		}
	}
	for _, col := range l.columns {
		if strings.EqualFold(col.Title, name) {
			return col
		}
	}
	return column{ID: name}
}

// phoneSlots takes numbers by the columns' titles. A number of another type
// goes to any free column, but for the fax's.
func (l *layout) phoneSlots() []shape.Slot {
	var slots []shape.Slot
	for _, col := range l.phones {
		types := []string{shape.PhoneType(col.Title)}
		if types[0] != "fax" {
			types = append(types, "phone", "work", "other", "home", "assistant", "mobile")
		}
		slots = append(slots, shape.Slot{Name: col.ID, Types: types})
	}
	return slots
}

func (l *layout) linkSlots() []shape.Slot {
	var slots []shape.Slot
	for _, col := range l.links {
		types := []string{shape.URLType(contact.URL{Type: col.Title})}
		if types[0] != "linkedin" && types[0] != "twitter" && types[0] != "facebook" {
			types = append(types, shape.Any)
		}
		slots = append(slots, shape.Slot{Name: col.ID, Types: types})
	}
	return slots
}

func layoutFor(c *connector.Call) *layout {
	if l := connector.Prepared[*layout](c, columns, ""); l != nil {
		return l
	}
	return &layout{}
}

// namedTags are the tags whose ids must be asked for.
func namedTags(c *connector.Call) []string {
	var names []string
	if layoutFor(c).tags.Type != "tags" {
		return nil
	}
	for _, t := range c.Input.Tags {
		if t.ID == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

func askTag(_ *connector.Call, name string) (connector.Request, error) {
	return post(`mutation ($name: String) { create_or_get_tag(tag_name: $name) { id } }`, map[string]any{"name": name}), nil
}

func learnTag(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	type made struct {
		Tag struct{ ID string } `json:"create_or_get_tag"`
	}
	data, err := answer(r, func(d made) bool { return d.Tag.ID != "" })
	return data.Tag.ID, err
}
