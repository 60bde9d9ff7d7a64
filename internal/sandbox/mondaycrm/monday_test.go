package mondaycrm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
	"crmferry/internal/sandbox/mondaycrm"
)

type want = map[string]string

func suite() kittest.Suite {
	return kittest.Suite{Spec: mondaycrm.Spec(), Authorize: func(r *http.Request, token string) {
		r.Header.Set("Authorization", token)
	}}
}

// post is a step that sends a document; variables are a JSON object.
func post(t *testing.T, name, query, variables string, status int, wants want) kittest.Step {
	t.Helper()
	if variables == "" {
		variables = "{}"
	}
	text, err := json.Marshal(query)
	if err != nil {
		t.Fatal(err)
	}
	return kittest.Step{Name: name, Path: "/v2", Body: `{"query":` + string(text) + `,"variables":` + variables + `}`, Status: status, Want: wants}
}

const discovery = `query ($b: [ID!]) { boards(ids: $b) { id name groups { id title } columns { id title type settings archived } } }`

// discover learns an account's board and columns, as {{board}} and the titles
// in lower case.
func discover(t *testing.T, account string) kittest.Step {
	t.Helper()
	step := post(t, "discover", discovery, "", 200, want{"data.boards.0.name": `"Contacts"`, "data.boards.0.groups.0.id": `"topics"`})
	step.Account = account
	step.Save = want{"board": "data.boards.0.id"}
	for i, title := range []string{"name", "owner", "email", "phone", "title", "account", "first", "last", "email2", "mobile", "fax", "address",
		"location", "country", "tags", "notes", "website", "linkedin", "score", "birthday", "subscribed", "rating", "my", "formula", "updated", "type"} {
		step.Save[title] = "data.boards.0.columns." + string(json.Number(itoa(i))) + ".id"
	}
	return step
}

func itoa(i int) string {
	text, _ := json.Marshal(i)
	return string(text)
}

const createItem = `mutation ($board: ID!, $group: String, $name: String!, $cv: JSON) {
	create_item(board_id: $board, group_id: $group, item_name: $name, column_values: $cv, create_labels_if_missing: true) {
		id name created_at updated_at url group { id } board { id }
		column_values { id type text value ... on EmailValue { email label } ... on PhoneValue { phone country_short_name }
			... on PeopleValue { persons_and_teams { id kind } } ... on BoardRelationValue { linked_item_ids } ... on LinkValue { url url_text }
			... on TagsValue { tag_ids tags { id name } } ... on LocationValue { address city street country country_short } } } }`

