package mondaycrm

import (
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// encodeFind looks by the e-mail column, whose search matches whole texts, or
// by the name, whose search finds parts as well.
func encodeFind(c *connector.Call) (connector.Request, error) {
	const byEmail = `query ($b: ID!, $c: [ItemsPageByColumnValuesQuery!]) { items_page_by_column_values(board_id: $b, limit: 25, columns: $c) { items ` + itemFields + ` } }`
	const byName = `query ($b: [ID!], $q: ItemsQuery) { boards(ids: $b) { items_page(limit: 100, query_params: $q) { items ` + itemFields + ` } } }`
	if searchesEmail(c) {
		column := map[string]any{"column_id": layoutFor(c).emails[0].ID, "column_values": []string{shape.FirstEmail(c.Input.EmailAddresses)}}
		return post(byEmail, map[string]any{"b": board(c), "c": []any{column}}), nil
	}
	rule := map[string]any{"column_id": "name", "compare_value": c.Input.Name, "operator": "contains_text"}
	return post(byName, map[string]any{"b": []string{board(c)}, "q": map[string]any{"rules": []any{rule}}}), nil
}

func searchesEmail(c *connector.Call) bool {
	return len(c.Input.EmailAddresses) > 0 && len(layoutFor(c).emails) > 0
}

type page struct {
	Items []item `json:"items"`
}

func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	type found struct {
		ByEmail *page `json:"items_page_by_column_values"`
		Boards  []struct {
			Page page `json:"items_page"`
		} `json:"boards"`
	}
	data, err := answer(r, func(d found) bool { return d.ByEmail != nil || len(d.Boards) > 0 })
	if err != nil {
		return nil, err
	}
	var items []item
	if data.ByEmail != nil {
		items = data.ByEmail.Items
	}
	for _, b := range data.Boards {
		items = append(items, b.Page.Items...)
	}
	var matches []contact.Contact
	for _, it := range items {
		if searchesEmail(c) || contact.SameText(it.Name, c.Input.Name) {
			matches = append(matches, it.contact(c))
		}
	}
	return matches, nil
}

func encodeProbe(*connector.Call) (connector.Request, error) {
	return post(`query { me { id } account { id slug } }`, nil), nil
}

func decodeProbe(r connector.Reply) (connector.Identity, error) {
	type who struct {
		Me      struct{ ID string }
		Account struct{ ID, Slug string }
	}
	data, err := answer(r, func(d who) bool { return d.Me.ID != "" })
	return connector.Identity{ID: data.Account.ID, Name: data.Account.Slug}, err
}
