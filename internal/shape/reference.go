package shape

import (
	"strconv"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Ref is a reference as it comes from a CRM, nil when it says nothing.
func Ref(id, name string) *contact.Reference {
	if id == "" && name == "" {
		return nil
	}
	return &contact.Reference{ID: id, Name: name}
}

// RefID is the id of a reference; a name alone is reported.
func RefID(ref *contact.Reference, field contact.Field, warn Warn) string {
	if ref == nil {
		return ""
	}
	if ref.ID == "" {
		warn.report(string(field), NeedsID, "the CRM links records by id; a name alone was left out")
	}
	return ref.ID
}

// RefName is the name of a reference.
func RefName(ref *contact.Reference) string {
	if ref == nil {
		return ""
	}
	return ref.Name
}

// Integers turns an id into the list of whole numbers that some CRMs want, nil
// for "". The error is a *fault.Error that names the field.
func Integers(id string, field contact.Field) ([]int64, error) {
	if id == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		f := fault.New(fault.Invalid, "invalid_id", string(field)+".id must be a whole number for this CRM")
		f.Fields = []string{string(field)}
		return nil, f
	}
	return []int64{n}, nil
}

// IntegerText is an id that came as a number; "" for 0.
func IntegerText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