// values writes column values as JSON in a JSON string.
func values(t *testing.T, columns string) string {
	t.Helper()
	text, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	return `{"board":"{{board}}","name":"Ada Lovelace","cv":` + string(text) + `}`
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	me := `query { me { id } account { id slug } }`
	refused := want{"errors": `["Not Authenticated"]`}
	step := func(token, account string, status int, wants want) kittest.Step {
		s := post(t, token+account, me, "", status, wants)
		s.Token, s.Account = token, account
		return s
	}
	version := post(t, "no such version", me, "", 200, want{"errors.0.extensions.code": `"InvalidVersionException"`})
	version.Header = want{"API-Version": "2020-01"}
	kittest.Run(t, suite(),
		step("-", "", 401, refused), step("sbx_hubspot_acme", "", 401, refused), step("", "expired", 401, refused),
		step("", "", 200, want{"data.account.slug": `"acme"`, "extensions.request_id": "~-", "errors": "-"}),
		step("Bearer "+kit.Token("monday-crm", "acme"), "", 200, want{"data.account.slug": `"acme"`}),
		version,
		kittest.Step{Name: "no such path", Path: "/v3", Status: 404},
		discover(t, "noscope"),
		func() kittest.Step {
			s := post(t, "no scope", createItem, values(t, "{}"), 200, want{"data.create_item": "null",
				"errors.0.extensions.code": `"UNAUTHORIZED_FIELD_OR_TYPE"`, "errors.0.path.0": `"create_item"`})
			s.Account = "noscope"
			return s
		}(),
	)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	kittest.Run(t, suite(),
		post(t, "workspaces", `query { workspaces(limit: 100) { id name account_product { kind } } }`, "", 200,
			want{"data.workspaces.1.account_product.kind": `"crm"`, "data.workspaces.0.account_product.kind": `"core"`}),
		func() kittest.Step {
			s := post(t, "workspace", `{ workspaces { id } }`, "", 200, nil)
			s.Save = want{"ws": "data.workspaces.1.id"}
			return s
		}(),
		post(t, "boards", `query ($ws: [ID]) { boards(workspace_ids: $ws, limit: 100, state: active) { id name object_type_unique_key items_count } }`,
			`{"ws":["{{ws}}"]}`, 200, want{"data.boards.0.name": `"Contacts"`, "data.boards.1.name": `"Accounts"`, "data.boards.2": "-", "data.boards.0.items_count": "0"}),
		post(t, "columns", discovery, "", 200, want{"data.boards.0.columns.0.id": `"name"`, "data.boards.0.columns.2.id": `~"email_mk`,
			"data.boards.0.columns.5.settings.boardIds.0": "~", "data.boards.0.columns.25.settings.labels.1.label": `"Customer"`}),
		post(t, "some columns", `{ boards { columns(types: [email, phone]) { type } } }`, "", 200, want{"data.boards.0.columns": `[{"type":"email"},{"type":"phone"},{"type":"email"},{"type":"phone"},{"type":"phone"}]`}),
		post(t, "users", `{ users(emails: ["grace@x.example", "nobody404@x.example"]) { email } }`, "", 200, want{"data.users": `[{"email":"grace@x.example"}]`}),
		post(t, "alias", `{ one: me { id } two: me { name } complexity { query after } }`, "", 200, want{"data.one.id": "~", "data.two.name": "~User", "data.complexity.query": "100"}),
	)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	full := `{"{{email}}":{"email":"ada@example.com","text":"ada@example.com"},"{{phone}}":{"phone":"+14155550101","countryShortName":"US"},
		"{{title}}":"Analyst","{{account}}":{"item_ids":["9876543210"]},"{{owner}}":{"personsAndTeams":[{"id":4616627,"kind":"person"}]},
		"{{tags}}":{"tag_ids":[{{tag}}]},"{{website}}":{"url":"https://ada.example.com","text":"website"},"{{notes}}":{"text":"Met"},
		"{{type}}":{"label":"Customer"},"{{my}}":"a < b","{{score}}":"42"}`
	saved := func(s kittest.Step, save want) kittest.Step {
		s.Save = save
		return s
	}
	const item = "data.create_item."
	crm := kittest.Run(t, suite(),
		discover(t, ""),
		saved(post(t, "tag", `mutation { create_or_get_tag(tag_name: "VIP") { id name } }`, "", 200, want{"data.create_or_get_tag.name": `"VIP"`}), want{"tag": "data.create_or_get_tag.id"}),
		post(t, "same tag", `mutation { create_or_get_tag(tag_name: "vip") { id } }`, "", 200, want{"data.create_or_get_tag.id": `"{{tag}}"`}),
		saved(post(t, "create", createItem, values(t, full), 200, want{
			item + "name": `"Ada Lovelace"`, item + "created_at": `"2026-11-24T12:00:00Z"`, item + "group.id": `"topics"`, item + "board.id": `"{{board}}"`,
			item + "url":              "~/pulses/",
			item + "column_values.0":  `{"id":"{{owner}}","persons_and_teams":[{"id":"4616627","kind":"person"}],"text":"User 4616627","type":"people","value":"{\"personsAndTeams\":[{\"id\":4616627,\"kind\":\"person\"}]}"}`,
			item + "column_values.1":  `{"email":"ada@example.com","id":"{{email}}","label":"ada@example.com","text":"ada@example.com","type":"email","value":"{\"email\":\"ada@example.com\",\"text\":\"ada@example.com\"}"}`,
			item + "column_values.2":  `{"country_short_name":"US","id":"{{phone}}","phone":"14155550101","text":"14155550101","type":"phone","value":"{\"countryShortName\":\"US\",\"phone\":\"14155550101\"}"}`,
			item + "column_values.3":  `{"id":"{{title}}","text":"Analyst","type":"text","value":"\"Analyst\""}`,
			item + "column_values.4":  `{"id":"{{account}}","linked_item_ids":["9876543210"],"text":null,"type":"board_relation","value":null}`,
			item + "column_values.13": `{"id":"{{tags}}","tag_ids":[{{tag}}],"tags":[{"id":"{{tag}}","name":"VIP"}],"text":"VIP","type":"tags","value":"{\"tag_ids\":[{{tag}}]}"}`,
			item + "column_values.5":  `{"id":"{{first}}","text":"","type":"text","value":null}`,
			item + "column_values.21": `{"id":"{{my}}","text":"","type":"text","value":"\"\""}`,
		}), want{"id": item + "id"}),
		post(t, "same again", createItem, values(t, `{"{{email}}":"ada@example.com"}`), 200, want{item + "id": "~"}),
		post(t, "read", `query ($ids: [ID!]) { items(ids: $ids) { name column_values(ids: ["{{title}}"]) { text } } }`, `{"ids":"{{id}}"}`, 200,
			want{"data.items.0.column_values": `[{"text":"Analyst"}]`}),
		post(t, "change", `mutation ($b: ID!, $i: ID, $cv: JSON!) { change_multiple_column_values(board_id: $b, item_id: $i, column_values: $cv) { id name } }`,
			`{"b":"{{board}}","i":"{{id}}","cv":"{\"{{title}}\":\"Boss\",\"name\":\"Ada L\"}"}`, 200, want{"data.change_multiple_column_values.name": `"Ada L"`}),
		post(t, "update", `mutation { create_update(item_id: {{id}}, body: "hello") { id body } }`, "", 200, want{"data.create_update.body": `"hello"`}),
		post(t, "update of nothing", `mutation { create_update(item_id: 1, body: "hello") { id } }`, "", 200,
			want{"data.create_update": "null", "errors.0.extensions.code": `"ResourceNotFoundException"`, "account_id": "~"}),
	)
	if diff := cmp.Diff(map[string]int{"tag": 1, "update": 1, "update_post": 1}, crm.Counts("acme").FollowUps); diff != "" {
		t.Error(diff)
	}
	if e := crm.Ledger("acme")[0]; e.Email != "ada@example.com" || e.Name != "Ada Lovelace" || e.Op != "create" {
		t.Errorf("ledger: %+v", e)
	}
	if r := crm.Requests("acme")[3]; r.Op != "create_item" {
		t.Errorf("request: %+v", r)
	}
}

