package mondaycrm

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// types is the part of the vendor's schema that is served: per type, the
// type of each field, with its arguments in parentheses. Input types have no
// arguments.
func types() map[string]map[string]string {
	const columnArgs = "(ids:[String!],types:[ColumnType!])"
	value := func(own ...string) map[string]string {
		fields := map[string]string{"id": "ID", "type": "ColumnType", "text": "String", "value": "JSON", "column": "Column"}
		for i := 0; i < len(own); i += 2 {
			fields[own[i]] = own[i+1]
		}
		return fields
	}
	all := map[string]map[string]string{
		"Query": {
			"me": "User", "account": "Account", "complexity": "Complexity",
			"users":      "User(ids:[ID!],emails:[String],limit:Int,page:Int,kind:UserKind,name:String)",
			"workspaces": "Workspace(ids:[ID!],limit:Int,page:Int,kind:WorkspaceKind,state:State)",
			"boards":     "Board(ids:[ID!],workspace_ids:[ID],limit:Int,page:Int,state:State,board_kind:BoardKind,order_by:BoardsOrderBy,latest:Boolean)",
			"items":      "Item(ids:[ID!],limit:Int,page:Int,newest_first:Boolean,exclude_nonactive:Boolean)",
			"tags":       "Tag(ids:[ID!])",
			"items_page_by_column_values": "ItemsResponse(board_id:ID!,columns:[ItemsPageByColumnValuesQuery!],limit:Int,cursor:String," +
				"hierarchy_scope_config:String)",
		},
		"Mutation": {
			"complexity": "Complexity",
			"create_item": "Item(board_id:ID!,item_name:String!,group_id:String,column_values:JSON,create_labels_if_missing:Boolean," +
				"position_relative_method:PositionRelative,relative_to:ID)",
			"change_multiple_column_values": "Item(board_id:ID!,item_id:ID,column_values:JSON!,create_labels_if_missing:Boolean)",
			"create_update":                 "Update(item_id:ID,body:String!,parent_id:ID)",
			"create_or_get_tag":             "Tag(tag_name:String,board_id:ID)",
		},
		"User":           {"id": "ID", "name": "String", "email": "String", "enabled": "Boolean", "is_admin": "Boolean", "account": "Account"},
		"Account":        {"id": "ID", "name": "String", "slug": "String", "tier": "String", "plan": "Plan"},
		"Plan":           {"tier": "String", "period": "String", "max_users": "Int", "version": "Int"},
		"Complexity":     {"before": "Int", "after": "Int", "query": "Int", "reset_in_x_seconds": "Int"},
		"Workspace":      {"id": "ID", "name": "String", "kind": "WorkspaceKind", "state": "State", "account_product": "AccountProduct"},
		"AccountProduct": {"id": "ID", "kind": "String"},
		"Board": {
			"id": "ID", "name": "String", "state": "State", "url": "String", "description": "String", "object_type_unique_key": "String",
			"items_count": "Int", "workspace_id": "ID", "workspace": "Workspace", "groups": "Group(ids:[String])",
			"columns":    "Column" + columnArgs,
			"items_page": "ItemsResponse(limit:Int,cursor:String,query_params:ItemsQuery)",
		},
		"Group":         {"id": "ID", "title": "String", "color": "String", "archived": "Boolean", "position": "String"},
		"Column":        {"id": "ID", "title": "String", "type": "ColumnType", "settings": "JSON", "settings_str": "String", "archived": "Boolean", "description": "String"},
		"Tag":           {"id": "ID", "name": "String", "color": "String"},
		"Update":        {"id": "ID", "body": "String", "text_body": "String", "item_id": "String", "created_at": "Date", "creator_id": "String"},
		"ItemsResponse": {"cursor": "String", "items": "Item"},
		"Item": {
			"id": "ID", "name": "String", "created_at": "Date", "updated_at": "Date", "url": "String", "state": "State", "creator_id": "String",
			"group": "Group", "board": "Board", "column_values": "ColumnValue" + columnArgs,
		},
		"PeopleEntity": {"id": "ID", "kind": "Kind"},

		"ItemsPageByColumnValuesQuery": {"column_id": "String!", "column_values": "[String]!"},
		"ItemsQuery":                   {"rules": "[ItemsQueryRule!]", "operator": "ItemsQueryOperator", "ids": "[ID!]", "order_by": "[ItemsQueryOrderBy!]"},
		"ItemsQueryRule":               {"column_id": "ID!", "compare_value": "CompareValue!", "operator": "ItemsQueryRuleOperator", "compare_attribute": "String"},
		"ItemsQueryOrderBy":            {"column_id": "String!", "direction": "ItemsOrderByDirection"},

		"ColumnValue":        value(),
		"EmailValue":         value("email", "String", "label", "String"),
		"PhoneValue":         value("phone", "String", "country_short_name", "String"),
		"PeopleValue":        value("persons_and_teams", "PeopleEntity"),
		"BoardRelationValue": value("linked_item_ids", "ID", "display_value", "String"),
		"LinkValue":          value("url", "String", "url_text", "String"),
		"TagsValue":          value("tag_ids", "Int", "tags", "Tag"),
		"LocationValue":      value("address", "String", "city", "String", "street", "String", "country", "String", "country_short", "String", "lat", "Float", "lng", "Float"),
		"StatusValue":        value("index", "Int", "label", "String"),
		"DateValue":          value("date", "String", "time", "String"),
		"NumbersValue":       value("number", "Float"),
		"CheckboxValue":      value("checked", "Boolean"),
		"CountryValue":       value("country", "CountryInfo"),
		"CountryInfo":        {"code": "String", "name": "String"},
		"RatingValue":        value("rating", "Int"),
		"TextValue":          value(), "LongTextValue": value(), "DropdownValue": value(), "NameValue": value(), "FormulaValue": value(),
	}
	for _, fields := range all {
		fields["__typename"] = "String"
	}
	return all
}

