package contact

// Field names one top-level attribute of the neutral contact, as it is spelt
// in JSON.
type Field string

// The fields of the neutral contact.
const (
	ID             Field = "id"
	FirstName      Field = "first_name"
	LastName       Field = "last_name"
	Name           Field = "name"
	Title          Field = "title"
	Description    Field = "description"
	EmailAddresses Field = "email_addresses"
	PhoneNumbers   Field = "phone_numbers"
	Addresses      Field = "addresses"
	URLs           Field = "urls"
	Account        Field = "account"
	Owner          Field = "owner"
	Tags           Field = "tags"
	CustomFields   Field = "custom_fields"
	CreatedAt      Field = "created_at"
	UpdatedAt      Field = "updated_at"
	LastActivityAt Field = "last_activity_at"
	ETag           Field = "etag"
	RemoteData     Field = "remote_data"
)

// Writable lists the fields that a caller may send and that a CRM may hold,
// in the order in which documents show them. remote_data is no such field: it
// is passed on untouched.
func Writable() []Field {
	return []Field{
		FirstName, LastName, Name, Title, Description, EmailAddresses, PhoneNumbers, Addresses,
		URLs, Account, Owner, Tags, CustomFields, CreatedAt,
	}
}

// Readable lists the fields that a CRM's answer may hold, remote_data apart.
func Readable() []Field {
	return []Field{
		ID, FirstName, LastName, Name, Title, Description, EmailAddresses, PhoneNumbers, Addresses,
		URLs, Account, Owner, Tags, CustomFields, CreatedAt, UpdatedAt, LastActivityAt, ETag,
	}
}

// Present lists the writable fields that c sets, in the order of Writable.
func (c Contact) Present() []Field {
	var fields []Field
	add := func(set bool, f Field) {
		if set {
			fields = append(fields, f)
		}
	}
	add(c.FirstName != "", FirstName)
	add(c.LastName != "", LastName)
	add(c.Name != "", Name)
	add(c.Title != "", Title)
	add(c.Description != "", Description)
	add(len(c.EmailAddresses) > 0, EmailAddresses)
	add(len(c.PhoneNumbers) > 0, PhoneNumbers)
	add(len(c.Addresses) > 0, Addresses)
	add(len(c.URLs) > 0, URLs)
	add(c.Account != nil, Account)
	add(c.Owner != nil, Owner)
	add(len(c.Tags) > 0, Tags)
	add(len(c.CustomFields) > 0, CustomFields)
	add(c.CreatedAt != nil, CreatedAt)
	return fields
}
