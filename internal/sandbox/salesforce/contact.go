package salesforce

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const externalID = "Ext_Id__c"

func schema() kit.Schema {
	s := kit.Schema{
		"FirstName": {Max: 40}, "LastName": {Max: 80, Required: true}, "Salutation": {Max: 40}, "Title": {Max: 128},
		"Email": {Type: kit.Email, Max: 80}, "Department": {Max: 80}, "Description": {Max: 32_000},
		"AccountId": {Max: 18}, "OwnerId": {Max: 18}, "Birthdate": {Type: kit.Date}, "LeadSource": {Max: 40},
		"My_Field__c": {Max: 255}, "My_Number__c": {Type: kit.Number}, "My_Check__c": {Type: kit.Bool},
		"My_Date__c": {Type: kit.Date}, externalID: {Max: 255},
	}
	for _, name := range []string{"Phone", "MobilePhone", "HomePhone", "OtherPhone", "Fax", "AssistantPhone"} {
		s[name] = kit.Field{Max: 40}
	}
	for _, kind := range []string{"Mailing", "Other"} {
		s[kind+"Street"], s[kind+"City"] = kit.Field{Max: 255}, kit.Field{Max: 40}
		s[kind+"State"], s[kind+"PostalCode"], s[kind+"Country"] = kit.Field{Max: 80}, kit.Field{Max: 20}, kit.Field{Max: 80}
	}
	for _, name := range []string{"Id", "Name", "CreatedById", "LastModifiedById", "IsDeleted"} {
		s[name] = kit.Field{ReadOnly: true}
	}
	for _, name := range []string{"CreatedDate", "LastModifiedDate", "SystemModstamp", "LastActivityDate"} {
		s[name] = kit.Field{Type: kit.DateTime, ReadOnly: true}
	}
	return s
}

// judge tells what the vendor would blame first about field values.
func judge(body map[string]any, partial bool) *refusal {
	issues := schema().Check(body, partial)
	for _, problem := range []kit.Problem{kit.Unknown, kit.NotWrite, kit.WrongType, kit.BadValue, kit.Absent, kit.TooLong, kit.BadEmail} {
		for _, issue := range issues {
			if issue.Problem == problem {
				return blame(issue)
			}
		}
	}
	if refused := judgeID(body, "AccountId", "001"); refused != nil {
		return refused
	}
	return judgeID(body, "OwnerId", "005")
}

func judgeID(body map[string]any, name, prefix string) *refusal {
	id := kit.Text(body, name)
	switch {
	case id == "":
	case !isID(id, prefix):
		return bad("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", name, id), name)
	case kit.Missing(id[:15]), kit.Missing(id):
		return unknownID()
	}
	return nil
}

func unknownID() *refusal {
	return &refusal{status: http.StatusBadRequest, code: "INVALID_CROSS_REFERENCE_KEY", message: "invalid cross reference id", fields: []string{}}
}

func blame(issue kit.Issue) *refusal {
	name := issue.Path
	switch issue.Problem {
	case kit.Unknown:
		return bad("INVALID_FIELD", fmt.Sprintf("No such column '%s' on sobject of type Contact", name))
	case kit.NotWrite:
		return bad("INVALID_FIELD_FOR_INSERT_UPDATE", fmt.Sprintf("Unable to create/update fields: %s. Please check the security settings "+
			"of this field and verify that it is read/write for your profile or permission set.", name), name)
	case kit.Absent:
		return bad("REQUIRED_FIELD_MISSING", "Required fields are missing: ["+name+"]", name)
	case kit.TooLong:
		return bad("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %v (max length=%d)", name, issue.Value, issue.Field.Max), name)
	case kit.BadEmail:
		return bad("INVALID_EMAIL_ADDRESS", fmt.Sprintf("%s: invalid email address: %v", name, issue.Value), name)
	}
	return bad("JSON_PARSER_ERROR", fmt.Sprintf("Cannot deserialize instance of %s from value %v or request may be missing a required field",
		typeNames[issue.Field.Type], issue.Value))
}