// signature splits a field's type from the types of its arguments.
func signature(text string) (typ string, arguments map[string]string) {
	typ, rest, _ := strings.Cut(text, "(")
	arguments = map[string]string{}
	for _, argument := range strings.Split(strings.TrimSuffix(rest, ")"), ",") {
		if name, typ, ok := strings.Cut(argument, ":"); ok {
			arguments[name] = typ
		}
	}
	return typ, arguments
}

// checker validates a document against the schema before anything is done,
// and fills the variables into its arguments.
type checker struct {
	types     map[string]map[string]string
	declared  map[string]variableDef
	variables map[string]any
}

func (d document) check(types map[string]map[string]string, variables map[string]any) error {
	k := checker{types, map[string]variableDef{}, map[string]any{}}
	for _, v := range d.variables {
		k.declared[v.name] = v
		value, given := variables[v.name]
		if !given && v.defaulted {
			value, given = v.value, true
		}
		if strings.HasSuffix(v.typ, "!") && value == nil {
			return says("Variable \"$%s\" of required type %q was not provided.", v.name, v.typ)
		}
		if !given {
			continue
		}
		coerced, err := k.coerce(value, v.typ, true)
		if err != nil {
			return says("Variable \"$%s\" got invalid value; %v", v.name, err)
		}
		k.variables[v.name] = coerced
	}
	root := "Query"
	if d.kind == "mutation" {
		root = "Mutation"
	}
	return k.selections(d.selections, root)
}

func (k checker) selections(list []selection, on string) error {
	for i := range list {
		s := &list[i]
		if s.on != "" {
			if k.types[s.on] == nil {
				return says("Unknown type %q.", s.on)
			}
			if err := k.selections(s.selections, s.on); err != nil {
				return err
			}
			continue
		}
		if err := k.field(s, on); err != nil {
			return err
		}
	}
	return nil
}

func (k checker) field(s *selection, on string) error {
	text, known := k.types[on][s.name]
	if !known {
		return says("Cannot query field %q on type %q.", s.name, on)
	}
	typ, wanted := signature(text)
	if err := k.arguments(s, wanted); err != nil {
		return err
	}
	composite := k.types[typ] != nil
	switch {
	case composite && len(s.selections) == 0:
		return says("Field %q of type %q must have a selection of subfields.", s.name, typ)
	case !composite && len(s.selections) > 0:
		return says("Field %q must not have a selection since type %q has no subfields.", s.name, typ)
	case composite:
		return k.selections(s.selections, typ)
	}
	return nil
}

