package dynamics365sales

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

var (
	guidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	bindForm = regexp.MustCompile(`^(?:https?://.+/|/)?([a-z_]+)\(([^()]+)\)$`)
	choices  = regexp.MustCompile(`^[123](,[123])*$`)
)

// schema are the columns. Those of type Any hold GUIDs.
func schema() kit.Schema {
	s := kit.Schema{
		"contactid": {Type: kit.Any}, "overriddencreatedon": {Type: kit.DateTime}, "birthdate": {Type: kit.Date},
		"websiteurl": {Max: 200}, "ftpsiteurl": {Max: 200}, "description": {Max: 2000}, "suffix": {Max: 10},
		"address1_addresstypecode": {Type: kit.Integer, OneOf: []string{"1", "2", "3", "4"}},
		"new_loyaltytier":          {Type: kit.Integer, OneOf: []string{"100000000", "100000001", "100000002"}},
		"new_interests":            {}, "new_note": {Max: 100}, "new_score": {Type: kit.Number}, "new_vip": {Type: kit.Bool},
		"new_since": {Type: kit.Date}, "new_extid": {Max: 50},
	}
	add := func(f kit.Field, names ...string) {
		for _, name := range names {
			s[name] = f
		}
	}
	add(kit.Field{Max: 50}, "firstname", "lastname", "middlename", "telephone1", "telephone2", "telephone3", "mobilephone", "fax",
		"assistantphone", "business2", "home2", "pager", "callback", "company", "managerphone")
	add(kit.Field{Max: 100}, "jobtitle", "salutation", "department", "nickname", "assistantname", "managername")
	add(kit.Field{Type: kit.Email, Max: 100}, "emailaddress1", "emailaddress2", "emailaddress3")
	add(kit.Field{Type: kit.Bool}, "donotemail", "donotphone", "donotpostalmail", "donotbulkemail", "creditonhold")
	add(kit.Field{Type: kit.Integer}, "gendercode", "familystatuscode", "preferredcontactmethodcode", "leadsourcecode", "statuscode", "statecode")
	add(kit.Field{Type: kit.DateTime, ReadOnly: true}, "createdon", "modifiedon")
	add(kit.Field{Type: kit.Any, ReadOnly: true}, "_parentcustomerid_value", "_ownerid_value", "_new_region_value")
	add(kit.Field{Type: kit.Integer, ReadOnly: true}, "versionnumber")
	add(kit.Field{ReadOnly: true}, "fullname")
	for _, at := range []string{"address1_", "address2_", "address3_"} {
		add(kit.Field{Max: 250}, at+"line1", at+"line2", at+"line3", at+"name")
		add(kit.Field{Max: 80}, at+"city", at+"country")
		add(kit.Field{Max: 50}, at+"county", at+"stateorprovince", at+"telephone1")
		add(kit.Field{Max: 20}, at+"postalcode")
		add(kit.Field{Type: kit.Any, ReadOnly: true}, at+"addressid")
		add(kit.Field{ReadOnly: true}, at+"composite")
		if at != "address1_" {
			add(kit.Field{Type: kit.Integer, OneOf: []string{"1"}}, at+"addresstypecode", at+"freighttermscode", at+"shippingmethodcode")
		}
	}
	return s
}

// lookup is a column that names another record: how it is written and read.
type lookup struct {
	value string            // the column that shows it
	sets  map[string]string // entity set and logical name of what it may name
}

func lookups() map[string]lookup {
	return map[string]lookup{
		"parentcustomerid_account": {"_parentcustomerid_value", map[string]string{"accounts": "account"}},
		"parentcustomerid_contact": {"_parentcustomerid_value", map[string]string{"contacts": "contact"}},
		"ownerid":                  {"_ownerid_value", map[string]string{"systemusers": "systemuser", "teams": "team"}},
		"new_Region":               {"_new_region_value", map[string]string{"new_regions": "new_region"}},
	}
}

// judge tells what the vendor would blame first about the values.
func judge(c *kit.Call, body map[string]any) *refusal {
	columns := map[string]any{}
	for name, value := range body {
		switch property, bound := strings.CutSuffix(name, "@odata.bind"); {
		case bound:
			if no := judgeLink(c, property, value); no != nil {
				return no
			}
		case !strings.HasPrefix(name, "@odata."):
			columns[name] = value
		}
	}
	if issues := schema().Check(columns, true); len(issues) > 0 {
		return blame(issues[0])
	}
	for _, name := range []string{"websiteurl", "ftpsiteurl"} {
		if text := kit.Text(body, name); text != "" {
			if at, err := url.Parse(text); err != nil || at.Scheme == "" || at.Host == "" {
				return invalid(name, "is not a valid URL")
			}
		}
	}
	if id, given := body["contactid"]; given && !guidForm.MatchString(kit.Text(body, "contactid")) {
		return payload(fmt.Sprintf("Microsoft.OData.ODataException: Cannot convert the literal '%v' to the expected type 'Edm.Guid'.", id))
	}
	if text := kit.Text(body, "new_interests"); text != "" && !choices.MatchString(text) {
		return invalid("new_interests", "is outside the valid range of the choices")
	}
	return nil
}

