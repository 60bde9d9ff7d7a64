package freshsales

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// stamp is a time with the account's offset.
func stamp(c *kit.Call, t time.Time) string {
	if classic(c.Account.Name) {
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(time.FixedZone("", -4*60*60)).Format(time.RFC3339)
}

func envelope(c *kit.Call, r *kit.Record) map[string]any {
	return map[string]any{"contact": show(c, r, slices.Contains(strings.Split(c.Query("include"), ","), "sales_accounts"), classic(c.Account.Name))}
}

// show is a contact; linked accounts and the owner are in some answers only.
func show(c *kit.Call, r *kit.Record, withAccounts, withOwner bool) map[string]any {
	contact := map[string]any{
		"avatar": nil, "last_seen": nil, "lead_score": 0, "last_contacted": nil, "open_deals_amount": nil, "won_deals_amount": nil,
		"work_email": nil, "is_deleted": false, "team_user_ids": nil, "phone_numbers": []any{}, "customer_fit": 2,
		"subscription_status": 1, "subscription_types": "2;3;4;5;1", "record_type_id": "71010794476", "tags": []any{},
	}
	for _, name := range []string{
		"first_name", "last_name", "job_title", "city", "state", "zipcode", "country", "time_zone", "work_number", "mobile_number",
		"address", "keyword", "medium", "facebook", "twitter", "linkedin", "external_id",
	} {
		contact[name] = nil
	}
	maps.Copy(contact, r.Data)
	for _, name := range []string{"owner_id", "sales_accounts", "email"} {
		delete(contact, name)
	}
	contact["id"], contact["display_name"], contact["email"] = kit.Int(r.ID), identity(r.Data).Name, nil
	list := []any{}
	for i, email := range kit.Texts(r.Data, "emails") {
		list = append(list, map[string]any{
			"id": kit.Int(r.ID) + int64(i) + 7, "value": email, "is_primary": i == 0, "label": nil, "_destroy": false,
		})
		if i == 0 {
			contact["email"] = email
		}
	}
	if contact["display_name"] == "" {
		contact["display_name"] = contact["email"]
	}
	contact["emails"], contact["custom_field"] = list, showCustom(r)
	contact["created_at"], contact["updated_at"], contact["last_assigned_at"] = stamp(c, r.CreatedAt), stamp(c, r.UpdatedAt), stamp(c, r.CreatedAt)
	at := "/crm/sales/contacts/" + r.ID
	contact["links"] = map[string]any{"conversations": at + "/conversations/all", "notes": at + "/notes?include=creater", "tasks": at + "/tasks"}
	if withAccounts {
		contact["sales_accounts"] = showAccounts(r)
	}
	if withOwner {
		contact["owner_id"] = r.Data["owner_id"]
		if contact["owner_id"] == nil {
			contact["owner_id"] = owner
		}
	}
	return contact
}

func showAccounts(r *kit.Record) []any {
	list := []any{}
	for _, account := range kit.Objects(r.Data, "sales_accounts") {
		list = append(list, map[string]any{
			"partial": true, "id": account["id"], "name": "Account " + kit.ID(account["id"]), "avatar": nil, "website": nil,
			"record_type_id": "71010794477", "is_primary": account["is_primary"] == true,
		})
	}
	return list
}

// showCustom lists every custom field, null where unset.
func showCustom(r *kit.Record) map[string]any {
	custom := map[string]any{}
	for name := range customSchema() {
		custom[name] = kit.Object(r.Data, "custom_field")[name]
	}
	if custom["cf_tier"] != nil {
		custom["cf_tier"] = tierName(custom["cf_tier"])
	}
	return custom
}

func fields(*kit.Call) kit.Reply {
	all := schema()
	maps.Copy(all, customSchema())
	list := []any{}
	for i, name := range slices.Sorted(maps.Keys(all)) {
		kind, choices := "text", []any{}
		switch {
		case name == "cf_tier":
			kind = "dropdown"
			for _, id := range slices.Sorted(maps.Keys(tiers())) {
				choices = append(choices, map[string]any{"id": kit.Int(id), "value": tiers()[id]})
			}
		case all[name].Type == kit.Number || all[name].Type == kit.Integer:
			kind = "number"
		case all[name].Type == kit.Bool:
			kind = "checkbox"
		}
		list = append(list, map[string]any{
			"id": strconv.Itoa(71010794500 + i), "name": name, "label": strings.TrimPrefix(name, "cf_"), "type": kind,
			"required": false, "visible": true, "default": !strings.HasPrefix(name, "cf_"), "choices": choices,
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"fields": list})
}
