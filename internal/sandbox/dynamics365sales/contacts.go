package dynamics365sales

import (
	"net/http"
	"regexp"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// writable tells why a body cannot be written over self, or as a new contact
// when self is nil.
func writable(c *kit.Call, body map[string]any, self *kit.Record) *refusal {
	if no := judge(c, body); no != nil {
		return no
	}
	_, overrides := body["overriddencreatedon"]
	switch {
	case overrides && self != nil:
		return bad("0x80040203", "overriddencreatedon can be set when a record is created only")
	case overrides && strings.HasPrefix(c.Account.Name, "nooverride"):
		return missingPrivilege(c, "prvOverrideCreatedOnCreatedBy")
	case self == nil && c.NoScope():
		return missingPrivilege(c, "prvCreateContact")
	case self == nil && strings.HasPrefix(c.Account.Name, "plugin") && kit.Text(body, "jobtitle") == "":
		return bad("0x80040265", "Contoso: contacts need a job title.")
	}
	if self == nil && c.Account.Contacts.Get(strings.ToLower(kit.Text(body, "contactid"))) != nil {
		return keyTaken()
	}
	for _, r := range c.Account.Contacts.ByKey(alternateKey(kit.Text(body, "new_extid"))) {
		if r != self {
			return keyTaken()
		}
	}
	return duplicate(c, body, self)
}

func keyTaken() *refusal {
	return &refusal{http.StatusPreconditionFailed, keyExists, "A record with matching key values already exists."}
}

const keyExists = "0x80040237"

// duplicate is the customer's rule, where the caller turns it on.
func duplicate(c *kit.Call, body map[string]any, self *kit.Record) *refusal {
	if !strings.EqualFold(c.Request.Header.Get("MSCRM.SuppressDuplicateDetection"), "false") {
		return nil
	}
	status := http.StatusInternalServerError
	if strings.HasPrefix(c.Account.Name, "dup412") {
		status = http.StatusPreconditionFailed
	}
	for _, r := range c.Account.Contacts.ByKey(ruleKey(kit.Text(body, "emailaddress1"))) {
		if r != self {
			return &refusal{status, "0x80040333", "A record was not created or updated because a duplicate of the current record already exists."}
		}
	}
	return nil
}

// object reads a JSON body.
func object(c *kit.Call) (map[string]any, *refusal) {
	body, err := c.Object()
	if err != nil {
		return nil, payload("System.Xml.XmlException: the body is not a JSON object")
	}
	return body, nil
}

// write stores a new contact under the id that the body names, or a fresh one.
func write(c *kit.Call, body map[string]any) *kit.Record {
	op := "create"
	if c.Op == "batch" {
		op = "batch_create"
	}
	data := stored(c.Account, body)
	if id := strings.ToLower(kit.Text(body, "contactid")); id != "" {
		return c.CreateAs(op, id, data)
	}
	return c.Create(op, data)
}

// written answers a write: with the record only where the caller prefers so.
func written(c *kit.Call, r *kit.Record, status int, columns []string) kit.Reply {
	if !prefers(c, "return=representation") {
		return kit.Empty(http.StatusNoContent).With("OData-EntityId", base(c)+"contacts("+r.ID+")")
	}
	return kit.JSON(status, entity(c, r, columns)).With("Preference-Applied", "return=representation")
}

func entity(c *kit.Call, r *kit.Record, columns []string) map[string]any {
	body := shown(c, r, columns)
	body["@odata.context"] = base(c) + "$metadata#contacts" + listed(columns) + "/$entity"
	return body
}

func listed(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return "(" + strings.Join(columns, ",") + ")"
}

func create(c *kit.Call) kit.Reply {
	columns, no := selected(c)
	if no != nil {
		return no.reply(c)
	}
	body, no := object(c)
	if no == nil {
		no = writable(c, body, nil)
	}
	if no != nil {
		return no.reply(c)
	}
	return written(c, write(c, body), http.StatusCreated, columns)
}

var alternateForm = regexp.MustCompile(`^new_extid='((?:[^']|'')*)'$`)

// locate finds the contact with a key, and the columns that the key fills.
func locate(c *kit.Call, key string) (r *kit.Record, filled map[string]any, no *refusal) {
	if guidForm.MatchString(key) {
		id := strings.ToLower(key)
		return c.Account.Contacts.Get(id), map[string]any{"contactid": id}, nil
	}
	form := alternateForm.FindStringSubmatch(key)
	if form == nil {
		return nil, nil, syntax("Bad Request - Error in query syntax.")
	}
	value := strings.ReplaceAll(form[1], "''", "'")
	if found := c.Account.Contacts.ByKey(alternateKey(value)); len(found) > 0 {
		r = found[0]
	}
	return r, map[string]any{"new_extid": value}, nil
}

func notThere(key string) *refusal {
	return &refusal{http.StatusNotFound, "0x80040217", "Entity 'contact' With Id = " + key + " Does Not Exist"}
}

func read(c *kit.Call, key string) kit.Reply {
	columns, no := selected(c)
	if no != nil {
		return no.reply(c)
	}
	r, _, no := locate(c, key)
	if no == nil && r == nil {
		no = notThere(key)
	}
	if no != nil {
		return no.reply(c)
	}
	return kit.JSON(http.StatusOK, entity(c, r, columns))
}

// patch updates, creates, or does whichever is due, as the conditions in the
// headers say.
func patch(c *kit.Call, key string) kit.Reply {
	columns, no := selected(c)
	if no != nil {
		return no.reply(c)
	}
	r, filled, no := locate(c, key)
	if no != nil {
		return no.reply(c)
	}
	match := c.Request.Header.Get("If-Match")
	switch {
	case r != nil && c.Request.Header.Get("If-None-Match") == "*":
		return keyTaken().reply(c)
	case r == nil && match != "":
		return notThere(key).reply(c)
	case r != nil && match != "" && match != "*" && match != etag(r):
		return refusal{http.StatusPreconditionFailed, "0x80060882",
			"The version of the existing record doesn't match the RowVersion property provided."}.reply(c)
	}
	body, no := object(c)
	if no == nil {
		no = fill(body, filled)
	}
	if no == nil {
		no = writable(c, body, r)
	}
	if no != nil {
		return no.reply(c)
	}
	if r == nil {
		return written(c, write(c, body), http.StatusCreated, columns)
	}
	c.Update(r, stored(c.Account, body))
	return written(c, r, http.StatusOK, columns)
}

// fill puts the columns of the key into a body, which must not differ from
// them, nor repeat an alternate key at all.
func fill(body, filled map[string]any) *refusal {
	for name, value := range filled {
		given, there := body[name]
		if there && (name != "contactid" || !strings.EqualFold(kit.ID(given), kit.ID(value))) {
			return bad("0x80040203", "The value of "+name+" in the body is not that of the key.")
		}
		body[name] = value
	}
	return nil
}

// createMultiple makes all contacts or none.
func createMultiple(c *kit.Call) kit.Reply {
	c.Op = "batch"
	body, no := object(c)
	if no != nil {
		return no.reply(c)
	}
	targets := kit.Objects(body, "Targets")
	list, _ := body["Targets"].([]any)
	if len(targets) == 0 || len(targets) != len(list) || len(body) != 1 {
		return payload("Microsoft.OData.ODataException: Targets must be a list of records.").reply(c)
	}
	keys := map[string]bool{}
	for _, target := range targets {
		if target["@odata.type"] != "Microsoft.Dynamics.CRM.contact" {
			return payload("Microsoft.OData.ODataException: A type named '" + kit.Text(target, "@odata.type") +
				"' could not be resolved by the model; every target needs @odata.type.").reply(c)
		}
		if no := writable(c, target, nil); no != nil {
			return no.reply(c)
		}
		for _, name := range []string{"contactid", "new_extid"} {
			key := strings.ToLower(kit.Text(target, name))
			if key != "" && keys[name+key] {
				return keyTaken().reply(c)
			}
			keys[name+key] = true
		}
	}
	ids := []string{}
	for _, target := range targets {
		ids = append(ids, write(c, target).ID)
	}
	return kit.JSON(http.StatusOK, map[string]any{
		"@odata.context": base(c) + "$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", "Ids": ids,
	})
}
