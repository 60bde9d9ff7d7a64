package freshsales

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxAccounts = 10

func schema() kit.Schema {
	s := kit.Schema{
		"email": {Type: kit.Email}, "emails": {Type: kit.Any}, "tags": {Type: kit.List}, "sales_accounts": {Type: kit.List},
		"custom_field": {Type: kit.Map, Of: customSchema()}, "subscription_status": {Type: kit.Integer},
	}
	for _, name := range []string{
		"first_name", "last_name", "job_title", "department", "work_number", "mobile_number", "address", "city", "state", "zipcode",
		"country", "linkedin", "twitter", "facebook", "external_id", "time_zone", "medium", "keyword", "subscription_types",
	} {
		s[name] = kit.Field{Max: 255}
	}
	for _, name := range []string{"owner_id", "lead_source_id", "lifecycle_stage_id", "contact_status_id", "territory_id", "campaign_id"} {
		s[name] = kit.Field{Type: kit.Integer}
	}
	for _, name := range []string{"id", "display_name", "created_at", "updated_at", "last_contacted", "lead_score"} {
		s[name] = kit.Field{ReadOnly: true}
	}
	return s
}

func customSchema() kit.Schema {
	return kit.Schema{
		"cf_contract_no": {Max: 255}, "cf_score": {Type: kit.Number}, "cf_vip": {Type: kit.Bool}, "cf_tier": {Type: kit.Any},
	}
}

// tiers are the choices of cf_tier by id.
func tiers() map[string]string { return map[string]string{"1": "Gold", "2": "Silver"} }

func sentence(issue kit.Issue) string {
	switch issue.Problem {
	case kit.Absent:
		return "Need to fill this " + issue.Path
	case kit.Unknown:
		return "Unknown field " + issue.Path
	case kit.NotWrite:
		return issue.Path + " is read only"
	case kit.TooLong:
		return fmt.Sprintf("%s is too long (maximum is %d characters)", issue.Path, issue.Field.Max)
	case kit.BadEmail:
		return issue.Path + " is not a valid email"
	}
	return "The type for " + issue.Path + " is invalid."
}

// judge tells why a contact cannot be written over self, or as a new one
// when self is nil.
func judge(c *kit.Call, given map[string]any, self *kit.Record) *kit.Reply {
	no := func(reply kit.Reply) *kit.Reply { return &reply }
	if issues := schema().Check(given, true); len(issues) > 0 {
		return no(invalid(sentence(issues[0])))
	}
	if wrong := judgeLinks(given); wrong != "" {
		return no(invalid(wrong))
	}
	list, ok := emails(given)
	mobile := kit.Text(given, "mobile_number")
	demandsMobile := strings.HasPrefix(c.Account.Name, "mobile")
	switch {
	case !ok:
		return no(invalid("The type for emails is invalid."))
	case self == nil && demandsMobile && mobile == "":
		return no(invalid("Need to fill this Mobile"))
	case self == nil && len(list) == 0 && mobile == "":
		return no(invalid("Need to fill this Email or Mobile"))
	}
	taken := func(r *kit.Record) bool { return r != self }
	for _, email := range list {
		if slices.ContainsFunc(c.Account.ByEmail(email), taken) && !strings.HasPrefix(c.Account.Name, "dupes") {
			return no(failure(http.StatusBadRequest, 3002, "Contact is not unique"))
		}
	}
	if demandsMobile && slices.ContainsFunc(c.Account.Contacts.ByKey(mobileKey(mobile)), taken) {
		return no(failure(http.StatusUnprocessableEntity, "422", []string{"Mobile number has already been taken"}))
	}
	return nil
}

func judgeLinks(given map[string]any) string {
	if id := kit.ID(given["owner_id"]); id != "" && (!kit.Digits(id) || kit.Missing(id)) {
		return "Owner is invalid"
	}
	if tags, _ := given["tags"].([]any); len(kit.Texts(given, "tags")) != len(tags) {
		return "The type for tags is invalid."
	}
	list, _ := given["sales_accounts"].([]any)
	primaries := 0
	for i, account := range kit.Objects(given, "sales_accounts") {
		number, isNumber := account["id"].(json.Number)
		switch {
		case !isNumber || !kit.Digits(number.String()):
			return "The type for sales_accounts is invalid."
		case kit.Missing(number.String()):
			return fmt.Sprintf("sales_accounts.%d does not exist", i)
		case account["is_primary"] == true:
			primaries++
		}
	}
	switch {
	case len(list) != len(kit.Objects(given, "sales_accounts")):
		return "The type for sales_accounts is invalid."
	case len(list) > maxAccounts:
		return "A contact can have at most 10 sales_accounts"
	case len(list) > 0 && primaries != 1:
		return "Exactly one of the sales_accounts must be primary"
	}
	if tier := kit.Object(given, "custom_field")["cf_tier"]; tier != nil && tierName(tier) == "" {
		return "custom_field.cf_tier is not included in the list"
	}
	return ""
}

// tierName is a choice of cf_tier, given by name or id.
func tierName(value any) string {
	if n, ok := value.(json.Number); ok {
		return tiers()[n.String()]
	}
	for _, name := range tiers() {
		if value == name {
			return name
		}
	}
	return ""
}

// emails are a contact's addresses, the primary first. They come as a text,
// or as a list of texts or of objects.
func emails(given map[string]any) ([]string, bool) {
	var list []string
	if email := kit.Text(given, "email"); email != "" {
		list = append(list, email)
	}
	values, isList := given["emails"].([]any)
	if !isList && given["emails"] != nil {
		values = []any{given["emails"]}
	}
	for _, value := range values {
		if object, ok := value.(map[string]any); ok {
			value = object["value"]
		}
		email, _ := value.(string)
		if !kit.ValidEmail(email) {
			return nil, false
		}
		if !slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(other, email) }) {
			list = append(list, email)
		}
	}
	return list, true
}

// stored is the form in which a body is kept: no empty values, the addresses
// as a list.
func stored(given map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range given {
		if value == "" {
			value = nil
		}
		data[name] = value
	}
	_, one := given["email"]
	_, many := given["emails"]
	if one || many {
		list, _ := emails(given)
		texts := []any{}
		for _, email := range list {
			texts = append(texts, email)
		}
		data["emails"] = texts
	}
	delete(data, "email")
	return data
}

func mobileKey(number string) string { return "mobile:" + number }

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "last_name")), Emails: kit.Texts(data, "emails")}
	if number := kit.Text(data, "mobile_number"); number != "" {
		id.Keys = append(id.Keys, mobileKey(number))
	}
	return id
}
