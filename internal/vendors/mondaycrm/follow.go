package mondaycrm

import (
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// follow sets the link to the account again where it did not take, which
// create_item is reported to lose without a word, and adds a description that
// no column holds as an update.
func follow(c *connector.Call, made contact.Contact) []connector.Step {
	var steps []connector.Step
	account, col := c.Input.Account, layoutFor(c).account
	if account != nil && account.ID != "" && col.exists() && (made.Account == nil || made.Account.ID != account.ID) {
		steps = append(steps, link(c, made.ID, col, account.ID))
	}
	if c.Input.Description != "" && !describes(c) {
		steps = append(steps, describe(c, made.ID))
	}
	return steps
}

func link(c *connector.Call, id string, col column, account string) connector.Step {
	return connector.Step{
		ID: "account", Path: string(contact.Account), Idempotent: true,
		Request: change(c, id, map[string]any{col.ID: linkedItems(account)}),
		Read: func(r connector.Reply) error {
			data, err := answer(r, func(d changed) bool { return d.Item.ID != "" })
			if linked := first(data.Item.values()[col.ID].Linked); err == nil && (linked == nil || linked.ID != account) {
				return &connector.VendorError{Code: shape.NotStored, Message: "monday took the link without an error, but did not set it"}
			}
			return err
		},
		Done: func(out *contact.Contact) { out.Account = shape.Ref(account, "") },
	}
}

func describe(c *connector.Call, id string) connector.Step {
	text := c.Input.Description
	return connector.Step{
		ID: "description", Path: string(contact.Description),
		Request: keyed(derivedKey(c.Key, "description"), post(
			`mutation ($item: ID, $body: String!) { create_update(item_id: $item, body: $body) { id } }`,
			map[string]any{"item": id, "body": shape.HTML(text)})),
		Read: func(r connector.Reply) error {
			type made struct {
				Update struct{ ID string } `json:"create_update"`
			}
			_, err := answer(r, func(d made) bool { return d.Update.ID != "" })
			return err
		},
		Check: &connector.Check{
			Request: post(`query ($i: [ID!]) { items(ids: $i) { updates(limit: 25) { body text_body } } }`, map[string]any{"i": []string{id}}),
			Applied: func(r connector.Reply) (bool, error) { return posted(r, text) },
		},
		Done: func(out *contact.Contact) { out.Description = text },
	}
}

func posted(r connector.Reply, text string) (bool, error) {
	type update struct {
		Body string `json:"body"`
		Text string `json:"text_body"`
	}
	data, err := answer(r, func(d struct{ Items []struct{ Updates []update } }) bool { return len(d.Items) > 0 })
	if err != nil {
		return false, err
	}
	for _, u := range data.Items[0].Updates {
		if contact.SameText(u.Text, text) || contact.SameText(u.Body, shape.HTML(text)) {
			return true, nil
		}
	}
	return false, nil
}
