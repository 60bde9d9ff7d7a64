package wix

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

func create(c *kit.Call) kit.Reply {
	switch {
	case c.NoScope():
		return denied()
	case c.Account.Name == "noscope401":
		return unauthenticated()
	}
	body, no := object(c, kit.Schema{"info": {Type: kit.Map, Of: infoSchema()}, "allowDuplicates": {Type: kit.Bool}})
	if no != nil {
		return *no
	}
	info := kit.Object(body, "info")
	if no := judge(c, info); no != nil {
		return *no
	}
	if identity(map[string]any{"info": info}).Name == "" && len(items(info, "emails"))+len(items(info, "phones")) == 0 {
		return failure(http.StatusBadRequest, "INSUFFICIENT_CONTACT_DATA", "Contact must have at least a name, an email or a phone")
	}
	if body["allowDuplicates"] != true {
		if no := clash(c, info, nil); no != nil {
			if is(c, "ghost") && len(items(info, "emails")) == 0 {
				c.Create("create", stored(c, info))
			}
			return *no
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"contact": show(c, c.Create("create", stored(c, info)))})
}

// clash finds a contact other than self with one of the e-mails or, without
// e-mails, one of the phones.
func clash(c *kit.Call, info map[string]any, self *kit.Record) *kit.Reply {
	emails := items(info, "emails")
	for _, item := range emails {
		for _, r := range c.Account.ByEmail(kit.Text(item, "email")) {
			if r != self {
				return duplicate(c, r, "duplicateEmail", item["email"])
			}
		}
	}
	if len(emails) > 0 {
		return nil
	}
	for _, item := range items(info, "phones") {
		for _, r := range c.Account.Contacts.ByKey(phoneKey(item)) {
			if r != self {
				return duplicate(c, r, "duplicatePhone", item["phone"])
			}
		}
	}
	return nil
}

func duplicate(c *kit.Call, r *kit.Record, by string, value any) *kit.Reply {
	data := map[string]any{"duplicateContactId": r.ID, by: value}
	if is(c, "mute") {
		data = map[string]any{"duplicateContactId": nil, "duplicateEmail": nil}
	}
	no := failureWith(http.StatusConflict, "DUPLICATE_CONTACT_EXISTS", "Contact with the same info already exists", data)
	return &no
}

// phoneKey finds phones that are the same number, or the same digits.
func phoneKey(item map[string]any) string {
	if number := e164(kit.Text(item, "phone"), kit.Text(item, "countryCode")); number != "" {
		return "phone:" + number
	}
	return "phone:" + kit.OnlyDigits(kit.Text(item, "phone"))
}

func identity(data map[string]any) kit.Identity {
	info := kit.Object(data, "info")
	name := kit.Object(info, "name")
	id := kit.Identity{Name: kit.Join(" ", kit.Text(name, "first"), kit.Text(name, "last"))}
	for _, item := range items(info, "emails") {
		id.Emails = append(id.Emails, kit.Text(item, "email"))
	}
	for _, item := range items(info, "phones") {
		id.Keys = append(id.Keys, phoneKey(item))
	}
	return id
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	info := map[string]any{"name": map[string]any{"first": p.FirstName, "last": p.LastName}}
	if p.Email != "" {
		info["emails"] = map[string]any{"items": []any{map[string]any{"id": kit.UUID(a.Name, a.NextID()), "tag": "UNTAGGED", "email": p.Email, "primary": true}}}
	}
	if p.Phone != "" {
		info["phones"] = map[string]any{"items": []any{map[string]any{"id": kit.UUID(a.Name, a.NextID()), "tag": "UNTAGGED", "phone": p.Phone, "primary": true}}}
	}
	if p.Title != "" {
		info["jobTitle"] = p.Title
	}
	return map[string]any{"info": info, "revision": 1}
}

// stored gives the items of lists their ids, tags and one primary.
func stored(c *kit.Call, info map[string]any) map[string]any {
	kept := maps.Clone(info)
	if kept == nil {
		kept = map[string]any{}
	}
	for _, name := range []string{"emails", "phones", "addresses"} {
		list := []any{}
		given := items(info, name)
		flagged := slices.ContainsFunc(given, func(item map[string]any) bool { return item["primary"] == true })
		for i, item := range given {
			item = maps.Clone(item)
			item["id"] = kit.UUID(c.Account.Name+" item", c.Account.NextID())
			if item["tag"] == nil {
				item["tag"] = "UNTAGGED"
			}
			if name != "addresses" {
				item["primary"] = item["primary"] == true || (i == 0 && !flagged)
			}
			if number := e164(kit.Text(item, "phone"), kit.Text(item, "countryCode")); number != "" {
				item["e164Phone"] = number
			}
			list = append(list, item)
		}
		if info[name] != nil {
			kept[name] = map[string]any{"items": list}
		}
	}
	return map[string]any{"info": kept, "revision": 1}
}

