package pipedrive

import (
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// fields is the discovery of the person fields: names of custom fields, their
// types and options, and the labels.
const fields = "fields"

type fieldSet struct {
	custom []shape.Definition
	types  map[string]string // by key
	labels []shape.Option
}

func learnt(c *connector.Call) fieldSet { return connector.Prepared[fieldSet](c, fields, "") }

func needsFields(c *connector.Call) []string {
	named := slices.ContainsFunc(c.Input.Tags, func(t contact.Tag) bool { return t.ID == "" })
	if !named && len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

// askFields takes the largest page: accounts have fewer fields.
func askFields(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/v2/personFields", Query: url.Values{"limit": {"500"}}}, nil
}

type field struct {
	Name    string `json:"field_name"`
	Code    string `json:"field_code"`
	Type    string `json:"field_type"`
	Custom  bool   `json:"is_custom_field"`
	Options []struct {
		ID    any    `json:"id"`
		Label string `json:"label"`
	} `json:"options"`
}

func (f field) options() []shape.Option {
	var list []shape.Option
	for _, o := range f.Options {
		list = append(list, shape.Option{Value: shape.Text(o.ID), Label: o.Label})
	}
	return list
}

func (f field) definition() shape.Definition {
	kinds := map[string]shape.Kind{
		"varchar": shape.KindText, "varchar_auto": shape.KindText, "text": shape.KindText, "phone": shape.KindText,
		"double": shape.KindNumber, "int": shape.KindNumber, "user": shape.KindNumber, "org": shape.KindNumber, "people": shape.KindNumber,
		"date": shape.KindDay, "enum": shape.KindChoice, "set": shape.KindChoices,
	}
	return shape.Definition{Key: f.Code, Label: f.Name, Kind: kinds[f.Type], Options: f.options()}
}

func learnFields(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	all, err := open[[]field](r)
	set := fieldSet{types: map[string]string{}}
	for _, f := range all {
		switch {
		case f.Custom:
			set.custom, set.types[f.Code] = append(set.custom, f.definition()), f.Type
		case f.Code == "label_ids" || f.Code == "label":
			set.labels = f.options()
		}
	}
	return set, err
}

// encodeCustom writes values in the types of their fields, about which
// Pipedrive is strict.
func encodeCustom(c *connector.Call) map[string]any {
	set := learnt(c)
	sent := shape.Unreserved(c.Input.CustomFields, set.custom, c.Settings[externalIDField], c.Warn)
	values := shape.CustomValues(sent, set.custom, func(name string) bool { return len(set.custom) == 0 && isKey(name) }, c.Warn)
	for key, v := range values {
		values[key] = typed(set.types[key], v)
	}
	return values
}

func isKey(text string) bool { return len(text) == 40 && strings.Trim(text, "0123456789abcdef") == "" }

// typed makes numbers of the ids of options, and objects of times and addresses.
func typed(kind string, v any) any {
	text, isText := v.(string)
	switch list, isList := v.([]string); {
	case kind == "enum":
		return shape.Number(v)
	case kind == "set" && isList:
		return shape.Each(list, func(id string) any { return shape.Number(id) })
	case isText && (kind == "time" || kind == "address"):
		return map[string]any{"value": text}
	default:
		return v
	}
}

// labelIDs are the ids of the labels that tags name.
func labelIDs(c *connector.Call) ([]int64, error) {
	var ids []int64
	for i, t := range c.Input.Tags {
		text := labelID(c, t)
		if text == "" {
			c.Warn(shape.At(contact.Tags, i), shape.Unresolved, "Pipedrive has no label of that name")
			continue
		}
		id, err := shape.Integer(text, contact.Tags)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func labelID(c *connector.Call, t contact.Tag) string {
	if t.ID != "" {
		return t.ID
	}
	for _, o := range learnt(c).labels {
		if contact.SameText(o.Label, t.Name) {
			return o.Value
		}
	}
	return ""
}

// withLabels adds labels to those of a record; nil when it has them all.
func withLabels(old []contact.Tag, ids []int64) []int64 {
	held := shape.Each(old, func(t contact.Tag) int64 { id, _ := shape.Integer(t.ID, contact.Tags); return id })
	fresh := slices.DeleteFunc(ids, func(id int64) bool { return slices.Contains(held, id) })
	return shape.Extended(held, fresh)
}

// labelList names the labels whose names are known.
func labelList(c *connector.Call, p person) []contact.Tag {
	names := map[string]string{}
	for _, o := range slices.Concat(learnt(c).labels, told(p.Labels)) {
		names[o.Value] = o.Label
	}
	return shape.Each(p.LabelIDs, func(id int64) contact.Tag {
		text := shape.IntegerText(id)
		return contact.Tag{ID: text, Name: names[text]}
	})
}

// told reads the labels that come with a person, whose form is not documented.
func told(labels any) []shape.Option {
	var list []shape.Option
	all, _ := labels.([]any)
	for _, label := range all {
		if o, ok := label.(map[string]any); ok {
			list = append(list, shape.Option{Value: shape.Text(o["id"]), Label: shape.Text(o["label"])})
		}
	}
	return list
}
