package parse

// Mapping tells how a file is understood, for people to check before anything
// is sent.
type Mapping struct {
	Format    Format `json:"format"`
	Encoding  string `json:"encoding"`
	Delimiter string `json:"delimiter,omitempty"`
	// Program is whose export the header is most like.
	Program string         `json:"program,omitempty"`
	Columns []MappedColumn `json:"columns,omitempty"`
}

// MappedColumn tells what becomes of one column of a CSV file, or of one
// property of vCards.
type MappedColumn struct {
	Column int    `json:"column,omitempty" doc:"From 1; absent for a property"` // 0 for a property
	Header string `json:"header"`
	Field  string `json:"field,omitempty" doc:"Where its texts go" example:"email_addresses/0/email"`
	Status Status `json:"status" enum:"mapped,ignored,unknown,custom_field"`
	// By is how it was recognised: "columns" (the caller's own mapping),
	// "field" (the header is a field's name), or the program whose exports have it.
	By   string `json:"by,omitempty" doc:"How it was recognised: columns (your own mapping), field (it is a field's name), or the program whose exports have it"`
	Note string `json:"note,omitempty"`
}

// Status is what becomes of a column.
type Status string

// The statuses of a column.
const (
	Mapped      Status = "mapped"
	Ignored     Status = "ignored"
	Unknown     Status = "unknown"
	CustomField Status = "custom_field"
)

const (
	byColumns = "columns"
	byField   = "field"

	noteNoPlace = "a contact has no field for it; on_unknown_field=custom_field keeps it"
	noteUseless = "means nothing outside the program that wrote it"
	noteAsked   = "left out, as the mapping says"
	noteUnnamed = "has no name"
	noteSpare   = "used in rows where an earlier column of the same field is empty"
)