func TestColumnValues(t *testing.T) {
	t.Parallel()
	for columns, code := range map[string]string{
		`{"{{email}}":{"email":"ada@","text":"ada@"}}`:                   "ColumnValueException",
		`{"{{email}}":{"email":"ada@x.example","text":null}}`:            "ColumnValueException",
		`{"{{email}}":{"email":"ada@x.example"}}`:                        "ColumnValueException",
		`{"{{phone}}":{"phone":"+14155550101","countryShortName":"GB"}}`: "ColumnValueException",
		`{"{{phone}}":{"phone":"+14155550101","countryShortName":"us"}}`: "ColumnValueException",
		`{"{{phone}}":{"phone":"123","countryShortName":"US"}}`:          "ColumnValueException",
		`{"{{title}}":7}`:      "ColumnValueException",
		`{"{{score}}":"many"}`: "ColumnValueException",
		`{"{{owner}}":{"personsAndTeams":[{"id":"7","kind":"person"}]}}`:               "ColumnValueException",
		`{"{{owner}}":{"personsAndTeams":[{"id":7404,"kind":"person"}]}}`:              "InvalidUserIdException",
		`{"{{tags}}":{"tag_ids":["7"]}}`:                                               "ColumnValueException",
		`{"{{account}}":{"linkedPulseIds":[7]}}`:                                       "ColumnValueException",
		`{"{{website}}":{"url":"ada.example.com","text":"x"}}`:                         "ColumnValueException",
		`{"{{location}}":{"lat":"100","lng":"0","address":"x"}}`:                       "ColumnValueException",
		`{"{{location}}":{"address":"x"}}`:                                             "ColumnValueException",
		`{"{{birthday}}":{"date":"24.11.2026"}}`:                                       "ColumnValueException",
		`{"{{type}}":{"index":9}}`:                                                     "ColumnValueException",
		`{"{{formula}}":"x"}`:                                                          "ColumnValueException",
		`{"{{country}}":"US"}`:                                                         "ColumnValueException",
		`{"{{rating}}":{"rating":9}}`:                                                  "ColumnValueException",
		`{"email":"ada@x.example"}`:                                                    "InvalidColumnIdException",
		`{"{{email}}":"ada@x.example Ada","{{phone}}":"+44 20 7946 0001"}`:             "ColumnValueException", // "20" is no country
		`{"{{phone}}":"+442079460001 GB","{{score}}":42,"{{birthday}}":"2026-11-24"}`:  "",
		`{"{{type}}":{"label":"New label"},"{{subscribed}}":{"checked":"true"}}`:       "",
		`{"{{location}}":{"lat":"37.77","lng":"-122.39","address":"12 St James"}}`:     "",
		`{"{{country}}":{"countryCode":"US","countryName":"United States"}}`:           "",
		`{"{{rating}}":{"rating":4},"{{email}}":null,"{{phone}}":"","{{website}}":{}}`: "",
	} {
		t.Run(columns, func(t *testing.T) {
			t.Parallel()
			wants, stored := want{"data.create_item.id": "~", "errors": "-"}, 1
			if code != "" {
				wants, stored = want{"data.create_item": "null", "errors.0.extensions.code": `"` + code + `"`, "errors.0.extensions.status_code": "200"}, 0
			}
			crm := kittest.Run(t, suite(), discover(t, ""), post(t, "create", createItem, values(t, columns), 200, wants))
			if n := crm.Count(""); n != stored {
				t.Errorf("%d items stored, want %d", n, stored)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	inline := func(arguments string) string { return `mutation { create_item(` + arguments + `) { id } }` }
	for name, test := range map[string]struct {
		query, variables string
		status           int
		code             string
	}{
		"other board":        {inline(`board_id: 1, item_name: "A"`), "", 200, "InvalidBoardIdException"},
		"unknown group":      {inline(`board_id: {{board}}, item_name: "A", group_id: "x"`), "", 200, "ResourceNotFoundException"},
		"empty name":         {inline(`board_id: {{board}}, item_name: ""`), "", 200, "InvalidArgumentException"},
		"long name":          {inline(`board_id: {{board}}, item_name: "` + strings.Repeat("a", 256) + `"`), "", 200, "ItemNameTooLongException"},
		"values no JSON":     {inline(`board_id: {{board}}, item_name: "A", column_values: "{"`), "", 400, "JsonParseException"},
		"no new labels":      {inline(`board_id: {{board}}, item_name: "A", column_values: "{\"{{type}}\":{\"label\":\"New\"}}"`), "", 200, "ColumnValueException"},
		"values no string":   {createItem, `{"board":"{{board}}","name":"A","cv":{}}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"no name":            {inline(`board_id: {{board}}`), "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"unknown argument":   {inline(`board_id: {{board}}, item_name: "A", title: "B"`), "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"unknown field":      {`mutation { create_item(board_id: {{board}}, item_name: "A") { id title } }`, "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"no selection":       {`mutation { create_item(board_id: {{board}}, item_name: "A") }`, "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"selection of text":  {`mutation { create_item(board_id: {{board}}, item_name: "A") { id { x } } }`, "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"missing variable":   {createItem, `{"board":"{{board}}"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"variable's type":    {`mutation ($b: String!) { create_item(board_id: $b, item_name: "A") { id } }`, `{"b":"{{board}}"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"undeclared":         {inline(`board_id: $b, item_name: "A"`), "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"nullable variable":  {`mutation ($b: ID) { create_item(board_id: $b, item_name: "A") { id } }`, `{"b":"{{board}}"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"unknown type":       {`{ boards { columns { id ... on Nope { id } } } }`, "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"enum as text":       {`{ boards(state: "active") { id } }`, "", 400, "GRAPHQL_VALIDATION_FAILED"},
		"syntax":             {`mutation { create_item(`, "", 400, "GRAPHQL_PARSE_FAILED"},
		"trailing":           {`{ me { id } } }`, "", 400, "GRAPHQL_PARSE_FAILED"},
		"strange characters": {`{ me { id } ; }`, "", 400, "GRAPHQL_PARSE_FAILED"},
		"nothing":            {"", "", 400, "Bad request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crm := kittest.Run(t, suite(), discover(t, ""),
				post(t, name, test.query, test.variables, test.status, want{"errors.0.extensions.code": `"` + test.code + `"`}))
			if n := crm.Count(""); n != 0 {
				t.Errorf("%d items stored", n)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	crm := kittest.Run(t, suite(), discover(t, ""),
		post(t, "partly", `mutation ($b: ID!, $c: JSON) { c0: create_item(board_id: $b, item_name: "A") { id } c1: create_item(board_id: $b, item_name: "B", column_values: $c) { id } }`,
			`{"b":"{{board}}","c":"{\"nope\":1}"}`, 200, want{"data.c0.id": "~", "data.c1": "null", "errors.0.path": `["c1"]`, "errors.1": "-"}))
	if e := crm.Ledger(""); len(e) != 1 || e[0].Op != "batch_create" {
		t.Errorf("ledger: %+v", e)
	}
}

func TestSilentLinkLoss(t *testing.T) {
	t.Parallel()
	change := `mutation ($b: ID!, $i: ID, $cv: JSON!) { change_multiple_column_values(board_id: $b, item_id: $i, column_values: $cv)
		{ column_values(types: [board_relation]) { ... on BoardRelationValue { linked_item_ids } } } }`
	for account, linked := range map[string]string{"nolink-1": `["7"]`, "nolinkever": `[]`} {
		create := post(t, "create", createItem, values(t, `{"{{account}}":{"item_ids":["7"]}}`), 200, want{"data.create_item.column_values.4.linked_item_ids": "[]", "errors": "-"})
		create.Save = want{"id": "data.create_item.id"}
		again := post(t, "change", change, `{"b":"{{board}}","i":"{{id}}","cv":"{\"{{account}}\":{\"item_ids\":[7]}}"}`, 200,
			want{"data.change_multiple_column_values.column_values.0.linked_item_ids": linked})
		create.Account, again.Account = account, account
		kittest.Run(t, suite(), discover(t, account), create, again)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Clock, s.Options = kittest.NewClock(), kit.Options{IndexLag: time.Minute}
	s.Prepare = func(crm *kit.CRM) {
		crm.Seed("acme", kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", Phone: "+1 415 5550101"}, s.Clock.Now().Add(-time.Hour))
	}
	byColumn := `query ($b: ID!, $c: String!, $v: [String]!) { items_page_by_column_values(board_id: $b, limit: 10, columns: [{column_id: $c, column_values: $v}]) { cursor items { id name created_at } } }`
	byRule := func(rule string) string {
		return `query ($b: [ID!]) { boards(ids: $b) { items_page(limit: 10, query_params: {rules: [` + rule + `]}) { items { name } } } }`
	}
	const hits = "data.items_page_by_column_values.items"
	later := post(t, "indexed", byColumn, `{"b":"{{board}}","c":"{{email}}","v":["eve@example.com"]}`, 200, want{hits + ".0.name": `"Ada Lovelace"`})
	later.Advance = time.Minute
	failed := func(code string) want {
		return want{"errors.0.extensions.code": `"` + code + `"`}
	}
	kittest.Run(t, s, discover(t, ""),
		post(t, "e-mail", byColumn, `{"b":"{{board}}","c":"{{email}}","v":["ada@example.com"]}`, 200, want{hits + ".0.created_at": `"2026-11-24T11:00:00Z"`, "data.items_page_by_column_values.cursor": "null"}),
		post(t, "part of the e-mail", byColumn, `{"b":"{{board}}","c":"{{email}}","v":["ada"]}`, 200, want{hits: "[]"}),
		post(t, "part of the phone", byColumn, `{"b":"{{board}}","c":"{{phone}}","v":["4155550101"]}`, 200, want{hits + ".0.name": `"Ada Lovelace"`}),
		post(t, "create", createItem, values(t, `{"{{email}}":"eve@example.com"}`), 200, nil),
		post(t, "not indexed", byColumn, `{"b":"{{board}}","c":"{{email}}","v":["eve@example.com"]}`, 200, want{hits: "[]"}),
		later,
		post(t, "unknown column", byColumn, `{"b":"{{board}}","c":"email","v":["x"]}`, 200, failed("InvalidColumnIdException")),
		post(t, "not searchable", byColumn, `{"b":"{{board}}","c":"{{account}}","v":["x"]}`, 200, failed("InvalidArgumentException")),
		post(t, "other board", byColumn, `{"b":"1","c":"{{email}}","v":["x"]}`, 200, failed("InvalidBoardIdException")),
		post(t, "name", byRule(`{column_id: "name", compare_value: "ada", operator: contains_text}`), `{"b":["{{board}}"]}`, 200, want{"data.boards.0.items_page.items.1.name": `"Ada Lovelace"`}),
		post(t, "name by list", byRule(`{column_id: "name", compare_value: ["ada"], operator: contains_text}`), `{"b":["{{board}}"]}`, 200, failed("InvalidArgumentException")),
		post(t, "e-mail by list", byRule(`{column_id: "{{email}}", compare_value: ["ada@example.com"], operator: any_of}`), `{"b":["{{board}}"]}`, 200, want{"data.boards.0.items_page.items.0.name": `"Ada Lovelace"`}),
	)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	me := post(t, "me", `{ me { id } }`, "", 200, nil)
	for name, test := range map[string]struct {
		limit  kit.Override
		status int
		want   want
		header want
	}{
		"minute": {kit.Override{Name: "minute", Requests: 1}, 429, want{"errors.0.message": `"Minute limit rate exceeded"`, "errors.0.extensions.retry_in_seconds": "60"}, want{"Retry-After": "60"}},
		"complexity": {kit.Override{Name: "complexity", Requests: 150}, 200, want{"errors.0.extensions.code": `"COMPLEXITY_BUDGET_EXHAUSTED"`,
			"errors.0.extensions.complexity_budget_left": "50", "data": "-"}, want{"RateLimit": `~"complexityMinute";r=50;t=60`}},
		"day": {kit.Override{Name: "day", Requests: 1}, 429, want{"errors.0.extensions.code": `"DAILY_LIMIT_EXCEEDED"`}, nil},
		"ip":  {kit.Override{Name: "ip", Requests: 1}, 429, want{"errors.0.extensions.code": `"IP_RATE_LIMIT_EXCEEDED"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := suite()
			s.Prepare = func(crm *kit.CRM) {
				if err := crm.SetLimits(test.limit); err != nil {
					t.Error(err)
				}
			}
			refused := me
			refused.Status, refused.Want, refused.WantHeader = test.status, test.want, test.header
			kittest.Run(t, s, me, refused)
		})
	}
}

// TestIdempotencyKey needs sockets: the twin comes while the first is held.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	crm := kit.New(mondaycrm.Spec(), kit.Options{})
	server := httptest.NewServer(crm)
	t.Cleanup(server.Close)
	_, settings := crm.Connect("acme", "")
	send := func() *http.Response {
		body := `{"query":"mutation { create_item(board_id: ` + settings["board_id"] + `, item_name: \"A\") { id } }"}`
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v2", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return nil
		}
		r.Header.Set("Authorization", kit.Token("monday-crm", "acme"))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "0b0e1d2c")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Error(err)
			return nil
		}
		resp.Body.Close()
		return resp
	}
	in := crm.Inject(kit.Fault{Do: kit.WriteThenHold, Times: 1})
	done := make(chan *http.Response)
	go func() { done <- send() }()
	if err := in.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if twin := send(); twin.StatusCode != http.StatusConflict || twin.Header.Get("Retry-After") == "" {
		t.Errorf("twin: %v", twin.Status)
	}
	in.Release()
	if first := <-done; first.StatusCode != http.StatusOK || first.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first: %v", first.Status)
	}
	if err := crm.Wait(t.Context(), 2, func(r kit.Request) bool { return r.Done }); err != nil {
		t.Fatal(err)
	}
	if again := send(); again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("again: %v %v", again.Status, again.Header)
	}
	if entries := crm.Ledger(""); len(entries) != 1 || entries[0].Key != "0b0e1d2c" {
		t.Errorf("ledger: %+v", entries)
	}
}
