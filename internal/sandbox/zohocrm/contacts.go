package zohocrm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxRecords = 100

// records reads the envelope of a write.
func records(c *kit.Call, keys ...string) (list []any, in map[string]any, no *kit.Reply) {
	refuse := func(code, message string, details map[string]any) ([]any, map[string]any, *kit.Reply) {
		reply := failure(http.StatusBadRequest, code, message, details)
		return nil, nil, &reply
	}
	in, err := c.Object()
	if err != nil {
		return refuse("INVALID_DATA", "body is not a JSON object", nil)
	}
	known := append(keys, "data", "trigger", "apply_feature_execution", "skip_feature_execution", "lar_id")
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(known, name) {
			return refuse("INVALID_DATA", "invalid data", located(c, map[string]any{"api_name": name}, "$."+name))
		}
	}
	if in["data"] == nil {
		return refuse("MANDATORY_NOT_FOUND", "required field not found", located(c, map[string]any{"api_name": "data"}, "$.data"))
	}
	for _, name := range []string{"data", "trigger", "duplicate_check_fields"} {
		if _, isList := in[name].([]any); in[name] != nil && !isList {
			return refuse("INVALID_DATA", "invalid data", located(c, map[string]any{"api_name": name, "expected_data_type": "jsonarray"}, "$."+name))
		}
	}
	list = in["data"].([]any)
	if len(list) == 0 || len(list) > maxRecords {
		return refuse("INVALID_DATA", "invalid data", located(c, map[string]any{"api_name": "data", "maximum_length": maxRecords}, "$.data"))
	}
	return list, in, nil
}

// answer is the list of rows. Its status is that of all of them when they
// agree; version 2 accepts bad records, and says so inside.
func answer(c *kit.Call, good int, rows []any) kit.Reply {
	bad := 0
	for _, row := range rows {
		if row.(map[string]any)["status"] == "error" {
			bad++
		}
	}
	status := good
	switch {
	case bad > 0 && c.Var("version") == "v2":
		status = http.StatusAccepted
	case bad == len(rows):
		status = http.StatusBadRequest
	case bad > 0:
		status = http.StatusMultiStatus
	}
	return kit.JSON(status, map[string]any{"data": rows})
}

func create(c *kit.Call) kit.Reply {
	if no := forbidden(c); no != nil {
		return *no
	}
	list, _, no := records(c)
	if no != nil {
		return *no
	}
	op := "create"
	if len(list) > 1 {
		op = "batch_create"
	}
	rows := []any{}
	for i, item := range list {
		r, f := write(c, item, nil, fmt.Sprintf("$.data[%d]", i), op)
		if f != nil {
			rows = append(rows, f.row())
			continue
		}
		rows = append(rows, success(c, r, "record added"))
	}
	return answer(c, http.StatusCreated, rows)
}

// write stores a record, over r unless that is nil.
func write(c *kit.Call, item any, r *kit.Record, at, op string) (*kit.Record, *fault) {
	record, ok := item.(map[string]any)
	if !ok {
		return nil, &fault{"INVALID_DATA", "invalid data", located(c, map[string]any{"expected_data_type": "jsonobject"}, at)}
	}
	if is(c, "lax") {
		all := fields()
		maps.DeleteFunc(record, func(name string, _ any) bool { _, known := all[name]; return !known })
	}
	if f := judge(c, record, at, r != nil); f != nil {
		return nil, f
	}
	if f := clash(c, record, r, at); f != nil {
		return nil, f
	}
	if list, given := record["Tag"].([]any); given {
		record["Tag"] = tagged(c, list)
	}
	if r != nil {
		c.Update(r, record)
		return r, nil
	}
	if is(c, "approval") {
		record["$approval_state"] = "approval_process_pending"
	}
	return c.Create(op, record), nil
}