// clash tells which unique field or duplicate rule forbids the values in a
// record other than self.
func clash(c *kit.Call, body map[string]any, self *kit.Record) *refusal {
	if key := kit.Text(body, externalID); key != "" {
		for _, r := range c.Account.Contacts.ByKey(externalKey(key)) {
			if r != self {
				return &refusal{status: http.StatusBadRequest, code: "DUPLICATE_VALUE", fields: []string{},
					message: fmt.Sprintf("duplicate value found: %s duplicates value on record with id: %s", externalID, r.ID)}
			}
		}
	}
	if self != nil || !strings.HasPrefix(c.Account.Name, "strict") {
		return nil
	}
	blocks := strings.HasPrefix(c.Account.Name, "strictblock")
	header := strings.ReplaceAll(strings.ToLower(c.Request.Header.Get("Sforce-Duplicate-Rule-Header")), " ", "")
	if !blocks && strings.Contains(header, "allowsave=true") {
		return nil
	}
	return duplicates(c, body, blocks)
}

func duplicates(c *kit.Call, body map[string]any, blocks bool) *refusal {
	matches := []any{}
	seen := map[string]bool{}
	for _, key := range identity(body).Keys {
		for _, r := range c.Account.Contacts.ByKey(key) {
			if !seen[r.ID] {
				matches = append(matches, map[string]any{
					"additionalInformation": []any{}, "fieldDiffs": []any{}, "matchConfidence": 100,
					"record": map[string]any{"attributes": attributes(c, r), "Id": r.ID},
				})
			}
			seen[r.ID] = true
		}
	}
	if len(matches) == 0 {
		return nil
	}
	const text = "You're creating a duplicate record. We recommend you use an existing record instead."
	refused := bad("DUPLICATES_DETECTED", text)
	refused.duplicates = map[string]any{
		"allowSave": !blocks, "duplicateRule": "Contacts_DR", "duplicateRuleEntityType": "Contact", "errorMessage": text,
		"matchResults": []any{map[string]any{
			"entityType": "Contact", "errors": []any{}, "matchEngine": "ExactMatchEngine", "matchRecords": matches,
			"rule": "Contact_MR", "size": len(matches), "success": true,
		}},
	}
	return refused
}

func externalKey(key string) string { return "external:" + strings.ToLower(key) }

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "FirstName"), kit.Text(data, "LastName"))}
	if email := kit.Text(data, "Email"); email != "" {
		id.Emails = append(id.Emails, email)
		id.Keys = append(id.Keys, "match:"+strings.ToLower(email))
	}
	if phone := kit.OnlyDigits(kit.Text(data, "Phone")); phone != "" {
		id.Keys = append(id.Keys, "match:"+strings.ToLower(id.Name)+" "+phone)
	}
	if key := kit.Text(data, externalID); key != "" {
		id.Keys = append(id.Keys, externalKey(key))
	}
	return id
}

// stored is the form in which values are kept: no empty ones, numbers as the
// floats that they are read back as.
func stored(body map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range body {
		if n, ok := value.(json.Number); ok && !strings.ContainsAny(n.String(), ".eE") {
			value = json.Number(n.String() + ".0")
		}
		if value == "" {
			value = nil
		}
		data[name] = value
	}
	delete(data, "attributes")
	return data
}

func attributes(c *kit.Call, r *kit.Record) map[string]any {
	return map[string]any{"type": "Contact", "url": base(c) + "/sobjects/Contact/" + r.ID}
}

func base(c *kit.Call) string { return "/services/data/" + c.Var("version") }

// row is a record with every field, null where unset.
func row(c *kit.Call, r *kit.Record) map[string]any {
	all := map[string]any{}
	for name := range schema() {
		all[name] = nil
	}
	maps.Copy(all, r.Data)
	created, modified := stamp(r.CreatedAt), stamp(r.UpdatedAt)
	maps.Copy(all, map[string]any{
		"Id": r.ID, "Name": kit.Join(" ", r.Text("FirstName"), r.Text("LastName")), "IsDeleted": false,
		"CreatedDate": created, "LastModifiedDate": modified, "SystemModstamp": modified,
		"CreatedById": userID(c), "LastModifiedById": userID(c),
	})
	if all["OwnerId"] == nil {
		all["OwnerId"] = userID(c)
	}
	if all["My_Check__c"] == nil {
		all["My_Check__c"] = false
	}
	return all
}