func blame(issue kit.Issue) *refusal {
	switch issue.Problem {
	case kit.Unknown, kit.NotWrite:
		return bad("0x0", "An error occurred while validating input parameters: Microsoft.Crm.CrmException: Invalid property '"+issue.Path+
			"' was found in entity 'Microsoft.Dynamics.CRM.contact'.")
	case kit.TooLong:
		return bad("0x80044331", fmt.Sprintf("A validation error occurred. The length of the '%s' attribute of the 'contact' entity exceeded "+
			"the maximum allowed length of '%d'.", issue.Path, issue.Field.Max))
	case kit.WrongType, kit.BadValue:
		return payload(fmt.Sprintf("Microsoft.OData.ODataException: Cannot convert the literal '%v' to the expected type of property '%s'.", issue.Value, issue.Path))
	case kit.BadEmail:
		return invalid(issue.Path, "is not a valid e-mail address")
	}
	return invalid(issue.Path, "is outside the valid range")
}

func invalid(name, why string) *refusal {
	return bad("0x80044331", "A validation error occurred. The value of '"+name+"' on record of type 'contact' "+why+".")
}

func judgeLink(c *kit.Call, property string, value any) *refusal {
	known, declared := lookups()[property]
	if !declared {
		return payload("Microsoft.OData.ODataException: An undeclared property '" + property +
			"' which only has property annotations in the payload but no property value was found in the payload.")
	}
	text, _ := value.(string)
	form := bindForm.FindStringSubmatch(text)
	if form == nil || known.sets[form[1]] == "" || !guidForm.MatchString(form[2]) {
		return payload("Microsoft.OData.ODataException: The value of '" + property + "@odata.bind' is not the address of such a record.")
	}
	id := strings.ToLower(form[2])
	if kit.Missing(id) || (form[1] == "contacts" && c.Account.Contacts.Get(id) == nil) {
		return &refusal{http.StatusNotFound, "0x80040217", known.sets[form[1]] + " With Id = " + id + " Does Not Exist"}
	}
	return nil
}

// stored is the form in which a judged body is kept.
func stored(a *kit.Account, body map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range body {
		property, bound := strings.CutSuffix(name, "@odata.bind")
		switch {
		case bound:
			known := lookups()[property]
			form := bindForm.FindStringSubmatch(value.(string))
			data[known.value], data[known.value+"@Microsoft.Dynamics.CRM.lookuplogicalname"] = strings.ToLower(form[2]), known.sets[form[1]]
		case strings.HasPrefix(name, "@"), name == "contactid":
		case value == "":
			data[name] = nil
		default:
			data[name] = value
		}
	}
	data["versionnumber"] = json.Number(strconv.FormatUint(81_000_000+a.NextID(), 10))
	return data
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "firstname"), kit.Text(data, "lastname"))}
	for _, name := range []string{"emailaddress1", "emailaddress2", "emailaddress3"} {
		if email := kit.Text(data, name); email != "" {
			id.Emails = append(id.Emails, email)
		}
	}
	if email := kit.Text(data, "emailaddress1"); email != "" {
		id.Keys = append(id.Keys, ruleKey(email))
	}
	if key := kit.Text(data, "new_extid"); key != "" {
		id.Keys = append(id.Keys, alternateKey(key))
	}
	return id
}

func ruleKey(email string) string    { return "rule:" + strings.ToLower(email) }
func alternateKey(key string) string { return "extid:" + strings.ToLower(key) }

// row is a contact with every column, null where unset. Some codes and ids of
// addresses are set without an address.
func row(c *kit.Call, r *kit.Record) map[string]any {
	all := map[string]any{
		"statecode": 0, "statuscode": 1, "donotemail": false, "donotphone": false,
		"_ownerid_value": caller(c.Account.Name), "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser",
	}
	for name := range schema() {
		if _, there := all[name]; !there {
			all[name] = nil
		}
	}
	for i, at := range []string{"address1_", "address2_", "address3_"} {
		all[at+"addressid"] = kit.UUID(r.ID, uint64(i))
		if i > 0 {
			all[at+"addresstypecode"], all[at+"freighttermscode"], all[at+"shippingmethodcode"] = 1, 1, 1
		}
		text := func(part string) string { return r.Text(at + part) }
		place := kit.Join(", ", text("city"), kit.Join(" ", text("stateorprovince"), text("postalcode")))
		if composite := kit.Join("\r\n", text("line1"), text("line2"), text("line3"), place, text("country")); composite != "" {
			all[at+"composite"] = composite
		}
	}
	maps.Copy(all, r.Data)
	all["contactid"], all["fullname"] = r.ID, identity(r.Data).Name
	all["createdon"], all["modifiedon"] = kit.Seconds(r.CreatedAt), kit.Seconds(r.UpdatedAt)
	if given, err := time.Parse(time.RFC3339, r.Text("overriddencreatedon")); err == nil {
		all["createdon"] = kit.Seconds(given.UTC().Truncate(24 * time.Hour))
		all["overriddencreatedon"] = kit.Seconds(r.CreatedAt)
	}
	return all
}

func etag(r *kit.Record) string { return `W/"` + kit.ID(r.Data["versionnumber"]) + `"` }

// shown are the selected columns of a contact, and what always comes.
func shown(c *kit.Call, r *kit.Record, columns []string) map[string]any {
	all := row(c, r)
	some := map[string]any{"@odata.etag": etag(r)}
	for name, value := range all {
		column, _, annotation := strings.Cut(name, "@")
		if annotation && !prefers(c, "odata.include-annotations") {
			continue
		}
		if len(columns) == 0 || column == "contactid" || slices.Contains(columns, column) {
			some[name] = value
		}
	}
	return some
}