// clash finds the records that have a unique value already.
func clash(c *kit.Call, record map[string]any, self *kit.Record, at string) *fault {
	var faults []fault
	found := func(name, module, id string) {
		faults = append(faults, fault{"DUPLICATE_DATA", "duplicate data", located(c, map[string]any{
			"api_name": name, "more_records": false, "duplicate_record": map[string]any{
				"id": id, "Owner": map[string]any{"name": "Patricia Boyle", "id": userID(c), "zuid": "75092197"},
				"module": map[string]any{"api_name": module, "id": orgNumber(c) + "000000002179"},
			},
		}, at+"."+name)})
	}
	email := strings.ToLower(kit.Text(record, "Email"))
	if email != "" && is(c, "unique") {
		for _, r := range c.Account.Contacts.ByKey("Email:" + email) {
			if r != self {
				found("Email", "Contacts", r.ID)
			}
		}
		if strings.HasSuffix(email, "@leads.example") {
			found("Email", "Leads", orgNumber(c)+"000000777001")
		}
	}
	if key := kit.Text(record, externalKey); key != "" {
		for _, r := range c.Account.Contacts.ByKey(externalKey + ":" + strings.ToLower(key)) {
			if r != self {
				found(externalKey, "Contacts", r.ID)
			}
		}
	}
	if len(faults) == 1 {
		faults[0].details["id"] = kit.Object(faults[0].details, "duplicate_record")["id"]
	}
	return one(faults)
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "First_Name"), kit.Text(data, "Last_Name"))}
	for _, name := range []string{"Email", "Secondary_Email"} {
		if email := kit.Text(data, name); email != "" {
			id.Emails = append(id.Emails, email)
		}
	}
	for _, name := range []string{"Email", externalKey} {
		if value := kit.Text(data, name); value != "" {
			id.Keys = append(id.Keys, name+":"+strings.ToLower(value))
		}
	}
	return id
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{}
	for name, value := range map[string]string{
		"First_Name": p.FirstName, "Last_Name": p.LastName, "Email": p.Email, "Phone": p.Phone, "Title": p.Title,
	} {
		if value != "" {
			data[name] = value
		}
	}
	return data
}

func success(c *kit.Call, r *kit.Record, message string) map[string]any {
	return map[string]any{"code": "SUCCESS", "message": message, "status": "success", "details": map[string]any{
		"id": r.ID, "Created_Time": stamp(r.CreatedAt), "Modified_Time": stamp(r.UpdatedAt), "Created_By": user(c), "Modified_By": user(c),
		"$approval_state": approval(r),
	}}
}

func approval(r *kit.Record) string {
	if state := r.Text("$approval_state"); state != "" {
		return state
	}
	return "approved"
}

// upsert writes over the record that the first of the named fields finds.
func upsert(c *kit.Call) kit.Reply {
	if no := forbidden(c); no != nil {
		return *no
	}
	list, in, no := records(c, "duplicate_check_fields")
	if no != nil {
		return *no
	}
	names := kit.Texts(in, "duplicate_check_fields")
	if len(names) == 0 {
		names = []string{"Email", externalKey}
	}
	for _, name := range names {
		if name != "Email" && name != externalKey {
			return failure(http.StatusBadRequest, "INVALID_DATA", "invalid data", located(c, map[string]any{"api_name": "duplicate_check_fields"}, "$.duplicate_check_fields"))
		}
	}
	rows := []any{}
	for i, item := range list {
		record, _ := item.(map[string]any)
		existing, by := lookup(c, record, names)
		r, f := write(c, item, existing, fmt.Sprintf("$.data[%d]", i), "upsert")
		if f != nil {
			rows = append(rows, f.row())
			continue
		}
		row := success(c, r, "record added")
		row["action"], row["duplicate_field"] = "insert", nil
		if existing != nil {
			row["action"], row["duplicate_field"], row["message"] = "update", by, "record updated"
		}
		rows = append(rows, row)
	}
	return answer(c, http.StatusOK, rows)
}

func lookup(c *kit.Call, record map[string]any, names []string) (*kit.Record, string) {
	for _, name := range names {
		if value := kit.Text(record, name); value != "" {
			if found := c.Account.Contacts.ByKey(name + ":" + strings.ToLower(value)); len(found) > 0 {
				return found[0], name
			}
		}
	}
	return nil, ""
}

