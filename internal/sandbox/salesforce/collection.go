package salesforce

import (
	"net/http"

	"crmferry/internal/sandbox/kit"
)

const maxCollection = 200

type collection struct {
	AllOrNone bool
	Records   []map[string]any
}

// records reads a collection within the vendor's bounds, without attributes.
func records(c *kit.Call) (collection, *kit.Reply) {
	var in collection
	var no kit.Reply
	switch {
	case c.Decode(&in) != nil:
		no = malformed()
	case len(in.Records) == 0:
		no = bad("REQUIRED_FIELD_MISSING", "At least 1 record is required").reply()
	case len(in.Records) > maxCollection:
		no = bad("LIMIT_EXCEEDED", "Up to 200 records are allowed").reply()
	default:
		for _, record := range in.Records {
			if kit.Text(kit.Object(record, "attributes"), "type") != "Contact" {
				no = bad("INVALID_INPUT", "Include the attributes.type of every record").reply()
				return in, &no
			}
			delete(record, "attributes")
		}
		return in, nil
	}
	return in, &no
}

func createMany(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	in, no := records(c)
	if no != nil {
		return *no
	}
	if in.AllOrNone {
		if results := rolledBack(c, in.Records); results != nil {
			return kit.JSON(http.StatusOK, results)
		}
	}
	results := []any{}
	for _, record := range in.Records {
		if refused := writable(c, record); refused != nil {
			results = append(results, refused.result())
			continue
		}
		results = append(results, success(c.Create("batch_create", stored(record))))
	}
	return kit.JSON(http.StatusOK, results)
}

// rolledBack are the results when not every record can be created; nil when
// each can.
func rolledBack(c *kit.Call, list []map[string]any) []any {
	results := []any{}
	failed := false
	keys := map[string]bool{}
	for _, record := range list {
		refused := writable(c, record)
		if key := externalKey(kit.Text(record, externalID)); refused == nil && key != externalKey("") {
			if keys[key] {
				refused = bad("DUPLICATE_VALUE", "duplicate value found: "+externalID+" duplicates value on record with id: <unknown>")
			}
			keys[key] = true
		}
		if refused == nil {
			results = append(results, bad("ALL_OR_NONE_OPERATION_ROLLED_BACK",
				"Record rolled back because not all records were valid and the request was using AllOrNone header").result())
			continue
		}
		failed = true
		results = append(results, refused.result())
	}
	if !failed {
		return nil
	}
	return results
}

func upsertMany(c *kit.Call) kit.Reply {
	in, no := records(c)
	if no != nil {
		return *no
	}
	results := []any{}
	for _, record := range in.Records {
		key := kit.Text(record, c.Var("field"))
		delete(record, c.Var("field"))
		var result map[string]any
		refused := bad("MISSING_ARGUMENT", c.Var("field")+" not specified")
		if key != "" {
			result, refused = put(c, key, record)
		}
		if refused != nil {
			result = refused.result()
			result["created"] = false
		}
		results = append(results, result)
	}
	return kit.JSON(http.StatusOK, results)
}

// addTopic assigns a topic by name or id to a contact; doing so twice changes
// nothing.
func addTopic(c *kit.Call) kit.Reply {
	var in struct{ TopicName, TopicID string }
	if c.Decode(&in) != nil || (in.TopicName == "") == (in.TopicID == "") {
		return bad("JSON_PARSER_ERROR", "Specify either topicName or topicId").reply()
	}
	if c.Account.Contacts.Get(long(c.Var("id"))) == nil {
		return notServed(c, nil)
	}
	topic := c.Account.Table("topics").Get(in.TopicID)
	if in.TopicName != "" {
		topic = topicNamed(c, in.TopicName)
	}
	if topic == nil {
		return unknownID().reply()
	}
	assign(c, topic, long(c.Var("id")))
	return kit.JSON(http.StatusCreated, map[string]any{
		"id": topic.ID, "name": topic.Text("Name"), "talkingAbout": 0, "createdDate": stamp(topic.CreatedAt),
		"url": base(c) + "/connect/topics/" + topic.ID,
	})
}

func assignTopic(c *kit.Call) kit.Reply {
	var in struct{ TopicID, EntityID string }
	if c.Decode(&in) != nil {
		return malformed()
	}
	topic := c.Account.Table("topics").Get(long(in.TopicID))
	if topic == nil || c.Account.Contacts.Get(long(in.EntityID)) == nil {
		return unknownID().reply()
	}
	return kit.JSON(http.StatusCreated, success(assign(c, topic, long(in.EntityID))))
}

func topicNamed(c *kit.Call, name string) *kit.Record {
	topics := c.Account.Table("topics")
	if known := topics.ByKey(name); len(known) > 0 {
		return known[0]
	}
	topic := &kit.Record{
		ID: newID("0TO", c.Account.Name, c.Account.NextID()), CreatedAt: c.Now, Data: map[string]any{"Name": name},
	}
	topics.Put(topic, name)
	return topic
}

func assign(c *kit.Call, topic *kit.Record, contact string) *kit.Record {
	c.FollowUp("topic")
	table, key := c.Account.Table("topic assignments"), contact+" "+topic.ID
	if known := table.ByKey(key); len(known) > 0 {
		return known[0]
	}
	made := &kit.Record{ID: newID("0Te", c.Account.Name, c.Account.NextID()), CreatedAt: c.Now, Data: map[string]any{
		"TopicId": topic.ID, "Topic.Name": topic.Text("Name"), "EntityId": contact,
	}}
	table.Put(made, key)
	return made
}