func body(c *kit.Call) (map[string]any, *kit.Reply) {
	object, err := c.Object()
	if err != nil {
		no := malformed()
		return nil, &no
	}
	delete(object, "attributes")
	return object, nil
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	object, no := body(c)
	if no != nil {
		return *no
	}
	if refused := writable(c, object); refused != nil {
		return refused.reply()
	}
	r := c.Create("create", stored(object))
	return kit.JSON(http.StatusCreated, success(r)).With("Location", base(c)+"/sobjects/Contact/"+r.ID)
}

func writable(c *kit.Call, object map[string]any) *refusal {
	if refused := judge(object, false); refused != nil {
		return refused
	}
	return clash(c, object, nil)
}

func success(r *kit.Record) map[string]any {
	return map[string]any{"id": r.ID, "success": true, "errors": []any{}}
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(long(c.Var("id")))
	if r == nil {
		return notServed(c, nil)
	}
	return show(c, r)
}

func readByKey(c *kit.Call) kit.Reply {
	r, refused := byKey(c, c.Var("key"))
	switch {
	case refused != nil:
		return refused.reply()
	case r == nil:
		return notServed(c, nil)
	}
	return show(c, r)
}

// show answers with the fields that the query names, or all.
func show(c *kit.Call, r *kit.Record) kit.Reply {
	all := row(c, r)
	some := all
	if names := c.Query("fields"); names != "" {
		some = map[string]any{"Id": r.ID}
		for _, name := range strings.Split(names, ",") {
			value, known := all[name]
			if !known {
				return bad("INVALID_FIELD", fmt.Sprintf("No such column '%s' on sobject of type Contact", name)).reply()
			}
			some[name] = value
		}
	}
	some["attributes"] = attributes(c, r)
	return kit.JSON(http.StatusOK, some)
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(long(c.Var("id")))
	if r == nil {
		return notServed(c, nil)
	}
	object, no := body(c)
	if no != nil {
		return *no
	}
	if refused := overwrite(c, r, object); refused != nil {
		return refused.reply()
	}
	return kit.Empty(http.StatusNoContent)
}

func overwrite(c *kit.Call, r *kit.Record, object map[string]any) *refusal {
	if refused := judge(object, true); refused != nil {
		return refused
	}
	if refused := clash(c, object, r); refused != nil {
		return refused
	}
	c.Update(r, stored(object))
	return nil
}

// byKey finds the record with an external id; nil when there is none.
func byKey(c *kit.Call, key string) (*kit.Record, *refusal) {
	if c.Var("field") != externalID {
		return nil, &refusal{status: http.StatusNotFound, code: "NOT_FOUND",
			message: "Provided external ID field does not exist or is not accessible: " + c.Var("field")}
	}
	found := c.Account.Contacts.ByKey(externalKey(key))
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

func upsert(c *kit.Call) kit.Reply {
	object, no := body(c)
	if no != nil {
		return *no
	}
	for _, name := range []string{externalID, "Id"} {
		if _, there := object[name]; there {
			return bad("INVALID_FIELD", "The "+name+" field should not be specified in the sobject data.").reply()
		}
	}
	result, refused := put(c, c.Var("key"), object)
	if refused != nil {
		return refused.reply()
	}
	if result["created"] == true {
		return kit.JSON(http.StatusCreated, result)
	}
	return kit.JSON(http.StatusOK, result)
}

// put creates or updates the record with an external id.
func put(c *kit.Call, key string, object map[string]any) (map[string]any, *refusal) {
	r, refused := byKey(c, key)
	if refused != nil {
		return nil, refused
	}
	created := r == nil
	switch {
	case created && c.Query("updateOnly") == "true":
		return nil, &refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: "The requested resource does not exist"}
	case created && c.NoScope():
		return nil, &refusal{status: http.StatusForbidden, code: "INSUFFICIENT_ACCESS_OR_READONLY", message: "insufficient access rights on object id"}
	case created:
		object[externalID] = key
		if refused := writable(c, object); refused != nil {
			return nil, refused
		}
		r = c.Create("upsert", stored(object))
	default:
		if refused := overwrite(c, r, object); refused != nil {
			return nil, refused
		}
	}
	result := success(r)
	result["created"] = created
	return result, nil
}
