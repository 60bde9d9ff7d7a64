package wix

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const maxFields = 100

// made is a label or a field; its key is the record's id.
func made(c *kit.Call, key, name, kind string, custom bool) *kit.Record {
	return &kit.Record{ID: key, CreatedAt: c.Now, Data: map[string]any{"displayName": name, "kind": kind, "custom": custom}}
}

// labels are the account's labels, by key and display name.
func labels(c *kit.Call) *kit.Table {
	table := c.Account.Table("labels")
	if len(table.All()) == 0 {
		table.Put(made(c, "contacts.customers", "Customers", "SYSTEM", false), "Customers")
		table.Put(made(c, "custom.vip", "VIP", "USER_DEFINED", true), "VIP")
		table.Put(made(c, "custom.newsletter-2", "Newsletter", "USER_DEFINED", true), "Newsletter")
	}
	return table
}

// fields are the account's extended fields, by key and display name.
func fields(c *kit.Call) *kit.Table {
	table := c.Account.Table("fields")
	if len(table.All()) == 0 {
		for _, f := range [][3]string{
			{"custom.lead-origin", "Lead origin", "TEXT"}, {"custom.favourite-number", "Favourite number", "NUMBER"},
			{"custom.met-on", "Met on", "DATE"}, {"custom.homepage", "Homepage", "URL"},
		} {
			table.Put(made(c, f[0], f[1], f[2], true), f[1])
		}
		table.Put(made(c, "contacts.displayByFirstName", "Display by first name", "TEXT", false), "Display by first name")
	}
	return table
}

// fieldTakes tells whether a value can be written to a field.
func fieldTakes(c *kit.Call, key string, value any) bool {
	field := fields(c).Get(key)
	if field == nil || field.Data["custom"] != true {
		return false
	}
	text, isText := value.(string)
	switch field.Text("kind") {
	case "NUMBER":
		_, isNumber := value.(json.Number)
		return isNumber
	case "DATE":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "URL":
		return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
	}
	return isText
}

var notInKeys = regexp.MustCompile(`[^a-z0-9]+`)

// keyFor makes a key out of a display name. Its suffix is not to be guessed.
func keyFor(c *kit.Call, name string) string {
	word := strings.Trim(notInKeys.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return "custom." + kit.Join("-", word, strconv.FormatUint(kit.Hash(c.Account.Name, name)%9000+1000, 10))
}

func showLabel(r *kit.Record) map[string]any {
	namespace, _, _ := strings.Cut(r.ID, ".")
	return map[string]any{
		"namespace": namespace, "key": r.ID, "displayName": r.Data["displayName"], "labelType": r.Data["kind"],
		"createdDate": kit.Millis(r.CreatedAt), "updatedDate": kit.Millis(r.CreatedAt),
	}
}

func showField(r *kit.Record) map[string]any {
	namespace, _, _ := strings.Cut(r.ID, ".")
	kind := "SYSTEM"
	if r.Data["custom"] == true {
		kind = "USER_DEFINED"
	}
	return map[string]any{
		"namespace": namespace, "key": r.ID, "displayName": r.Data["displayName"], "dataType": r.Data["kind"], "fieldType": kind,
		"createdDate": kit.Millis(r.CreatedAt), "updatedDate": kit.Millis(r.CreatedAt),
	}
}

// makeLabel finds a label by its name, or makes it.
func makeLabel(c *kit.Call) kit.Reply {
	body, no := object(c, kit.Schema{"displayName": {Required: true, Max: 180}})
	if no != nil {
		return *no
	}
	name := kit.Text(body, "displayName")
	if known := labels(c).ByKey(name); len(known) > 0 {
		return kit.JSON(http.StatusOK, map[string]any{"label": showLabel(known[0]), "newLabel": false})
	}
	if is(c, "fulllabels") {
		return failure(http.StatusPreconditionRequired, "LABELS_QUOTA_REACHED", "The site has no room for more labels")
	}
	label := made(c, keyFor(c, name), name, "USER_DEFINED", true)
	labels(c).Put(label, name)
	c.FollowUp("label")
	return kit.JSON(http.StatusOK, map[string]any{"label": showLabel(label), "newLabel": true})
}

func makeField(c *kit.Call) kit.Reply {
	body, no := object(c, kit.Schema{
		"displayName": {Required: true, Max: 180}, "dataType": {Required: true, OneOf: []string{"TEXT", "NUMBER", "DATE", "URL"}},
	})
	if no != nil {
		return *no
	}
	name := kit.Text(body, "displayName")
	if known := fields(c).ByKey(name); len(known) > 0 {
		return kit.JSON(http.StatusOK, map[string]any{"field": showField(known[0]), "newField": false})
	}
	if len(fields(c).All()) > maxFields {
		return failure(http.StatusPreconditionRequired, "FAILED_PRECONDITION", "The site has no room for more fields")
	}
	field := made(c, keyFor(c, name), name, kit.Text(body, "dataType"), true)
	fields(c).Put(field, name)
	c.FollowUp("field")
	return kit.JSON(http.StatusOK, map[string]any{"field": showField(field), "newField": true})
}

func listLabels(c *kit.Call) kit.Reply { return listKeys("labels", labels(c), showLabel) }

func listFields(c *kit.Call) kit.Reply { return listKeys("fields", fields(c), showField) }

func listKeys(name string, table *kit.Table, show func(*kit.Record) map[string]any) kit.Reply {
	list := []any{}
	for _, r := range table.All() {
		list = append(list, show(r))
	}
	return kit.JSON(http.StatusOK, map[string]any{
		name: list, "metadata": map[string]any{"count": len(list), "offset": 0, "total": len(list), "tooManyToCount": false},
	})
}

func readField(c *kit.Call) kit.Reply {
	field := fields(c).Get(c.Var("key"))
	if field == nil {
		return failure(http.StatusNotFound, "NOT_FOUND", "Extended field not found")
	}
	return kit.JSON(http.StatusOK, map[string]any{"field": showField(field)})
}

func addLabels(c *kit.Call) kit.Reply {
	r, no := target(c)
	if no != nil {
		return *no
	}
	body, no := object(c, kit.Schema{"labelKeys": {Type: kit.List, Required: true}})
	if no != nil {
		return *no
	}
	given, _ := body["labelKeys"].([]any)
	info := kit.Object(r.Data, "info")
	keys := labelKeys(info)
	for _, key := range kit.Texts(body, "labelKeys") {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	all := []any{}
	for _, key := range keys {
		all = append(all, key)
	}
	changes := map[string]any{"labelKeys": map[string]any{"items": all}}
	if len(given) < 1 || len(given) > 100 {
		return violated(violation{Field: "labelKeys", Description: "has size " + strconv.Itoa(len(given)) + ", expected 1 to 100", Rule: "MAX_SIZE"})
	}
	if no := judge(c, changes); no != nil {
		return *no
	}
	c.Update(r, map[string]any{"info": merged(info, changes), "revision": r.Data["revision"].(int) + 1})
	return kit.JSON(http.StatusOK, map[string]any{"contact": show(c, r)})
}
