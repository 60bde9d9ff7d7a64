package salesflare

import (
	"maps"
	"time"

	"crmferry/internal/sandbox/kit"
)

// show is a contact as it is read: references are objects, every list has
// ids, and the server has looked the person up in the meantime.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := map[string]any{
		"id": kit.Int(r.ID), "name": fullName(r.Data), "archived": false, "not_viewed": true, "can_edit": true, "opt-out": false, "bounced": false,
		"creation_date": kit.Millis(r.CreatedAt), "modification_date": kit.Millis(r.UpdatedAt),
		"connection_strength": 0.5, "last_email_date": nil, "last_meeting_date": nil,
	}
	for _, name := range append(phones(), "prefix", "firstname", "middle", "lastname", "suffix", "email", "domain", "picture") {
		shown[name] = r.Data[name]
	}
	for _, name := range []string{"opt-out", "bounced"} {
		if r.Data[name] != nil {
			shown[name] = r.Data[name]
		}
	}
	shown["birth_date"] = nil
	if born, err := time.Parse(time.RFC3339, r.Text("birth_date")); err == nil {
		shown["birth_date"] = kit.Millis(born)
	}
	owner := kit.ID(r.Data["owner"])
	if owner == "" {
		owner = userID(c)
	}
	shown["owner"], shown["account"] = user(owner), nil
	if id := r.Data["account"]; id != nil {
		shown["account"] = map[string]any{"id": id, "name": "Account " + kit.ID(id), "domain": nil, "picture": nil}
	}
	maps.Copy(shown, lists(c, r))
	if r.Text("email") != "" && r.Data["picture"] == nil {
		shown["picture"] = "https://photos.sandbox.example/" + r.ID + ".png"
	}
	return shown
}

// lists are the lists of a contact, and what is drawn from them.
func lists(c *kit.Call, r *kit.Record) map[string]any {
	var numbers, profiles, tags []any
	for i, kind := range []string{"work", "mobile", "home", "fax"} {
		if number := r.Text(phones()[i]); number != "" {
			numbers = append(numbers, map[string]any{"number": number, "type": kind})
		}
	}
	more, _ := r.Data["phone_numbers"].([]any)
	sent, _ := r.Data["social_profiles"].([]any)
	for _, profile := range sent {
		if url, ok := profile.(string); ok {
			profile = map[string]any{"type": nil, "url": url, "username": nil}
		}
		profiles = append(profiles, profile)
	}
	if r.Text("email") != "" {
		profiles = append(profiles, map[string]any{"type": "gravatar", "url": "https://gravatar.com/" + r.ID, "username": r.ID})
	}
	ids, _ := r.Data["tags"].([]any)
	for _, id := range ids {
		tags = append(tags, showTag(tagTable(c).Get(kit.ID(id))))
	}
	addresses, _ := r.Data["addresses"].([]any)
	positions, _ := r.Data["positions"].([]any)
	if primary := kit.Object(r.Data, "position"); primary != nil {
		positions = append([]any{primary}, positions...)
	}
	shown := map[string]any{
		"phone_numbers": numbered(append(numbers, more...)), "social_profiles": numbered(profiles), "tags": append([]any{}, tags...),
		"addresses": numbered(addresses), "positions": numbered(positions), "organisation": nil, "role": nil, "custom": custom(r.Data),
	}
	if len(positions) > 0 {
		first, _ := positions[0].(map[string]any)
		shown["organisation"], shown["role"] = first["organisation"], first["role"]
	}
	return shown
}

// numbered gives each object of a list an id.
func numbered(list []any) []any {
	shown := []any{}
	for i, item := range list {
		object, _ := item.(map[string]any)
		shown = append(shown, with(object, "id", i+1))
	}
	return shown
}

// custom are the custom fields, null when there are none; a selected option
// reads back as an object.
func custom(data map[string]any) any {
	values := kit.Object(data, "custom")
	if len(values) == 0 {
		return nil
	}
	shown := maps.Clone(values)
	if name := kit.Text(values, tier); name != "" {
		shown[tier] = map[string]any{"id": map[string]int{"Gold": 1, "Silver": 2}[name], "name": name}
	}
	return shown
}

// with is the data with one value changed.
func with(data map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(data)
	changed[name] = value
	return changed
}