func show(c *kit.Call, r *kit.Record) map[string]any {
	info := maps.Clone(kit.Object(r.Data, "info"))
	maps.DeleteFunc(info, func(_ string, value any) bool { return value == nil || value == "" })
	email, phone := primary(info, "emails"), primary(info, "phones")
	info["extendedFields"] = map[string]any{"items": extended(r, email)}
	shown := map[string]any{
		"id": r.ID, "revision": r.Data["revision"], "info": info,
		"source":      map[string]any{"sourceType": "THIRD_PARTY", "appId": kit.UUID(slug+" app", 1)},
		"createdDate": kit.Millis(r.CreatedAt), "updatedDate": kit.Millis(r.UpdatedAt),
		"lastActivity": map[string]any{"activityDate": kit.Millis(r.CreatedAt), "activityType": "CONTACT_CREATED"},
	}
	main := map[string]any{}
	if email != nil {
		main["email"] = email["email"]
		shown["primaryEmail"] = map[string]any{"email": email["email"], "subscriptionStatus": "NOT_SET", "deliverabilityStatus": "NOT_SET"}
	}
	if phone != nil {
		main["phone"] = phone["phone"]
		status := "NO_SUBSCRIPTION_STATUS"
		if phone["e164Phone"] != nil {
			status = "NOT_SET"
		}
		of := map[string]any{"phone": phone["phone"], "formattedPhone": phone["phone"], "subscriptionStatus": status}
		for _, name := range []string{"countryCode", "e164Phone"} {
			if phone[name] != nil {
				of[name] = phone[name]
			}
		}
		shown["primaryPhone"] = of
	}
	if len(main) > 0 {
		shown["primaryInfo"] = main
	}
	return shown
}

func primary(info map[string]any, name string) map[string]any {
	for _, item := range items(info, name) {
		if item["primary"] == true {
			return item
		}
	}
	return nil
}

// extended are the extended fields with those of the vendor's own making.
func extended(r *kit.Record, email map[string]any) map[string]any {
	all := maps.Clone(kit.Object(kit.Object(kit.Object(r.Data, "info"), "extendedFields"), "items"))
	if all == nil {
		all = map[string]any{}
	}
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil || value == "" })
	all["contacts.displayByFirstName"] = identity(r.Data).Name
	if email != nil {
		all["emailSubscriptions.subscriptionStatus"] = "NOT_SET"
	}
	return all
}

func target(c *kit.Call) (*kit.Record, *kit.Reply) {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		no := failure(http.StatusNotFound, "CONTACT_NOT_FOUND", "Contact not found")
		return nil, &no
	}
	return r, nil
}

func read(c *kit.Call) kit.Reply {
	r, no := target(c)
	if no != nil {
		return *no
	}
	return kit.JSON(http.StatusOK, map[string]any{"contact": show(c, r), "responseType": "REGULAR"})
}

// update merges objects and replaces lists.
func update(c *kit.Call) kit.Reply {
	r, no := target(c)
	if no != nil {
		return *no
	}
	body, no := object(c, kit.Schema{
		"info": {Type: kit.Map, Of: infoSchema()}, "revision": {Type: kit.Integer, Required: true}, "allowDuplicates": {Type: kit.Bool},
	})
	if no != nil {
		return *no
	}
	info := kit.Object(body, "info")
	if no := judge(c, info); no != nil {
		return *no
	}
	revision := r.Data["revision"].(int)
	if kit.Int(kit.ID(body["revision"])) != int64(revision) {
		return failure(http.StatusConflict, "REVISION_MISMATCH", "The revision is not the current one")
	}
	if body["allowDuplicates"] != true {
		if no := clash(c, info, r); no != nil {
			return *no
		}
	}
	changed := stored(c, info)
	c.Update(r, map[string]any{"info": merged(kit.Object(r.Data, "info"), kit.Object(changed, "info")), "revision": revision + 1})
	return kit.JSON(http.StatusOK, map[string]any{"contact": show(c, r)})
}

func merged(old, changes map[string]any) map[string]any {
	all := maps.Clone(old)
	for name, value := range changes {
		if inner, ok := value.(map[string]any); ok {
			value = merged(kit.Object(old, name), inner)
		}
		if all == nil {
			all = map[string]any{}
		}
		all[name] = value
	}
	return all
}
