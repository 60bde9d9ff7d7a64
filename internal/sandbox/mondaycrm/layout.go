package mondaycrm

import (
	"encoding/json"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

type column struct {
	id, title, kind string
	labels          []string // of status and dropdown
}

// layout is what an account looks like: its boards, groups and columns. All
// ids differ from account to account.
type layout struct {
	account                   string
	contacts, accounts, tasks string // boards
	crm, main                 string // workspaces
	groups                    []string
	columns                   []column
}

func layoutOf(account string) layout {
	l := layout{
		account: account, contacts: digits(account, "board contacts"), accounts: digits(account, "board accounts"),
		tasks: digits(account, "board tasks"), crm: digits(account, "workspace crm"), main: digits(account, "workspace main"),
		groups: []string{"topics", "group_" + suffix(account, "leads")},
	}
	l.columns = append(l.columns, column{id: "name", title: "Name", kind: "name"})
	for _, line := range []string{
		"people Owner", "email Email", "phone Phone", "text Title", "board_relation Account", "text First name", "text Last name",
		"email Second email", "phone Mobile", "phone Fax", "text Address", "location Location", "country Country", "tags Tags",
		"long_text Notes", "link Website", "link LinkedIn", "numbers Score", "date Birthday", "checkbox Subscribed",
		"rating Rating", "text My field", "formula Formula", "last_updated Last updated",
		"status Type:Lead,Customer,Partner", "dropdown Interests:Engines,Looms",
	} {
		kind, title, _ := strings.Cut(line, " ")
		title, labels, _ := strings.Cut(title, ":")
		c := column{id: kind + "_" + suffix(account, title), title: title, kind: kind}
		if labels != "" {
			c.labels = strings.Split(labels, ",")
		}
		l.columns = append(l.columns, c)
	}
	return l
}

func digits(account, what string) string {
	return strconv.FormatUint(kit.Hash(slug, account, what)%9_000_000_000+1_000_000_000, 10)
}

// suffix is the random-looking end of an id.
func suffix(account, what string) string {
	text := strconv.FormatUint(kit.Hash(slug, account, what), 36)
	return "mk" + text[len(text)-6:]
}

func (l layout) column(id string) (column, bool) {
	for _, c := range l.columns {
		if c.id == id {
			return c, true
		}
	}
	return column{}, false
}

// titled is the column of a title, for seeding.
func (l layout) titled(title string) string {
	for _, c := range l.columns {
		if c.title == title {
			return c.id
		}
	}
	return ""
}

func (l layout) settings(c column) map[string]any {
	switch {
	case c.kind == "board_relation":
		return map[string]any{"allowCreateReflectionColumn": false, "boardIds": []string{l.accounts}}
	case c.labels != nil:
		labels := []any{}
		for i, label := range c.labels {
			labels = append(labels, map[string]any{"id": i + 1, "index": i + 1, "label": label, "is_deactivated": false})
		}
		return map[string]any{"labels": labels}
	}
	return map[string]any{}
}

func (l layout) showColumn(c column) map[string]any {
	settings := l.settings(c)
	text, err := json.Marshal(settings)
	if err != nil {
		text = []byte("{}")
	}
	return map[string]any{
		"id": c.id, "title": c.title, "type": c.kind, "settings": settings, "settings_str": string(text),
		"archived": false, "description": nil,
	}
}

func (l layout) workspace(id string) map[string]any {
	name, kind := "Main workspace", "core"
	if id == l.crm {
		name, kind = "CRM", "crm"
	}
	return map[string]any{
		"id": id, "name": name, "kind": "open", "state": "active",
		"account_product": map[string]any{"id": "1", "kind": kind},
	}
}

// board is the part of a board that needs no records; contacts have all the
// columns, other boards the name alone.
func (l layout) board(id string) map[string]any {
	name, workspace, columns := "Tasks", l.main, l.columns[:1]
	switch id {
	case l.contacts:
		name, workspace, columns = "Contacts", l.crm, l.columns
	case l.accounts:
		name, workspace = "Accounts", l.crm
	}
	groups := []any{}
	for i, group := range l.groups {
		groups = append(groups, map[string]any{
			"id": group, "title": []string{"Active", "Leads"}[i], "color": "#037f4c", "archived": false, "position": strconv.Itoa((i + 1) * 65536),
		})
	}
	return map[string]any{
		"id": id, "name": name, "state": "active", "description": nil, "object_type_unique_key": nil,
		"url": l.url() + "/boards/" + id, "workspace_id": workspace, "workspace": l.workspace(workspace), "groups": groups,
		"columns": field(func(arguments map[string]any) (any, *failure) {
			shown := []any{}
			for _, c := range columns {
				if wanted(arguments, c) {
					shown = append(shown, l.showColumn(c))
				}
			}
			return shown, nil
		}),
	}
}

// wanted tells whether a column passes the arguments ids and types.
func wanted(arguments map[string]any, c column) bool {
	return among(arguments["ids"], c.id) && among(arguments["types"], c.kind)
}

// among tells whether a list argument holds the text; a missing one holds
// all.
func among(list any, text string) bool {
	items, given := list.([]any)
	for _, item := range items {
		if item == text {
			return true
		}
	}
	return !given
}

func (l layout) url() string { return "https://" + l.slug() + ".monday.com" }

func (l layout) slug() string {
	return strings.ToLower(strings.NewReplacer(".", "-", "_", "-").Replace(l.account))
}

func (l layout) accountInfo() map[string]any {
	return map[string]any{
		"id": digits(l.account, "account"), "name": l.account, "slug": l.slug(), "tier": "standard",
		"plan": map[string]any{"tier": "standard", "period": "yearly", "max_users": 5, "version": 1},
	}
}

// user is the user with an id or an e-mail; every user exists that the kit
// does not call missing.
func (l layout) user(id, email string) map[string]any {
	if id == "" {
		id = strconv.FormatUint(kit.Hash(slug, l.account, "user", strings.ToLower(email))%90_000_000+10_000_000, 10)
	}
	if email == "" {
		email = "user" + id + "@sandbox.example"
	}
	return map[string]any{
		"id": id, "name": "User " + id, "email": email, "enabled": true, "is_admin": false, "account": l.accountInfo(),
	}
}