func (k checker) arguments(s *selection, wanted map[string]string) error {
	filled := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.arguments)) {
		typ, known := wanted[name]
		if !known {
			return says("Unknown argument %q on field %q.", name, s.name)
		}
		value, err := k.coerce(s.arguments[name], typ, false)
		if err != nil {
			return says("Argument %q of field %q: %v", name, s.name, err)
		}
		if value != nil {
			filled[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if strings.HasSuffix(wanted[name], "!") && filled[name] == nil {
			return says("Field %q argument %q of type %q is required, but it was not provided.", s.name, name, wanted[name])
		}
	}
	s.arguments = filled
	return nil
}

// fits tells whether a variable of one type may stand where another is
// wanted.
func fits(have, want string) bool {
	if inner, required := strings.CutSuffix(want, "!"); required {
		have, ok := strings.CutSuffix(have, "!")
		return ok && fits(have, inner)
	}
	have = strings.TrimSuffix(have, "!")
	if strings.HasPrefix(want, "[") {
		return strings.HasPrefix(have, "[") && fits(have[1:len(have)-1], want[1:len(want)-1])
	}
	return have == want
}

// coerce turns a value into one of the type, by the rules of GraphQL: a
// number is a fine ID, and one value a fine list.
func (k checker) coerce(value any, typ string, variables bool) (any, error) {
	if name, ok := value.(variable); ok {
		declared, known := k.declared[string(name)]
		switch {
		case !known:
			return nil, says("Variable \"$%s\" is not defined.", name)
		case !fits(declared.typ, typ) && !(declared.defaulted && fits(declared.typ+"!", typ)):
			return nil, says("Variable \"$%s\" of type %q used in position expecting type %q.", name, declared.typ, typ)
		}
		return k.variables[string(name)], nil
	}
	inner, required := strings.CutSuffix(typ, "!")
	switch {
	case value == nil && required:
		return nil, says("Expected value of type %q, found null.", typ)
	case value == nil:
		return nil, nil
	case strings.HasPrefix(inner, "["):
		return k.list(value, inner[1:len(inner)-1], variables)
	case k.types[inner] != nil:
		return k.object(value, inner, variables)
	}
	return scalar(value, inner, variables)
}

func (k checker) list(value any, typ string, variables bool) (any, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	coerced := make([]any, len(list))
	for i, item := range list {
		var err error
		if coerced[i], err = k.coerce(item, typ, variables); err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

func (k checker) object(value any, typ string, variables bool) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, says("Expected type %q to be an object.", typ)
	}
	coerced := map[string]any{}
	fields := k.types[typ]
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if fields[name] == "" {
			return nil, says("Field %q is not defined by type %q.", name, typ)
		}
		var err error
		if coerced[name], err = k.coerce(object[name], fields[name], variables); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		typ := fields[name]
		if strings.HasSuffix(typ, "!") && coerced[name] == nil {
			return nil, says("Field %q of required type %q was not provided.", name, typ)
		}
	}
	return coerced, nil
}

func scalar(value any, typ string, fromVariables bool) (any, error) {
	text, isText := value.(string)
	n, isNumber := value.(json.Number)
	isInt := isNumber && !strings.ContainsAny(n.String(), ".eE")
	name, isEnum := value.(enum)
	_, isBool := value.(bool)
	ok := false
	switch typ {
	case "String", "JSON": // the vendor's JSON is a string that holds JSON
		ok = isText
	case "ID":
		ok = isText || isInt
		value = text + n.String()
	case "Int":
		ok = isInt
	case "Boolean":
		ok = isBool
	case "CompareValue":
		ok = true
	default:
		ok = isEnum || (isText && fromVariables)
		value = text + string(name)
	}
	if !ok {
		return nil, says("%s cannot represent the given value.", typ)
	}
	return value, nil
}
