package keap

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// optional are the properties that an answer holds only where the query asks
// for them.
func optional() []string {
	return strings.Split("addresses,anniversary_date,birth_date,company,contact_type,create_time,custom_fields,email_addresses,"+
		"fax_numbers,job_title,leadsource_id,links,middle_name,notes,origin,owner_id,phone_numbers,preferred_locale,preferred_name,"+
		"prefix,referral_code,score_value,social_accounts,source_type,spouse_name,suffix,tag_ids,time_zone,update_time,utm_parameters,"+
		"website,account_id,assistant_name,assistant_phone,billing_information,created_by,groups,last_updated_by", ",")
}

// asked are the properties that the query asks for, and those that always
// come.
func asked(c *kit.Call) ([]string, *kit.Reply) {
	always := []string{"id", "given_name", "family_name"}
	names := always
	if fields := c.Query("fields"); fields != "" {
		names = append(names, strings.Split(fields, ",")...)
	}
	known := append(optional(), always...)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, invalid("fields: " + name + " is not a property of a contact")
		}
	}
	return names, nil
}

// body reads a contact and judges it.
func body(c *kit.Call, partial bool) (map[string]any, *kit.Reply) {
	object, err := c.Object()
	if err != nil {
		return nil, invalid("JSON parse error")
	}
	return object, judge(c, object, partial)
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return failure(http.StatusForbidden, "PERMISSION_DENIED", "The user does not have permission to add contacts")
	}
	names, refusal := asked(c)
	if refusal != nil {
		return *refusal
	}
	object, refusal := body(c, false)
	if refusal != nil {
		return *refusal
	}
	option := c.Query("duplicate_option")
	if !slices.Contains([]string{"", "Email", "EmailAndName", "EmailAndNameAndCompany"}, option) {
		return *invalid("duplicate_option: unknown value")
	}
	if r := twin(c, object, option); r != nil {
		c.Update(r, object)
		return kit.JSON(http.StatusOK, show(c, r, names))
	}
	return kit.JSON(http.StatusCreated, show(c, c.Create("create", object), names))
}

// twin is the contact that a create with duplicate_option updates instead.
func twin(c *kit.Call, object map[string]any, option string) *kit.Record {
	if option == "" {
		return nil
	}
	for _, email := range identity(object).Emails {
		for _, r := range c.Account.ByEmail(email) {
			sameName := strings.EqualFold(identity(r.Data).Name, identity(object).Name)
			sameCompany := kit.Object(r.Data, "company")["id"] == kit.Object(object, "company")["id"]
			if option == "Email" || (sameName && (option == "EmailAndName" || sameCompany)) {
				return r
			}
		}
	}
	return nil
}

func read(c *kit.Call) kit.Reply {
	names, refusal := asked(c)
	if refusal != nil {
		return *refusal
	}
	if r := c.Account.Contacts.Get(c.Var("id")); r != nil {
		return kit.JSON(http.StatusOK, show(c, r, names))
	}
	return *notFound("Contact")
}

// update replaces what it names, lists as a whole.
func update(c *kit.Call) kit.Reply {
	names, refusal := asked(c)
	if refusal != nil {
		return *refusal
	}
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return *notFound("Contact")
	}
	object, refusal := body(c, true)
	if refusal != nil {
		return *refusal
	}
	if mask := c.Query("update_mask"); mask != "" {
		maps.DeleteFunc(object, func(name string, _ any) bool { return !slices.Contains(strings.Split(mask, ","), name) })
	}
	c.Update(r, object)
	return kit.JSON(http.StatusOK, show(c, r, names))
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "given_name"), kit.Text(data, "family_name"))}
	for _, item := range kit.Objects(data, "email_addresses") {
		if email := kit.Text(item, "email"); email != "" {
			id.Emails = append(id.Emails, email)
		}
	}
	return id
}

// show is a contact with the named properties.
func show(c *kit.Call, r *kit.Record, names []string) map[string]any {
	all := map[string]any{"score_value": "0", "source_type": "API", "utm_parameters": []any{}, "links": []any{}}
	maps.Copy(all, r.Data)
	all["id"], all["create_time"], all["update_time"] = r.ID, stamp(c, r.CreatedAt), stamp(c, r.UpdatedAt)
	for name, form := range map[string]func(map[string]any) map[string]any{
		"email_addresses": showEmail, "phone_numbers": showPhone, "fax_numbers": showPhone, "addresses": showPlace, "social_accounts": maps.Clone[map[string]any],
	} {
		items := []any{}
		for _, item := range kit.Objects(r.Data, name) {
			items = append(items, form(item))
		}
		all[name] = items
	}
	if company := kit.Object(r.Data, "company"); company != nil {
		all["company"] = map[string]any{"id": company["id"], "company_name": companyName(kit.Text(company, "id"))}
	}
	custom := []any{}
	for _, f := range customFields() {
		var content any
		for _, given := range kit.Objects(r.Data, "custom_fields") {
			if given["id"] == f.id {
				content = given["content"]
			}
		}
		custom = append(custom, map[string]any{"id": f.id, "content": content})
	}
	tags := []any{}
	for _, applied := range c.Account.Table("applied").ByKey(r.ID) {
		tags = append(tags, applied.Text("tag"))
	}
	all["custom_fields"], all["tag_ids"] = custom, tags
	some := map[string]any{}
	for _, name := range names {
		some[name] = all[name]
	}
	return some
}

func stamp(c *kit.Call, t time.Time) string {
	if strings.HasPrefix(c.Account.Name, "legacy") {
		return t.UTC().Format("2006-01-02T15:04:05.000-0700")
	}
	return kit.Seconds(t)
}

func showEmail(given map[string]any) map[string]any {
	status := "NON_MARKETABLE"
	if kit.Text(given, "opt_in_reason") != "" {
		status = "UNENGAGED_MARKETABLE"
	}
	shown := maps.Clone(given)
	shown["is_opt_in"], shown["email_opt_status"] = false, status
	return shown
}

// showPhone writes a number as the application does.
func showPhone(given map[string]any) map[string]any {
	shown := maps.Clone(given)
	number := kit.Text(given, "number")
	shown["number_e164"] = nil
	switch digits := national(number); {
	case len(digits) == 10 && (number[0] != '+' || number[1] == '1'):
		shown["number"], shown["number_e164"] = "("+digits[:3]+") "+digits[3:6]+"-"+digits[6:], "+1"+digits
	case number[0] == '+':
		shown["number_e164"] = "+" + kit.OnlyDigits(number)
	}
	return shown
}

// national are the digits of a number, without the country code of North
// America.
func national(number string) string {
	digits := kit.OnlyDigits(number)
	if len(digits) == 11 && digits[0] == '1' {
		return digits[1:]
	}
	return digits
}

func showPlace(given map[string]any) map[string]any {
	shown := map[string]any{"line1": nil, "line2": nil, "locality": nil, "region": nil, "region_code": nil, "country": nil, "country_code": nil, "postal_code": nil}
	maps.Copy(shown, given)
	if country, known := kit.CountryOf(kit.Text(given, "country_code")); known {
		shown["country"] = country.Name
	}
	regions := map[string]string{"US-AZ": "Arizona", "US-CA": "California", "US-NY": "New York", "GB-LND": "London, City of"}
	if name := regions[kit.Text(given, "region_code")]; name != "" {
		shown["region"] = name
	}
	shown["zip_code"] = shown["postal_code"]
	return shown
}