func update(c *kit.Call) kit.Reply {
	list, _, no := records(c)
	if no != nil {
		return *no
	}
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return answer(c, http.StatusOK, []any{fault{"INVALID_DATA", "the id given seems to be invalid", map[string]any{"api_name": "id"}}.row()})
	}
	if _, f := write(c, list[0], r, "$.data[0]", ""); f != nil {
		return answer(c, http.StatusOK, []any{f.row()})
	}
	return answer(c, http.StatusOK, []any{success(c, r, "record updated")})
}

// read shows the fields that the query names, or all.
func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return kit.Empty(http.StatusNoContent)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": []any{selected(show(c, r), c.Query("fields"))}})
}

func selected(shown map[string]any, names string) map[string]any {
	if names == "" {
		return shown
	}
	some := map[string]any{"id": shown["id"]}
	for _, name := range strings.Split(names, ",") {
		if value, known := shown[strings.TrimSpace(name)]; known {
			some[strings.TrimSpace(name)] = value
		}
	}
	return some
}

// show is a record with all its fields, null where unset.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := map[string]any{}
	for name := range fields() {
		shown[name] = r.Data[name]
		if shown[name] == "" {
			shown[name] = nil
		}
	}
	owner := user(c)
	owner["email"] = "patricia@" + c.Account.Name + ".sandbox.example"
	if given := kit.Object(r.Data, "Owner"); given != nil && given["id"] != owner["id"] {
		owner = map[string]any{"id": given["id"], "name": "Owner", "email": "owner@" + c.Account.Name + ".sandbox.example"}
	}
	if given := kit.Object(r.Data, "Account_Name"); given != nil {
		shown["Account_Name"] = map[string]any{"id": given["id"], "name": "Account " + kit.Text(given, "id")}
	}
	if shown["Tag"] == nil {
		shown["Tag"] = []any{}
	}
	maps.Copy(shown, map[string]any{
		"id": r.ID, "Full_Name": identity(r.Data).Name, "Owner": owner, "Created_By": user(c), "Modified_By": user(c),
		"Created_Time": stamp(r.CreatedAt), "Modified_Time": stamp(r.UpdatedAt), "$approval_state": approval(r), "$editable": true, "$in_merge": false,
	})
	return shown
}

// tagged finds or makes the tags of a list.
func tagged(c *kit.Call, list []any) []any {
	table := c.Account.Table("tags")
	tags := []any{}
	for _, item := range list {
		name := kit.Text(item.(map[string]any), "name")
		known := table.ByKey(strings.ToLower(name))
		if len(known) == 0 {
			tag := &kit.Record{ID: orgNumber(c) + fmt.Sprintf("%012d", 900_000+c.Account.NextID()), Data: map[string]any{"name": name}, CreatedAt: c.Now}
			table.Put(tag, strings.ToLower(name))
			known = []*kit.Record{tag}
		}
		tags = append(tags, map[string]any{"name": known[0].Data["name"], "id": known[0].ID, "color_code": nil})
	}
	return tags
}

func addTags(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return answer(c, http.StatusOK, []any{fault{"INVALID_DATA", "the id given seems to be invalid", map[string]any{"api_name": "id"}}.row()})
	}
	in, err := c.Object()
	if more := judgeTags(in["tags"]); err != nil || more != nil {
		details := map[string]any{"api_name": "tags"}
		maps.Copy(details, more)
		return failure(http.StatusBadRequest, "INVALID_DATA", "invalid data", located(c, details, "$.tags"))
	}
	tags := tagged(c, in["tags"].([]any))
	if had, _ := r.Data["Tag"].([]any); in["over_write"] != true {
		for _, tag := range had {
			if !slices.ContainsFunc(tags, func(t any) bool { return kit.Text(t.(map[string]any), "id") == kit.Text(tag.(map[string]any), "id") }) {
				tags = append(tags, tag)
			}
		}
	}
	c.Update(r, map[string]any{"Tag": tags})
	return kit.JSON(http.StatusOK, map[string]any{"data": []any{map[string]any{
		"code": "SUCCESS", "details": map[string]any{"id": r.ID, "tags": tags}, "message": "tags updated successfully", "status": "success",
	}}, "wf_scheduler": false, "success_count": "1", "locked_count": "0"})
}
